"""What the wheel alone can do: bring core, and no plugin."""

import importlib.util

from sinetstream import UnsupportedServiceTypeError, plugins

assert not [name for name in ("kafka", "paho", "pytest", "sinetstream_plugins") if importlib.util.find_spec(name)]
try:
    plugins.find("queue", "sinetstream.reader")
except UnsupportedServiceTypeError as error:
    assert "pip install sinetstream-queue" in str(error)
else:
    raise SystemExit("a plugin is installed")
