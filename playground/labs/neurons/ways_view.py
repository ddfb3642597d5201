"""The four ways of learning, a card each: what is told, what came out, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from playground.core.functional import FloatArray
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs
from playground.labs.neurons.plane import Axis, Plane, figure, key
from playground.labs.neurons.ways import (
    CHANCES,
    EPOCHS,
    MANY,
    NEIGHBOURS,
    PLAYERS,
    PULLS,
    ROUNDS,
    WORLD,
    Grouped,
    Regret,
    Spread,
    Walks,
    Ways,
    WaysSettings,
    run_ways,
)
from playground.labs.neurons.weight_pictures import weight_picture
from playground.labs.neurons.word_groups import STARTS, WordGroups

SHARES = Axis("named rightly", 0, 1, (0, 0.25, 0.5, 0.75, 1))
_ARROWS = (
    "\N{UPWARDS ARROW}",
    "\N{RIGHTWARDS ARROW}",
    "\N{DOWNWARDS ARROW}",
    "\N{LEFTWARDS ARROW}",
)
_SHARE = Axis("share", 0, 1, SHARES.ticks)
_CELL = 40
_LATER = "This comes next."


def draw(known: Ways) -> Markup:
    """Return the cards, as far as their demonstrations have come."""
    return join((_supervised(known), _unsupervised(known), _semi(known), _reinforcement(known)))


def card(title: str, words: str, demonstration: Markup | str, hint: str) -> Markup:
    """Return a section: what it is about, what happened, and how it was counted."""
    return tag(
        "section",
        tag("h3", title),
        tag("p", words),
        demonstration or tag("p", _LATER, class_="hint"),
        tag("p", hint, class_="hint"),
        class_="card part",
    )


def show_share(share: float) -> str:
    """Return a share as percent with one decimal."""
    return f"{100 * share:.1f} %"


def _supervised(known: Ways) -> Markup:
    points = known.supervised
    shown = Markup()
    if points:
        plane = Plane(Axis("epochs", 0, EPOCHS, range(0, EPOCHS + 1, 5)), SHARES, 340, 220)
        last = points[-1]
        train, test = show_share(last.train), show_share(last.test)
        picture = plane.picture(
            f"Named rightly by epoch; at the end {train} of those learned from, {test} of new ones",
            plane.line(((each.epoch, each.train) for each in points), "curve-control"),
            plane.line(((each.epoch, each.test) for each in points), "curve-best"),
        )
        keys = (
            key("curve-control", f"learned from: {train}"),
            key("curve-best", f"new digits: {test}"),
        )
        shown = figure("Named rightly", picture) + tag("p", join(keys), class_="keys-line")
    return card(
        "Supervised: each example comes with its answer",
        f"{known.settings.images:,} digits, each with its label, and a network (784-16-16-10) that "
        "is corrected by how far its output is from the label. It is the way of every training in "
        "this lab.",
        shown,
        "A language model that learns to predict the next token learns this way, too, only that "
        "nobody wrote the answers: the next token of the text is the label. That is called "
        "self-supervised; it is not a search for groups.",
    )


def _unsupervised(known: Ways) -> Markup:
    return card(
        "Unsupervised: no answers at all",
        "k-means looks for groups: each example goes to the nearest mean, each mean moves to the "
        "middle of its examples, till nothing changes. It is given thirty words, each as the 576 "
        f"numbers of SmolLM2's embedding, then {MANY:,} digits, each as its pixels.",
        (_words(known.words) if known.words else Markup())
        + (_groups(known.grouped) if known.grouped else Markup()),
        "Nobody told it what a colour is, or a 4: a group of words is what a language model uses "
        "alike, a group of digits what lies close together as pixels, so that one digit may have "
        "two groups, and 4 and 9 may share one. The captions were made by looking at the labels "
        "afterwards; the algorithm never saw them.",
    )


def _words(words: WordGroups) -> Markup:
    groups = (tag("li", ", ".join(group)) for group in words.groups)
    told = (
        f"Where it ends depends on the start. Of {STARTS} starts, at words drawn at random, this "
        f"has the closest groups: squared distances of {min(words.spreads):.2f} in all, and up to "
        f"{max(words.spreads):.2f} from the others."
    )
    return tag("ul", join(groups), class_="word-groups") + tag("p", told)


def _groups(grouped: Grouped) -> Markup:
    centres = grouped.clusters.centres
    pictures = (
        picture_of(centre, f"mostly {digit}s", f"{most} of {members}")
        for centre, (members, digit, most) in zip(centres, grouped.found, strict=True)
    )
    told = (
        f"After {grouped.rounds} rounds, {show_share(grouped.purity)} of the digits are what their "
        "group mostly is. Each picture is the mean of a group."
    )
    return tag("div", join(pictures), class_="digit-row") + tag("p", told)


def picture_of(image: FloatArray, *words: str) -> Markup:
    """Return 28 x 28 pixels over lines of words."""
    said = ", ".join(words)
    picture = tag("img", src=weight_picture(image, 28, 1.0), alt=said, width=56, height=56)
    lines = (tag("span", each) for each in words)
    return tag("figure", picture, tag("figcaption", join(lines)))


def _semi(known: Ways) -> Markup:
    return card(
        "Semi-supervised: a few answers, many examples",
        f"Of {MANY:,} digits {known.settings.labelled} have a label. Each digit is linked with the "
        f"{NEIGHBOURS} that look most like it, and labels travel along the links.",
        _spreading(known.spread) if known.spread else Markup(),
        "The examples without a label help by showing which digits lie close together; that helps "
        "only if what lies close together is alike. No reward is involved: it is not "
        "reinforcement. A language model that is first trained on raw text and then on a few "
        "thousand answered questions is a relative of this way.",
    )


def _spreading(spread: Spread) -> Markup:
    plane = Plane(Axis("rounds", 1, ROUNDS, (1, 10, 20, 30)), _SHARE, 340, 220)
    right, alone = show_share(spread.right[-1]), show_share(spread.alone)
    picture = plane.picture(
        f"Shares by round; at the end {right} have the right label; a network alone: {alone}",
        plane.line(enumerate(spread.reached, 1), "curve-control"),
        plane.line(enumerate(spread.right, 1), "curve-best"),
        plane.line(((1, spread.alone), (ROUNDS, spread.alone)), "curve-none"),
    )
    keys = (
        key("curve-control", f"have a label: {show_share(spread.reached[-1])}"),
        key("curve-best", f"the right one: {right}"),
        key("curve-none", f"a network that saw the labelled ones only: {alone}"),
    )
    title = "Share of the digits that had no label"
    return figure(title, picture) + tag("p", join(keys), class_="keys-line")


def _reinforcement(known: Ways) -> Markup:
    shown = Markup()
    if known.regrets:
        shown = tag(
            "div",
            _bandit(known.regrets),
            *(_grid(each) for each in known.walks),
            class_="figures",
        )
    return card(
        "Reinforcement: no answers, only rewards",
        "Five slot machines pay with different chances that the player does not know: who never "
        "tries others may stay with a bad one, who always tries wastes pulls. In the grid each "
        "step costs 1, the goal G pays 10, the pit X takes 10, and Q-learning finds out what each "
        "move is worth by walking. An arrow is the move it thinks best; the number is its worth.",
        shown,
        f"Arms pay with {', '.join(f'{each:g}' for each in CHANCES)}; regret is what was lost "
        f"against always pulling the best, the mean of {PLAYERS} players. The best moves are known "
        "from value iteration, which is told the rules of the grid; Q-learning is not. Many chat "
        "models are tuned in this way last: people compare replies, a model learns from that what "
        "would please them, and its score is the reward (RLHF). Their knowledge comes from the "
        "training before.",
    )


def _bandit(regrets: tuple[Regret, ...]) -> Markup:
    highest = max(10.0, *(each.lost[-1] for each in regrets))
    step = 50 if highest > 100 else 10
    costs = Axis("regret", 0, highest, range(0, int(highest) + 1, step))
    plane = Plane(Axis("pulls, in hundreds", 0, PULLS / 100, (0, 2, 4, 6, 8, 10)), costs, 340, 260)
    ends = {each.epsilon: f"{each.lost[-1]:.0f}" for each in regrets}
    lines = (
        plane.line(
            ((place / 10, lost) for place, lost in enumerate(each.lost, 1)), _kind(each.epsilon)
        )
        for each in regrets
    )
    keys = (key(_kind(share), f"{_exploring(share)}: {end}") for share, end in ends.items())
    said = "; ".join(f"{_exploring(share)}: {end}" for share, end in ends.items())
    picture = plane.picture(f"Regret after {PULLS:,} pulls. {said}", *lines)
    return tag(
        "figure",
        tag("figcaption", f"Regret after {PULLS:,} pulls"),
        picture,
        tag("p", join(keys), class_="keys-line"),
        class_="unit-figure",
    )


def _kind(epsilon: float) -> str:
    return {0.0: "curve-control", 1.0: "curve-none"}.get(epsilon, "curve-best")


def _exploring(epsilon: float) -> str:
    return {0.0: "never explores", 1.0: "always at random"}.get(
        epsilon, f"explores {100 * epsilon:g} %"
    )


def _grid(walks: Walks) -> Markup:
    rows, columns = len(WORLD.rows), len(WORLD.rows[0])
    count = f"{walks.best} of {len(WORLD.free)}"
    picture = tag(
        "svg",
        *_cells(walks),
        class_="grid-world",
        viewBox=f"0 0 {columns * _CELL} {rows * _CELL}",
        role="img",
        aria_label=f"The grid after {walks.episodes:,} episodes: {count} arrows are best",
    )
    many = "episode" if walks.episodes == 1 else "episodes"
    return figure(f"After {walks.episodes:,} {many}", picture, f"{count} cells choose a best move.")


def _cells(walks: Walks) -> Iterator[Markup]:
    for row, line in enumerate(WORLD.rows):
        for column, sign in enumerate(line):
            x, y = column * _CELL, row * _CELL
            kind = {"#": "wall", "G": "goal", "X": "pit"}.get(sign, "free")
            yield tag("rect", x=x, y=y, width=_CELL, height=_CELL, class_=kind)
            middle = x + _CELL / 2
            if sign in "GX":
                yield tag("text", sign, x=middle, y=y + 26, text_anchor="middle", class_="sign")
            elif sign != "#" and walks.values[row, column].any():
                values = walks.values[row, column]
                arrow = _ARROWS[int(values.argmax())]
                worth = f"{values.max():.1f}".replace("-", "\N{MINUS SIGN}")
                yield tag("text", arrow, x=middle, y=y + 20, text_anchor="middle", class_="sign")
                yield tag("text", worth, x=middle, y=y + 34, text_anchor="middle")


WAYS = Experiment(
    path="neurons/ways",
    title="Ways of learning",
    idea=(
        "With an answer to every example, with none, with a few, or with rewards alone: four ways "
        "to learn, each tried here in about a second."
    ),
    settings=WaysSettings,
    function=run_ways,
    view=draw,
    needs=Needs.NOTHING,
    action="Learn four ways",
    empty="Four cards come here, one a way.",
    small={"images": 20, "clusters": 2, "labelled": 10, "episodes": 10},
)
