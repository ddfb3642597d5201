"""The rail that is shipped, as every experiment of the lab asks it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from playground.experiments.run import Run
from playground.labs.moderation.examining import Examined, examine
from playground.moderation.classifier import CATEGORY, Classifier
from playground.moderation.learned import shipped_classifier
from playground.moderation.rail import shipped_rail
from playground.moderation.views import read_views
from playground.settings import Settings


def through_the_rail(text: str, classifier: Classifier | None = None) -> Examined:
    """Return what every stage of the shipped rail says of a text.

    Parameters
    ----------
    text : str
        What is looked at.
    classifier : Classifier, optional
        The learned stage, where it is asked as well.
    """
    rail = shipped_rail().asking(classifier)
    examined = examine(text, rail.gate, read_views, rail.every)
    if classifier is None:
        return examined
    return replace(examined, scores=((CATEGORY, classifier.highest(examined.views)),))


def classifier_for(run: Run) -> Classifier:
    """Return the learned stage; its encoder is fetched and loaded the first time.

    Raises
    ------
    ModelUnavailable
        When the encoder cannot be had.
    """
    return _classifier(run.pool.settings)


@lru_cache(maxsize=1)
def _classifier(settings: Settings) -> Classifier:
    return shipped_classifier(settings)
