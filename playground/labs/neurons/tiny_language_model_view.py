"""The tiny language models: their curves against the entropies, a table, and what they write."""

from __future__ import annotations

import math
from collections.abc import Iterator

from markupsafe import Markup

from playground.drawing.marks import legible
from playground.drawing.markup import table, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.character_text import MOST_KINDS, RARE
from playground.labs.neurons.character_training import Checkpoint, Course
from playground.labs.neurons.loss_chart import Curve, Frame, key, loss_chart
from playground.labs.neurons.tiny_language_model import (
    COUNTED,
    TextFacts,
    TinyLanguageModel,
    TinyLanguageModelSettings,
    run_tiny_language_model,
)

_TITLES = {
    COUNTED: "Pairs, counted",
    "bigram": "Bigram, trained",
    "mlp": "MLP",
    "block": "Transformer block",
}
_HEADS = (
    "model",
    "sees, characters",
    "weights",
    "loss where it learned, nats",
    "loss held out, nats",
    "as unsure as among",
    "took, s",
)


def draw(known: TinyLanguageModel) -> Markup:
    """Return curves, table and samples, as far as the trainings have come."""
    return _curves(known) + _table(known) + _samples(known)


def _curves(known: TinyLanguageModel) -> Markup:
    text = known.text
    trained = [each for each in known.courses if each.name != COUNTED]
    charts = (_figure(each, known) for each in trained)
    return tag(
        "div",
        tag("h2", "Loss of a character ", tag("span", "nats", class_="muted")),
        tag("p", _words(text), class_="hint"),
        tag("div", *charts, class_="loss-figures") if trained else None,
        tag(
            "p",
            key("learned", "where it learns"),
            key("held-out", "held out"),
            key("letters", f"entropy of letters, {text.letter_nats:.2f}"),
            key("pairs", f"entropy of pairs, {text.pair_nats:.2f}"),
            class_="hint keys-line",
        ),
        class_="card tiny-model",
    )


def _words(text: TextFacts) -> str:
    rare = (
        f" All but the {MOST_KINDS} commonest are read as one, {RARE}." if text.rare_are_one else ""
    )
    return (
        f"The text has {text.kinds} different characters.{rare} A guess among them costs log "
        f"{text.kinds} = {text.guess_nats:.2f} nats a character. Who knows how common each is pays "
        f"{text.letter_nats:.2f}, the entropy of letters; who sees the character before as well, "
        f"{text.pair_nats:.2f}, the entropy of pairs. Where it was counted no model that sees one "
        f"character gets below that. Learned from are {text.learned:,} characters; the last "
        f"{text.held_out:,} are held out, and no model learns from them."
    )


def _figure(course: Course, known: TinyLanguageModel) -> Markup:
    text = known.text
    learned = [(each.step, each.loss) for each in course.points]
    held_out = [(each.step, each.held_out) for each in course.checkpoints]
    low = 0.0 if min(loss for _, loss in learned + held_out) < 1 else 1.0
    # A text of few characters is cheap to guess, and yet the chart has a height.
    frame = Frame(known.settings.steps, min(low, text.pair_nats), max(text.guess_nats, 1.0) + 0.1)
    title, last = _TITLES[course.name], held_out[-1][1]
    said = f"{title}: loss against steps, {last:.2f} nats held out after {course.step:,} steps"
    levels = [Curve("letters", [(0, text.letter_nats)]), Curve("pairs", [(0, text.pair_nats)])]
    return tag(
        "figure",
        tag("figcaption", tag("b", title), tag("span", f"{last:.2f} held out", class_="muted")),
        loss_chart(frame, levels, [Curve("learned", learned), Curve("held-out", held_out)], said),
        tag("p", f"It {course.diverged}", class_="diverged") if course.diverged else None,
    )


def _table(known: TinyLanguageModel) -> Markup:
    ended = [each.checkpoints[-1].held_out for each in known.courses if not each.diverged]
    best = min(ended, default=0.0)
    rows = [_row(each, best) for each in known.courses]
    return (
        tag("div", table(_HEADS, rows, stacks=True, class_="tiny-models"), class_="card")
        if rows
        else Markup()
    )


def _row(course: Course, best: float) -> list[object]:
    held_out = course.checkpoints[-1].held_out
    learned = f"{course.points[-1].loss:.3f}" if course.points else ""
    figure = f"{held_out:.3f}"
    return [
        _TITLES[course.name],
        f"{course.reach}",
        f"{course.weights:,}",
        learned,
        tag("b", figure, class_="best") if held_out == best else figure,
        f"{math.exp(held_out):,.1f}",
        "diverged" if course.diverged else f"{course.seconds:.1f}",
    ]


def _samples(known: TinyLanguageModel) -> Markup:
    cards = (_sample_card(each, known.text.start) for each in known.courses)
    return tag("div", *cards, class_="tiny-samples")


def _sample_card(course: Course, start: str) -> Markup:
    last = course.checkpoints[-1]
    trained = f"after {last.step:,} steps" if last.step else "before the first step"
    when = "" if course.name == COUNTED else trained
    return tag(
        "div",
        tag("h3", _TITLES[course.name], " ", tag("span", when, class_="muted")),
        tag(
            "p",
            tag("span", f"…{legible(start)}", class_="muted"),
            legible(last.sample),
            class_="wrote",
        ),
        _all_samples(course) if len(course.checkpoints) > 1 else None,
        class_="card",
    )


def _all_samples(course: Course) -> Markup:
    items = (tag("li", *_item(each)) for each in course.checkpoints)
    return tag("details", tag("summary", "What it wrote on the way"), tag("ol", *items))


def _item(seen: Checkpoint) -> Iterator[Markup]:
    yield tag("span", f"{seen.step:,} steps, {seen.held_out:.2f} nats", class_="muted")
    yield tag("span", legible(seen.sample), class_="wrote")


TINY_LANGUAGE_MODEL = Experiment(
    path="neurons/tiny-language-model",
    title="A tiny language model",
    idea=(
        "Three models learn to guess the next character of a novel: one sees a character, one a "
        "few, and one, a transformer block, looks back further. Watch the loss fall past the "
        "entropy of letters and of pairs, and gibberish turn into words."
    ),
    settings=TinyLanguageModelSettings,
    function=run_tiny_language_model,
    view=draw,
    needs=Needs.NOTHING,
    action="Train",
    empty="The curves come here, and what each model writes on the way.",
    small={"steps": 20, "width": 16, "context": 16},
)
