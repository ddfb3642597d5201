"""The models that the rail offers."""

from __future__ import annotations

from playground.models.acquire.store import ListedModel, list_models
from playground.settings import Settings


def model_choices(settings: Settings, start: str) -> list[tuple[str, str]]:
    """Return (label, reference) of every model that the rail offers.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    start : str
        Offered too when it is a folder or file of the person who started the server; no other path
        is ever taken from a page.
    """
    choices = [
        (_label(model), model.entry.name)
        for model in list_models(settings)
        if model.entry.kind != "embedding"
    ]
    known = {reference for _, reference in choices}
    return choices if start in known else [(start, start), *choices]


def _label(model: ListedModel) -> str:
    return model.entry.title if model.installed else f"{model.entry.title} (not here yet)"
