"""The catalog as a table, with a button that fetches a model or deletes it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.markup import join, prose, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.models.buttons import action_button
from playground.labs.models.catalog import Catalog, CatalogSettings, run_catalog
from playground.labs.models.names import distinct_names
from playground.labs.models.own import OwnState
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.records import download_bytes
from playground.models.acquire.store import InstalledModel, ListedModel
from playground.sizes import in_millions, spell_size

_HEADS = ("model", "weights, million", "context, tokens", "fetch, MB", "here")
_OWN_HEADS = ("model", "weights, million", "size, MB", "checked")
_KINDS = {
    "chat": "chat",
    "base": "base: continues text",
    "embedding": "sentences to vectors: writes no text",
}


def draw(catalog: Catalog) -> Markup:
    """Return the models as a table, and below it the person's own."""
    known = table(_HEADS, map(_row, catalog.models), class_="models")
    return tag("div", known, class_="card") + _own(catalog.own)


def _own(own: Sequence[OwnState]) -> Markup:
    if not own:
        return Markup()
    names = distinct_names([each.model.title for each in own], [each.model.path for each in own])
    rows = table(_OWN_HEADS, map(_own_row, own, names), class_="models own")
    return tag("div", tag("h2", "Your own"), rows, class_="card")


def _own_row(each: OwnState, name: str) -> tuple[object, ...]:
    model = each.model
    kind = _KINDS["chat" if model.chat else "base"]
    said = f"It {each.problem}; add it again." if each.problem else each.verdict
    return (
        join((tag("b", name), tag("span", kind, class_="muted"))),
        in_millions(model.parameters),
        in_millions(model.size_bytes),
        join((tag("span", said), action_button("Take off the list", "take off", model.key)), " "),
    )


def _row(model: ListedModel) -> tuple[object, ...]:
    entry = model.entry
    fetched = download_bytes(entry)
    return (
        _about(entry, model.installed),
        in_millions(entry.parameters),
        f"{entry.context_length:,}",
        "" if fetched is None else in_millions(fetched),
        _state(model),
    )


def _about(entry: CatalogEntry, here: InstalledModel | None) -> Markup:
    name = tag("span", entry.name, class_="id")  # is typed as it stands: it breaks nowhere
    words = join((name, _KINDS[entry.kind], entry.license), " · ")
    note = tag("span", entry.license_note, class_="muted") if entry.license_note else None
    lines = tag("b", entry.title), tag("span", words, class_="muted"), note, _conversion(here)
    return join(lines)


def _conversion(here: InstalledModel | None) -> Markup | None:
    """Say why a model is larger here than its fetch."""
    if here is None or here.quantized_origin is None:
        return None
    words = f"Came through {here.quantized_origin}; kept at full precision after conversion."
    return tag("span", words, class_="muted")


def _state(model: ListedModel) -> Markup:
    name = model.entry.name
    if model.problem:
        mend, delete = action_button("Mend", "fetch", name), action_button("Delete", "delete", name)
        return join((prose(model.problem), mend, delete), " ")
    if model.installed is None:
        return join((tag("span", "no"), action_button("Fetch", "fetch", name)), " ")
    return _here(model.installed)


def _here(model: InstalledModel) -> Markup:
    size = tag("b", spell_size(model.size_bytes))
    return join((size, " ", action_button("Delete", "delete", model.name)))


CATALOG = Experiment(
    path="models/catalog",
    title="Catalog",
    idea="What can be fetched by name, under which licence, and what of it is here.",
    settings=CatalogSettings,
    function=run_catalog,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    empty="The models come here.",
    small={"kind": "chat"},
)
