"""Text that MQTT can carry."""

from __future__ import annotations

import re

__all__ = ["MOST_BYTES", "fault", "is_safe"]

MOST_BYTES = 65535
"""Of a text or of binary data beside the payload."""

_LAST_OF_PLANES = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(f"[\0-\x1f\x7f-\x9f\ufdd0-\ufdef{_LAST_OF_PLANES}]")  # at some of them brokers hang up
_BYTE_ORDER_MARK = "\ufeff"  # allowed, and paho takes a packet with it for malformed


def fault(text: str, *, binary: bool = False) -> str | None:
    """What keeps a string from being sent, None where nothing does; `binary` where its bytes are no text to MQTT."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "has characters that UTF-8 does not have"
    if size > MOST_BYTES:
        return f"is longer than the {MOST_BYTES} bytes of MQTT"
    if not binary and _FORBIDDEN.search(text):
        return "has characters that MQTT forbids: control characters, or code points that are no characters"
    return None


def is_safe(text: str) -> bool:
    """Whether brokers and clients leave it as it is, whatever its length."""
    return not _FORBIDDEN.search(text) and _BYTE_ORDER_MARK not in text
