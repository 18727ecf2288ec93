"""Run in an environment that has one wheel and what it requires: `alone.py DISTRIBUTION UNINVITED ...`."""

import sys
from importlib import metadata

name, *uninvited = sys.argv[1:]
there = {distribution.name.lower().replace("_", "-") for distribution in metadata.distributions()}
if came := there & set(uninvited):
    raise SystemExit(f"{name} brings {', '.join(sorted(came))}")
for entry in metadata.distribution(name).entry_points:
    (found,) = metadata.entry_points(group=entry.group, name=entry.name)
    found.load()
