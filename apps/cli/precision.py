"""``playground precision``: the same model at several precisions, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer
from rich.markup import escape
from rich.table import Table

from apps.cli.failures import FAILED, INTERRUPTED
from apps.cli.terminal import console, plain, tell, write_json
from playground.errors import OptionError
from playground.models.engines.manager import ModelChoice
from playground.sentences import quoted
from playground.sizes import in_millions

if TYPE_CHECKING:
    from playground.labs.precision.bench import Bench, BenchSettings
    from playground.labs.precision.bench_row import Row


def read_settings(prompt: str, text_file: str, **others: Any) -> BenchSettings:
    """Check all options before anything is fetched or loaded.

    Parameters
    ----------
    prompt, text_file : str
        Empty for the usual prompt, and for no text of one's own.
    **others
        Settings of the bench, by name.

    Raises
    ------
    OptionError
        When one breaks its rule, or the file cannot be read.
    """
    from playground.labs.precision.bench import BenchSettings

    given: dict[str, Any] = {"prompt": prompt} if prompt else {}
    own_text = _read(text_file) if text_file else ""
    return BenchSettings(own_text=own_text, **given, **others)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(
            f"`text_file` must be a readable UTF-8 text, got {quoted(path)} ({error}); "
            "give another."
        ) from error


def measure(choice: ModelChoice, settings: BenchSettings, as_json: bool) -> None:
    """Measure and print, also what was done when Ctrl-C came.

    Parameters
    ----------
    choice : ModelChoice
        Which model.
    settings : BenchSettings
        From `read_settings`.
    as_json : bool
        One document instead of a table.

    Raises
    ------
    typer.Exit
        When it was stopped, or no row could be measured.
    """
    from apps.cli.lab import perform_in_sight
    from playground.labs.precision.bench_view import BENCH

    last, stopped = perform_in_sight(BENCH, settings, choice)
    bench = cast("Bench | None", last.snapshot if last else None)
    if last and as_json:
        write_json(last.to_json())
    elif bench:
        _show(bench)
    if stopped:
        raise typer.Exit(INTERRUPTED)
    if not (bench and any(row.measured for row in bench.rows)):
        raise typer.Exit(FAILED)


def _show(bench: Bench) -> None:
    from playground.labs.precision.speed import explain

    screen = console()
    screen.print(_table(bench), width=None if screen.is_terminal else 160)
    for row in bench.rows:
        if row.reason:
            tell(f"{row.name}: {row.reason}", style="yellow")
        if row.measured:
            words = escape(plain(" ".join(row.measured.text.split())))
            screen.print(f"\n[bold]{row.name}[/bold] {words}")
    if bench.machine:
        ran = {row.name: row for row in bench.rows if row.measured}
        for name, row in ran.items():
            for sentence in explain(row, bench.machine, bench.beside(row)):
                tell(f"{name}: {sentence}")


def _table(bench: Bench) -> Table:
    table = Table(box=None, header_style="bold")
    heads = (
        "precision",
        "weights MB",
        "peak MB",
        "load s",
        "first token s",
        "read tok/s",
        "write tok/s",
        "perplexity",
        "KL nats",
        "agrees",
    )
    for name in heads:
        table.add_column(name, justify="left" if name == "precision" else "right")
    for row in bench.rows:
        table.add_row(row.name, *_cells(row))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    from playground.labs.precision.bench_row import SHIPPED_TEXT

    if row.measured is None:
        return (row.state,)
    measured, quality = row.measured, row.measured.quality[SHIPPED_TEXT]
    return (
        in_millions(measured.weight_bytes),
        in_millions(measured.peak_rss_bytes),
        f"{measured.load_seconds:.1f}",
        f"{measured.time_to_first_token_seconds.median:.3f}",
        f"{measured.prefill_tokens_per_second.median:,.0f}",
        f"{measured.decode_tokens_per_second.median:.1f}",
        f"{quality.perplexity:.2f}",
        f"{quality.kl_to_reference_nats:.5f}",
        f"{quality.top1_agreement:.1%}",
    )
