"""Where kafka-python defines its exceptions."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["MODULES"]


def _find(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None


_NAMES = ("kafka.errors", "kafka.consumer.fetcher", "kafka.coordinator.base")  # the last two define one each

MODULES = [module for name in _NAMES if (module := _find(name)) is not None]
"""A release that lacks a module lacks its exceptions."""
