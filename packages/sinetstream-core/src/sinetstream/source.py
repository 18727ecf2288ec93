"""The arguments of a constructor, and the settings that they and the configuration file give."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal, cast

from sinetstream import config
from sinetstream.options import ReaderOptions, WriterOptions
from sinetstream.settings import ServiceSettings

__all__ = ["Source"]


class Source:
    """The arguments of a reader's or writer's constructor.

    `options` is the constructor's own mapping: secrets in it are masked there too.
    """

    def __init__(
        self,
        service: str | None,
        topics: str | list[str] | None,
        config_name: str | None,
        config_file: str | os.PathLike[str] | None,
        options: ReaderOptions | WriterOptions,
    ) -> None:
        kwargs = cast("dict[str, Any]", options)
        config.mask_in_place(kwargs)
        self.service = service
        self.topics = topics
        self.config_name = config_name
        self.config_file = config_file
        self.kwargs = {name: value for name, value in kwargs.items() if name != "no_config"}
        self.no_config = kwargs.get("no_config", False)

    def load(self, role: Literal["reader", "writer"], plugin_class: Callable[[str], type[Any]]) -> ServiceSettings:
        """Read the configuration and check all parameters; `plugin_class` finds the class of a `type`."""
        return config.load(
            role=role,
            service=self.service,
            topics=self.topics,
            config=self.config_name,
            config_file=self.config_file,
            no_config=self.no_config,
            kwargs=self.kwargs,
            plugin_parameters=lambda name: getattr(plugin_class(name), "parameters", None),
        )
