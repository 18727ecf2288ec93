"""The only folder that uses names of paho-mqtt that are private or that its documentation does not list.

`surface` lists them. `fast_sending` and `fast_receiving` only save time: without their names, paho's own way is taken.
"""
