"""Sockets: connecting, buffering, reading packets, and the loop that drives them."""
