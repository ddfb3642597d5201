"""The catalog as the terminal shows it: one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from playground.sizes import spell_size, spell_weights

_LONGEST_NAME = 30


def models_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """Return the catalog as a table; the size of what is not here is that of its download.

    Parameters
    ----------
    models : sequence of mapping
        The records of ``playground models --json``.
    """
    table = Table("name", "kind", "here", box=None, pad_edge=False, header_style="bold")
    # Names stay whole; the path of somebody's own model is folded before a number is cut.
    table.columns[0].no_wrap = all(len(model["name"]) <= _LONGEST_NAME for model in models)
    table.columns[0].overflow = "fold"
    table.columns[1].no_wrap = True
    for title in ("size", "weights"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("licence", "source"):
        table.add_column(title)
    for model in models:
        table.add_row(*_row(model))
    return table


def _row(record: Mapping[str, Any]) -> tuple[str, ...]:
    state = "broken" if record["problem"] else "yes" if record["installed"] else "no"
    size = "" if record["size_bytes"] is None else spell_size(record["size_bytes"])
    through = f", through {record['quantized_origin']}" if record["quantized_origin"] else ""
    parameters = spell_weights(record["parameters"])
    source = record["source"] + through
    kind = "vectors" if record["kind"] == "embedding" else record["kind"]
    return record["name"], kind, state, size, parameters, record["license"], source
