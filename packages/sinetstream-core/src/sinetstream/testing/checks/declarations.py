"""Checks what a plugin declares."""

from __future__ import annotations

from sinetstream.testing.area import Area, always
from sinetstream.testing.declared import differences
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Declarations"]


class Declarations(Area):
    """Declarations do not depend on the API through which a service is used."""

    @always
    def test_all_classes_declare_the_same(self, trial: Trial) -> None:
        """The two reader classes declare the same abilities, and so do the two writer classes."""
        found = differences(trial.params("reader"), trial.params("writer"))
        if found:
            raise Broken("; ".join(found))
