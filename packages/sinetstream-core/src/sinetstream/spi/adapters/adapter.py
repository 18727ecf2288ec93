"""What all adapters pass on to the class that they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar

from sinetstream.spi.abilities import Ability

__all__ = ["Adapter", "derive"]


class Adapter:
    """Constructs `source` and passes on what both sides have in common."""

    source: ClassVar[type[Any]]

    def __init__(self, params: dict[str, Any]) -> None:
        self.inner = self.source(params)
        if hasattr(self.inner, "abilities"):
            self.abilities: frozenset[Ability] = self.inner.abilities
        self.max_pending_bytes: float = getattr(self.inner, "max_pending_bytes", inf)
        if hasattr(self.inner, "attributes"):
            self.attributes = self.inner.attributes

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        source = getattr(cls, "source", None)
        for name in _DECLARED:
            if hasattr(source, name) and name not in vars(cls):
                setattr(cls, name, getattr(source, name))

    def open(self) -> None:
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def acknowledge(self, raw: Any) -> None:
        self.inner.acknowledge(raw)

    def metrics(self) -> Any:
        return self.inner.metrics() if hasattr(self.inner, "metrics") else None

    def reset_metrics(self) -> None:
        if hasattr(self.inner, "reset_metrics"):
            self.inner.reset_metrics()

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        return self.inner.info(path, kwargs) if hasattr(self.inner, "info") else None

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON:
            return getattr(self.inner, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


_DECLARED = (
    "abilities",
    "parameters",
    "options",
    "common_parameters",
    "refused_parameters",
    "ability_hints",
    "encoded_parameters",
    "errors",
)
_PASSED_ON = frozenset(("seek_to_beginning", "seek_to_end", "seek_to_time", "timestamp_us", "transaction"))


def derive(adapter: type[Any], source: type[Any]) -> type[Any]:
    """The class that `adapter` makes of `source`, constructed with `params` like any plugin."""
    return type(f"{adapter.__name__}Of{source.__name__}", (adapter,), {"source": source})
