"""Which rail is in force: the shipped stages with a folder of a person's own policies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playground.moderation.all_policies import together
from playground.moderation.personal import PERSONAL
from playground.moderation.policies import Policies
from playground.moderation.rail import Rail
from playground.moderation.words import word_stage


class Rails:
    """Give the rail of this moment; a policy that changes counts from the next text on.

    A stream keeps the rail that it began with, whatever becomes of the policies meanwhile.

    Parameters
    ----------
    folder : Path, optional
        Where a person's own policies lie as YAML; it need not exist.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.policies = Policies(folder)

    def now(self) -> Rail:
        """Return the rail as the policies stand now."""
        return Rail((word_stage(), PERSONAL, together(self.policies.stages())))


@cache
def house_rails(folder: Path) -> Rails:
    """Return the rails of a folder of policies, the same for all who ask."""
    return Rails(folder)
