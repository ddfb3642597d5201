"""One place that loads models, shares them and lets them go.

A model is leased for as long as a reply runs, and stays loaded after it, so that going back to it
takes no time. A load that needs room frees those that nobody holds, least recently used first; a
model that nobody has used for long is freed too. No reply ever loses its weights.

Loads run on threads of their own, one a choice: a model that is here is leased at once whatever is
on its way, all who ask for the same choice share its load, and who waits may leave any time. Models
are fetched side by side. From the look at the memory to the end of its load each goes alone: what
is free now counts only if nobody else is about to take it, and transformers sets PyTorch's default
dtype while it builds a model, for the whole process.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from playground.errors import FetchCancelled, PlaygroundError, PrecisionUnavailable
from playground.models.acquire.fetch import FetchProgress, ensure_model, source_stamp
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.loads import Activity, Load, ModelChoice, Show, wait_until
from playground.models.engines.memory import LoadPlan, Resident, plan_load, read_memory
from playground.models.engines.precision import (
    Precision,
    estimate_peak_bytes,
    read_shape,
    require_available,
)
from playground.models.engines.residents import NO_SPARE, Loaded, Residence, Spare, return_memory
from playground.models.engines.trust import settle_engine
from playground.settings import Settings

__all__ = ["Activity", "ModelChoice", "ModelManager", "Residence"]  # who asks it names these by it


class ModelManager:
    """Loads once, shares, frees.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    load : callable
        Turns a model folder, a precision and an engine's name into an engine.
    spare : Spare
        What goes first where a load needs room.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[InstalledModel, Precision, EngineName], Engine] = load_engine,
        spare: Spare = NO_SPARE,
    ) -> None:
        self.settings = settings
        self._load, self._spare = load, spare
        self._weights = threading.Lock()  # one at a time looks at the memory and fills it
        self._state = threading.Lock()  # guards the fields below
        # From the least recently used to the most.
        self._residents: dict[ModelChoice, Loaded] = {}
        self._plans: dict[ModelChoice, LoadPlan] = {}
        self._idle: threading.Timer | None = None
        self._loads: dict[ModelChoice, Load[Loaded]] = {}
        self._failures: dict[ModelChoice, PlaygroundError] = {}

    def activity(self, choice: ModelChoice) -> Activity | None:
        """Return how far a choice has been fetched or loaded, or None when it is not."""
        load = self._loads.get(choice)
        return load.activity if load else None

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
        return self._failures.get(choice)

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
            Asked while it is fetched or loaded; True ends the waiting.

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
        return self.room_for(estimate_peak_bytes(read_shape(model.path), choice.precision))

    def room_for(self, needed: int) -> LoadPlan:
        """Return what a load of so many bytes would do to memory; nothing is loaded or freed."""
        with self._state:
            # No engine is named here: what is freed later must have no other holder.
            idle = [Resident(_label(each), one.weight_bytes) for each, one in self._idle_models()]
        return plan_load(needed, read_memory(), [*self._spare.of(), *idle])

    def free(self, *choices: ModelChoice) -> bool:
        """Free models; return False if a reply holds each of them, or none is there."""
        return self._free(choices) > 0

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

    def _take(self, choice: ModelChoice, cancelled: Callable[[], bool]) -> Loaded:
        self._drop_outdated(choice)
        while True:
            with self._state:
                if resident := self._residents.pop(choice, None):
                    self._residents[choice] = resident  # now the most recently used
                    resident.leases += 1  # from here on nothing frees it
                    resident.used = time.monotonic()
                    return resident
                load, dying = self._join(choice)
            if not dying:
                return self._await(load, cancelled)
            with contextlib.suppress(PlaygroundError):
                load.wait(cancelled)
            if cancelled():
                raise FetchCancelled("Stopped while waiting for the model; ask again to go on.")

    def _drop_outdated(self, choice: ModelChoice) -> None:
        """Let a model go whose files have changed; a reply that holds it goes on to its end."""
        stamp = source_stamp(choice.reference)
        with self._state:
            resident = self._residents.get(choice)
            if resident is None or resident.stamp == stamp:
                return
            del self._residents[choice]
            dropped = [] if resident.leases else [weakref.ref(resident.engine)]
        del resident
        if dropped:
            return_memory(dropped)

    def _join(self, choice: ModelChoice) -> tuple[Load[Loaded], bool]:
        """Return the load of a choice, begun if need be, and whether it is being given up."""
        load = self._loads.get(choice)
        if load is None:
            load = self._loads[choice] = Load(choice, self._admit)
            self._failures.pop(choice, None)
            self._plans.pop(choice, None)
            load.start()
        elif not load.abandoned:
            load.waiters += 1
        return load, load.abandoned

    def _await(self, load: Load[Loaded], cancelled: Callable[[], bool]) -> Loaded:
        """Wait for a load and take the lease that is kept for each who waits."""
        try:
            return load.wait(cancelled)
        except BaseException:
            with self._state:
                load.waiters -= 1
                if load.arrived:
                    load.arrived.leases -= 1
            self._watch_idle()
            raise

    def _admit(self, load: Load[Loaded]) -> None:
        """Fetch and load; on the load's own thread."""
        try:
            # Before they are read: what changes meanwhile is read anew by the next who asks.
            stamp = source_stamp(load.choice.reference)
            engine = self._bring(load.choice, load.show, lambda: self._abandoned(load))
            resident = Loaded(engine, stamp)
        except BaseException as error:
            with self._state:
                del self._loads[load.choice]
                if isinstance(error, PlaygroundError):
                    self._failures[load.choice] = error
            raise
        with self._state:
            del self._loads[load.choice]
            resident.leases = load.waiters  # one for each who waits
            resident.used = time.monotonic()
            self._residents[load.choice] = load.arrived = resident
        self._watch_idle()

    def _abandoned(self, load: Load[Loaded]) -> bool:
        """Say whether nobody waits any more; who comes after that waits for its end."""
        with self._state:
            load.abandoned = load.abandoned or not load.waiters
            return load.abandoned

    def _bring(self, choice: ModelChoice, show: Show, cancelled: Callable[[], bool]) -> Engine:
        """Fetch a model where need be, make room, and load it."""

        def show_fetch(progress: FetchProgress) -> None:
            show(progress.stage, progress.done_bytes, progress.total_bytes)

        model = ensure_model(choice.reference, self.settings, show_fetch, cancelled)
        show("waiting for another model to be loaded")
        wait_until(lambda seconds: self._weights.acquire(timeout=seconds), cancelled)
        try:
            show("checking precision and memory")
            require_available(choice.precision)
            self._make_room(choice, model, show)
            show(f"loading weights at {choice.precision.label}")
            runner, why = settle_engine(choice.engine, model, choice.precision, self.settings)
            engine = self._load(model, choice.precision, runner)
            if why:
                engine.report = replace(engine.report, engine_reason=why)
            return engine
        finally:
            self._weights.release()

    def load_copy(self, choice: ModelChoice, show: Show, cancelled: Callable[[], bool]) -> Engine:
        """Load a model for the caller alone, memory checked; it is never shared or kept here.

        Raises
        ------
        PlaygroundError
            When it cannot be had.
        """
        return self._bring(choice, show, cancelled)

    def _make_room(self, choice: ModelChoice, model: InstalledModel, show: Show) -> None:
        plan = self.forecast(choice, model)
        if not plan.fits:
            needed, most = plan.needed_bytes, plan.left_bytes + plan.needed_bytes
            raise PrecisionUnavailable(
                f"{model.title} at {choice.precision.label} needs about {needed / 1e9:.1f} GB "
                f"while loading (estimated), and {most / 1e9:.1f} GB are free. "
                "Close other programs, or choose a smaller model."
            )
        self._plans[choice] = plan
        # From here on the load is expected to succeed: make room before, not after.
        if plan.freed:
            show(f"freeing {' and '.join(plan.freed)} to make room")
            if self._spare.name in plan.freed:
                self._spare.free()
            with self._state:
                idle = [each for each, _ in self._idle_models() if _label(each) in plan.freed]
            self._free(idle)

    def _idle_models(self) -> list[tuple[ModelChoice, Loaded]]:
        return [(choice, each) for choice, each in self._residents.items() if not each.leases]

    def _free(self, choices: Sequence[ModelChoice]) -> int:
        if dropped := self._drop(choices):
            return_memory(dropped)
        return len(dropped)

    def _drop(self, choices: Sequence[ModelChoice]) -> list[weakref.ref[Engine]]:
        """Forget those that nobody has taken meanwhile; return what is left to be let go."""
        with self._state:
            idle = {choice for choice, _ in self._idle_models()} & set(choices)
            engines = [self._residents.pop(choice).engine for choice in idle]
            for engine in engines:
                self._spare.leave(engine)
            return [weakref.ref(engine) for engine in engines]

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
    return f"{choice.reference} at {choice.precision.label}{runner}"
