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
    for name, text in _chosen(experiment, choice).items():
        words += [f"--{name}", text]
    for name, text in settings.spelled().items():
        words.append(f"--{name.replace('_', '-')}={text}")
    return " ".join(shlex.quote(word) for word in [*words, "--json"])


def _chosen(experiment: Experiment, choice: ModelChoice) -> dict[str, str]:
    spelled = {
        "model": choice.reference,
        "precision": choice.precision.value,
        "engine": choice.engine.value,
    }
    return {name: spelled[name] for name in experiment.chosen}


def _shared(settings: Settings) -> dict[str, str]:
    """Return the run settings among some settings, each as the text that reads back to it."""
    declared = {name: each for name, each in settings.declared().items() if each.look.shared}
    return {name: each.kind.spell(getattr(settings, name)) for name, each in declared.items()}


def as_link(experiment: Experiment, settings: Settings, choice: ModelChoice | None = None) -> str:
    """Return the address that opens an experiment with these settings, without the host.

    Parameters
    ----------
    experiment : Experiment
        Which.
    settings : Settings
        What it is asked with.
    choice : ModelChoice, optional
        The model that is to run, said even where it is the usual one: whoever opens the link may
        have chosen another. So are the run settings that count. Where none is given, theirs run.
    """
    chosen = {**_chosen(experiment, choice), **_shared(settings)} if choice else {}
    names = {"lab": experiment.lab, "experiment": experiment.name, **chosen, **settings.spelled()}
    return f"/?{urlencode(names)}"
