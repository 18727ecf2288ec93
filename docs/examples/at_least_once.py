"""A message that was not finished comes again."""

from sinetstream import AT_LEAST_ONCE, MessageReader, MessageWriter

with MessageWriter("lab", topic="jobs") as writer:
    writer.publish_many(["a", "b"])

try:
    with MessageReader("lab", topics="jobs", consistency=AT_LEAST_ONCE) as reader:
        print("working on", next(reader).value)
        raise RuntimeError("the power failed")
except RuntimeError as error:
    print(error)

with MessageReader("lab", topics="jobs", consistency=AT_LEAST_ONCE) as reader:
    for message in reader:
        print("working on", message.value)
