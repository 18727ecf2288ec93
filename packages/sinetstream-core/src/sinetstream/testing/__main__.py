"""`python -m sinetstream.testing SERVICE`: whether a service of yours keeps what SINETStream promises."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sinetstream import SinetError
from sinetstream.testing.report.card import Line
from sinetstream.testing.report.html import as_html
from sinetstream.testing.report.json import as_json
from sinetstream.testing.report.text import as_text
from sinetstream.testing.run import run
from sinetstream.testing.service import Service

_WRONG_USE = 2
_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 where a promise is broken, 2 where the service cannot be tried at all, otherwise 0.

    130 where Ctrl-C ended it; the report card has what was found until then.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    files = [(file, form) for file, form in ((options.json, as_json), (options.html, as_html)) if file is not None]
    for file, _ in files:
        if not file.parent.is_dir():
            parser.error(f"there is no folder {file.parent}")
    try:
        service = Service(options.service, options.writer, options.config)
        harness = service.harness(options.topic, options.patience)
        card = run(harness, options.select, service.secrets, _tell)
    except SinetError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return _WRONG_USE
    title = f"SINETStream: service {options.service}"
    sys.stdout.write(as_text(card, title) + "\n")
    for file, as_file in files:
        file.write_text(as_file(card, title), encoding="utf-8")
    if card.interrupted:
        return _INTERRUPTED
    if not card.lines:
        return _WRONG_USE
    return 1 if card.broken else 0


def _tell(line: Line) -> None:
    sys.stderr.write(f"{line.area.replace('_', ' ')}: {line.test}: {line.verdict.value}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sinetstream.testing", description=__doc__)
    parser.add_argument("service", help="the name of a service in the configuration")
    parser.add_argument(
        "--writer", metavar="SERVICE", help="write with this service (default: the one that reads writes too)"
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration file (default: where SINETStream looks)")
    parser.add_argument("--topic", help="use this topic throughout (default: a fresh one for each test)")
    parser.add_argument(
        "--patience", type=float, default=10.0, metavar="SECONDS", help="how long to wait (default: 10)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report card as JSON too")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report card as a page too")
    parser.add_argument(
        "-k", dest="select", default="", metavar="EXPRESSION", help="run only these tests, as pytest's -k"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
