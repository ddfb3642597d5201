"""A run: how an experiment is told to stop, how far it is, and what it may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from playground.errors import PlaygroundError

if TYPE_CHECKING:
    from playground.models.engines.manager import ModelChoice
    from playground.serving import Pool


NOTHING_DONE = "Stopped before anything was done."


class Stopped(PlaygroundError):
    """The person stopped the run; what was done stays."""


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done, total : int
        In whatever is counted; both 0 where nothing can be.
    words : str
        One line: "3 of 20 questions asked".
    """

    done: int = 0
    total: int = 0
    words: str = ""

    @property
    def begun(self) -> bool:
        """Whether anything has been done; what cannot be counted has."""
        return self.done > 0 or not self.total

    @property
    def ended(self) -> bool:
        """Whether everything has been done."""
        return self.done >= self.total


class Snapshot(Protocol):
    """What a run has found so far; frozen."""

    @property
    def progress(self) -> Progress:
        """How far it is."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it; units in the names, all text as it is."""


class Run:
    """What a running experiment may ask for.

    Parameters
    ----------
    stopped : callable
        Says whether the person has stopped it.
    pool : Pool
        Lends other models than the one that the experiment is given.
    choice : ModelChoice
        The model that was asked for.
    """

    def __init__(self, stopped: Callable[[], bool], pool: Pool, choice: ModelChoice) -> None:
        self.stopped = stopped
        self.pool = pool
        self.choice = choice

    def check(self) -> None:
        """Ask before each forward pass.

        Raises
        ------
        Stopped
            When the person has stopped the run.
        """
        if self.stopped():
            raise Stopped("Stopped; what was done stands below.")
