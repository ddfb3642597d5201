"""A load that is under way: shared by all who ask for the same model, each free to leave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from playground.errors import FetchCancelled
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision

T = TypeVar("T")

# So often somebody who waits looks whether they were cancelled.
LISTEN_SECONDS = 0.05


@dataclass(frozen=True)
class ModelChoice:
    """What a person asked for: a catalog name or a path, its precision, and its engine."""

    reference: str
    precision: Precision
    engine: EngineName = EngineName.AUTO


@dataclass(frozen=True)
class Activity:
    """What is being fetched or loaded now.

    Parameters
    ----------
    choice : ModelChoice
        Which model.
    stage : str
        In words: "downloading", "loading weights".
    started : float
        ``time.monotonic()`` at the start of the whole.
    done_bytes, total_bytes : int or None
        Progress of this stage where it has bytes.
    """

    choice: ModelChoice
    stage: str
    started: float
    done_bytes: int | None = None
    total_bytes: int | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started


class Show(Protocol):
    """Takes what a load does now, in words, and its bytes where it has some."""

    def __call__(self, stage: str, done: int | None = None, total: int | None = None) -> None:
        """Show it."""


class Load(Generic[T]):
    """One load on a thread of its own, and those who wait for it.

    Parameters
    ----------
    choice : ModelChoice
        What is loaded.
    work : callable
        Loads; takes this load, and sets what has `arrived`.
    """

    def __init__(self, choice: ModelChoice, work: Callable[[Load[T]], None]) -> None:
        self.choice = choice
        self.activity = Activity(choice, "looking for the model", time.monotonic())
        self.waiters = 1  # whoever began it; counted by the manager, which guards it
        self.abandoned = False
        self._work = work
        self._done = threading.Event()
        self.arrived: T | None = None  # what came of it; set by the manager
        self._error: BaseException | None = None

    def start(self) -> None:
        """Begin, on a thread that ends with the load."""
        threading.Thread(target=self._run, name="load", daemon=True).start()

    def show(self, stage: str, done: int | None = None, total: int | None = None) -> None:
        """Say what is done now."""
        self.activity = Activity(self.choice, stage, self.activity.started, done, total)

    def wait(self, cancelled: Callable[[], bool]) -> T:
        """Wait for its end, and return or raise what came of it.

        Raises
        ------
        FetchCancelled
            When `cancelled` said so; the load goes on for the others.
        """
        wait_until(self._done.wait, cancelled)
        if self._error is not None:
            raise self._error
        if self.arrived is None:
            raise RuntimeError(f"the load of {self.choice} ended with nothing")
        return self.arrived

    def _run(self) -> None:
        try:
            self._work(self)
        except BaseException as error:
            self._error = error
        self._done.set()


def wait_until(arrived: Callable[[float], bool], cancelled: Callable[[], bool]) -> None:
    """Wait for something, listening to whoever waits.

    Parameters
    ----------
    arrived : callable
        Takes for how many seconds to wait, and says whether it has come.
    cancelled : callable
        True ends the waiting.

    Raises
    ------
    FetchCancelled
        When `cancelled` said so.
    """
    while not arrived(LISTEN_SECONDS):
        if cancelled():
            raise FetchCancelled("Stopped while waiting for the model; ask again to go on.")
