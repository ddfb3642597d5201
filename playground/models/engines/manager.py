"""One place that loads models, shares them and lets them go.

A model is leased for as long as a reply runs, and stays loaded after it, so that going back to it
takes no time. A load that needs room frees those that nobody holds, least recently used first; a
model that nobody has used for long is freed too. No reply ever loses its weights.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from playground.errors import PlaygroundError, PrecisionUnavailable
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import EngineName, load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.memory import LoadPlan, Resident, plan_load, read_memory
from playground.models.engines.precision import (
    Precision,
    estimate_peak_bytes,
    read_shape,
    require_available,
)
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


@dataclass(frozen=True)
class Residence:
    """A model that is in memory now.

    Parameters
    ----------
    choice : ModelChoice
        What a person asked for.
    title, engine : str
        What it is called, and who computes.
    weight_bytes : int
        Its weights and scales, summed over the tensors.
    in_use : bool
        Whether a reply holds it now.
    idle_seconds : float
        How long nobody has; 0 while it is in use.
    """

    choice: ModelChoice
    title: str
    engine: str
    weight_bytes: int
    in_use: bool
    idle_seconds: float


@dataclass
class _Loaded:
    engine: Engine
    leases: int = 0
    used: float = 0.0  # `time.monotonic()` when last taken or given back

    @property
    def weight_bytes(self) -> int:
        report = self.engine.report
        return report.weight_bytes + report.scale_bytes


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
        # From the least recently used to the most.
        self._residents: dict[ModelChoice, _Loaded] = {}
        self._plans: dict[ModelChoice, LoadPlan] = {}
        self._idle: threading.Timer | None = None
        self._activity: Activity | None = None
        self._failure: tuple[ModelChoice, PlaygroundError] | None = None

    def activity(self, choice: ModelChoice) -> Activity | None:
        """Return how far a choice has been fetched or loaded, or None when it is not."""
        now = self._activity
        return now if now and now.choice == choice else None

    def engine(self, choice: ModelChoice) -> Engine | None:
        """Return the engine of a choice if it is loaded now; never loads."""
        with self._state:
            resident = self._residents.get(choice)
            return resident.engine if resident else None

    def residents(self) -> tuple[Residence, ...]:
        """Return the models that are in memory, least recently used first."""
        now = time.monotonic()
        with self._state:
            return tuple(
                Residence(
                    choice=choice,
                    title=each.engine.model.title,
                    engine=each.engine.name,
                    weight_bytes=each.weight_bytes,
                    in_use=each.leases > 0,
                    idle_seconds=0.0 if each.leases else now - each.used,
                )
                for choice, each in self._residents.items()
            )

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
                resident.used = time.monotonic()
            self._watch_idle()

    def preload(self, choice: ModelChoice) -> None:
        """Load a model so that it is there when it is asked for."""
        with self.lease(choice):
            pass

    def plan(self, choice: ModelChoice) -> LoadPlan | None:
        """Return what the last load of a choice does to memory, estimated before it, or None."""
        return self._plans.get(choice)

    def forecast(self, choice: ModelChoice, model: InstalledModel) -> LoadPlan:
        """Return what a load would do to memory, estimated; nothing is loaded or freed.

        Parameters
        ----------
        choice : ModelChoice
            What would be asked for.
        model : InstalledModel
            The model that its reference stands for.
        """
        needed = estimate_peak_bytes(read_shape(model.path), choice.precision)
        with self._state:
            # No engine is named here: what is freed later must have no other holder.
            idle = [
                Resident(_label(each), loaded.weight_bytes) for each, loaded in self._idle_models()
            ]
        return plan_load(needed, read_memory(), idle)

    def free(self, choice: ModelChoice) -> bool:
        """Free one model; return False if a reply holds it, or it is not there."""
        return self._free([choice]) > 0

    def free_idle(self, seconds: float = 0.0) -> None:
        """Free every model that nobody holds or has held for so many seconds."""
        before = time.monotonic() - seconds
        with self._state:
            idle = [choice for choice, each in self._idle_models() if each.used <= before]
        self._free(idle)

    def close(self) -> None:
        """Free every model that nobody holds."""
        if self._idle:
            self._idle.cancel()
        self.free_idle()

    def _take(self, choice: ModelChoice, cancelled: Callable[[], bool]) -> _Loaded:
        with self._loading:
            with self._state:
                resident = self._residents.get(choice)
                if resident is not None:
                    resident.leases += 1  # from here on nothing frees it
            if resident is None:
                resident = self._admit(choice, cancelled)
            with self._state:
                resident.used = time.monotonic()
                self._residents[choice] = self._residents.pop(choice)
        return resident

    def _admit(self, choice: ModelChoice, cancelled: Callable[[], bool]) -> _Loaded:
        started = time.monotonic()

        def show(stage: str, done: int | None = None, total: int | None = None) -> None:
            self._activity = Activity(choice, stage, started, done, total)

        def show_fetch(progress: FetchProgress) -> None:
            show(progress.stage, progress.done_bytes, progress.total_bytes)

        self._failure = None
        self._plans.pop(choice, None)
        try:
            show("looking for the model")
            model = ensure_model(choice.reference, self.settings, show_fetch, cancelled)
            show("checking precision and memory")
            require_available(choice.precision)
            self._make_room(choice, model, show)
            show(f"loading weights at {choice.precision.name}")
            resident = _Loaded(self._load(model, choice.precision, choice.engine), leases=1)
        except PlaygroundError as error:
            self._failure = (choice, error)
            raise
        finally:
            self._activity = None
        with self._state:
            self._residents[choice] = resident
        return resident

    def _make_room(
        self, choice: ModelChoice, model: InstalledModel, show: Callable[[str], None]
    ) -> None:
        plan = self.forecast(choice, model)
        if not plan.fits:
            needed, most = plan.needed_bytes, plan.left_bytes + plan.needed_bytes
            raise PrecisionUnavailable(
                f"{model.title} at {choice.precision.name} needs about {needed / 1e9:.1f} GB while "
                f"loading (estimated), and {most / 1e9:.1f} GB are free. "
                "Close other programs, or choose a smaller model."
            )
        self._plans[choice] = plan
        # From here on the load is expected to succeed: make room before, not after.
        if plan.freed:
            show(f"freeing {' and '.join(plan.freed)} to make room")
            with self._state:
                idle = [each for each, _ in self._idle_models() if _label(each) in plan.freed]
            self._free(idle)

    def _idle_models(self) -> list[tuple[ModelChoice, _Loaded]]:
        return [(choice, each) for choice, each in self._residents.items() if not each.leases]

    def _free(self, choices: Sequence[ModelChoice]) -> int:
        if dropped := self._drop(choices):
            _return_memory()
        return dropped

    def _drop(self, choices: Sequence[ModelChoice]) -> int:
        """Forget those that nobody has taken meanwhile; return how many."""
        with self._state:
            idle = {choice for choice, _ in self._idle_models()} & set(choices)
            for choice in idle:
                del self._residents[choice]
        return len(idle)

    def _watch_idle(self) -> None:
        """Set the clock to when the longest unused model is due, if it is not running."""
        seconds = self.settings.idle_minutes * 60
        with self._state:
            idle = self._idle_models()
            if not seconds or not idle or self._idle:
                return
            due = min(each.used for _, each in idle) + seconds - time.monotonic()
            self._idle = threading.Timer(max(0.0, due), self._on_idle, (seconds,))
            self._idle.daemon = True
            self._idle.start()

    def _on_idle(self, seconds: float) -> None:
        self._idle = None
        self.free_idle(seconds)
        self._watch_idle()


def _label(choice: ModelChoice) -> str:
    runner = "" if choice.engine is EngineName.AUTO else f" on {choice.engine}"
    return f"{choice.reference} at {choice.precision.name}{runner}"


def _return_memory() -> None:
    """Give freed weights back to the system; glibc keeps 200 to 300 MB without being asked."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
