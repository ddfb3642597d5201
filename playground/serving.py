"""The one way to a model: lease it by name, always in the batch that it shares with others."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import count

from playground.errors import ModelInUse, PlaygroundError
from playground.generation.kept_caches import KeptCaches
from playground.generation.language_model import LanguageModel
from playground.generation.scheduler import Scheduler
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.embedder import Embedder, LastEmbedder
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.loads import wait_until
from playground.models.engines.manager import Activity, ModelChoice, ModelManager, Residence
from playground.models.engines.memory import LoadPlan, read_memory, room_to_keep
from playground.models.engines.precision import Precision
from playground.models.engines.residents import Spare
from playground.settings import Settings

WAITING = "waiting for another bench or trial to end"
KEPT = "what conversations had read"


class Pool:
    """Models that are loaded, shared and freed, each with the batch in which its replies run.

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
        self._kept = KeptCaches(
            lambda held: min(settings.kept_bytes, room_to_keep(held, read_memory()))
        )
        spare = Spare(KEPT, self._kept.size_bytes, self._kept.free, self._kept.leave)
        self._manager = ModelManager(settings, load, spare)
        self._encoder = LastEmbedder(settings.idle_minutes * 60)
        self._guard = threading.Lock()
        # A batch lives for as long as somebody holds a model of it, and holds its engine: no other
        # engine can have the id meanwhile.
        self._batches: weakref.WeakValueDictionary[int, Scheduler] = weakref.WeakValueDictionary()

    @property
    def settings(self) -> Settings:
        """Where models lie."""
        return self._manager.settings

    @contextlib.contextmanager
    def lease(
        self,
        choice: ModelChoice,
        cancelled: Callable[[], bool] = lambda: False,
        lab: bool = False,
        owner: str = "",
    ) -> Iterator[LanguageModel]:
        """Hold a loaded model; fetch and load it first where need be.

        Parameters
        ----------
        choice : ModelChoice
            Which model.
        cancelled : callable
            Asked while it is fetched or loaded; True ends the waiting.
        lab : bool
            Whether a lab asks: its replies give way to conversations (see
            `playground.generation.scheduler`). What it reads is kept until it gives the model back.
        owner : str
            A conversation: what is read for it is kept for its next turn, and for nobody else.

        Raises
        ------
        PlaygroundError
            When it cannot be had; a model that was loaded before stays.
        """
        with self._manager.lease(choice, cancelled) as engine:
            if not lab:
                yield LanguageModel(engine, self._batch_of(engine), owner=owner)
                return
            run = f"lab {next(_lab_runs)}"
            try:
                yield LanguageModel(engine, self._batch_of(engine), lab, run)
            finally:
                self._kept.forget(engine, run)

    def keep(
        self, choice: ModelChoice, cancelled: Callable[[], bool] = lambda: False
    ) -> LanguageModel:
        """Return a model that is held until its `close`, or until nobody has it any more."""
        held = contextlib.ExitStack()
        engine = held.enter_context(self._manager.lease(choice, cancelled))
        return LanguageModel(engine, self._batch_of(engine), on_close=held.close)

    @property
    def heavy_job_runs(self) -> bool:
        """Whether a bench or a trial runs now, so that another one would wait for it."""
        return _heavy.locked()

    @contextlib.contextmanager
    def heavy_job(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Run what takes the machine for itself, a bench or a trial: one at a time in a process.

        Parameters
        ----------
        cancelled : callable
            Asked while another one runs; True ends the waiting.

        Raises
        ------
        FetchCancelled
            When `cancelled` said so.
        """
        if not _heavy.acquire(blocking=False):
            wait_until(lambda seconds: _heavy.acquire(timeout=seconds), cancelled)
        try:
            yield
        finally:
            _heavy.release()

    @contextlib.contextmanager
    def trial(
        self,
        choice: ModelChoice,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[LanguageModel]:
        """Load a copy of a model that may be changed: nobody else gets it, and it goes at the end.

        It is a heavy job, and its memory is checked, and made room for, as that of any model.

        Parameters
        ----------
        choice : ModelChoice
            Which model.
        cancelled : callable
            Asked while it is waited for or loaded; True ends that.

        Raises
        ------
        PlaygroundError
            When it cannot be had.
        """

        def on_stage(stage: str, done: int | None = None, total: int | None = None) -> None:
            del stage, done, total  # who waits is told by the one that runs the trial

        with self.heavy_job(cancelled):
            yield LanguageModel(self._manager.load_copy(choice, on_stage, cancelled), lab=True)

    def model(self, choice: ModelChoice) -> LanguageModel | None:
        """Return the model of a choice if it is loaded now; never loads."""
        engine = self._manager.engine(choice)
        return LanguageModel(engine, self._batch_of(engine)) if engine else None

    def embedder(self, model: InstalledModel) -> Embedder:
        """Return the encoder in a folder; the last one stays loaded until it is idle for long.

        Raises
        ------
        BrokenCache
            When the files cannot be read as a model.
        """
        return self._encoder.get(model)

    def preload(self, choice: ModelChoice) -> None:
        """Load a model so that it is there when it is asked for."""
        with self._manager.lease(choice):
            pass

    def activity(self, choice: ModelChoice) -> Activity | None:
        """Return how far a choice has been fetched or loaded, or None when it is not."""
        return self._manager.activity(choice)

    def failure(self, choice: ModelChoice) -> PlaygroundError | None:
        """Return why the last attempt at a choice failed, or None."""
        return self._manager.failure(choice)

    def residents(self) -> tuple[Residence, ...]:
        """Return the models that are in memory, least recently used first."""
        return tuple(
            replace(each, kept_bytes=self._kept.size_bytes(engine) if engine else 0)
            for each in self._manager.residents()
            for engine in (self._manager.engine(each.choice),)
        )

    def plan(self, choice: ModelChoice) -> LoadPlan | None:
        """Return what the last load of a choice does to memory, estimated before it, or None."""
        return self._manager.plan(choice)

    def forecast(self, choice: ModelChoice, model: InstalledModel) -> LoadPlan:
        """Return what a load would do to memory, estimated; nothing is loaded or freed."""
        return self._manager.forecast(choice, model)

    def room_for(self, needed: int) -> LoadPlan:
        """Return what a load of so many bytes would do to memory; nothing is loaded or freed."""
        return self._manager.room_for(needed)

    def free(self, *choices: ModelChoice) -> bool:
        """Free models; return False if somebody holds them all, or none is there."""
        return self._manager.free(*choices)

    def let_go(self, reference: str) -> None:
        """Free a model at every precision, before its files are deleted.

        Raises
        ------
        ModelInUse
            When a reply or an experiment holds it, or it is being fetched or loaded.
        """
        loaded = [each.choice for each in self.residents() if each.choice.reference == reference]
        wanted = [
            ModelChoice(reference, precision, engine)
            for precision in Precision
            for engine in EngineName
        ]
        if any(map(self.activity, wanted)) or not all(map(self.free, loaded)):
            raise ModelInUse(
                f"{reference} is in use now and cannot be deleted; stop the reply or the load, or "
                "wait for its end, then try again."
            )
        self._encoder.free()

    def free_idle(self, seconds: float = 0.0) -> None:
        """Free every model that nobody holds or has held for so many seconds."""
        self._manager.free_idle(seconds)

    def close(self) -> None:
        """Free every model that nobody holds."""
        self._encoder.free()
        self._manager.close()

    def _batch_of(self, engine: Engine) -> Scheduler:
        with self._guard:
            batch = self._batches.get(id(engine)) or Scheduler(engine, kept=self._kept)
            self._batches[id(engine)] = batch
            return batch


# Of the process, whatever the pool: it is the processor that is taken.
_heavy = threading.Lock()
_lab_runs = count(1)


@cache
def shared_pool() -> Pool:
    """Return this process's pool, for the command line and for Python."""
    return Pool(Settings.from_env())
