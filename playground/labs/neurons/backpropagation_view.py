"""A weight of each layer with every factor of its derivative, and a check of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.backpropagation import (
    Backpropagation,
    BackpropagationSettings,
    Check,
    run_backpropagation,
)
from playground.labs.neurons.chain_rule import output_parts, paths, second_parts
from playground.labs.neurons.network_picture import draw_network
from playground.labs.neurons.numbers import MINUS, SIGMA, TIMES, show, show_full

_PRIME = "\N{PRIME}"


def draw(known: Backpropagation) -> Markup:
    """Return the network at its digit, the arithmetic of a weight of each layer, and the checks."""
    parts = (_output_part, _second_part, _first_part)
    return draw_network(known) + join(part(known) for part in parts) + _checks(known)


def _output_part(known: Backpropagation) -> Markup:
    way, settings, weight = known.way, known.settings, known.weights[0]
    k, j = weight.place
    said, wanted = float(way.a[3][k]), int(k == known.label)
    slope = (
        float(way.slope[3][k]),
        _slope_name("sigmoid", 3),
        f"how far the sum moves the output: the slope at z = {show(float(way.z[3][k]))}",
    )
    pull = (
        float(way.pull[k]),
        f"2 (a {MINUS} y)",
        f"how far the output moves the cost: a = {show(said)}, y = {wanted}",
    )
    source = (
        float(way.a[2][j]),
        _symbol("a", 2),
        f"what comes in: the activation of neuron {j + 1} of layer 2",
    )
    bias = known.biases[0]
    return _part(
        f"A weight of the last layer: from neuron {settings.second} to output {k}",
        _product((source, slope, pull), f"dC/dw, for w = {show(weight.value)}", weight.chain),
        _meaning(weight),
        tag(
            "p",
            f"Into the bias of output {k} comes 1 instead of an activation: ",
            tag("b", f"dC/db = {show(slope[0])} {TIMES} {show(pull[0])} = {show(bias.chain)}"),
            ".",
        ),
    )


def _second_part(known: Backpropagation) -> Markup:
    way, weight = known.way, known.weights[1]
    j, i = weight.place
    parts = output_parts(way, j)
    rows: list[list[object]] = [
        [
            f"output {k}",
            show(float(way.pull[k])),
            show(float(way.slope[3][k])),
            show(float(way.weight[3][k, j])),
            show(float(part)),
        ]
        for k, part in enumerate(parts)
    ]
    total = float(parts.sum())
    heads = ("path by", f"2 (a {MINUS} y)", _slope_name("sigmoid", 3), _symbol("w", 3), "product")
    return _part(
        f"One layer back: from neuron {i + 1} of layer 1 to neuron {j + 1} of layer 2",
        tag(
            "p",
            f"Neuron {j + 1} reaches the cost through all ten outputs. Each path is a product, and "
            "what the paths carry adds up:",
        ),
        table(heads, [*rows, _sum_row(total, "dC/da", 2, 3)], class_="neurons"),
        _inner(known, weight, 2, total, f"neuron {i + 1} of layer 1"),
    )


def _first_part(known: Backpropagation) -> Markup:
    way, weight = known.way, known.weights[2]
    i, _ = weight.place
    parts, through = second_parts(way, i), [float(output_parts(way, j).sum()) for j in range(16)]
    rows: list[list[object]] = [
        [
            f"neuron {j + 1}",
            show(through[j]),
            show(float(way.slope[2][j])),
            show(float(way.weight[2][j, i])),
            show(float(part)),
        ]
        for j, part in enumerate(parts)
    ]
    total = float(parts.sum())
    slope = _slope_name(known.settings.bend, 2)
    heads = ("paths by", "dC/da, ten paths", slope, _symbol("w", 2), "product")
    where = f"the pixel in row {known.settings.row}, column {known.settings.column}"
    return _part(
        f"Two layers back: from {where} to neuron {i + 1} of layer 1",
        tag("p", _all_paths(known, i)),
        table(heads, [*rows, _sum_row(total, "dC/da", 1, 3)], class_="neurons"),
        _inner(known, weight, 1, total, where),
        _blank(known),
    )


def _all_paths(known: Backpropagation, first: int) -> str:
    products = paths(known.way, first)
    k, j = divmod(int(abs(products).argmax()), products.shape[1])
    return (
        f"Neuron {first + 1} reaches the cost through 16 neurons, and from each through ten "
        f"outputs: {products.size} paths. Those by one neuron share their end, which was added up "
        f"above; so a row is ten paths. The strongest of all goes by neuron {j + 1} and output "
        f"{k} and carries {show(float(products[k, j]))}."
    )


def _blank(known: Backpropagation) -> Markup | None:
    if known.way.a[0][known.settings.pixel]:
        return None
    return tag(
        "p",
        "This pixel is blank, so its weight learns nothing from this digit: a product with a "
        "factor of 0 is 0. Click where there is ink.",
    )


def _inner(known: Backpropagation, weight: Check, layer: int, total: float, source: str) -> Markup:
    """Return the factors of a hidden neuron's weight, and its bias."""
    neuron, before = weight.place
    way, bias = known.way, known.biases[3 - layer]
    slope = float(way.slope[layer][neuron])
    z = show(float(way.z[layer][neuron]))
    factors = (
        (float(way.a[layer - 1][before]), _symbol("a", layer - 1), f"what comes in, from {source}"),
        (
            slope,
            _slope_name(known.settings.bend, layer),
            f"how far the sum moves neuron {neuron + 1}: the slope at z = {z}",
        ),
        (total, "dC/da", f"how far neuron {neuron + 1} moves the cost: the sum above"),
    )
    return join(
        (
            _product(factors, f"dC/dw, for w = {show(weight.value)}", weight.chain),
            tag(
                "p",
                "Its bias: ",
                tag("b", f"dC/db = {show(slope)} {TIMES} {show(total)} = {show(bias.chain)}"),
                ".",
            ),
        )
    )


