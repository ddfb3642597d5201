"""Copy as code: the Python, the command and the link that reproduce what is shown."""

from __future__ import annotations

import shlex
from urllib.parse import urlencode

from playground.experiments.experiment import Experiment, Needs
from playground.experiments.settings import Settings
from playground.models.engines.manager import ModelChoice


def as_python(experiment: Experiment, settings: Settings, choice: ModelChoice) -> str:
    """Return a program that runs an experiment with these settings."""
    given = [f"{name}={_literal(settings, name)}" for name in settings.changed()]
    head, model = ["import playground", ""], []
    if experiment.needs is Needs.MODEL:
        head.append(f"model = playground.load({_load_arguments(choice)})")
        model = ["model"]
    if experiment.needs in (Needs.FOLDER, Needs.CHOICE):  # nothing is loaded beforehand
        model = [repr(choice.reference)]
    call = f'result = playground.experiment("{experiment.path}")({", ".join([*model, *given])})'
    return "\n".join([*head, call, "print(result.to_json())"])


def _literal(settings: Settings, name: str) -> str:
    plain = settings.declared()[name].kind.plain(getattr(settings, name))
    return repr(tuple(plain) if isinstance(plain, list) else plain)


def _load_arguments(choice: ModelChoice) -> str:
    return ", ".join(
        (
            repr(choice.reference),
            f"precision={choice.precision.value!r}",
            f"engine={choice.engine.value!r}",
        )
    )


def as_command(experiment: Experiment, settings: Settings, choice: ModelChoice) -> str:
    """Return a command line that runs an experiment with these settings."""
    words = ["playground", "lab", experiment.lab, experiment.name]
    if experiment.needs is not Needs.NOTHING:
        words += ["--model", choice.reference]
    if experiment.needs in (Needs.MODEL, Needs.CHOICE):
        words += ["--precision", choice.precision.value, "--engine", choice.engine.value]
    for name, text in settings.spelled().items():
        words.append(f"--{name.replace('_', '-')}={text}")
    return " ".join(shlex.quote(word) for word in [*words, "--json"])


def as_link(experiment: Experiment, settings: Settings) -> str:
    """Return the address that opens an experiment with these settings, without the host."""
    names = {"lab": experiment.lab, "experiment": experiment.name, **settings.spelled()}
    return f"/?{urlencode(names)}"
