"""Parameters for the real broker, and a fresh topic per test."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

Parameters = dict[str, Any]


@pytest.fixture
def topic() -> str:
    return f"test/{uuid4().hex}"


@pytest.fixture
def parameters() -> Callable[..., Parameters]:
    """Keywords for the API: `parameters(address, consistency, **type_spec)`."""

    def made(address: str, consistency: str = "AT_LEAST_ONCE", **type_spec: Any) -> Parameters:
        return {
            "no_config": True,
            "type": "mqtt",
            "brokers": address,
            "consistency": consistency,
            "value_type": "text",
            "type_spec": type_spec,
        }

    return made
