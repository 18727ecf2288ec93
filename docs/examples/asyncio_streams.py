"""The same in asyncio."""

import asyncio

from sinetstream.aio import MessageReader, MessageWriter


async def main() -> None:
    async with MessageReader("lab", topics="ticks") as reader, MessageWriter("lab", topic="ticks") as writer:
        await writer.publish(1)
        await writer.publish_many([2, 3])

        async for message in reader:
            print(message.value)


asyncio.run(main())
