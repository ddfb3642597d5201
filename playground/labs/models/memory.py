"""Memory: which models are loaded, and what a load of the chosen one would take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.errors import BrokenCache
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings
from playground.models.acquire.fetch import find_installed
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice, Residence
from playground.models.engines.memory import LoadPlan, Memory, read_memory
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.serving import Pool


class MemorySettings(Settings):
    """None: it shows what is so now, for the model that was chosen."""


@dataclass(frozen=True)
class Forecast:
    """What loading one precision would take.

    Parameters
    ----------
    precision : Precision
        Of the model chosen.
    weight_bytes : int
        Its weights and scales, estimated from their shapes.
    plan : LoadPlan
        What loading it would do to memory.
    loaded : bool
        Whether it is there already.
    """

    precision: Precision
    weight_bytes: int
    plan: LoadPlan
    loaded: bool

    def to_json(self) -> dict[str, Any]:
        """Return the estimate, and what it means for this machine now."""
        plan = self.plan
        return {
            "precision": self.precision.value,
            "loaded": self.loaded,
            "weight_bytes": self.weight_bytes,
            "needed_bytes": plan.needed_bytes,
            "on_this_machine": {
                "left_bytes": plan.left_bytes,
                "fits": plan.fits,
                "tight": plan.tight,
                "freed": list(plan.freed),
            },
        }


@dataclass(frozen=True)
class Planned:
    """What a load of one model would take.

    Parameters
    ----------
    title : str
        What the model is called.
    forecasts : tuple of Forecast
        One a precision; empty where none can be made.
    problem : str
        Why none can be made.
    """

    title: str
    forecasts: tuple[Forecast, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return every forecast, or why there is none."""
        return {
            "title": self.title,
            "forecasts": [each.to_json() for each in self.forecasts],
            "problem": self.problem or None,
        }


@dataclass(frozen=True)
class MemoryUse:
    """What is loaded, and what a load would take.

    Parameters
    ----------
    memory : Memory
        Of this machine, measured.
    residents : tuple of Residence
        The models that are loaded, the one that was used last first.
    idle_minutes : float
        After so long an unused model goes; 0 keeps it.
    planned : Planned
        What the chosen model would take.
    """

    memory: Memory
    residents: tuple[Residence, ...]
    idle_minutes: float
    planned: Planned

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return what is measured, what is loaded and what is estimated."""
        return {
            "available_bytes": self.memory.available_bytes,
            "total_bytes": self.memory.total_bytes,
            "idle_minutes": self.idle_minutes,
            "loaded": [_to_json(each) for each in self.residents],
            "planned": self.planned.to_json(),
        }


def _to_json(resident: Residence) -> dict[str, Any]:
    return {
        "model": resident.choice.reference,
        "title": resident.title,
        "precision": resident.choice.precision.value,
        "engine": resident.engine,
        "weight_bytes": resident.weight_bytes,
        "kept_bytes": resident.kept_bytes,
        "in_use": resident.in_use,
        "idle_seconds": resident.idle_seconds,
    }


def run_memory(choice: ModelChoice, _settings: MemorySettings, run: Run) -> Iterator[MemoryUse]:
    """Look at memory; nothing is loaded or freed.

    Yields
    ------
    MemoryUse
        One.

    Raises
    ------
    ModelNotFound, OptionError
        When there is no such model, or it writes no text.
    """
    pool = run.pool
    newest_first = tuple(reversed(pool.residents()))
    planned = plan_choice(choice, pool)
    yield MemoryUse(read_memory(), newest_first, pool.settings.idle_minutes, planned)


def plan_choice(choice: ModelChoice, pool: Pool) -> Planned:
    """Return what loading a model would take at each precision, or why that cannot be said."""
    try:
        model = find_installed(choice.reference, pool.settings)
    except BrokenCache as error:
        return Planned(choice.reference, problem=str(error))
    if model is None:
        return Planned(
            choice.reference, problem=f"{choice.reference} is not here yet; fetch it first."
        )
    forecasts = (_forecast(each, choice, model, pool) for each in Precision)
    return Planned(model.title, tuple(forecasts))


def _forecast(
    precision: Precision, chosen: ModelChoice, model: InstalledModel, pool: Pool
) -> Forecast:
    choice = ModelChoice(chosen.reference, precision, chosen.engine)
    return Forecast(
        precision,
        estimate_bytes(read_shape(model.path), precision),
        pool.forecast(choice, model),
        loaded=pool.model(choice) is not None,
    )


def spell_choice(choice: ModelChoice) -> str:
    """Return a choice as a button names it; never read back as a path."""
    return f"{choice.precision.value} {choice.engine.value} {choice.reference}"
