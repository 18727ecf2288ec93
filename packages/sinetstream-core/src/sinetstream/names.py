"""Names that applications of the published versions use."""

__all__ = ["BYTE_ARRAY", "DEFAULT_CLIENT_ID", "TEXT"]

TEXT = "text"
BYTE_ARRAY = "byte_array"

DEFAULT_CLIENT_ID = None
"""What stands for a generated `client_id`."""
