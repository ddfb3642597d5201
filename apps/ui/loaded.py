"""What was really loaded, and what each precision would take."""

from __future__ import annotations

from html import escape

from apps.ui.badge import describe_loaded, describe_origin
from playground.models.acquire.store import InstalledModel
from playground.models.engines.engine import Engine
from playground.models.engines.precision import Precision, estimate_bytes, read_shape
from playground.sizes import spell_size


def render_got(engine: Engine | None) -> str:
    """Return what was really loaded and where the weights came from, folded: one line high.

    Parameters
    ----------
    engine : Engine or None
        None while nothing is loaded; the line stands there all the same, so that nothing moves.
    """
    if engine is None:
        return _folded('<span class="hint">Nothing is loaded yet.</span>')
    origin = describe_origin(engine.model)
    notes = [each for each in (engine.report.engine_reason, origin) if each]
    warning = "".join(f'<p class="origin">{escape(each)}</p>' for each in notes)
    return _folded(f"<p>{escape(describe_loaded(engine.report))}</p>{warning}")


def _folded(inner: str) -> str:
    return f"<details><summary>What really loaded</summary>{inner}</details>"


def precision_choices(model: InstalledModel | None = None) -> list[tuple[str, str]]:
    """Return (label, value) of every precision, with its estimated size where a model is here."""
    if model is None:
        return [(precision.label, precision.value) for precision in Precision]
    shape = read_shape(model.path)
    return [
        (f"{p.label} · est. {spell_size(estimate_bytes(shape, p))}", p.value) for p in Precision
    ]
