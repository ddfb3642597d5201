"""The microscope: histogram, level ticks, error map, outlier, and the matrices to choose from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from playground.drawing.markup import join, tag
from playground.experiments.code import as_link
from playground.experiments.experiment import Experiment, Needs
from playground.labs.precision.microscope import (
    Look,
    MicroscopeSettings,
    Scheme,
    Seen,
    run_microscope,
)
from playground.labs.precision.trial import TrialSettings
from playground.labs.precision.trial_view import TRIAL

_WIDTH, _HEIGHT = 800, 170
_CELL = 14
_LAYER = re.compile(r"\.(\d+)\.")


def draw(seen: Seen) -> Markup:
    """Return everything that is to be seen of one matrix under one scheme."""
    rows, columns = seen.shapes[seen.matrix]
    size = (
        f"{rows:,} x {columns:,}, {seen.look.bits_per_weight:.2f} bits a weight with scales "
        "(computed)"
    )
    return join(
        (
            _matrices(seen),
            _card(seen.matrix, size, _histogram(seen.look), _measures(seen.look)),
            _card("Rounding error", "", _map(seen.look)),
            _card("The outlier", "", _outlier(seen.settings.scheme, seen.look)),
            _to_trial(seen),
        )
    )


def _card(title: str, beside: str, *parts: Markup) -> Markup:
    head = tag("h2", title, " ", tag("span", beside, class_="muted") if beside else None)
    return tag("div", head, *parts, class_="card scope")


def _to_trial(seen: Seen) -> Markup:
    """Return the way to the trial of the same scheme."""
    given = {**seen.settings.model_dump(), "matrix": seen.matrix}
    address = as_link(TRIAL, TrialSettings(**given))
    return tag(
        "p",
        tag("a", "Put it into a copy of the model", href=address),
        " and read what that one says.",
        class_="hint on-page",
    )


def _matrices(seen: Seen) -> Markup:
    """Return all matrices of the model, a row a kind and a button a layer."""
    kinds: dict[str, list[str]] = {}
    for name in seen.shapes:
        kinds.setdefault(_LAYER.sub(".*.", name, count=1), []).append(name)
    rows = (_kind(kind, names, seen.matrix) for kind, names in sorted(kinds.items()))
    return tag(
        "details",
        tag("summary", f"Another of the {len(seen.shapes):,} matrices"),
        tag("div", *rows, class_="matrices"),
        class_="on-page",
    )


def _kind(kind: str, names: Iterable[str], chosen: str) -> Markup:
    ordered = sorted(names, key=_layer)
    buttons = (
        tag(
            "button",
            str(_layer(name)) if "*" in kind else "this one",
            type="button",
            data_set=json.dumps({"matrix": name}),
            aria_label=name,
            aria_pressed="true" if name == chosen else "false",
        )
        for name in ordered
    )
    return tag("p", tag("span", kind, class_="kind"), *buttons)


def _layer(name: str) -> int:
    found = _LAYER.search(name)
    return int(found[1]) if found else 0


def _histogram(look: Look) -> Markup:
    # A square root keeps the thin tails in sight.
    top = np.sqrt(max(look.before.max(), look.after.max()))
    width = _WIDTH / len(look.before)
    bars = (
        _bar(place * width, width, np.sqrt(count) / top, kind)
        for kind, counts in (("after", look.after), ("before", look.before))
        for place, count in enumerate(counts)
        if count
    )
    picture = tag(
        "svg",
        *bars,
        *_ticks(look),
        class_="histogram",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT + 12}",
        role="img",
        aria_label="Weights before and after quantization",
    )
    return picture + _legend(look)


def _ticks(look: Look) -> Iterable[Markup]:
    reach = look.edges[-1]
    for x in (look.levels + reach) / (2 * reach) * _WIDTH:
        place = f"{x:.1f}"
        yield tag("line", class_="tick", x1=place, x2=place, y1=_HEIGHT, y2=_HEIGHT + 10)


def _legend(look: Look) -> Markup:
    reach = look.edges[-1]
    levels = (
        f"{len(look.levels):,} values are left: the ticks below the axis."
        if len(look.levels)
        else "Every scale has levels of its own: too many values for ticks."
    )
    ends = (tag("span", words) for words in (f"{-reach:.3f}", "0", f"{reach:.3f}"))
    keys = (
        tag("i", class_="key-before"),
        " before ",
        tag("i", class_="key-after"),
        f" after; heights are square roots of counts. {levels}",
    )
    return tag("p", *ends, class_="hint ends") + tag("p", *keys, class_="hint")


def _bar(x: float, width: float, share: float, kind: str) -> Markup:
    height = share * _HEIGHT
    return tag(
        "rect",
        class_=kind,
        x=f"{x:.1f}",
        y=f"{_HEIGHT - height:.1f}",
        width=f"{width - 1:.1f}",
        height=f"{height:.1f}",
    )


def _measures(look: Look) -> Markup:
    error = look.error
    rows = (
        ("largest error", f"{error.max_abs:.2e}"),
        ("mean squared error", f"{error.mean_square:.2e}"),
        ("signal to noise", f"{error.snr_db:.1f} dB, about {error.snr_db / 6.02:.1f} bits"),
        ("standard deviation of the weights", f"{look.deviation:.4f}"),
    )
    cells = (tag("tr", tag("th", name), tag("td", value)) for name, value in rows)
    return tag("table", *cells, class_="scope-table")


def _map(look: Look) -> Markup:
    rows, columns = look.error_map.shape
    low, high = look.error_map.min(), look.error_map.max()
    shares = 0.1 + 0.9 * (look.error_map - low) / ((high - low) or 1.0)
    cells = (
        tag(
            "rect",
            x=column * _CELL,
            y=row * _CELL,
            width=_CELL,
            height=_CELL,
            fill_opacity=f"{shares[row, column]:.2f}",
        )
        for row in range(rows)
        for column in range(columns)
    )
    picture = tag(
        "svg",
        *cells,
        class_="error-map",
        preserveAspectRatio="none",
        shape_rendering="crispEdges",
        viewBox=f"0 0 {columns * _CELL} {rows * _CELL}",
        role="img",
        aria_label="Rounding error over the matrix",
    )
    words = (
        "Each patch is the mean error of its part of the matrix, outputs downward, inputs to the "
        f"right; faint to strong from {low:.1e} to {high:.1e}."
    )
    return picture + tag("p", words, class_="hint")


def _outlier(scheme: Scheme, look: Look) -> Markup:
    times = abs(look.largest) / look.deviation if look.deviation else 0.0
    share = look.step / look.step_without if look.step_without else 1.0
    return tag(
        "p",
        "The largest weight is ",
        tag("b", f"{look.largest:.4f}"),
        f", in row {look.place[0]:,}, column {look.place[1]:,}: {times:.0f} standard deviations. "
        "With one scale for the whole matrix (absmax) it alone sets the step: at "
        f"{scheme.bits} bits ",
        tag("b", f"{look.step:.5f}"),
        f", and {look.step_without:.5f} without it, {share:.2f} times as coarse for all other "
        "weights. A scale for each row or block keeps its harm to its own row or block.",
    )


MICROSCOPE = Experiment(
    path="precision/microscope",
    title="Microscope",
    idea=(
        "Quantizing replaces each weight by the nearest of a few levels. Take any matrix of the "
        "model, choose how the levels are laid, and look at what is lost."
    ),
    settings=MicroscopeSettings,
    function=run_microscope,
    view=draw,
    needs=Needs.FOLDER,
    action="",
    empty="The matrix comes here.",
    small={"method": "absmax", "bits": 3},
)
