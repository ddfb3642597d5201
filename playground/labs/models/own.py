"""A person's own model on the list: checked once, then offered by name on the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.errors import ModelUnavailable
from playground.labs.models.check import Check, CheckSettings
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.own import OwnModel, checked, list_own, own_models, problem
from playground.models.acquire.removal import spell_bytes
from playground.models.engines.precision import Precision
from playground.settings import Settings

# Every precision is the lab Check's affair: it loads the model once for each.
ADDING = CheckSettings(precisions=(Precision.FP32,))


@dataclass(frozen=True)
class OwnState:
    """A listed model, and how it stands.

    Parameters
    ----------
    model : OwnModel
        Which.
    problem : str or None
        Why it is not as it was when it was checked.
    verdict : str
        What the check found of it as it is now; empty where it has not seen it.
    """

    model: OwnModel
    problem: str | None
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """Return it without the paths of this machine."""
        return {
            "title": self.model.title,
            "size_bytes": self.model.size_bytes,
            "parameters": self.model.parameters,
            "chat": self.model.chat,
            "problem": self.problem,
            "verdict": self.verdict or None,
        }


def own_states(settings: Settings) -> tuple[OwnState, ...]:
    """Return every listed model with how it stands."""
    return tuple(_state(each, settings) for each in own_models(settings))


def _state(own: OwnModel, settings: Settings) -> OwnState:
    found = checked(own.origin, settings)
    return OwnState(own, problem(own, settings), found.verdict if found else "")


def accept(path: Path, check: Check, settings: Settings) -> OwnModel:
    """Put a model on the list that has been checked.

    Parameters
    ----------
    path : Path
        As it was given.
    check : Check
        What was found, to its end.
    settings : Settings
        Where the list lies.

    Raises
    ------
    ModelUnavailable
        When it would run wrong.
    """
    if refused := check.refused:
        raise ModelUnavailable(
            f"{path.name} was not added, because it failed at {refused.name}: {refused.sentence}"
        )
    return list_own(path, ensure_model(str(path), settings), settings)


def added_words(check: Check) -> str:
    """Return what is said of a model that was put on the list."""
    if check.core and check.core.verdict == "failed":
        return f"{check.title} was added, for transformers alone. {check.core.sentence}"
    return f"{check.verdict} The page offers it under Model now."


def taken_off_words(own: OwnModel, freed_bytes: int) -> str:
    """Return what is said of a model that was taken off the list."""
    freed = f" What was converted from it went, which freed {spell_bytes(freed_bytes)}."
    return (
        f"{own.title} was taken off the list; its files stay where they are."
        f"{freed if freed_bytes else ''}"
    )
