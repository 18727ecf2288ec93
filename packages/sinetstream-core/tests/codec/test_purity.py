"""The codec is pure: it imports no configuration, plugin or log, and ciphers only when there is a key."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import sinetstream.codec

SOURCES = sorted(Path(sinetstream.codec.__path__[0]).rglob("*.py"))
ALLOWED = ("sinetstream.codec", "sinetstream.errors", "sinetstream.settings", "sinetstream.spi")
IMPURE = {"asyncio", "logging", "pathlib", "socket", "subprocess", "time", "datetime", "random", "importlib"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_module_imports_nothing_impure(source: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
            if node.module == "os":
                assert ["urandom"] == [name.name for name in node.names]
        elif isinstance(node, ast.Import):
            imported.update(name.name for name in node.names)

    assert not [name for name in imported if name.startswith("sinetstream") and not name.startswith(ALLOWED)]
    assert not {name.partition(".")[0] for name in imported} & IMPURE


def test_ciphers_are_loaded_with_the_first_key_and_zstandard_with_zstd() -> None:
    program = """
import sys
from sinetstream.codec import build
from sinetstream.codec.compression import Gzip
from sinetstream.codec.value_types import ByteArray
from sinetstream.settings import CodecSettings, CompressionSettings, EncryptionSettings, Secret

def load(group, name):
    return ByteArray if group == "sinetstream.value_type" else Gzip

plain = CodecSettings(compression=CompressionSettings())
codec = build(plain, load, writing=True)
codec.decode(codec.encode(b"value", 0)[0])
print(sorted({"cryptography", "zstandard"} & sys.modules.keys()))
build(CodecSettings(encryption=EncryptionSettings("GCM", 128, False, {1: Secret(bytes(16))})), load, writing=False)
print(sorted({"cryptography", "zstandard"} & sys.modules.keys()))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert ["[]", "['cryptography']"] == said.splitlines()
