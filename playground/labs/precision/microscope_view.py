"""The microscope as HTML: histogram, level ticks, error map, outlier, and what the model became."""

from __future__ import annotations

from html import escape

import numpy as np

from playground.labs.precision.microscope import Live, Look, Scheme

_WIDTH, _HEIGHT = 800, 170
_CELL = 14


def render_look(name: str, shape: tuple[int, int], scheme: Scheme, look: Look) -> str:
    """Return everything that is to be seen of one matrix under one scheme."""
    return (
        f'<div class="card"><h2>{escape(name)} <span class="muted">{shape[0]:,} x {shape[1]:,}, '
        f"{look.bits_per_weight:.2f} bits a weight with scales (computed)</span></h2>"
        f"{_histogram(look)}{_measures(look)}</div>"
        f'<div class="card"><h2>Rounding error</h2>{_map(look)}</div>'
        f'<div class="card"><h2>The outlier</h2>{_outlier(scheme, look)}</div>'
    )


def _histogram(look: Look) -> str:
    # A square root keeps the thin tails in sight.
    top = np.sqrt(max(look.before.max(), look.after.max()))
    width = _WIDTH / len(look.before)
    bars = "".join(
        _bar(place * width, width, np.sqrt(count) / top, kind)
        for kind, counts in (("after", look.after), ("before", look.before))
        for place, count in enumerate(counts)
        if count
    )
    reach = look.edges[-1]
    ticks = "".join(
        f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{_HEIGHT}" y2="{_HEIGHT + 10}"/>'
        for x in (look.levels + reach) / (2 * reach) * _WIDTH
    )
    levels = (
        f"{len(look.levels):,} values are left: the ticks below the axis."
        if len(look.levels)
        else "Every scale has levels of its own: too many values for ticks."
    )
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT + 12}" role="img" aria-label='
        f'"Weights before and after quantization">{bars}{ticks}</svg>'
        f'<p class="hint ends"><span>{-reach:.3f}</span><span>0</span><span>{reach:.3f}</span></p>'
        '<p class="hint"><i class="key-before"></i> before <i class="key-after"></i> after; '
        f"heights are square roots of counts. {levels}</p>"
    )


def _bar(x: float, width: float, share: float, kind: str) -> str:
    height = share * _HEIGHT
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{_HEIGHT - height:.1f}" width="{width - 1:.1f}" '
        f'height="{height:.1f}"/>'
    )


def _measures(look: Look) -> str:
    error = look.error
    rows = (
        ("largest error", f"{error.max_abs:.2e}"),
        ("mean squared error", f"{error.mean_square:.2e}"),
        ("signal to noise", f"{error.snr_db:.1f} dB, about {error.snr_db / 6.02:.1f} bits"),
        ("standard deviation of the weights", f"{look.deviation:.4f}"),
    )
    cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f'<table class="scope-table">{cells}</table>'


def _map(look: Look) -> str:
    rows, columns = look.error_map.shape
    low, high = look.error_map.min(), look.error_map.max()
    shares = 0.1 + 0.9 * (look.error_map - low) / ((high - low) or 1.0)
    cells = "".join(
        f'<rect x="{column * _CELL}" y="{row * _CELL}" width="{_CELL}" height="{_CELL}" '
        f'fill-opacity="{shares[row, column]:.2f}"/>'
        for row in range(rows)
        for column in range(columns)
    )
    return (
        f'<svg class="error-map" preserveAspectRatio="none" shape-rendering="crispEdges" '
        f'viewBox="0 0 {columns * _CELL} {rows * _CELL}" role="img" '
        f'aria-label="Rounding error over the matrix">{cells}</svg>'
        '<p class="hint">Each patch is the mean error of its part of the matrix, outputs '
        f"downward, inputs to the right; faint to strong from {low:.1e} to {high:.1e}.</p>"
    )


def _outlier(scheme: Scheme, look: Look) -> str:
    times = abs(look.largest) / look.deviation if look.deviation else 0.0
    share = look.step / look.step_without if look.step_without else 1.0
    return (
        f"<p>The largest weight is <b>{look.largest:.4f}</b>, in row {look.place[0]:,}, column "
        f"{look.place[1]:,}: {times:.0f} standard deviations. With one scale for the whole matrix "
        f"(absmax) it alone sets the step: at {scheme.bits} bits <b>{look.step:.5f}</b>, and "
        f"{look.step_without:.5f} without it, {share:.2f} times as coarse for all other weights. A "
        "scale for each row or block keeps its harm to its own row or block.</p>"
    )


def render_live(scheme: Scheme, live: Live) -> str:
    """Return what a scheme did to a copy of the whole model."""
    quality = live.quality
    rows = (
        ("perplexity, FP32", f"{live.full_perplexity:.2f}"),
        ("perplexity now", f"{quality.perplexity:,.2f}"),
        ("KL to FP32", f"{quality.kl_to_reference_nats:.5f} nats"),
        ("same likeliest token", f"{100 * quality.top1_agreement:.1f} %"),
    )
    cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    what = scheme.method if scheme.method == "nf4" else f"{scheme.method}, {scheme.bits} bits"
    return (
        f'<div class="card"><h2>In the model <span class="muted">{what}, {live.matrices:,} '
        f"{'matrix' if live.matrices == 1 else 'matrices'} changed</span></h2>"
        f'<table class="scope-table">{cells}</table><p class="hint">Measured over '
        f"{quality.tokens:,} tokens of the shipped text, in a copy; the chat's model stays as it "
        f'is.</p><div class="texts">{_text("FP32", live.full_text)}'
        f"{_text('changed', live.text)}</div></div>"
    )


def _text(name: str, text: str) -> str:
    return (
        f'<section class="strip-column"><h3>{name}</h3><p class="written">{escape(text.strip())}'
        "</p></section>"
    )
