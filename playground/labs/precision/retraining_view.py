"""PTQ against QAT as HTML: accuracy curves, and a table of what retraining buys and costs."""

from __future__ import annotations

from collections.abc import Sequence

from playground.labs.precision.retraining import Curve, Retraining

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 64, 12, 30
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Told apart without colour too.
_DASHES = {None: "", 8: "", 7: "1 3", 6: "8 2 2 2", 5: "10 4", 4: "6 3", 3: "2 3", 2: ""}


def render_retraining(known: Retraining) -> str:
    """Return the curves and the table, as far as the training has come."""
    return f'<div class="card">{_chart(known)}{_table(known)}{_words(known)}</div>'


def _chart(known: Retraining) -> str:
    epochs = 2 * known.plan.epochs
    lines = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_y(tick):.1f}" '
        f'y2="{_y(tick):.1f}"/><text class="axis" x="{_LEFT - 8}" y="{_y(tick) + 4:.1f}" '
        f'text-anchor="end">{tick:.0%}</text>'
        for tick in _TICKS
    )
    axis = "".join(
        f'<text class="axis" x="{_x(epoch, epochs):.1f}" y="{_HEIGHT - 8}" '
        f'text-anchor="middle">{words}</text>'
        for epoch, words in (
            (known.plan.epochs / 2, "trained in floats"),
            (known.plan.epochs * 1.5, "trained on"),
        )
    )
    half = _x(known.plan.epochs, epochs)
    parting = f'<line class="grid" x1="{half}" x2="{half}" y1="{_TOP}" y2="{_y(0)}"/>'
    start = known.full.accuracies[-1:]
    curves = [_line(known.full, 1, epochs, ()), _line(known.longer, 0, epochs, start)]
    for curve in known.aware:
        # Each curve starts where rounding alone had left the network.
        rounded = (known.rounded[curve.bits],) if curve.bits else ()
        curves.append(_line(curve, 0, epochs, rounded))
    said = f"Held-out accuracy by epoch: {len(curves)} curves"
    return (
        f'<svg class="retraining" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f"{lines}{parting}{axis}{''.join(curves)}</svg>"
    )


def _line(curve: Curve, first: int, epochs: int, before: Sequence[float]) -> str:
    shift = first if curve.name == "float" else epochs // 2
    values = (*before, *curve.accuracies)
    if not values or not curve.accuracies:
        return ""
    points = " ".join(
        f"{_x(shift + place, epochs):.1f},{_y(value):.1f}" for place, value in enumerate(values)
    )
    kind = f"bits-{curve.bits}" if curve.bits else "bits-float"
    x, y = points.split(" ")[-1].split(",")
    # The names of all but the lowest curve would lie on top of each other.
    name = (
        f'<text class="{kind}" x="{float(x) + 6:.1f}" y="{float(y) + 4:.1f}">2 bits</text>'
        if curve.bits == 2
        else ""
    )
    dash = _DASHES[curve.bits]
    style = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline class="{kind}"{style} points="{points}"/>{name}'


def _table(known: Retraining) -> str:
    heads = ("", "rounded as it is (PTQ)", "trained on in floats, then rounded",
             "trained quantized (QAT)", "QAT over PTQ", "training on, s")  # fmt: skip
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    aware = {curve.bits: curve for curve in known.aware}
    rows = [_row("float", _share(known.full), _share(known.longer), "", "", known.longer.seconds)]
    for bits in known.plan.bits:
        curve = aware.get(bits)
        gain = ""
        if curve and curve.accuracies:
            gain = f"{100 * (curve.accuracies[-1] - known.rounded[bits]):+.1f} points"
        rows.append(
            _row(
                f"{bits} bits",
                _percent(known.rounded.get(bits)),
                _percent(known.longer_rounded.get(bits)),
                _share(curve) if curve else "",
                gain.replace("-", "−"),  # noqa: RUF001  a minus sign, as wide as the plus
                curve.seconds if curve else 0.0,
                _key(bits),
            )
        )
    return (
        f'<div class="scroll"><table class="retraining"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(
    name: str, ptq: str, longer: str, qat: str, gain: str, seconds: float, key: str = ""
) -> str:
    key = key or _key(None)
    cells = (ptq, longer, qat, gain, f"{seconds:.2f}" if seconds else "")
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{key}{name}</th>{body}</tr>'


def _key(bits: int | None) -> str:
    kind = f"bits-{bits}" if bits else "bits-float"
    dash = f' stroke-dasharray="{_DASHES[bits]}"' if _DASHES[bits] else ""
    return (
        f'<svg class="key" viewBox="0 0 24 8" aria-hidden="true"><polyline class="{kind}"{dash} '
        'points="0,4 24,4"/></svg>'
    )


def _words(known: Retraining) -> str:
    full = known.full.seconds
    return (
        '<p class="hint">Accuracy on 1,000 digits that none of them has seen. Rounding is absmax '
        "with a scale for each neuron; biases stay floats. QAT computes with rounded weights and "
        "steps the unrounded ones (straight-through), starting from the same float network and on "
        "the same examples as the training in floats beside it. "
        f"The float training took {full:.2f} s; all seconds are measured.</p>"
    )


def _share(curve: Curve) -> str:
    return _percent(curve.accuracies[-1] if curve.accuracies else None)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _x(epoch: float, epochs: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * epoch / epochs


def _y(accuracy: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - accuracy)
