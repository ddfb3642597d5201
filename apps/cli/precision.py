"""``playground precision``: the same model at several precisions, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from apps.cli.interrupt import interruptible
from apps.cli.terminal import console, plain, tell, write_json
from playground.errors import OptionError
from playground.models.engines.choice import EngineName
from playground.settings import Settings

if TYPE_CHECKING:
    from playground.labs.precision.bench import Bench, Plan, Row


def plan(
    model: str, precisions: str, engines: str, prompt: str, max_new_tokens: object, text_file: str
) -> Plan:
    """Check all options before anything is fetched or loaded.

    Raises
    ------
    OptionError
        When one breaks its rule, or the file cannot be read.
    """
    from playground.labs.precision.bench import FIRST_PROMPT, make_plan, parse_precisions

    runners = [EngineName.parse(name.strip()) for name in engines.split(",") if name.strip()]
    own_text = _read(text_file) if text_file else ""
    return make_plan(
        model,
        parse_precisions(precisions),
        runners,
        prompt or FIRST_PROMPT,
        max_new_tokens,
        own_text,
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(
            f"`text_file` must be a readable UTF-8 text, got {path!r} ({error}); give another."
        ) from error


def run(plan: Plan, settings: Settings, as_json: bool) -> bool:
    """Measure and print; return False when no row could be measured.

    Parameters
    ----------
    plan : Plan
        From `plan`.
    settings : Settings
        Where models lie.
    as_json : bool
        One document instead of a table.
    """
    from playground.labs.precision.bench import run_bench
    from playground.labs.precision.bench_record import to_json
    from playground.serving import Pool

    with interruptible() as stopped, console(stderr=True).status("starting") as status:
        pool = Pool(settings)
        bench = run_bench(plan, pool, lambda now: status.update(f"{now.stage}"), stopped.is_set)
    if as_json:
        write_json(to_json(bench))
    else:
        _show(bench)
    return any(row.measured for row in bench.rows)


def _show(bench: Bench) -> None:
    from playground.labs.precision.speed import explain

    screen = console()
    screen.print(_table(bench), width=None if screen.is_terminal else 160)
    for row in bench.rows:
        if row.reason:
            tell(f"{row.name}: {row.reason}", style="yellow")
        if row.measured:
            screen.print(f"\n[bold]{row.name}[/bold] {plain(' '.join(row.measured.text.split()))}")
    if bench.machine and bench.full:
        ran = {row.name: (row.precision, row.measured) for row in bench.rows if row.measured}
        for name, (precision, measured) in ran.items():
            for sentence in explain(precision, measured, bench.full, bench.machine):
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
    from playground.labs.precision.bench import SHIPPED_TEXT

    if row.measured is None:
        return (row.state,)
    measured, quality = row.measured, row.measured.quality[SHIPPED_TEXT]
    return (
        f"{measured.weight_bytes / 1e6:,.0f}",
        f"{measured.peak_rss_bytes / 1e6:,.0f}",
        f"{measured.load_seconds:.1f}",
        f"{measured.time_to_first_token_seconds.median:.3f}",
        f"{measured.prefill_tokens_per_second.median:,.0f}",
        f"{measured.decode_tokens_per_second.median:.1f}",
        f"{quality.perplexity:.2f}",
        f"{quality.kl_to_reference_nats:.5f}",
        f"{quality.top1_agreement:.1%}",
    )
