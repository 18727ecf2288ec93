"""A broker for the tests of an application: it can be interrupted, and tells what came."""

from sinetstream import MessageWriter
from sinetstream.testing import FakeBroker

with FakeBroker() as broker, MessageWriter(topic="readings", **broker.params) as writer:
    writer.publish(b"21.5")
    broker.interrupt()  # from now on publishing raises ConnectionError, until broker.restore()

assert len(broker.published) == 1
print("one message came")
