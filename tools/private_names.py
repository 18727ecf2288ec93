"""Private and undocumented names of client libraries stand in one folder of a plugin, its door, and nowhere else.

A package that uses a client library names it in its pyproject.toml:

    [tool.sinetstream.client-library]
    distribution = "kafka-python"
    import = "kafka"
    door = "kafka_python"           # the folder, named after the library
    documented = ["kafka", "kafka.errors"]   # the modules that the library's documentation lists

Outside the door nothing may be imported from the library's other modules. Private names of others, imported, as attributes
or in `getattr`, may stand nowhere outside a door, in any package.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.workspace import ROOT, Package, packages

OURS = ("sinetstream", "sinetstream_plugins")
DOCUMENTED = ("_asdict", "_fields", "_make", "_replace")  # of named tuples


def foreign_names(package: Package, root: Path = ROOT) -> Iterator[str]:
    """Each place, and what is wrong there."""
    library = package.pyproject.get("tool", {}).get("sinetstream", {}).get("client-library", {})
    sources = [file for file in sorted(package.folder.glob("src/**/*.py")) if library.get("door") not in file.parts]
    trees = {file: ast.parse(file.read_text()) for file in sources}
    own = {name for tree in trees.values() for name in _defined(tree)}
    for file, tree in trees.items():
        for node in ast.walk(tree):
            for name in _private(node):
                if name not in own and name not in DOCUMENTED:
                    yield f"{_at(file, node, root)}: {name} is private to another package"
            for module in _modules(node):
                if _is_in(module, library.get("import")) and module not in library["documented"]:
                    yield f"{_at(file, node, root)}: {module} is not documented; use it in {library['door']}/ only"


def _private(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        names = [node.attr]
    elif isinstance(node, ast.ImportFrom) and not any(_is_in(node.module or "", ours) for ours in OURS):
        names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    elif isinstance(node, ast.Import):
        names = [part for alias in node.names for part in alias.name.split(".")]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr"):
        names = [str(argument.value) for argument in node.args[1:2] if isinstance(argument, ast.Constant)]
    else:
        return
    yield from (name for name in names if name.startswith("_") and not name.startswith("__"))


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _is_in(module: str, package: str | None) -> bool:
    return package is not None and (module == package or module.startswith(f"{package}."))


def _defined(tree: ast.AST) -> Iterator[str]:
    """What a file defines: functions, classes, and what it sets, slots included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _at(file: Path, node: ast.AST, root: Path) -> str:
    return f"{file.relative_to(root)}:{getattr(node, 'lineno', 1)}"


def main() -> int:
    found = [line for package in packages() for line in foreign_names(package)]
    for line in found:
        print(line)
    print(f"private_names: {len(found)} private or undocumented names of others outside the doors")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
