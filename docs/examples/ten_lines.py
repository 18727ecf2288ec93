from sinetstream import MessageReader, MessageWriter

with MessageReader("lab") as reader, MessageWriter("lab") as writer:
    writer.publish({"celsius": 21.5})
    writer.publish({"celsius": 21.7})

    for message in reader:
        print(message.timestamp, message.topic, message.value)
