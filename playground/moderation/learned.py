"""The classifier joined with its encoder, which needs torch: so it stands apart."""

from __future__ import annotations

from collections.abc import Callable

from playground.models.acquire.fetch import ensure_model
from playground.models.engines.embedder import EMBEDDER, load_embedder
from playground.moderation.classifier import LAYERS, Classifier, shipped_head
from playground.moderation.policy_heads import shipped_policy_heads
from playground.settings import Settings


def shipped_classifier(
    settings: Settings, cancelled: Callable[[], bool] = lambda: False
) -> Classifier:
    """Return the classifier that ships; the encoder (91 MB) is fetched if it is not here.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    cancelled : callable
        Asked while it is fetched; True ends the waiting.

    Raises
    ------
    ModelUnavailable
        When the encoder cannot be had.
    BrokenCache
        When its files cannot be read.
    """
    model = ensure_model(EMBEDDER, settings, lambda _: None, cancelled, any_kind=True)
    policies = [(each.category, each.head) for each in shipped_policy_heads()]
    return Classifier(load_embedder(model, LAYERS, rounded=True).embed, shipped_head(), policies)
