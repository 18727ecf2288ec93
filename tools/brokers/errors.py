"""What can go wrong with a test broker: it cannot be had here, or it misbehaves."""

__all__ = ["BrokerError", "UnavailableError"]


class BrokerError(Exception):
    """A broker did not start, or does not do what was asked of it."""


class UnavailableError(BrokerError):
    """A broker, a listener of it or power over it cannot be had here; the text says what is missing."""
