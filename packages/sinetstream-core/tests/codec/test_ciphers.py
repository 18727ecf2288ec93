"""The ciphers are what their papers say, and what an independent reading of the wire format makes of them."""

from __future__ import annotations

import hashlib
import random
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sinetstream.codec import MessageCodec
from sinetstream.codec.encryption.eax import Eax
from sinetstream.codec.encryption.padding import padding, unpad
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import CompressionSettings, EncryptionSettings, KeyDerivation, Secret

Make = Callable[..., MessageCodec]
Crypto = Callable[..., EncryptionSettings]

NOW_US = 1_760_000_000_000_123
MIB = 1 << 20
MODES = ["GCM", "EAX", "CBC", "CTR", "OFB", "CFB"]

# The EAX paper, appendix G: message, key, nonce, header, ciphertext with its tag.
PAPER = [
    "-",
    "233952DEE4D5ED5F9B9C6D6FF80FF478",
    "62EC67F9C3A4A407FCB2A8C49031A8B3",
    "6BFB914FD07EAE6B",
    "E037830E8389F27B025A2D6527E79D01",
    "F7FB",
    "91945D3F4DCBEE0BF45EF52255F095A4",
    "BECAF043B0A23D843194BA972C66DEBD",
    "FA3BFD4806EB53FA",
    "19DD5C4C9331049D0BDAB0277408F67967E5",
    "1A47CB4933",
    "01F74AD64077F2E704C0F60ADA3DD523",
    "70C3DB4F0D26368400A10ED05D2BFF5E",
    "234A3463C1264AC6",
    "D851D5BAE03A59F238A23E39199DC9266626C40F80",
    "481C9E39B1",
    "D07CF6CBB7F313BDDE66B727AFD3C5E8",
    "8408DFFF3C1A2B1292DC199E46B7D617",
    "33CCE2EABFF5A79D",
    "632A9D131AD4C168A4225D8E1FF755939974A7BEDE",
    "40D0C07DA5E4",
    "35B6D0580005BBC12B0587124557D2C2",
    "FDB6B06676EEDC5C61D74276E1F8E816",
    "AEB96EAEBE2970E9",
    "071DFE16C675CB0677E536F73AFE6A14B74EE49844DD",
    "4DE3B35C3FC039245BD1FB7D",
    "BD8E6E11475E60B268784C38C62FEB22",
    "6EAC5C93072D8E8513F750935E46DA1B",
    "D4482D1CA78DCE0F",
    "835BB4F15D743E350E728414ABB8644FD6CCB86947C5E10590210A4F",
    "8B0A79306C9CE7ED99DAE4F87F8DD61636",
    "7C77D6E813BED5AC98BAA417477A2E7D",
    "1A8C98DCD73D38393B2BF1569DEEFC19",
    "65D2017990D62528",
    "02083E3979DA014812F59F11D52630DA30137327D10649B0AA6E1C181DB617D7F2",
    "1BDA122BCE8A8DBAF1877D962B8592DD2D56",
    "5FFF20CAFAB119CA2FC73549E20F5B0D",
    "DDE59B97D722156D4D9AFF2BC7559826",
    "54B9F04E6A09189A",
    "2EC47B2C4954A489AFC7BA4897EDCDAE8CC33B60450599BD02C96382902AEF7F832A",
    "6CF36720872B8513F6EAB1A8A44438D5EF11",
    "A4A4782BCFFD3EC5E7EF6D8C34A56123",
    "B781FCF2F75FA5A8DE97A9CA48E522EC",
    "899A175897561D7E",
    "0DE18FD0FDD91E7AF19F1D8EE8733938B1E8E7F6D2231618102FDB7FE55FF1991700",
    "CA40D7446E545FFAED3BD12A740A659FFBBB3CEAB7",
    "8395FCF1E95BEBD697BD010BC766AAC3",
    "22E7ADD93CFC6393C57EC0B3C17D6B44",
    "126735FCC320D25A",
    "CB8920F87A6C75CFF39627B56E3ED197C552D295A7CFC46AFC253B4652B1AF3795B124AB6E",
]


@pytest.mark.parametrize("at", range(0, len(PAPER), 5))
def test_eax_is_the_papers(at: int) -> None:
    message, key, nonce, header, sealed = (bytes.fromhex(word.strip("-")) for word in PAPER[at : at + 5])
    ciphertext, tag = sealed[:-16], sealed[-16:]

    assert (ciphertext, tag) == Eax(key, tag_bytes=16).encrypt(nonce, message, header)
    assert (ciphertext, tag[:8]) == Eax(key).encrypt(nonce, message, header)
    assert message == Eax(key, tag_bytes=16).decrypt(nonce, ciphertext, tag, header)
    with pytest.raises(InvalidMessageError):
        Eax(key).decrypt(nonce, ciphertext, bytes(8), header)


