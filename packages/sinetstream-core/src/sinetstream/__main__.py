"""`python -m sinetstream`: how the classes are called, and which plugins are installed."""

from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter, plugins

for endpoint in (MessageReader, MessageWriter, AsyncMessageReader, AsyncMessageWriter):
    print(endpoint.usage(), end="\n\n")
for group in ("reader", "writer", "async_reader", "async_writer", "value_type", "compression"):
    print(f"{group}: {', '.join(plugins.installed(f'sinetstream.{group}')) or 'none installed'}")
