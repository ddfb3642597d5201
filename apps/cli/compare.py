"""``playground compare``: one prompt across temperatures, in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from apps.cli.interrupt import interruptible
from apps.cli.terminal import console, plain, tell, write_json
from playground.experiments.run import Stopped

if TYPE_CHECKING:
    from playground.generation.language_model import LanguageModel
    from playground.labs.temperature.columns import Written
    from playground.labs.temperature.strip import Strip, StripSettings
    from playground.models.engines.manager import ModelChoice


def compare(
    model: LanguageModel, settings: StripSettings, choice: ModelChoice, as_json: bool
) -> bool:
    """Write the columns together and print them; return False when Ctrl-C ended it.

    Parameters
    ----------
    model : LanguageModel
        Who writes.
    settings : StripSettings
        What is written.
    choice : ModelChoice
        As who was asked for.
    as_json : bool
        One document instead of a view.
    """
    with interruptible() as stopped, console(stderr=True).status("writing") as status:
        last: Strip | None = None
        with suppress(Stopped):
            for last in _written(model, settings, choice, stopped.is_set):
                status.update(f"writing: {last.progress.words}")
    if last and as_json:
        write_json(_document(model, last))
    elif last:
        _show(last)
    return not stopped.is_set()


def _written(
    model: LanguageModel,
    settings: StripSettings,
    choice: ModelChoice,
    stopped: Callable[[], bool],
) -> Iterator[Strip]:
    from playground.experiments.run import Run
    from playground.labs.temperature.strip import run_strip
    from playground.serving import shared_pool

    return run_strip(model, settings, Run(stopped, shared_pool(), choice))


def _document(model: LanguageModel, strip: Strip) -> dict[str, Any]:
    from playground.experiments.result import versions

    engine = model.engine
    return {
        "model": engine.model.name,
        "precision": engine.precision.value,
        "engine": engine.name,
        "prompt": strip.settings.prompt,
        "coupled": strip.settings.coupled,
        "versions": versions(),
        **strip.to_json(),
    }


def _show(strip: Strip) -> None:
    from playground.labs.temperature.strip_view import MEASURED

    screen, written = console(), strip.written
    for each in written:
        screen.print(Panel(_marked(each, written[0]), title=_title(each), title_align="left"))
    screen.print(_measures(written))
    tell(MEASURED)
    tokens = sum(len(each.reply.steps) for each in written)
    dice = (
        "the same dice in every column"
        if strip.settings.coupled
        else "dice of its own in each column"
    )
    tell(f"{tokens:,} tokens in {strip.wall_seconds:.1f} s, all columns together; {dice}")


def _title(written: Written) -> str:
    settings = written.column.settings
    seed = "no seed: T 0 is greedy" if settings.seed is None else f"seed {settings.seed}"
    return f"T {settings.temperature:g} · {seed}"


def _marked(written: Written, reference: Written) -> Text:
    """Return the text with a mark before the first token that parts from the first column."""
    from playground.generation.divergence import find_parting

    parting = find_parting(reference.reply.steps, written.reply.steps)
    if parting is None:
        return Text(plain(written.reply.text))
    before = "".join(step.text for step in written.reply.steps[: parting.position])
    after = "".join(step.text for step in written.reply.steps[parting.position :])
    return Text.assemble(plain(before), ("⟦parts here⟧", "bold"), plain(after))


def _measures(written: Sequence[Written]) -> Table:
    from playground.generation.divergence import find_parting
    from playground.labs.temperature.columns import measure
    from playground.labs.temperature.strip_view import HEADS

    table = Table(box=None, header_style="bold")
    for name in (*HEADS, "ended by"):
        table.add_column(name, justify="left" if name in ("column", "ended by") else "right")
    for each in written:
        parting = find_parting(written[0].reply.steps, each.reply.steps)
        measures = measure(each, written[0])
        if measures is None:
            continue
        table.add_row(
            f"T {each.column.settings.temperature:g} #{each.column.sample}",
            f"{measures.mean_entropy_nats:.2f}",
            f"{measures.distinct_1:.0%}",
            f"{measures.distinct_2:.0%}",
            f"{measures.agreement:.0%}",
            "never" if parting is None else str(parting.position + 1),
            f"{measures.tokens_per_second:.1f}",
            each.reply.finish_reason.replace("_", " "),
        )
    return table
