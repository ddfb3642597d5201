"""``playground compare``: one prompt across temperatures, in the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from apps.cli.interrupt import interruptible
from apps.cli.terminal import console, plain, tell, write_json
from playground.generation.settings import SamplingSettings

if TYPE_CHECKING:
    from playground.generation.language_model import LanguageModel
    from playground.labs.temperature.strip import Column, Written


def plan(
    temperatures: str, samples: int, settings: SamplingSettings, coupled: bool
) -> list[Column]:
    """Lay out the columns before a model is loaded, drawing a seed where none was given.

    Raises
    ------
    OptionError
        When the list is empty, too long, or holds what is no temperature.
    """
    from playground.labs.temperature.strip import parse_temperatures, plan_columns, with_seed

    return plan_columns(parse_temperatures(temperatures), samples, with_seed(settings), coupled)


def compare(
    model: LanguageModel, prompt: str, columns: Sequence[Column], coupled: bool, as_json: bool
) -> bool:
    """Write the columns together and print them; return False when Ctrl-C ended it.

    Parameters
    ----------
    model : LanguageModel
        Who writes.
    prompt : str
        The text to continue.
    columns : sequence of Column
        From `plan`.
    coupled : bool
        Said in the record.
    as_json : bool
        One document instead of a view.
    """
    from playground.labs.temperature.strip import Written, export, write_strip

    engine = model.engine
    prompt_ids = engine.tokenizer.encode_text_prompt(prompt)
    written = list[Written]()
    start = time.perf_counter()
    with interruptible() as stopped, console(stderr=True).status("writing") as status:
        for written in write_strip(model, prompt_ids, columns, stopped.is_set):
            longest = max(len(each.reply.steps) for each in written)
            status.update(f"writing {len(columns)} columns, token {longest}")
    seconds = time.perf_counter() - start
    if as_json:
        write_json(export(engine, prompt, written, coupled, seconds))
    else:
        _show(written, coupled, seconds)
    return not stopped.is_set()


def _show(written: Sequence[Written], coupled: bool, seconds: float) -> None:
    screen = console()
    for each in written:
        screen.print(Panel(_marked(each, written[0]), title=_title(each), title_align="left"))
    screen.print(_measures(written))
    tokens = sum(len(each.reply.steps) for each in written)
    dice = "the same dice in every column" if coupled else "dice of its own in each column"
    tell(f"{tokens:,} tokens in {seconds:.1f} s, all columns together; {dice}")


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
    from playground.labs.temperature.strip import measure

    table = Table(box=None, header_style="bold")
    for name in ("column", "entropy", "distinct-1/2", "agrees", "parts at", "tokens/s", "ended by"):
        table.add_column(name, justify="left" if name in ("column", "ended by") else "right")
    for each in written:
        parting = find_parting(written[0].reply.steps, each.reply.steps)
        measures = measure(each, written[0])
        if measures is None:
            continue
        table.add_row(
            f"T {each.column.settings.temperature:g} #{each.column.sample}",
            f"{measures.mean_entropy_nats:.2f}",
            f"{measures.distinct_1:.2f} / {measures.distinct_2:.2f}",
            f"{measures.agreement:.0%}",
            "never" if parting is None else str(parting.position + 1),
            f"{measures.tokens_per_second:.1f}",
            each.reply.finish_reason.replace("_", " "),
        )
    return table
