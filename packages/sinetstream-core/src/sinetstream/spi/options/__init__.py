"""The options of a plugin, declared once: read and checked, masked in print, documented.

MAXSIZE = Option("maxsize", Integer(0), 10_000, "how many messages may wait in a topic; 0: any number")
OPTIONS = Options(MAXSIZE)

maxsize = OPTIONS.read(params, "writer")[MAXSIZE]
"""

from sinetstream.spi.options.containers import Group, ListOf, MappingOf
from sinetstream.spi.options.kind import Checked, Kind, Secret
from sinetstream.spi.options.numbers import Duration, Integer, Number, Size
from sinetstream.spi.options.option import Option, Role, Side
from sinetstream.spi.options.table import Options
from sinetstream.spi.options.texts import Binary, Boolean, Choice, Code, Text
from sinetstream.spi.options.values import Values
from sinetstream.wording import wrong

__all__ = [
    "Binary",
    "Boolean",
    "Checked",
    "Choice",
    "Code",
    "Duration",
    "Group",
    "Integer",
    "Kind",
    "ListOf",
    "MappingOf",
    "Number",
    "Option",
    "Options",
    "Role",
    "Secret",
    "Side",
    "Size",
    "Text",
    "Values",
    "wrong",
]
