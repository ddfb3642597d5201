"""Run an experiment: find what it needs, hand it over, and say what ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

from playground.errors import ModelUnavailable, PlaygroundError
from playground.experiments.experiment import Experiment, Needs
from playground.experiments.result import Result, Subject
from playground.experiments.run import Run
from playground.experiments.settings import Settings
from playground.generation.language_model import LanguageModel
from playground.models.acquire.catalog import load_catalog
from playground.models.acquire.fetch import find_installed
from playground.models.acquire.store import InstalledModel
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.serving import Pool


def perform(
    experiment: Experiment,
    settings: Settings,
    pool: Pool,
    choice: ModelChoice,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """Run an experiment and yield what it has found, after each step.

    Parameters
    ----------
    experiment : Experiment
        Which.
    settings : Settings
        What it is asked with.
    pool : Pool
        Lends the model.
    choice : ModelChoice
        Which model.
    stopped : callable
        Asked before each forward pass; True ends the run there.

    Raises
    ------
    Stopped
        When `stopped` said so.
    PlaygroundError
        When the model cannot be had, or the experiment refuses.
    """
    run = Run(stopped, pool, choice)
    with ExitStack() as held:
        given, subject = _given(experiment.needs, run, held)
        for snapshot in experiment.function(given, settings, run):
            yield Result(experiment, settings, subject, snapshot)


def _given(needs: Needs, run: Run, held: ExitStack) -> tuple[Any, Subject]:
    if needs is Needs.NOTHING:
        return None, Subject()
    if needs is Needs.CHOICE:
        return run.choice, _chosen(run)
    if needs is Needs.FOLDER:
        folder = require_installed(run.choice, run.pool)
        return folder, _folder_subject(run.choice.reference, folder)
    model = held.enter_context(run.pool.lease(run.choice, run.stopped, lab=True))
    return model, _subject(run.choice.reference, model)


def _chosen(run: Run) -> Subject:
    """Say which model was chosen, by its title even where it is not here yet."""
    reference = run.choice.reference
    titles = {each.name: each.title for each in load_catalog()}
    if reference not in titles:
        with suppress(PlaygroundError):  # what is wrong with it the experiment says, if it asks
            folder = find_installed(reference, run.pool.settings)
            titles[reference] = folder.title if folder else reference
    return Subject(reference, titles.get(reference, reference))


def _folder_subject(reference: str, folder: InstalledModel) -> Subject:
    """Say which folder was read; nothing computed, so no precision and no engine had a part."""
    return Subject(reference, folder.title)


def _subject(reference: str, model: LanguageModel) -> Subject:
    engine = model.engine
    return Subject(reference, engine.model.title, engine.precision.value, engine.name)


def require_installed(choice: ModelChoice, pool: Pool) -> InstalledModel:
    """Return the folder of a model that is here.

    Raises
    ------
    ModelUnavailable
        When it is not.
    """
    model = find_installed(choice.reference, pool.settings)
    if model is None:
        raise ModelUnavailable(
            f"{choice.reference} is not here yet; fetch it in the lab Models or with `playground "
            f"pull {choice.reference}`, or choose another model."
        )
    return model


def perform_here(
    experiment: Experiment, model: LanguageModel | str | None, settings: Settings
) -> Iterator[Result]:
    """Run an experiment in this process, on a model at hand or on one to be loaded.

    Parameters
    ----------
    experiment : Experiment
        Which.
    model : LanguageModel, str or None
        A loaded model, a name, or None for the default model.
    settings : Settings
        What it is asked with.
    """
    from playground.serving import shared_pool

    pool = shared_pool()
    if isinstance(model, LanguageModel):
        engine = model.engine
        choice = ModelChoice(
            _reference(engine.model), engine.precision, EngineName.parse(engine.name)
        )
        return _perform_on(experiment, settings, Run(lambda: False, pool, choice), model)
    return perform(experiment, settings, pool, _choose(model))


def _reference(model: InstalledModel) -> str:
    """Return what a command takes: a name, or the path of a person's own folder."""
    return str(model.path) if model.source == "folder" else model.name


def _perform_on(
    experiment: Experiment, settings: Settings, run: Run, model: LanguageModel
) -> Iterator[Result]:
    folder, reference = model.engine.model, run.choice.reference
    given, subject = {
        Needs.MODEL: (model, _subject(reference, model)),
        Needs.FOLDER: (folder, _folder_subject(reference, folder)),
        Needs.CHOICE: (run.choice, Subject(reference, folder.title)),
        Needs.NOTHING: (None, Subject()),
    }[experiment.needs]
    for snapshot in experiment.function(given, settings, run):
        yield Result(experiment, settings, subject, snapshot)


def _choose(name: str | None) -> ModelChoice:
    from playground.models.acquire.catalog import load_catalog
    from playground.models.engines.precision import Precision

    return ModelChoice(name or load_catalog()[0].name, Precision.FP32)
