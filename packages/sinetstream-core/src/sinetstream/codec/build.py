"""A codec from settings: which object stands in each place is decided here, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinetstream.codec.codec import Encryption, MessageCodec, PayloadCodec
from sinetstream.codec.framing import Enveloped, UserDataOnly
from sinetstream.codec.null_layers import Unencrypted, size_checked
from sinetstream.errors import InvalidArgumentError, SinetError
from sinetstream.settings import CodecSettings, CompressionSettings, ValueTypeSettings

__all__ = ["build"]

Load = Callable[[str, str], type[Any]]
Bytes = Callable[[bytes], bytes]


def build(
    settings: CodecSettings, load: Load, *, writing: bool, on_derived: Callable[[], object] = lambda: None
) -> MessageCodec:
    """The codec for these settings; `load(group, name)` gives the class of a value type or compression.

    With `writing`, the key to encrypt with is derived now, which takes as long as the settings' iterations; without
    it no key is derived here, and none is there to encrypt with. `on_derived` is called for each key derived from a password.
    Raises `InvalidArgumentError` for what no codec can do.
    """
    if settings.message_format not in (2, 3):
        raise InvalidArgumentError("message_format: must be 3 or 2", path="message_format")
    serialize, deserialize = _value_type(settings.value_type, load)
    compress, decompress = _compression(settings.compression, load)
    encryption = _encryption(settings, on_derived, writing=writing)
    framing = UserDataOnly() if settings.user_data_only else Enveloped(settings.message_format, encryption.key_version)
    serialize, deserialize = settings.serializer or serialize, settings.deserializer or deserialize
    layers = (settings.encryption, compress, serialize, deserialize)
    bare = settings.user_data_only and all(layer is None for layer in layers)
    return (PayloadCodec if bare else MessageCodec)(
        serialize=serialize,
        deserialize=deserialize,
        compress=compress,
        decompress=decompress,
        framing=framing,
        encryption=encryption,
    )


def _value_type(
    settings: ValueTypeSettings, load: Load
) -> tuple[Callable[[Any], bytes] | None, Callable[[bytes], Any] | None]:
    cls = load("sinetstream.value_type", settings.name)
    try:
        value_type = cls(**settings.args)
        functions = value_type.serializer, value_type.deserializer
    except SinetError:
        raise
    except Exception as error:
        raise InvalidArgumentError(
            f"value_type.args: {settings.name!r} does not take these args: {type(error).__name__}: {error}",
            path="value_type.args",
        ) from error
    return functions


def _compression(settings: CompressionSettings | None, load: Load) -> tuple[Bytes, Bytes] | tuple[None, None]:
    if settings is None:
        return None, None
    cls = load("sinetstream.compression", settings.algorithm)
    max_bytes = settings.max_decompressed_bytes
    try:
        compression = cls(level=settings.level, params=dict(settings.params))
        bounded = getattr(compression, "bounded_decompressor", lambda _: None)(max_bytes)
        return compression.compressor, bounded or size_checked(compression.decompressor, max_bytes)
    except SinetError:
        raise
    except Exception as error:
        raise InvalidArgumentError(
            f"compression: {settings.algorithm!r} does not take these parameters: {type(error).__name__}: {error}",
            path="compression",
        ) from error


def _encryption(settings: CodecSettings, on_derived: Callable[[], object], *, writing: bool) -> Encryption:
    if settings.encryption is None:
        return Unencrypted()
    from sinetstream.codec.encryption import encryption  # loads the ciphers

    enveloped = not settings.user_data_only
    return encryption(settings.encryption, writing=writing, enveloped=enveloped, on_derived=on_derived)