def _sum_row(total: float, name: str, layer: int, blanks: int) -> list[object]:
    words = tag("b", "sum: ", name, tag("sup", f"({layer})"))
    return [words, *[""] * blanks, tag("b", show(total))]


def _product(factors: Iterable[tuple[float, object, str]], name: str, value: float) -> Markup:
    """Return factors with their values and what they are, and what comes of them."""
    boxes: Iterator[Markup] = (
        tag("div", tag("b", show(each)), tag("span", symbol), tag("small", words), class_="factor")
        for each, symbol, words in factors
    )
    times = tag("span", TIMES, class_="sign")
    result = tag("div", tag("b", show(value)), tag("span", name), class_="factor result")
    equals = tag("span", "=", class_="sign")
    return tag("div", join(boxes, times), equals, result, class_="product")


def _meaning(weight: Check) -> Markup:
    if abs(weight.chain) < 1e-12:
        words = "No slope: this digit says nothing about this weight."
    elif weight.chain < 0:
        words = "Negative: a larger weight would lower the cost, so descent raises it."
    else:
        words = "Positive: a larger weight would raise the cost, so descent lowers it."
    return tag("p", words)


def _symbol(letter: str, layer: int) -> Markup:
    return tag("span", letter, tag("sup", f"({layer})"))


def _slope_name(bend: str, layer: int) -> Markup:
    letter = SIGMA if bend == "sigmoid" else "ReLU"
    return tag("span", f"{letter}{_PRIME}(z", tag("sup", f"({layer})"), ")")


def _checks(known: Backpropagation) -> Markup:
    heads = ("of the cost, by", "chain rule", "finite difference", "apart")
    pairs = zip(known.weights, known.biases, strict=True)
    rows: list[list[object]] = []
    for weight, bias in pairs:
        rows += [_check_row("weight", weight), _check_row("bias", bias)]
    return _part(
        "Held against a finite difference",
        table(heads, rows, class_="neurons checks"),
        tag(
            "p",
            f"The cost was computed with the weight a little larger and a little smaller: "
            f"(C(w + h) {MINUS} C(w {MINUS} h)) / 2h with h = 0.00001, in float64. It knows "
            "nothing of the chain rule, and costs two passes through the network for each of the "
            "13,002 weights and biases; backpropagation finds all of them in one pass back.",
            class_="hint",
        ),
    )


def _check_row(kind: str, check: Check) -> list[object]:
    apart = show(check.apart, 1) if check.apart else "0"
    name = f"the {kind} of layer {check.layer}"
    return [name, show_full(check.chain), show_full(check.difference), apart]


def _part(title: str, *parts: Markup | None) -> Markup:
    return tag("section", tag("h3", title), *parts, class_="card part")


BACKPROPAGATION = Experiment(
    path="neurons/backpropagation",
    title="Backpropagation",
    idea=(
        "How should one weight of 13,002 change? Multiply what each step on its way to the cost "
        "does, and add up the ways. Here are the numbers, at one digit, each checked."
    ),
    settings=BackpropagationSettings,
    function=run_backpropagation,
    view=draw,
    needs=Needs.NOTHING,
    action="",
    empty="The factors will stand here.",
    small={"example": 3, "epochs": 0, "row": 1},
)
