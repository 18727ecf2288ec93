"""What the wheel alone can do: bring core."""

from sinetstream import plugins

assert {"byte_array", "json", "text"} <= set(plugins.installed("sinetstream.value_type"))