@pytest.mark.parametrize("size", [0, 5, 1000, 32 * 1024 - 1, 32 * 1024, 200_000])
def test_gcm_is_what_the_format_says_whether_a_message_is_small_or_large(size: int, make: Make, crypto: Crypto) -> None:
    """NIST SP 800-38D with a nonce of 16 bytes, and salt and nonce as associated data."""
    key = bytes(range(32))
    value = bytes(range(256)) * (size // 256) + bytes(size % 256)
    codec = make(encryption=crypto(key_bits=256), user_data_only=True)

    message, _, _ = codec.encode(value, 0)
    ours = bytes(8) + b"n" * 16
    theirs = ours + AESGCM(key).encrypt(ours[8:], value, ours)

    assert value == AESGCM(key).decrypt(message[8:24], message[24:], message[:24])
    assert value == codec.decode(theirs)[0]


@pytest.mark.parametrize("prf", ["sha256", "sha384", "sha512"])
def test_a_key_is_pbkdf2_of_the_password_with_the_salt(prf: str, make: Make) -> None:
    derivation = KeyDerivation(prf, salt_bytes=16, iterations=3)
    settings = EncryptionSettings("GCM", 192, padded=False, keys={1: Secret(b"word", True)}, derivation=derivation)

    message, _, _ = make(encryption=settings, user_data_only=True).encode(b"value", 0)

    key = hashlib.pbkdf2_hmac(prf, b"word", message[:16], 3, 24)
    assert b"value" == AESGCM(key).decrypt(message[16:32], message[32:], message[:32])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", [{"password": "word"}, {}])
def test_one_writer_keeps_its_salt_and_never_repeats_a_nonce(
    mode: str | None, key: dict[str, Any], make: Make, crypto: Crypto
) -> None:
    codec = make(encryption=crypto(mode, **key))
    messages = [codec.encode(b"same", NOW_US)[0] for _ in range(200)]

    assert len({message[6:14] for message in messages}) == 1
    assert len({message[14:30] for message in messages}) == 200
    assert codec.encode(b"same", NOW_US)[0][6:14] != make(encryption=crypto(mode, **key)).encode(b"", 0)[0][6:14]


@pytest.mark.parametrize("size", [*range(34), 1000])
def test_padding_comes_off_as_it_went_on(size: int) -> None:
    padded = b"\x01" * size + padding(size)

    assert len(padded) % 16 == 0
    assert b"\x01" * size == unpad(padded)


@pytest.mark.parametrize("padded", [b"", b"x" * 15 + b"\0", b"x" * 15 + b"\x11", b"x" * 14 + b"\x01\x02", b"\x01" * 15])
def test_padding_that_is_not_whole_is_refused(padded: bytes) -> None:
    with pytest.raises(InvalidMessageError, match="damaged"):
        unpad(padded)


@pytest.mark.parametrize("mode", MODES)
def test_many_threads_may_use_one_codec(mode: str | None, make: Make, crypto: Crypto) -> None:
    codec = make(encryption=crypto(mode, key_bits=256))

    def work(name: int) -> None:
        for n in range(200):
            value = b"%d-%d" % (name, n) * (n % 40)
            assert value == codec.decode(codec.encode(value, n)[0])[0]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("mode", [None, *MODES])
def test_at_most_four_copies_of_a_message_are_alive(mode: str | None, padded: bool, make: Make, crypto: Crypto) -> None:
    codec = make(encryption=mode and crypto(mode, padded=padded or mode == "CBC"))
    size = MIB if mode == "CFB" else 8 * MIB
    codec.decode(codec.encode(b"warm", NOW_US)[0])
    tracemalloc.start()
    try:
        value = bytes(size)
        message, _, _ = codec.encode(value, NOW_US)
        decoded = codec.decode(message)[0]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert value == decoded
    assert peak < 4.1 * size


@pytest.mark.parametrize("algorithm", ["gzip", "zstd"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("mode", [None, *MODES])
def test_at_most_four_copies_are_alive_of_a_message_that_compression_leaves_as_large(
    mode: str | None, padded: bool, algorithm: str, make: Make, crypto: Crypto
) -> None:
    """The application's own are among them; the one that it gave is dropped before another is read."""
    compression = CompressionSettings(algorithm, level=1)
    codec = make(encryption=mode and crypto(mode, padded=padded or mode == "CBC"), compression=compression)
    codec.decode(codec.encode(b"warm", NOW_US)[0])
    tracemalloc.start()
    try:
        message, _, _ = codec.encode(random.Random(algorithm).randbytes(MIB), NOW_US)
        decoded = codec.decode(message)[0]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert random.Random(algorithm).randbytes(MIB) == decoded
    assert peak < 4 * MIB


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"mode": "ECB"}, r"crypto\.mode: 'ECB' is none of GCM, EAX, CBC, CTR, OFB, CFB"),
        ({"mode": "CBC"}, r"crypto\.padding: mode CBC needs pkcs7"),
        ({"key_bits": 100}, r"crypto\.key_length: must be 128, 192 or 256"),
        ({"keys": {}}, "a password or a key is needed"),
        ({"keys": {0: Secret(bytes(16))}}, "0 is no key version"),
        ({"keys": {32768: Secret(bytes(16))}}, "32768 is no key version"),
        ({"keys": {2: Secret(bytes(24))}}, "the key of version 2 has 192 bits"),
        ({"derivation": KeyDerivation("sha1000")}, "no hash 'sha1000'"),
        ({"derivation": KeyDerivation(iterations=0)}, "iteration must be at least 1"),
    ],
)
@pytest.mark.parametrize("writing", [True, False])
def test_settings_that_fit_no_cipher_are_refused_when_the_codec_is_built(
    change: dict[str, Any], why: str, writing: bool, make: Make
) -> None:
    good = {"mode": "GCM", "key_bits": 128, "padded": False, "keys": {1: Secret(bytes(16))}}

    with pytest.raises(InvalidArgumentError, match=why):
        make(encryption=EncryptionSettings(**{**good, **change}), writing=writing)
