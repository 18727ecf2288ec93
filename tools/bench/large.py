"""AES-GCM of 1 MB: a whole publish or read beside the cipher alone."""

from collections.abc import Callable
from itertools import repeat

import contestant
import sinetstream
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from rows import Row, alternate, seconds
from sinetstream import plugins

__all__ = ["run"]

_MB = 1_000_000
_NONCE = bytes(12)
_SETTINGS = contestant.SETTINGS["AES-256-GCM"]


def run(quick: bool) -> list[Row]:
    rounds, count = (1, 1) if quick else (25, 8)
    value = b"\x5a" * _MB
    cipher = AESGCM(bytes(32))
    sealed = cipher.encrypt(_NONCE, value, None)
    name = "noop-large"
    with (
        plugins.register(name, reader=contestant.NoOpReader, writer=contestant.NoOpWriter),
        sinetstream.MessageWriter(topic="topic", no_config=True, type=name, **_SETTINGS) as writer,
        sinetstream.MessageReader(topics="topic", no_config=True, type=name, **_SETTINGS) as reader,
    ):

        def read() -> None:
            contestant.NoOpReader.count = count
            for message in reader:
                message.value  # noqa: B018  as an application would

        def write() -> None:
            for _ in repeat(None, count):
                writer.publish(value)

        def encrypt() -> None:
            for _ in repeat(None, count):
                cipher.encrypt(_NONCE, value, None)

        def decrypt() -> None:
            for _ in repeat(None, count):
                cipher.decrypt(_NONCE, sealed, None)

        write()
        read()  # derives the key
        return [_row("write", rounds, write, encrypt), _row("read", rounds, read, decrypt)]


def _row(way: str, rounds: int, whole: Callable[[], object], alone: Callable[[], object]) -> Row:
    mine, bare = alternate(rounds, seconds(whole), seconds(alone))
    best, median = mine.times(bare)
    return Row(
        name=f"{way} 1 MB AES-256-GCM beside the cipher alone",
        unit="times",
        target=1.6,
        measured=best,
        median=median,
        note="the cipher: cryptography's AESGCM",
    )
