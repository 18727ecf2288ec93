"""`python tools/bench [WHAT ...] [--json FILE] [--quick]`: every figure beside the one to reach.

The benchmarks are the modules here and in packages/*/benchmarks that have a `run(quick)` which gives rows; WHAT is any
of their names, or of a package: `kafka` for all of sinetstream-kafka. `--quick` only shows that they run: its figures say
nothing. A keyword of a benchmark's `run` is an option here.
"""

import argparse
import datetime as dt
import importlib.util
import inspect
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import peer
from rows import Row

Benchmark = Callable[..., list[Row]]


def main(arguments: Sequence[str] | None = None) -> int:
    found = _found()
    packages = _packages(found)
    parser = argparse.ArgumentParser(prog="tools/hatch run bench", description=(__doc__ or "").partition("\n")[2])
    names = ", ".join(dict.fromkeys((*found, *packages)))
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {names} (default: all)")
    parser.add_argument("--json", type=Path, help="where the figures go (default: .bench/<date>.json)")
    parser.add_argument("--quick", action="store_true", help="run everything a few times only")
    keywords = {name: _keywords(run) for name, run in found.items()}
    for name, defaults in keywords.items():
        for keyword, default in defaults.items():
            kind = type(default)
            parser.add_argument(f"--{keyword}", type=kind, default=default, metavar="N", help=f"for {name}")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.what) - found.keys() - packages.keys()):
        parser.error(f"no benchmark {', '.join(unknown)}: there are {names}")
    now = dt.datetime.now(dt.UTC)
    rows: list[Row] = []
    chosen = [name for what in options.what or found for name in packages.get(what, [what])]
    for name in dict.fromkeys(chosen):
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += found[name](options.quick, **{keyword: getattr(options, keyword) for keyword in keywords[name]})
    print(_table(rows))
    file = options.json or peer.STATE / f"{now:%Y-%m-%dT%H%M%S}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(_report(now, options.quick, rows), indent=1, ensure_ascii=False) + "\n")
    print(f"\nSaved in {file}")
    return 0


def _found() -> dict[str, Benchmark]:
    files = [*Path(__file__).parent.glob("*.py"), *peer.ROOT.glob("packages/*/benchmarks/*.py")]
    found = {}
    for file in files:
        if file == Path(__file__):
            continue
        spec = importlib.util.spec_from_file_location(file.stem, file)
        if spec is None or spec.loader is None:
            continue
        module = sys.modules.get(file.stem) or importlib.util.module_from_spec(spec)
        if file.stem not in sys.modules:
            spec.loader.exec_module(module)
        if hasattr(module, "run"):
            found[file.stem] = module.run
    return dict(sorted(found.items()))


def _packages(found: dict[str, Benchmark]) -> dict[str, list[str]]:
    files = sorted(peer.ROOT.glob("packages/sinetstream-*/benchmarks/*.py"))
    packages: dict[str, list[str]] = {}
    for file in files:
        if file.stem in found:
            packages.setdefault(file.parts[-3].removeprefix("sinetstream-"), []).append(file.stem)
    return packages


def _keywords(run: Benchmark) -> dict[str, object]:
    parameters = inspect.signature(run).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}


def _report(now: dt.datetime, quick: bool, rows: list[Row]) -> dict[str, object]:
    return {
        "date": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "quick": quick,
        "rows": [asdict(row) | {"met": row.met} for row in rows],
    }


def _table(rows: list[Row]) -> str:
    words = {True: "met", False: "NOT MET", None: "-"}
    lines = [("", "target", "measured", "median", "", "")]
    for row in rows:
        target = "-" if row.target is None else f"{'>=' if row.at_least else '<='} {row.target:g} {row.unit}"
        lines.append((row.name, target, _figure(row.measured), _figure(row.median), words[row.met], row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            (
                line[0].ljust(widths[0]),
                *(line[column].rjust(widths[column]) for column in (1, 2, 3)),
                line[4].ljust(widths[4]),
                line[5],
            )
        ).rstrip()
        for line in lines
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
