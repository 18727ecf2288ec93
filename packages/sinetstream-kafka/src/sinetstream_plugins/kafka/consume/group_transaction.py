"""Whether a writer's transaction commits the offsets of this reader."""

from __future__ import annotations

import threading

from sinetstream.errors import InvalidArgumentError

__all__ = ["GroupTransaction"]


class GroupTransaction:
    """A reader's part in the transactions of writers: at most one at a time. Any thread may call any method.

    From the first transaction on, the reader's offsets are committed by transactions only. A transaction is broken when the
    reader lost a partition of which offsets were still to be committed: those messages come again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = False
        self._commits_offsets = False
        self._is_broken = False

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def commits_offsets(self) -> bool:
        """Whether transactions commit the offsets, and not the reader itself."""
        return self._commits_offsets

    @property
    def is_broken(self) -> bool:
        """Whether messages that the next commit would count as processed come again."""
        return self._is_broken

    def begin(self) -> None:
        """Claim the reader for one transaction. Raises `InvalidArgumentError` where another transaction has it."""
        with self._lock:
            if self._is_open:
                raise InvalidArgumentError(
                    "the reader is in a transaction already: leave that one first, or open a reader for each"
                )
            self._is_open = True

    def take_over_commits(self) -> None:
        """The writer's transaction has begun: from now on the reader commits no offsets itself."""
        with self._lock:
            self._commits_offsets = True

    def end(self) -> None:
        """Let go of the reader: the next transaction may begin."""
        with self._lock:
            self._is_open = False

    def mark_broken(self) -> None:
        """Note that messages come again that count as processed. No effect while the reader commits its offsets itself."""
        with self._lock:
            self._is_broken = self._is_broken or self._commits_offsets

    def clear_broken(self) -> None:
        """The reader is back at its committed offsets."""
        with self._lock:
            self._is_broken = False
