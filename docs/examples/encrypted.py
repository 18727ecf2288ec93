"""Encrypted from end to end: the messaging system sees bytes that nobody can read or change."""

import os

from sinetstream import MessageReader, MessageWriter

os.environ.setdefault("LAB_PASSWORD", "correct horse battery staple")  # set it outside your program

with MessageReader("vault") as reader, MessageWriter("vault") as writer:
    writer.publish("the cat is in the box")

    for message in reader:
        print(message.value)
