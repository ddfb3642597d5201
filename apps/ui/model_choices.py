"""The models that the rail offers."""

from __future__ import annotations

from pathlib import Path

from playground.labs.models.names import distinct_names
from playground.models.acquire.own import OwnModel, own_models
from playground.models.acquire.store import ListedModel, list_models
from playground.models.file_stamp import stamp_of
from playground.settings import Settings


def model_choices(settings: Settings, start: str) -> list[tuple[str, str]]:
    """Return (label, reference) of every model that the rail offers.

    Parameters
    ----------
    settings : Settings
        Where models lie.
    start : str
        Offered too when it is a folder or file of the person who started the server. The other
        paths that a page may name are those of the list, each added and checked before.
    """
    choices = [
        (_label(model), model.entry.name)
        for model in list_models(settings)
        if model.entry.kind != "embedding"
    ]
    # Those that are no longer there are not offered.
    here = [each for each in own_models(settings) if stamp_of(Path(each.origin))]
    paths = [each.path for each in here]
    labels = distinct_names([_own_label(each) for each in here], paths)
    choices += zip(labels, paths, strict=True)
    known = {reference for _, reference in choices}
    return choices if start in known else [(start, start), *choices]


def _own_label(own: OwnModel) -> str:
    """Return its name; the folder above tells two of one name apart."""
    path = Path(own.path)
    return f"{path.parent.name}/{path.name} (your own)"


def _label(model: ListedModel) -> str:
    return model.entry.title if model.installed else f"{model.entry.title} (not here yet)"
