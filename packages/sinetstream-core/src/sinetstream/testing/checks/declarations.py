"""What a plugin declares."""

from __future__ import annotations

from sinetstream.testing.area import Area, always
from sinetstream.testing.declared import differences
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Declarations"]


class Declarations(Area):
    """What a service can do does not depend on the API through which it is used."""

    @always
    def test_all_classes_declare_the_same(self, trial: Trial) -> None:
        """The two classes that read declare the same abilities, and so do the two that write."""
        found = differences(trial.params("reader"), trial.params("writer"))
        if found:
            raise Broken("; ".join(found))
