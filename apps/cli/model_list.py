"""The catalog as the terminal shows it: one record a model, or one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.store import InstalledModel, ListedModel


def listed_record(model: ListedModel) -> dict[str, Any]:
    """Return what is known of a model of the catalog, ready for JSON.

    Of a model that is not here, ``source`` and ``size_bytes`` are what a fetch would try first.
    """
    entry = model.entry
    facts = installed_record(model.installed) if model.installed else _absent_record(entry)
    return facts | {
        "kind": entry.kind,
        "family": entry.family,
        "context_length": entry.context_length,
        "license_note": entry.license_note,
        "problem": model.problem,
    }


def installed_record(model: InstalledModel) -> dict[str, Any]:
    """Return what is known of a model that is here, ready for JSON."""
    return {
        "name": model.name,
        "title": model.title,
        "installed": True,
        "path": str(model.path),
        "license": model.license,
        "source": model.source,
        "origin": model.origin,
        "quantized_origin": model.quantized_origin,
        "size_bytes": model.size_bytes,
        "parameters": model.parameters,
        "chat": model.chat,
    }


def _absent_record(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "installed": False,
        "path": None,
        "license": entry.license,
        "source": "hub" if entry.hub else "wheel",
        "origin": None,
        "quantized_origin": None,
        "size_bytes": _download_bytes(entry),
        "parameters": entry.parameters,
        "chat": entry.chat,
    }


def _download_bytes(entry: CatalogEntry) -> int | None:
    if entry.hub:
        return entry.hub.size_bytes
    return sum(package.size_bytes for package in entry.wheel.packages) if entry.wheel else None


def models_table(models: Sequence[ListedModel]) -> Table:
    """Return the catalog as a table; the size of what is not here is that of its download."""
    table = Table("name", "kind", "here", box=None, pad_edge=False, header_style="bold")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for title in ("size", "weights"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("licence", "source"):
        table.add_column(title)
    for model in models:
        table.add_row(*_row(model))
    return table


def _row(model: ListedModel) -> tuple[str, ...]:
    record = listed_record(model)
    state = "broken" if model.problem else "yes" if model.installed else "no"
    size = "" if record["size_bytes"] is None else f"{record['size_bytes'] / 1e6:,.0f} MB"
    through = f", through {record['quantized_origin']}" if record["quantized_origin"] else ""
    parameters = f"{record['parameters'] / 1e6:,.0f} M"
    source = record["source"] + through
    kind = "vectors" if record["kind"] == "embedding" else record["kind"]
    return record["name"], kind, state, size, parameters, record["license"], source
