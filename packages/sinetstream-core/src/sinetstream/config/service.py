"""One service: from its sources to its settings."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from sinetstream.config import topics as asked
from sinetstream.config.env import Reference, references
from sinetstream.config.masking import is_secret_text, masked
from sinetstream.config.merge import copied, overlaid
from sinetstream.config.parse import service_settings
from sinetstream.config.secrets import Encrypted, Opener
from sinetstream.config.unquoted import Unquoted
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import ServiceSettings
from sinetstream.wording import joined, kind

__all__ = ["load"]


def load(
    *,
    role: Literal["reader", "writer"],
    service: str | None,
    topics: str | list[str] | None,
    config: str | None,
    config_file: str | os.PathLike[str] | None,
    no_config: bool,
    kwargs: Mapping[str, Any],
    plugin_parameters: Callable[[str], frozenset[str] | None],
) -> ServiceSettings:
    """The settings of one service: keywords over the file over the defaults.

    `topics` is the constructor's own argument, `kwargs` are all its other keywords as given; neither is changed or kept,
    except for objects that are not mappings, lists or tuples. `plugin_parameters(type)` tells which top-level parameters
    the plugin declares, None where it declares nothing, and may raise; it is called once, when `type` is known.

    Reads files: the configuration, and where it names them password files and the private key; nothing is cached.
    `params` of the result is the merged mapping with environment references and encrypted values resolved; these, and
    what is secret by its name, print masked. Raises `NoConfigError`, `NoServiceError`, `InvalidConfigError` (what is
    wrong with a source) and `InvalidArgumentError` (what is wrong with a parameter, wherever it came from).
    """
    _check_arguments(service, config, no_config)
    keywords = {key: value for key, value in kwargs.items() if topics is None or key not in ("topic", "topics")}
    if topics is not None:
        keywords["topics" if role == "reader" else "topic"] = topics
    if no_config:
        path, version = "", 3
        below: Mapping[str, Any] = {}
    else:
        path, version, service, below = _from_file(config_file, service)
    params = _resolved(overlaid(below, keywords, path), path, version)
    chosen = asked.resolve(role, topics, params, path)
    return service_settings(service, params, copied(chosen), path, version, plugin_parameters)


def _check_arguments(service: object, config: object, no_config: object) -> None:
    if config is not None:
        words = "the Config Server is not supported by this version; download the configuration and use config_file="
        raise InvalidArgumentError(f"config: {words}", path="config")
    if not isinstance(service, str | None):
        raise InvalidArgumentError(f"service: must be the name of a service, not {kind(service)}", path="service")
    if not isinstance(no_config, bool):
        raise InvalidArgumentError(f"no_config: must be True or False, not {kind(no_config)}", path="no_config")


def _from_file(config_file: object, service: str | None) -> tuple[str, int, str, Mapping[str, Any]]:
    from sinetstream.config.file import read

    source = read(config_file)
    service, file = source.choose(service)
    if "allow_code" in file:
        where = f"services.{service}.allow_code"
        words = "is for the program to say, not for a file: give allow_code=True to the constructor"
        raise InvalidArgumentError(f"{where}: {words}", path=where)
    return f"services.{service}", source.version, service, references(file) if source.version >= 3 else file


def _resolved(params: dict[str, Any], path: str, version: int) -> dict[str, Any]:
    @functools.cache
    def private_key() -> Opener:
        from sinetstream.config.private_key import PrivateKey

        return PrivateKey.load()

    def resolved(value: Any, at: str, name: str, secret: bool) -> Any:
        if isinstance(value, dict):
            return {k: resolved(v, joined(at, k), str(k), is_secret_text(k, name, secret)) for k, v in value.items()}
        if isinstance(value, list):
            return [resolved(v, joined(at, i), name, secret) for i, v in enumerate(value)]
        if isinstance(value, Reference):
            return value.resolve(at)
        if isinstance(value, Encrypted):
            return value.resolve(at, private_key)
        if isinstance(value, Unquoted):
            return value.as_text(at, version) if secret else value.value
        if secret and isinstance(value, (float, date)):
            raise InvalidArgumentError(f"{at}: must be text, not {kind(value)}", path=at)
        return value

    try:
        result: dict[str, Any] = masked(resolved(params, path, "", False))
    finally:
        private_key.cache_clear()
    return result
