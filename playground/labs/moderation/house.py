"""The rail in force, a person's own policies in it, as every experiment of the lab asks it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache

from playground.experiments.run import Run
from playground.labs.moderation.examining import Examined, examine
from playground.moderation.classifier import CATEGORY, Classifier
from playground.moderation.learned import shipped_classifier
from playground.moderation.rail import Rail
from playground.moderation.rails import house_rails
from playground.moderation.views import read_views
from playground.settings import Settings


def house_rail(run: Run, learned: bool = False) -> Rail:
    """Return the rail in force.

    Parameters
    ----------
    run : Run
        Says where a person's own policies and models lie.
    learned : bool
        Whether the classifier is asked, too; its encoder is fetched and loaded the first time.

    Raises
    ------
    ModelUnavailable
        When the encoder cannot be had.
    """
    rail = house_rails(run.pool.settings.policies_dir).now()
    return rail.asking(classifier_for(run)) if learned else rail


def classifier_for(run: Run) -> Classifier:
    """Return the learned stage; its encoder is fetched and loaded the first time.

    Raises
    ------
    ModelUnavailable
        When the encoder cannot be had.
    """
    return _classifier(run.pool.settings)


def classifier_is_here() -> bool:
    """Return whether the classifier has been loaded, so that it answers at once."""
    return _classifier.cache_info().currsize > 0


def refused_policies(run: Run) -> tuple[str, ...]:
    """Return a sentence for each of a person's own policies that is not in force as it stands."""
    return house_rails(run.pool.settings.policies_dir).policies.refused()


def through(rail: Rail, text: str) -> Examined:
    """Return what every stage of a rail says of a text."""
    _warm_up()
    examined = examine(text, rail.gate, read_views, rail.every)
    if rail.classifier is None:
        return examined
    return replace(examined, scores=((CATEGORY, rail.classifier.highest(examined.views)),))


@cache
def _warm_up() -> None:
    """Have the words loaded that the readings know, so that no text is timed with that."""
    read_views("w\u0435 w4rm u.p qryvtug")


@lru_cache(maxsize=1)
def _classifier(settings: Settings) -> Classifier:
    classifier = shipped_classifier(settings)
    classifier.scores(["Good morning."])  # the first takes longest, which is no text's own time
    return classifier
