"""Results that ship with the playground: what a lab shows before anybody has run anything in it.

They are drawn by `benchmarks/shipped_results.py` and lie in `playground/data/shipped_results`, a
file an experiment, each with what it was made of, when, and on which machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from playground.experiments.experiment import Experiment, Needs, Opens
from playground.experiments.heading import heading
from playground.experiments.result import Result, Subject, versions
from playground.experiments.settings import Settings
from playground.generation.presets import CHAT_START
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

FOLDER = "shipped_results"


@dataclass(frozen=True)
class Shipped:
    """A result from before, without its snapshot.

    Parameters
    ----------
    settings : Settings
        What was asked.
    choice : ModelChoice
        The model that was chosen.
    subject : Subject
        What ran.
    machine : str
        Where it ran, in a few words.
    day : date
        When.
    picture : Markup
        What was drawn of it.
    """

    settings: Settings
    choice: ModelChoice
    subject: Subject
    machine: str
    day: date
    picture: Markup

    @property
    def heading(self) -> str:
        """One line on what it was made of, where and when."""
        made = heading(self.settings, self.subject)
        day = f"{self.day.day} {self.day:%B %Y}"
        told = f"result of {day}, {self.machine}"
        return f"{made} · shipped {told}" if made else f"Shipped {told}"


def ships(experiment: Experiment) -> bool:
    """Tell whether an experiment needs a result that ships to open full."""
    at_once = experiment.opens is Opens.RUNNING and experiment.needs is Needs.NOTHING
    return not (experiment.live or at_once)


def opening_settings(experiment: Experiment) -> Settings:
    """Return the settings with which an experiment opens: its own, and the chat's where shared."""
    declared = experiment.settings.declared()
    start = CHAT_START.values
    shared = [name for name, each in declared.items() if each.look.shared and name in start]
    return experiment.settings(**{name: start[name] for name in shared})


def file_name(experiment: Experiment) -> str:
    """Return the name of the file that holds an experiment's result."""
    return f"{experiment.path.replace('/', '-')}.json"


def find_shipped(experiment: Experiment) -> Shipped | None:
    """Return the result that ships for an experiment, or None.

    Raises
    ------
    OptionError
        When it was made with settings that the experiment no longer has.
    """
    told = _told(file_name(experiment))
    if told is None:
        return None
    choice = told["choice"]
    return Shipped(
        settings=experiment.settings(**told["settings"]),
        choice=ModelChoice(
            choice["model"],
            Precision.parse(choice["precision"]),
            EngineName.parse(choice["engine"]),
        ),
        subject=Subject(**told["subject"]),
        machine=told["machine"],
        day=date.fromisoformat(told["day"]),
        picture=Markup(told["picture"]),  # noqa: S704 - a file of this package
    )


@cache
def _told(name: str) -> dict[str, Any] | None:
    place = files("playground.data").joinpath(FOLDER, name)
    if not place.is_file():
        return None
    told: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return told


def record(result: Result, choice: ModelChoice, machine: str, day: date) -> dict[str, Any]:
    """Return a result as `find_shipped` reads it.

    Parameters
    ----------
    result : Result
        Finished.
    choice : ModelChoice
        The model that was chosen.
    machine : str
        Where it ran, in a few words.
    day : date
        When.
    """
    subject = result.subject
    return {
        "day": day.isoformat(),
        "machine": machine,
        "versions": versions(),
        "choice": {
            "model": choice.reference,
            "precision": choice.precision.value,
            "engine": choice.engine.value,
        },
        "subject": {
            "model": subject.model,
            "title": subject.title,
            "precision": subject.precision,
            "engine": subject.engine,
        },
        "settings": result.settings.to_json(),
        "picture": str(result.framed()),
    }
