"""The configuration file: where it is, and its three versions in one shape."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinetstream.config.masking import masked
from sinetstream.errors import InvalidArgumentError, InvalidConfigError, NoConfigError, NoServiceError
from sinetstream.masked import MaskedBytes
from sinetstream.spelling import did_you_mean, nearest
from sinetstream.wording import kind, shown

__all__ = ["Services", "default_paths", "read"]

_LARGEST = 1024 * 1024
_WITHOUT_HEADER = 1
_DEFAULT = 3


@dataclass(frozen=True, slots=True)
class Services:
    """The services that a file defines, each name with what the file says of it."""

    name: str
    version: int
    services: Mapping[str, Any]

    def choose(self, service: str | None) -> tuple[str, Mapping[str, Any]]:
        """The service of that name, or the only one there is."""
        names = ", ".join(sorted(self.services))
        if service is None:
            if len(self.services) > 1:
                raise NoConfigError(f"{self.name} defines several services, name one of them: {names}")
            service = next(iter(self.services))
        if service not in self.services:
            meant = nearest(service, self.services)
            hint = f"; did you mean {meant!r}?" if meant else ""
            raise NoServiceError(f"{self.name} does not define the service {service!r}; it defines: {names}{hint}")
        values = self.services[service]
        path = f"services.{service}"
        if values is None:
            raise NoServiceError(f"{path}: {self.name} names the service, but gives it no parameters")
        if not isinstance(values, dict):
            raise InvalidConfigError(f"{path}: must be a mapping of parameters, not {kind(values)}", path=path)
        return service, values


def default_paths() -> tuple[Path, ...]:
    """Where a file is looked for when none is named; the first that exists is used, and only that."""
    return Path(".sinetstream_config.yml"), _expanded("~/.config/sinetstream/config.yml")


def read(config_file: object) -> Services:
    """The services of the named file, or of the first default file that exists.

    `NoConfigError` where there is none or it cannot be read, `InvalidConfigError` where it is malformed.
    """
    file = _find() if config_file is None else _named(config_file)
    return _shaped(_parsed(file), str(file))


def _named(config_file: object) -> Path:
    if isinstance(config_file, os.PathLike):
        config_file = os.fspath(config_file)
    if not isinstance(config_file, str) or not config_file:
        words = f"config_file: must be the path of a file, not {kind(config_file) if config_file != '' else 'empty'}"
        raise InvalidArgumentError(words, path="config_file")
    return _expanded(config_file)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user, or no home
        return Path(path)


def _find() -> Path:
    for file in default_paths():
        if os.path.lexists(file):
            return file
    places = ", ".join(str(file) for file in default_paths())
    raise NoConfigError(f"no configuration file; looked for {places} (config_file= names another, no_config=True none)")


def _parsed(file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            data = MaskedBytes(stream.read(_LARGEST + 1))
    except FileNotFoundError:
        raise NoConfigError(f"there is no configuration file {file}") from None
    except OSError as error:
        raise NoConfigError(f"cannot read the configuration file {file}: {error.strerror}") from None
    except ValueError:
        raise NoConfigError(f"{str(file)!r} cannot be the path of a configuration file") from None
    if len(data) > _LARGEST:
        raise InvalidConfigError(f"{file}: is larger than {_LARGEST:,} bytes")
    from sinetstream.config.document import parse

    return _masked(parse(data, str(file)))


def _masked(root: Any) -> Any:
    """What is secret in the parameters of each service prints masked from here on, as a local variable too."""
    if not isinstance(root, dict):
        return root
    if "header" in root:
        return {key: _masked_services(value) if key == "config" else value for key, value in root.items()}
    return _masked_services(root)


def _masked_services(services: Any) -> Any:
    if not isinstance(services, dict):
        return services
    return {service: masked(params) for service, params in services.items()}


def _shaped(root: Any, name: str) -> Services:
    if not isinstance(root, dict):
        raise InvalidConfigError(f"{name}: must be a mapping with header and config, not {kind(root)}")
    if "header" in root:
        version, services, place = _version(root["header"], name), _config(root, name), "config"
    else:
        version, services, place = _WITHOUT_HEADER, root, ""
        _refuse_lost_header(root, name)
    if not services:
        raise InvalidConfigError(f"{name}: {place or 'it'} defines no service", path=place or None)
    for service in services:
        if not isinstance(service, str):
            words = f"{name}: a service's name must be a string, not {shown(service)}; put it in quotes"
            raise InvalidConfigError(words, path=place or None)
    return Services(name, version, services)


def _version(header: Any, name: str) -> int:
    if header is None:
        return _DEFAULT
    if not isinstance(header, dict):
        raise InvalidConfigError(f"{name}: header: must be a mapping, not {kind(header)}", path="header")
    version = header.get("version")
    if version is None:
        return _DEFAULT
    if not isinstance(version, bool) and isinstance(version, (int, float)) and version in (2, 3):
        return int(version)
    words = f"must be the number 2 or 3 (a file of version 1 has no header), not {shown(version)}"
    raise InvalidConfigError(f"{name}: header.version: {words}", path="header.version")


def _config(root: dict[Any, Any], name: str) -> dict[Any, Any]:
    if "config" not in root:
        others = [str(key) for key in root if key != "header"]
        hint = did_you_mean("config", others) if others else ""
        raise InvalidConfigError(f"{name}: config: is missing beside header{hint}", path="config")
    config = root["config"]
    if not isinstance(config, dict):
        raise InvalidConfigError(f"{name}: config: must be a mapping of services, not {kind(config)}", path="config")
    return config


def _refuse_lost_header(root: dict[Any, Any], name: str) -> None:
    config = root.get("config")
    if list(root) != ["config"] or not isinstance(config, dict) or "type" in config:
        return
    if config and all(isinstance(value, dict) and "type" in value for value in config.values()):
        words = "config: looks like services of version 3 without their header; add 'header: {version: 3}' above it"
        raise InvalidConfigError(f"{name}: {words}", path="config")
