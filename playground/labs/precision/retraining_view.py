"""PTQ against QAT: accuracy curves, and a table of what retraining buys and costs."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.precision.retraining import Curve, Retraining, RetrainingSettings, retrain

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 64, 12, 30
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Told apart without colour too.
_DASHES = {None: None, 8: None, 4: "6 3", 3: "2 3", 2: None}
_HEADS = (
    "weights",
    "rounded as it is (PTQ)",
    "trained on in floats, then rounded",
    "trained quantized (QAT)",
    "QAT over PTQ",
    "training on, s",
)


def draw(known: Retraining) -> Markup:
    """Return the curves and the table, as far as the training has come."""
    return tag("div", _chart(known), _table(known), _words(known), class_="card")


def _chart(known: Retraining) -> Markup:
    epochs = 2 * known.settings.epochs
    start = known.full.accuracies[-1:]
    curves = [_line(known.full, 1, epochs, ()), _line(known.longer, 0, epochs, start)]
    for curve in known.aware:
        # Each curve starts where rounding alone had left the network.
        rounded = (known.rounded[curve.bits],) if curve.bits else ()
        curves.append(_line(curve, 0, epochs, rounded))
    return tag(
        "svg",
        *(_grid(tick) for tick in _TICKS),
        _halves(epochs),
        *curves,
        class_="retraining",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"Held-out accuracy by epoch: {len(curves)} curves",
    )


def _grid(tick: float) -> Markup:
    at = f"{_y(tick):.1f}"
    line = tag("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=at, y2=at)
    return line + _text(f"{100 * tick:.0f} %", _LEFT - 8, _y(tick) + 4, "end")


def _halves(epochs: int) -> Markup:
    """Return the border between the two trainings, and what each is called."""
    half = _x(epochs / 2, epochs)
    border = tag("line", class_="grid", x1=half, x2=half, y1=_TOP, y2=_y(0))
    names = ((epochs / 4, "trained in floats"), (epochs * 3 / 4, "trained on"))
    return border + join(
        _text(words, _x(epoch, epochs), _HEIGHT - 8, "middle") for epoch, words in names
    )


def _text(words: str, x: float, y: float, anchor: str) -> Markup:
    return tag("text", words, class_="axis", x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _line(curve: Curve, first: int, epochs: int, before: Sequence[float]) -> Markup | None:
    if not curve.accuracies:
        return None
    shift = first if curve.name == "float" else epochs // 2
    places = [
        (_x(shift + place, epochs), _y(value))
        for place, value in enumerate((*before, *curve.accuracies))
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    line = tag("polyline", class_=_kind(curve.bits), **_dash(curve.bits), points=points)
    # The names of all but the lowest curve would lie on top of each other.
    if curve.bits != 2:
        return line
    (x, y), at = places[-1], _kind(2)
    return line + tag("text", "2 bits", class_=at, x=f"{x + 6:.1f}", y=f"{y + 4:.1f}")


def _kind(bits: int | None) -> str:
    return f"bits-{bits}" if bits else "bits-float"


def _dash(bits: int | None) -> dict[str, object]:
    return {"stroke_dasharray": _DASHES[bits]}


def _table(known: Retraining) -> Markup:
    longer = known.longer.seconds
    rows: list[list[object]] = [
        [_name("float", None), _share(known.full), _share(known.longer), "", "", _took(longer)]
    ]
    aware = {curve.bits: curve for curve in known.aware}
    rows += [_row(bits, known, aware.get(bits)) for bits in known.settings.widths]
    return table(_HEADS, rows, class_="retraining")


def _row(bits: int, known: Retraining, curve: Curve | None) -> list[object]:
    gain = ""
    if curve and curve.accuracies:
        gain = f"{100 * (curve.accuracies[-1] - known.rounded[bits]):+.1f} points"
    return [
        _name(f"{bits} bits", bits),
        _percent(known.rounded.get(bits)),
        _percent(known.longer_rounded.get(bits)),
        _share(curve) if curve else "",
        gain.replace("-", "\N{MINUS SIGN}"),
        _took(curve.seconds if curve else 0.0),
    ]


def _name(words: str, bits: int | None) -> Markup:
    line = tag("polyline", class_=_kind(bits), **_dash(bits), points="0,4 24,4")
    return tag("svg", line, class_="key", viewBox="0 0 24 8", aria_hidden="true") + words


def _words(known: Retraining) -> Markup:
    return tag(
        "p",
        "Accuracy on 1,000 digits that none of them has seen. Rounding is absmax with a scale for "
        "each neuron; biases stay floats. QAT computes with rounded weights and steps the "
        "unrounded ones (straight-through), starting from the same float network and on the same "
        "examples as the training in floats beside it. The float training took "
        f"{known.full.seconds:.2f} s; all seconds are measured.",
        class_="hint",
    )


def _took(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds else ""


def _share(curve: Curve) -> str:
    return _percent(curve.accuracies[-1] if curve.accuracies else None)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _x(epoch: float, epochs: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * epoch / epochs


def _y(accuracy: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - accuracy)


RETRAINING = Experiment(
    path="precision/retraining",
    title="Retraining",
    idea=(
        "The 784-16-16-10 digits network, rounded after training (PTQ), and trained while it is "
        "rounded (QAT). Few bits break the first; watch what the second wins back, and what that "
        "costs in time."
    ),
    settings=RetrainingSettings,
    function=retrain,
    view=draw,
    needs=Needs.NOTHING,
    action="Train",
    empty="The curves come here, epoch by epoch.",
    small={"bits": (8, 2), "epochs": 2},
)
