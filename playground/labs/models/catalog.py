"""The catalog: every model that can be fetched by name, with what is here of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.models.own import OwnState, own_states
from playground.models.acquire.records import listed_record
from playground.models.acquire.store import ListedModel, list_models


class CatalogSettings(Settings):
    """Which models are listed."""

    kind: Literal["all", "chat", "base", "embedding"] = field(
        "all",
        label="Kind",
        explanation="Base models continue text; others chat, or turn sentences into vectors.",
        words={"embedding": "vectors"},
    )


@dataclass(frozen=True)
class Catalog:
    """The models listed.

    Parameters
    ----------
    models : tuple of ListedModel
        In the order of the catalog.
    own : tuple of OwnState
        The person's own.
    """

    models: tuple[ListedModel, ...]
    own: tuple[OwnState, ...] = ()

    @property
    def progress(self) -> Progress:
        """Done at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return the records of ``playground models --json``, without the paths of this machine."""
        records = (listed_record(model) for model in self.models)
        return {
            "models": [{k: v for k, v in each.items() if k != "path"} for each in records],
            "own": [each.to_json() for each in self.own],
        }


def run_catalog(_given: None, settings: CatalogSettings, run: Run) -> Iterator[Catalog]:
    """List the models.

    Yields
    ------
    Catalog
        One.
    """
    models, own = list_models(run.pool.settings), own_states(run.pool.settings)
    yield Catalog(
        tuple(each for each in models if settings.kind in ("all", each.entry.kind)),
        tuple(each for each in own if settings.kind in ("all", _kind(each))),
    )


def _kind(own: OwnState) -> str:
    return "chat" if own.model.chat else "base"
