"""Keys are derived once for every salt, and strangers' salts never cost a known writer its place."""

from __future__ import annotations

import hashlib
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sinetstream.codec import MessageCodec
from sinetstream.codec.encryption.cache import CipherCache
from sinetstream.codec.encryption.verified_keys import VerifiedKeys
from sinetstream.errors import InvalidMessageError
from sinetstream.settings import EncryptionSettings

Make = Callable[..., MessageCodec]
Crypto = Callable[..., EncryptionSettings]

NOW_US = 1_760_000_000_000_123
MODES = ["GCM", "EAX", "CBC", "CTR", "OFB", "CFB"]


@pytest.fixture
def derivations(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The salts for which a key was derived, in order."""
    salts: list[bytes] = []
    derive = hashlib.pbkdf2_hmac

    def counted(prf: str, password: bytes, salt: bytes, *rest: int) -> bytes:
        salts.append(salt)
        return derive(prf, password, salt, *rest)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", counted)
    return salts


class Cache(CipherCache):
    """A cache whose ciphers are the names they were derived for, and which counts."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        super().__init__(self._count, lambda key: key, VerifiedKeys(most=2000))  # type: ignore[arg-type,return-value]

    def _count(self, version: int, salt: bytes) -> bytes:
        self.asked.append(salt)
        return b"%d %s" % (version, salt)

    def seen(self, n: int, *, verified: bool) -> None:
        salt = b"%d" % n
        entry = self.get(1, salt)
        cipher: Any = entry.cipher
        assert b"1 " + salt == cipher
        if verified:
            self.verify(1, salt, entry)


def forged(message: bytes, n: int) -> bytes:
    return message[:6] + n.to_bytes(8, "big") + message[14:]


@pytest.mark.parametrize("mode", MODES)
def test_a_writer_derives_its_key_when_it_is_built_and_never_again(
    mode: str | None, derivations: list[bytes], make: Make, crypto: Crypto
) -> None:
    codec = make(encryption=crypto(mode, password="word"))
    assert len(derivations) == 1

    for _ in range(10):
        codec.decode(codec.encode(b"value", NOW_US)[0])

    assert len(derivations) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_reader_derives_a_key_for_each_writer_once(
    mode: str | None, derivations: list[bytes], make: Make, crypto: Crypto
) -> None:
    encryption = crypto(mode, password="word")
    writers = [make(encryption=encryption) for _ in range(5)]
    derivations.clear()
    reader = make(encryption=encryption, writing=False)
    assert not derivations

    for _ in range(4):
        for writer in writers:
            assert b"value" == reader.decode(writer.encode(b"value", NOW_US)[0])[0]

    assert len(derivations) == 5


def test_a_given_key_is_used_whatever_the_salt(derivations: list[bytes], make: Make, crypto: Crypto) -> None:
    for _ in range(3):
        make(encryption=crypto(), writing=False).decode(make(encryption=crypto()).encode(b"value", NOW_US)[0])

    assert not derivations


@pytest.mark.parametrize("mode", MODES)
def test_a_flood_of_salts_costs_no_known_writer_its_place(
    mode: str | None, derivations: list[bytes], make: Make, crypto: Crypto
) -> None:
    encryption = crypto(mode, password="word")
    reader = make(encryption=encryption, writing=False)
    messages = [make(encryption=encryption).encode(b"value" * 9, NOW_US)[0] for _ in range(100)]
    for message in messages:
        reader.decode(message)
    for n in range(300):
        with pytest.raises(InvalidMessageError):
            reader.decode(forged(messages[0], n))
    derivations.clear()

    for message in messages:
        assert b"value" * 9 == reader.decode(message)[0]

    assert not derivations


def test_a_message_cut_off_before_its_tag_derives_nothing(derivations: list[bytes], make: Make, crypto: Crypto) -> None:
    reader = make(encryption=crypto(password="word"), writing=False)
    with pytest.raises(InvalidMessageError, match="cut off"):
        reader.decode(bytes.fromhex("df0300000001") + bytes(8 + 16 + 15))

    assert not derivations


def test_of_user_data_alone_in_an_unauthenticated_mode_no_salt_is_verified(
    derivations: list[bytes], make: Make, crypto: Crypto
) -> None:
    settings = {"encryption": crypto("CTR", password="word"), "user_data_only": True}
    reader = make(**settings, writing=False)
    messages = [make(**settings).encode(b"value", 0)[0] for _ in range(17)]
    derivations.clear()

    for message in [*messages, messages[0], messages[16]]:
        assert b"value" == reader.decode(message)[0]

    assert len(derivations) == 17 + 1


def test_verified_salts_are_kept_and_16_others() -> None:
    cache = Cache()
    for n in range(3000):  # 1024 ciphers, and 2000 keys
        cache.seen(n, verified=True)
    for n in range(5000, 5100):
        cache.seen(n, verified=False)
    cache.asked.clear()

    for n in [*range(3000), *range(5084, 5100)]:
        cache.seen(n, verified=False)

    assert not cache.asked


def test_an_unverified_salt_beyond_16_takes_the_place_of_the_oldest_of_its_kind() -> None:
    cache = Cache()
    for n in range(17):
        cache.seen(n, verified=False)
    cache.asked.clear()

    cache.seen(1, verified=False)
    assert not cache.asked
    cache.seen(0, verified=False)
    assert [b"0"] == cache.asked


def test_a_verified_salt_beyond_the_bound_takes_the_place_of_one_not_in_use() -> None:
    cache = Cache()
    in_use = range(0, 1000, 10)
    for n in range(10_000):
        cache.seen(n, verified=True)
        for known in in_use if n % 100 == 99 else ():
            if known <= n:
                cache.get(1, b"%d" % known)
    assert len(cache.asked) == 10_000
    cache.asked.clear()

    for n in [*in_use, *range(8000, 10_000)]:
        cache.get(1, b"%d" % n)
    assert not cache.asked
    cache.get(1, b"1001")
    assert [b"1001"] == cache.asked


def test_verified_keys_are_bounded_in_number_and_in_bytes() -> None:
    few, small = VerifiedKeys(most=3), VerifiedKeys(max_bytes=100_000)
    for n in range(5):
        few.add((1, b"%d" % n), b"key")
        few.add((1, b"0"), b"key")
    for n in range(1000):
        small.add((1, n.to_bytes(1024)), bytes(32))
        small.add((1, n.to_bytes(1024)), bytes(32))

    assert [b"key", None, None, b"key", b"key"] == [few.take((1, b"%d" % n)) for n in range(5)]
    assert few.take((1, b"0")) is None
    kept = [n for n in range(1000) if small.take((1, n.to_bytes(1024))) is not None]
    assert list(range(1000 - len(kept), 1000)) == kept
    assert 60 < len(kept) < 100


def test_a_reader_of_more_writers_than_ciphers_derives_each_key_once(
    derivations: list[bytes], make: Make, crypto: Crypto
) -> None:
    encryption = crypto(password="word", iterations=1)
    reader = make(encryption=encryption, writing=False)
    messages = [make(encryption=encryption).encode(b"value", NOW_US)[0] for _ in range(1500)]
    derivations.clear()

    for message in messages * 3:
        reader.decode(message)

    assert 1500 == len(derivations)


def test_threads_that_want_the_same_new_key_wait_for_one_derivation() -> None:
    started, go_on = threading.Event(), threading.Event()
    derived = []

    def derive(version: int, salt: bytes) -> bytes:
        derived.append(salt)
        started.set()
        assert go_on.wait(30)
        return b"key"

    cache = CipherCache(derive, lambda _: object())  # type: ignore[arg-type,return-value]
    found = []
    threads = [threading.Thread(target=lambda: found.append(cache.get(1, b"salt"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert started.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(30)

    assert [b"salt"] == derived
    assert len(found) == 8
    assert len({id(entry) for entry in found}) == 1


def test_a_derivation_that_failed_is_tried_again() -> None:
    outcomes: Iterator[bytes | ValueError] = iter([ValueError("no"), b"cipher"])

    def derive(version: int, salt: bytes) -> bytes:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    cache = CipherCache(derive, lambda key: key)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="no"):
        cache.get(1, b"salt")

    cipher: Any = cache.get(1, b"salt").cipher
    assert cipher == b"cipher"


@pytest.mark.parametrize("mode", MODES)
def test_first_messages_of_many_threads_are_all_readable(mode: str | None, make: Make, crypto: Crypto) -> None:
    """The published peer writes messages here whose salt is not their key's."""
    encryption = crypto(mode, password="word", iterations=50)
    for _ in range(5):
        writer, reader = make(encryption=encryption), make(encryption=encryption, writing=False)
        together = threading.Barrier(6)

        def work(n: int, writer: MessageCodec = writer, together: threading.Barrier = together) -> bytes:
            together.wait(30)
            return writer.encode(b"%d" % n, NOW_US)[0]

        with ThreadPoolExecutor(6) as pool:
            messages = list(pool.map(work, range(6)))
            values = list(pool.map(reader.decode, messages))

        assert [b"%d" % n for n in range(6)] == [value for value, *_ in values]


def test_a_codec_built_for_reading_has_no_key_to_write_with(make: Make, crypto: Crypto) -> None:
    with pytest.raises(InvalidMessageError, match="built for reading"):
        make(encryption=crypto(), writing=False).encode(b"value", NOW_US)


@pytest.mark.parametrize("key", [{"password": "hush-hush-word"}, {"keys": {1: b"hush-hush-word-2"}}])
def test_no_secret_is_in_a_repr_or_an_error(key: dict[str, Any], make: Make, crypto: Crypto) -> None:
    encryption = crypto(**key)
    codec = make(encryption=encryption)
    message, _, _ = codec.encode(b"secret-payload", NOW_US)
    said = [repr(codec), repr(encryption), *map(repr, vars(codec).values())]
    for bad in (
        message[:-1],
        message[:20],
        b"\xdf\x03\0\0\0\x02" + message[6:],
        make().encode(b"secret-payload", 0)[0],
    ):
        with pytest.raises(InvalidMessageError) as caught:
            codec.decode(bad)
        said += traceback.format_exception(caught.value)

    assert not [text for text in said if "hush" in text or "secret-payload" in text or message[-16:].hex() in text]
