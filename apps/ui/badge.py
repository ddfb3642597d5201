"""The badge at the top of every lab: what runs now, or what is being done."""

from __future__ import annotations

from html import escape

import psutil

from apps.chat.conversations import ReplyFacts
from playground.drawing.markup import prose
from playground.models.acquire.store import InstalledModel
from playground.models.engines.engine import Engine, LoadReport
from playground.models.engines.manager import Activity, ModelChoice
from playground.models.engines.memory import LoadPlan
from playground.serving import Pool
from playground.sizes import spell_progress, spell_size


def render_badge(pool: Pool, choice: ModelChoice, wrote: ReplyFacts | None = None) -> str:
    """Return the badge for the model that a page has chosen, and the speed of what it wrote."""
    if activity := pool.activity(choice):
        words = [describe_activity(activity), *_forecast(pool.plan(choice))]
        return _frame("busy", " · ".join(words) + _bar(activity))
    if model := pool.model(choice):
        return _frame("ready", _running(pool, choice, model.engine, wrote))
    if failure := pool.failure(choice):
        return _frame("failed", str(prose(str(failure))))
    return _frame("idle", f"{escape(choice.reference)} {choice.precision.label} loads when asked")


def describe_activity(activity: Activity) -> str:
    """Return the stage, its bytes and the seconds so far."""
    stage = activity.stage[:1].upper() + activity.stage[1:]
    words = [f"<b>{escape(stage)}</b>"]
    if activity.done_bytes is not None and activity.total_bytes:
        words.append(spell_progress(activity.done_bytes, activity.total_bytes))
    words.append(f"{activity.seconds:.0f} s")
    return " · ".join(words)


def describe_loaded(report: LoadReport) -> str:
    """Return what really lies in memory: "210 Linear8bitLt, 1 Embedding; int8 106 MB, ..."."""
    layers = ", ".join(f"{count} {name}" for name, count in report.layer_classes.items())
    sizes = ", ".join(
        f"{dtype} {spell_size(size)}" for dtype, size in report.bytes_by_dtype.items()
    )
    scales = f", scales {spell_size(report.scale_bytes)}" if report.scale_bytes else ""
    products = f"; {report.products}" if report.products else ""
    return f"got: {layers}; {sizes}{scales}{products}"


def describe_origin(model: InstalledModel) -> str | None:
    """Return a warning when the weights passed through a 4-bit file."""
    if model.quantized_origin is None:
        return None
    return (
        f"These weights came through a {model.quantized_origin} file: full precision here is the "
        f"format, not the origin."
    )


def busy_words(others: float) -> str:
    """Say that other programs had a part of the machine, and how much."""
    return (
        f"machine busy: other programs took <b>{others:.1f}</b> of {psutil.cpu_count()} processors"
    )


def _running(pool: Pool, choice: ModelChoice, engine: Engine, wrote: ReplyFacts | None) -> str:
    resident = psutil.Process().memory_info().rss
    words = [
        f"<b>{escape(engine.model.title)}</b>",
        f"{engine.precision.label} · {escape(engine.name)} engine",
        f"<b>{spell_size(engine.report.weight_bytes)}</b> weights",
        f"<b>{spell_size(resident)}</b> process, measured",
    ]
    if wrote and wrote.tokens_per_second is not None:
        words.append(f"<b>{wrote.tokens_per_second:.1f}</b> tok/s")
    if wrote and wrote.others is not None:
        words.append(busy_words(wrote.others))
    if others := len(pool.residents()) - 1:
        words.append(f"{others} more loaded")
    if (plan := pool.plan(choice)) and plan.tight:
        words.append(f"memory was tight: {plan.left_bytes / 1e9:.1f} GB to spare (estimated)")
    return " · ".join(words)


def _forecast(plan: LoadPlan | None) -> list[str]:
    """Return what a load is going to take, once that is known."""
    if plan is None:
        return []
    words = [
        f"needs about {plan.needed_bytes / 1e9:.1f} GB (estimated), "
        f"{plan.available_bytes / 1e9:.1f} GB are free"
    ]
    if plan.tight:
        words.append(f"memory will be tight: {plan.left_bytes / 1e9:.1f} GB to spare (estimated)")
    return words


def _bar(activity: Activity) -> str:
    if activity.done_bytes is None or not activity.total_bytes:
        return ""
    share = min(1.0, activity.done_bytes / activity.total_bytes)
    return (
        f'<progress max="1" value="{share:.3f}" aria-label="{escape(activity.stage)}"></progress>'
    )


def _frame(state: str, inner: str) -> str:
    return (
        f'<div class="badge {state}" role="status"><span class="dot" aria-hidden="true"></span>'
        f"<span>{inner}</span></div>"
    )
