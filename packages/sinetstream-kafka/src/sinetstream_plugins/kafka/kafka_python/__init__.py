"""Everything that relies on names that kafka-python does not document."""
