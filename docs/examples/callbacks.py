"""Callbacks to read, promises to write."""

from threading import Event
from typing import Any

from sinetstream import AsyncMessageReader, AsyncMessageWriter, Message

done = Event()


def show(message: Message[Any]) -> None:
    print("received", message.value)
    if message.value == "last":
        done.set()


reader = AsyncMessageReader("lab", topics="events")
reader.on_message = show
reader.on_failure = lambda error: print("failed", error)

with reader, AsyncMessageWriter("lab", topic="events") as writer:
    writer.publish("first").catch(lambda error: print("not sent", error))
    writer.publish("last").catch(lambda error: print("not sent", error))
    done.wait(10)
