"""Memory as HTML: what is loaded now, and what a load would take; all text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from playground.models.engines.manager import ModelChoice, Residence
from playground.models.engines.memory import LoadPlan, Memory
from playground.models.engines.precision import Precision


@dataclass(frozen=True)
class Forecast:
    """What loading one precision would take.

    Parameters
    ----------
    precision : Precision
        Of the model chosen.
    weight_bytes : int
        Its weights and scales, estimated from their shapes.
    plan : LoadPlan
        What loading it would do to memory.
    loaded : bool
        Whether it is there already.
    """

    precision: Precision
    weight_bytes: int
    plan: LoadPlan
    loaded: bool


def render_memory(memory: Memory, residents: Sequence[Residence], idle_minutes: float) -> str:
    """Return what is free, and the models that are loaded, with buttons that free them."""
    used = memory.total_bytes - memory.available_bytes
    bar = (
        f'<meter min="0" max="{memory.total_bytes}" high="{memory.total_bytes * 9 // 10}" '
        f'optimum="0" value="{used}" aria-label="Memory in use">{_gigabytes(used)} in use</meter>'
    )
    when = f"goes after {idle_minutes:g} minutes" if idle_minutes else "stays"
    rows = "".join(_resident(each) for each in reversed(residents))
    table = (
        f'<div class="scroll"><table class="models"><thead><tr><th>loaded now</th>'
        f'<th class="wide">weights, MB (computed)</th><th>state</th><th></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        if residents
        else '<p class="hint">No model is loaded now. One is when it is asked for.</p>'
    )
    return (
        f'<div class="card"><h2>Memory{_LOOK_AGAIN}</h2><p class="meter-label">'
        f"<span>In use on this machine (measured)</span><b>{_gigabytes(used)} of "
        f"{_gigabytes(memory.total_bytes)}</b></p>{bar}"
        f'{table}<p class="hint">A model stays loaded while memory allows, so that going back to '
        f"it takes no time. The least recently used makes room for another; what nobody uses "
        f"{when}.</p></div>"
    )


_LOOK_AGAIN = '<button type="button" class="small" data-action="look">Look again</button>'


def _resident(each: Residence) -> str:
    what = f"{each.choice.precision.name} · {each.engine} engine"
    button = (
        ""
        if each.in_use
        else '<button type="button" class="small" data-action="free" '
        f'data-name="{escape(spell_choice(each.choice))}">Free</button>'
    )
    state = "a reply runs" if each.in_use else f"idle for {_duration(each.idle_seconds)}"
    return (
        f'<tr><td><b>{escape(each.title)}</b><br><span class="muted">{escape(what)}</span></td>'
        f'<td class="wide">{each.weight_bytes / 1e6:,.0f}</td>'
        f"<td>{state}</td><td>{button}</td></tr>"
    )


def spell_choice(choice: ModelChoice) -> str:
    """Return a choice as a button names it; never read back as a path."""
    return f"{choice.precision.value} {choice.engine.value} {choice.reference}"


def render_forecasts(title: str, available: int, forecasts: Sequence[Forecast]) -> str:
    """Return what each precision of a model would take, and what would make room for it."""
    rows = "".join(_forecast(each) for each in forecasts)
    return (
        f'<div class="card"><h2>Before a load: {escape(title)}</h2><div class="scroll">'
        '<table class="models"><thead><tr><th>precision</th><th class="wide">weights, MB</th>'
        "<th>while loading, MB</th><th>what would happen</th></tr></thead>"
        f'<tbody>{rows}</tbody></table></div><p class="hint">Sizes are <b>estimated</b> from the '
        f"shapes of the weights; {_gigabytes(available)} are free now (measured). INT8 and 4 bits "
        "pass through full precision while they load.</p></div>"
    )


def _forecast(each: Forecast) -> str:
    return (
        f'<tr><td><b>{each.precision.name}</b></td><td class="wide">'
        f"{each.weight_bytes / 1e6:,.0f}</td>"
        f"<td>{each.plan.needed_bytes / 1e6:,.0f}</td><td>{escape(_outcome(each))}</td></tr>"
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
