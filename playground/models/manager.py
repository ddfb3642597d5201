"""One place that loads models, shares them and lets them go.

A model is leased for as long as a reply runs. The newest one asked for stays loaded; any other is
freed as soon as nobody holds it, so a switch never pulls the weights from under a running reply.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from playground.errors import PlaygroundError, PrecisionUnavailable
from playground.models.engine import Engine
from playground.models.engines import EngineName, load_engine
from playground.models.fetch import FetchProgress, ensure_model
from playground.models.precision import (
    Precision,
    estimate_peak_bytes,
    read_shape,
    require_available,
)
from playground.models.store import InstalledModel
from playground.settings import Settings


@dataclass(frozen=True)
class ModelChoice:
    """What a person asked for: a catalog name or a path, its precision, and its engine."""

    reference: str
    precision: Precision
    engine: EngineName = EngineName.AUTO


@dataclass(frozen=True)
class Activity:
    """What the manager is doing now.

    Parameters
    ----------
    choice : ModelChoice
        For which model.
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


@dataclass
class _Resident:
    engine: Engine
    leases: int = 0


class ModelManager:
    """Loads once, shares, frees.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    load : callable
        Turns a model folder, a precision and an engine's name into an engine.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[InstalledModel, Precision, EngineName], Engine] = load_engine,
    ) -> None:
        self.settings = settings
        self._load = load
        self._loading = threading.Lock()  # one load at a time
        self._state = threading.Lock()  # guards the fields below
        self._residents: dict[ModelChoice, _Resident] = {}
        self._newest: ModelChoice | None = None
        self._activity: Activity | None = None
        self._failure: tuple[ModelChoice, PlaygroundError] | None = None

    @property
    def activity(self) -> Activity | None:
        """What is being fetched or loaded now, or None."""
        return self._activity

    def engine(self, choice: ModelChoice) -> Engine | None:
        """Return the engine of a choice if it is loaded now; never loads."""
        with self._state:
            resident = self._residents.get(choice)
            return resident.engine if resident else None

    def failure(self, choice: ModelChoice) -> PlaygroundError | None:
        """Return why the last attempt at a choice failed, or None."""
        failure = self._failure
        return failure[1] if failure and failure[0] == choice else None

    @contextlib.contextmanager
    def lease(
        self, choice: ModelChoice, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Engine]:
        """Hold a loaded model; fetch and load it first where need be.

        Parameters
        ----------
        choice : ModelChoice
            Which model.
        cancelled : callable
            Asked during a fetch; True ends it.

        Raises
        ------
        PlaygroundError
            When it cannot be had; a model that was loaded before stays.
        """
        resident = self._take(choice, cancelled)
        try:
            yield resident.engine
        finally:
            with self._state:
                resident.leases -= 1
            self._free_unused()

    def preload(self, choice: ModelChoice) -> None:
        """Load a model so that it is there when it is asked for."""
        with self.lease(choice):
            pass

    def close(self) -> None:
        """Free every model that nobody holds."""
        with self._state:
            self._newest = None
        self._free_unused()

    def _take(self, choice: ModelChoice, cancelled: Callable[[], bool]) -> _Resident:
        with self._loading:
            with self._state:
                resident = self._residents.get(choice)
            if resident is None:
                resident = self._admit(choice, cancelled)
            with self._state:
                resident.leases += 1
                self._newest = choice
        self._free_unused()
        return resident

    def _admit(self, choice: ModelChoice, cancelled: Callable[[], bool]) -> _Resident:
        started = time.monotonic()

        def show(stage: str, done: int | None = None, total: int | None = None) -> None:
            self._activity = Activity(choice, stage, started, done, total)

        def show_fetch(progress: FetchProgress) -> None:
            show(progress.stage, progress.done_bytes, progress.total_bytes)

        self._failure = None
        try:
            show("looking for the model")
            model = ensure_model(choice.reference, self.settings, show_fetch, cancelled)
            show("checking precision and memory")
            require_available(choice.precision)
            self._require_memory(model, choice.precision)
            # From here on the load is expected to succeed: make room before, not after.
            with self._state:
                self._newest = choice
            self._free_unused()
            show(f"loading weights at {choice.precision.name}")
            resident = _Resident(self._load(model, choice.precision, choice.engine))
        except PlaygroundError as error:
            self._failure = (choice, error)
            raise
        finally:
            self._activity = None
        with self._state:
            self._residents[choice] = resident
        return resident

    def _require_memory(self, model: InstalledModel, precision: Precision) -> None:
        needed = estimate_peak_bytes(read_shape(model.path), precision)
        free = psutil.virtual_memory().available + self._freeable_bytes()
        if needed > free:
            raise PrecisionUnavailable(
                f"{model.title} at {precision.name} needs about {needed / 1e9:.1f} GB while "
                f"loading (estimated), and {free / 1e9:.1f} GB are free. Close other programs, or "
                f"choose a smaller model."
            )

    def _freeable_bytes(self) -> int:
        with self._state:
            return sum(
                r.engine.report.weight_bytes for r in self._residents.values() if not r.leases
            )

    def _free_unused(self) -> None:
        with self._state:
            unused = [
                choice
                for choice, resident in self._residents.items()
                if not resident.leases and choice != self._newest
            ]
            for choice in unused:
                del self._residents[choice]
        if unused:
            _return_memory()


def _return_memory() -> None:
    """Give freed weights back to the system; glibc keeps 200 to 300 MB without being asked."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
