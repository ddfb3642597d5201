"""The catalog as a table, with a button that fetches a model or deletes it."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.models.buttons import action_button
from playground.labs.models.catalog import Catalog, CatalogSettings, run_catalog
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.records import download_bytes
from playground.models.acquire.store import InstalledModel, ListedModel

_HEADS = ("model", "weights, million", "context, tokens", "fetch, MB", "here")
_KINDS = {
    "chat": "chat",
    "base": "base: continues text",
    "embedding": "sentences to vectors: writes no text",
}


def draw(catalog: Catalog) -> Markup:
    """Return the models as a table."""
    return tag("div", table(_HEADS, map(_row, catalog.models), class_="models"), class_="card")


def _row(model: ListedModel) -> tuple[object, ...]:
    entry = model.entry
    fetched = download_bytes(entry)
    return (
        _about(entry),
        f"{entry.parameters / 1e6:,.0f}",
        f"{entry.context_length:,}",
        "" if fetched is None else f"{fetched / 1e6:,.0f}",
        _state(model),
    )


def _about(entry: CatalogEntry) -> Markup:
    words = " · ".join((entry.name, _KINDS[entry.kind], entry.license))
    note = tag("span", entry.license_note, class_="muted") if entry.license_note else None
    return join((tag("b", entry.title), tag("span", words, class_="muted"), note))


def _state(model: ListedModel) -> Markup:
    name = model.entry.name
    if model.problem:
        mend, delete = action_button("Mend", "fetch", name), action_button("Delete", "delete", name)
        return join((model.problem, mend, delete), " ")
    if model.installed is None:
        return join((tag("span", "no"), action_button("Fetch", "fetch", name)), " ")
    return _here(model.installed)


def _here(model: InstalledModel) -> Markup:
    through = f", came through {model.quantized_origin}" if model.quantized_origin else ""
    size = tag("b", f"{model.size_bytes / 1e6:,.0f} MB")
    return join((size, through, " ", action_button("Delete", "delete", model.name)))


CATALOG = Experiment(
    path="models/catalog",
    title="Catalog",
    idea="What can be fetched by name, under which licence, and what of it is here.",
    settings=CatalogSettings,
    function=run_catalog,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    empty="The models will stand here.",
    small={"kind": "chat"},
)
