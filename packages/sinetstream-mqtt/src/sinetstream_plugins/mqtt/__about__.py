"""The version of this package, said once."""

__version__ = "2.0.0"
