"""Memory as two tables: what is loaded now, and what a load would take."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.models.buttons import action_button
from playground.labs.models.memory import (
    Forecast,
    MemorySettings,
    MemoryUse,
    Planned,
    run_memory,
    spell_choice,
)
from playground.labs.models.names import distinct_names
from playground.models.engines.manager import Residence
from playground.models.engines.memory import Memory
from playground.sizes import in_millions

_ESTIMATED = Markup(
    "Sizes are <b>estimated</b> from the shapes of the weights; {} are free now (measured). INT8 "
    "and 4 bits pass through full precision while they load."
)


def draw(use: MemoryUse) -> Markup:
    """Return what is loaded, with buttons that free it, and what a load would take."""
    return _now(use) + _before_a_load(use.planned, use.memory)


def _now(use: MemoryUse) -> Markup:
    when = f"goes after {use.idle_minutes:g} minutes" if use.idle_minutes else "stays"
    words = (
        "A model stays loaded while memory allows, so that going back to it takes no time. The "
        f"least recently used makes room for another; what nobody uses {when}."
    )
    return tag(
        "section",
        tag("h2", "Memory", action_button("Look again", "look")),
        _meter(use.memory),
        _loaded(use),
        tag("p", words, class_="hint"),
        class_="card memory-now",
    )


def _meter(memory: Memory) -> Markup:
    total, used = memory.total_bytes, memory.total_bytes - memory.available_bytes
    label = tag(
        "p",
        tag("span", "In use on this machine (measured)"),
        tag("b", f"{_gigabytes(used)} of {_gigabytes(total)}"),
        class_="meter-label",
    )
    bar = tag(
        "meter",
        f"{_gigabytes(used)} in use",
        min=0,
        max=total,
        high=total * 9 // 10,
        optimum=0,
        value=used,
        aria_label="Memory in use",
    )
    return label + bar


def _loaded(use: MemoryUse) -> Markup:
    if not use.residents:
        return tag("p", "No model is loaded now. One is when it is asked for.", class_="hint")
    heads = ("loaded now", "weights, MB (computed)", "kept, MB (measured)", "state", "free it")
    residents = use.residents
    names = distinct_names([r.title for r in residents], [r.choice.reference for r in residents])
    return table(heads, map(_resident, residents, names), class_="models")


def _resident(each: Residence, name: str) -> tuple[object, ...]:
    what = f"{each.choice.precision.label} · {each.engine} engine"
    free = action_button("Free", "free", spell_choice(each.choice))
    return (
        join((tag("b", name), tag("span", what, class_="muted"))),
        in_millions(each.weight_bytes),
        in_millions(each.kept_bytes),
        "a reply runs" if each.in_use else f"idle for {_duration(each.idle_seconds)}",
        "" if each.in_use else free,
    )


def _before_a_load(planned: Planned, memory: Memory) -> Markup:
    head = tag("h2", f"Before a load: {planned.title}")
    if planned.problem:
        told = tag("p", planned.problem, class_="hint")
    else:
        heads = ("precision", "weights, MB", "while loading, MB", "what would happen")
        rows = table(heads, map(_forecast, planned.forecasts), class_="models")
        words = _ESTIMATED.format(_gigabytes(memory.available_bytes))
        told = rows + tag("p", words, class_="hint")
    return tag("section", head, told, class_="card memory-plans")


def _forecast(each: Forecast) -> tuple[object, ...]:
    return (
        tag("b", each.precision.label),
        in_millions(each.weight_bytes),
        in_millions(each.plan.needed_bytes),
        _outcome(each),
    )


def _outcome(each: Forecast) -> str:
    plan = each.plan
    if each.loaded:
        return "is loaded"
    if not plan.fits:
        return f"refused: {_gigabytes(-plan.left_bytes)} too few"
    words = [f"frees {' and '.join(plan.freed)}"] if plan.freed else []
    spare = _gigabytes(plan.left_bytes)
    words.append(f"tight: {spare} to spare" if plan.tight else f"fits, {spare} to spare")
    return "; ".join(words)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


MEMORY = Experiment(
    path="models/memory",
    title="Memory",
    idea="Which models are loaded now, and what loading the chosen one would take.",
    settings=MemorySettings,
    function=run_memory,
    view=draw,
    needs=Needs.CHOICE,
    action="",
    empty="What is loaded comes here.",
)
