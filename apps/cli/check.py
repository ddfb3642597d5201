"""``playground check``: whether a model runs right, in the terminal."""

from __future__ import annotations

from typing import cast

import typer
from rich.table import Table

from apps.cli.failures import FAILED, INTERRUPTED
from apps.cli.lab import perform_in_sight
from apps.cli.terminal import console, plain, write, write_json
from playground.labs.models.check import Check
from playground.labs.models.check_view import CHECK
from playground.labs.models.own import ADDING
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision


def check_model(reference: str, as_json: bool, precisions: str = "") -> None:
    """Check a model and print what was found, also what was done when Ctrl-C came.

    Parameters
    ----------
    reference : str
        A name of the catalog, a folder or a GGUF file.
    as_json : bool
        One document instead of a table.
    precisions : str
        Names with commas between; empty for all.

    Raises
    ------
    typer.Exit
        When it was stopped, or a check failed.
    """
    settings = CHECK.settings(**({"precisions": precisions} if precisions else {}))
    last, stopped = perform_in_sight(CHECK, settings, ModelChoice(reference, Precision.FP32))
    check = cast("Check | None", last.snapshot if last else None)
    if last and as_json:
        write_json(last.to_json())
    elif check:
        screen = console()
        screen.print(_table(check), width=None if screen.is_terminal else 160)
        write(f"{plain(check.verdict or check.progress.words)}\n")
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if check is None or check.failed:
        raise typer.Exit(FAILED)


def check_own(reference: str) -> Check:
    """Check a model before it is listed, in sight, and return what was found.

    Raises
    ------
    typer.Exit
        When it was stopped.
    """
    last, stopped = perform_in_sight(CHECK, ADDING, ModelChoice(reference, Precision.FP32))
    if stopped or last is None:
        raise typer.Exit(INTERRUPTED)
    return cast("Check", last.snapshot)


def _table(check: Check) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("check", "verdict", "found"):
        table.add_column(name, no_wrap=name != "found")
    for row in check.rows:
        table.add_row(row.name, row.verdict, plain(row.sentence))
    return table
