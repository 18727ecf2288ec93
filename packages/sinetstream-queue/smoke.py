"""What the wheel alone can do: run in an environment that has nothing else."""

from sinetstream import MessageReader, MessageWriter

with MessageWriter(no_config=True, type="queue", topic="t", value_type="text") as writer:
    writer.publish("hello")
with MessageReader(no_config=True, type="queue", topics="t", value_type="text") as reader:
    assert next(reader).value == "hello"
