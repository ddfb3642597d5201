"""``playground probe``: a set of questions in the terminal, with what each score is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import typer
from rich.table import Table

from apps.cli.failures import INTERRUPTED
from apps.cli.lab import perform_in_sight
from apps.cli.terminal import console, plain, tell, write_json
from playground.errors import OptionError
from playground.experiments.result import Result
from playground.labs.hallucination.figures import Figures
from playground.labs.hallucination.figures_view import reasons
from playground.labs.hallucination.notices import notices
from playground.labs.hallucination.number_text import NONE, written
from playground.labs.hallucination.probing import Part, Probed
from playground.labs.hallucination.probing_view import SET, certain_and_wrong
from playground.labs.hallucination.scores import CAUTION
from playground.labs.hallucination.set_files import read_own
from playground.labs.hallucination.sets import SETS
from playground.models.engines.manager import ModelChoice
from playground.number_rules import shown

_OWN = (".csv", ".jsonl")


def probe(suite: str, choice: ModelChoice, as_json: bool, given: dict[str, Any]) -> None:
    """Ask a set and print the figures, also those of what was asked when Ctrl-C came.

    Parameters
    ----------
    suite : str
        A set that ships, or the path of a person's own file.
    choice : ModelChoice
        Who is asked.
    as_json : bool
        One document instead of a table.
    given : dict of str to object
        Further settings of the experiment.

    Raises
    ------
    OptionError
        When there is no such set, or a setting breaks its rule.
    typer.Exit
        When it was stopped.
    """
    settings = SET.settings(**read_suite(suite), **given)
    last, stopped = perform_in_sight(SET, settings, choice)
    if last and as_json:
        write_json(document(last, suite))
    elif last:
        _show(cast(Probed, last.snapshot), suite)
    if stopped:
        raise typer.Exit(INTERRUPTED)


def read_suite(suite: str) -> dict[str, str]:
    """Return the settings that stand for a set's name, or for a file.

    Raises
    ------
    OptionError
        When it is neither, or the file cannot be read.
    """
    if suite in SETS:
        return {"suite": suite}
    if not suite.lower().endswith(_OWN):
        raise OptionError(
            f"`suite` must be one of {', '.join(SETS)}, or a file that ends in .csv or .jsonl, got "
            f"{shown(suite)}."
        )
    try:
        own = Path(suite).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise OptionError(f"The set {shown(suite)} cannot be read ({reason}).") from None
    # Read here, too: a file with nothing in it is no wish for the set that ships.
    read_own(own, Path(suite).name)
    return {"own_set": own}


def document(result: Result, suite: str) -> dict[str, Any]:
    """Return the result with the first part's methods where scripts look for them."""
    whole = result.to_json()
    parts = whole["parts"]
    return {**whole, "suite": suite, "methods": parts[0]["methods"] if parts else []}


def _show(probed: Probed, suite: str) -> None:
    for line in notices(probed.probe_set.items, probed.asked, probed.settings.overruled):
        tell(line)
    for part in probed.parts:
        if part.figures:
            _show_part(part, part.figures, suite)
    tell(CAUTION)


def _show_part(part: Part, figures: Figures, suite: str) -> None:
    screen, table = console(), Table(box=None, pad_edge=False)
    for head in ("score", "AUROC", "95 % interval", "n", "right"):
        table.add_column(head, justify="left" if head == "score" else "right")
    for each in figures.methods:
        found = each.ranking
        low, high = written(found.low, 2), written(found.high, 2)
        spread = NONE if found.auroc is None else f"{low} to {high}"
        row = (each.label, written(found.auroc), spread, str(found.n), str(found.right))
        table.add_row(*row)
    screen.print(plain(f"{suite}: {_headline(part, figures)}"), soft_wrap=True)
    screen.print(table, width=None if screen.is_terminal else 120)
    lines = [*reasons(figures), certain_and_wrong(part.rows)]
    for line in filter(None, lines):
        screen.print(plain(line), soft_wrap=True)


def _headline(part: Part, figures: Figures) -> str:
    words = [f"{part.label}: {figures.right} of {figures.n} right", f"{part.seconds:.1f} s"]
    if figures.raw:
        words.append(f"calibration error {figures.raw.error:.3f}")
    if figures.failed:
        words.append(f"{figures.failed} without an answer")
    return " · ".join(words)
