"""Whatever is given, the answer is settings or an error of ours; and nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sinetstream import config
from sinetstream.config.unknown import COMMON
from sinetstream.errors import InvalidArgumentError, SinetError

CRYPTO = [
    "algorithm",
    "mode",
    "key_length",
    "padding",
    "password",
    "key",
    "keys",
    "_keys",
    "key_derivation",
    "encoding",
]
NESTED = [*CRYPTO, "value", "path", "salt_bytes", "iteration", "prf", "level", "name", "args", "gzip"]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=33)
    | st.sampled_from(["AES", "GCM", "CBC", "pkcs7", "kafka", "text", "${A", "${HOME}", b"0" * 32])
)  # fmt: skip
KEYS: Any = st.sampled_from(NESTED) | st.text(max_size=5) | st.integers(-1, 40000) | st.none() | st.binary(max_size=2)
VALUES: Any = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4) | st.tuples(inner),
    max_leaves=10,
)
PARAMETERS = st.dictionaries(st.sampled_from(sorted(COMMON)) | st.text(max_size=12), VALUES, max_size=6)


def attempt(**given: Any) -> SinetError | None:
    arguments: dict[str, Any] = {
        "role": "reader",
        "service": None,
        "topics": None,
        "config": None,
        "config_file": None,
        "no_config": True,
        "kwargs": {},
        "plugin_parameters": lambda _: None,
    }
    try:
        config.load(**{**arguments, **given})
    except SinetError as error:
        return error
    return None


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(PARAMETERS, st.booleans(), st.sampled_from(["reader", "writer"]))
def test_any_keywords_are_settings_or_an_error_of_ours(keywords: dict[str, Any], encrypted: bool, role: str) -> None:
    attempt(role=role, kwargs={"type": "queue", **({"data_encryption": True} if encrypted else {}), **keywords})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(VALUES, VALUES, VALUES, VALUES)
def test_any_arguments_are_settings_or_an_error_of_ours(service: Any, topics: Any, source: Any, no_config: Any) -> None:
    attempt(service=service, topics=topics, config=source, no_config=no_config, kwargs={"type": "queue"})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(VALUES)
def test_a_refusal_of_a_parameter_always_has_its_path(value: Any) -> None:
    for key in sorted(COMMON):
        refusal = attempt(kwargs={"type": "queue", "data_encryption": key == "crypto", key: value})
        if refusal is not None:
            assert isinstance(refusal, InvalidArgumentError)
            assert refusal.path is not None
            assert str(refusal).startswith(f"{refusal.path}: ")


def test_yaml_and_ciphers_are_imported_on_first_use_only() -> None:
    script = """
import sys
from sinetstream import config
config.load(role="reader", service=None, topics=None, config=None, config_file=None, no_config=True,
            kwargs={"type": "queue", "data_encryption": True, "crypto": {"password": "p"}}, plugin_parameters=lambda _: None)
print([name for name in ("yaml", "cryptography", "importlib.metadata", "promise") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
