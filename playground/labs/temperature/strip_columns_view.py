"""A column of a strip: the prompt, what it shares with others, the fork, its line of entropy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from markupsafe import Markup

from playground.drawing.choice import render_choice
from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.markup import join, tag
from playground.generation.divergence import Parting, find_parting
from playground.labs.temperature.columns import Written, measure, parts_at, shared_tokens
from playground.labs.temperature.strip import Strip
from playground.labs.temperature.token_data import MOST_OPENED, tokens_json

_PROMPT = 160  # characters of the prompt that stand before each column: its end
_HEIGHT, _STEP = 30, 4  # of the line of entropy: units high, and wide for a token


def draw_column(strip: Strip, each: Written) -> Markup:
    """Return one column; once all is written its tokens can be opened."""
    first = strip.written[0]
    ended = each.ended or strip.closed
    end = FINISH_WORDS[each.reply.finish_reason] if ended else "writing…"
    opened = MOST_OPENED // len(strip.written) if strip.closed else 0
    steps = each.reply.steps
    return tag(
        "section",
        tag("h3", _title(each)),
        tag("p", _prompt(strip), _parted(strip, each, opened), class_="written by-parting"),
        tag("p", _prompt(strip), _differing(first, each) or "…", class_="written by-difference"),
        _entropy(strip, each),
        _forks(strip, each),
        tag("p", f"{len(each.token_ids):,} tokens · {end}", class_="hint"),
        class_="strip-column",
        data_tokens=tokens_json(each, strip.tokenizer, opened) if opened and steps else None,
        data_begun=",".join(map(str, each.begun)) or None,
        data_temperature=f"{each.column.settings.temperature:g}",
        data_seed="" if each.column.settings.seed is None else each.column.settings.seed,
    )


def _title(each: Written) -> Markup:
    settings = each.column.settings
    seed = "no seed: greedy" if settings.seed is None else f"seed {settings.seed}"
    told = f"branch, {seed}" if each.begun else seed
    return join((f"T {settings.temperature:g} ", tag("span", told, class_="muted")))


def _prompt(strip: Strip) -> Markup:
    text, chat = strip.settings.prompt, strip.settings.as_chat
    shown = text if len(text) <= _PROMPT else f"…{text[-_PROMPT:]}"
    return tag("span", shown, "\n" if chat else None, class_="prompt muted")


def _parted(strip: Strip, each: Written, opened: int) -> Markup:
    """Return the text: what it shares with another column muted, a ring where it forks."""
    first = strip.written[0]
    if not each.token_ids:
        return Markup("…")
    others = [other for other in strip.written if other is not each]
    shared = shared_tokens(each, others if each is first else [first])
    fork = None if each is first else parts_at(each, first)
    if each.begun:
        shared = fork = len(each.begun) - 1
    texts = _texts(strip, each)
    return join(
        _token(text, place, place - len(each.begun), (shared, fork, opened))
        for place, text in enumerate(texts)
        if text or place == fork
    )


def _texts(strip: Strip, each: Written) -> list[str]:
    """Return what each token adds to what is shown, the given ones first."""
    decoder = strip.tokenizer.stream()
    begun = [decoder.push(token_id) for token_id in each.begun]
    return [*begun, *(step.text for step in each.reply.steps)]


def _token(text: str, place: int, at: int, marks: tuple[int, int | None, int]) -> Markup:
    """Return one token; `at` is its place among those that were written, from 0."""
    shared, fork, opened = marks
    kinds = ["tok"] if 0 <= at < opened else []
    kinds += ["muted"] if place < shared else ["parting"] if place == fork else []
    button = _opened(at, opened, text)
    if place != fork:
        return tag("span", text or "∅", class_=" ".join(kinds) or None, **button)
    # The space before a word stays outside: a ring must not begin at the end of a line.
    word = text.lstrip(" ") or text or "∅"
    ring = tag("mark", word, class_=" ".join(kinds), title="where it parts", **button)
    return join((text.removesuffix(word), ring))


def _opened(at: int, opened: int, text: str) -> dict[str, object]:
    """Return what makes a token a button, where it is one that can be opened."""
    if not 0 <= at < opened:
        return {}
    # A space or a line end is nothing to read aloud.
    name = None if text.strip() else f"token {at + 1:,}, white space"
    return {
        "role": "button",
        "tabindex": -1,
        "aria_expanded": "false",
        "aria_label": name,
        "data_at": at,
    }


def _differing(first: Written, each: Written) -> Markup:
    """Return the words with what is left out struck through and what is new underlined."""
    if each is first:
        return join([each.reply.text])
    return join(_differences(first.reply.text.split(), each.reply.text.split()), " ")


def _differences(old: list[str], new: list[str]) -> Iterator[Markup | str]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield " ".join(new[c:d])
            continue
        if a < b:
            yield tag("del", " ".join(old[a:b]))
        if c < d:
            yield tag("ins", " ".join(new[c:d]))


def _entropy(strip: Strip, each: Written) -> Markup | None:
    """Return the entropy at each token as a line; all columns share one scale."""
    measures = measure(each, strip.written[0])
    if measures is None:
        return None
    values = [step.entropy_nats for step in each.reply.steps]
    highest = max(step.entropy_nats for other in strip.written for step in other.reply.steps)
    longest = max(len(other.token_ids) for other in strip.written)
    told = f"Entropy at each token, {min(values):.2f} to {max(values):.2f} nats"
    line = tag("polyline", points=_points(values, len(each.begun), highest or 1.0))
    picture = tag(
        "svg",
        tag("line", x1=0, x2=longest * _STEP, y1=_HEIGHT, y2=_HEIGHT, class_="ground"),
        line,
        class_="entropy-line",
        viewBox=f"0 -1 {longest * _STEP} {_HEIGHT + 2}",
        preserveAspectRatio="none",
        role="img",
        aria_label=told,
    )
    mean = tag("span", f"entropy {measures.mean_entropy_nats:.2f} nats on average", class_="muted")
    return tag("div", picture, mean, class_="entropy", title=f"{told}; 0 to {highest:.1f} drawn")


def _points(values: Sequence[float], before: int, highest: float) -> str:
    """Return the corners; a line of one token is as wide as a token."""
    heights = [_HEIGHT * (1 - value / highest) for value in values]
    ends = [*enumerate(heights, before), (before + len(heights), heights[-1])]
    return " ".join(f"{place * _STEP},{height:.1f}" for place, height in ends)


def _forks(strip: Strip, each: Written) -> Markup | None:
    """Return both distributions at the token where two columns part, to be opened."""
    if each.begun or (parting := _parting(strip, each)) is None:
        return None
    sides = (
        render_choice(choice, strip.tokenizer, f"T {written.column.settings.temperature:g}")
        for choice, written in ((parting.first, strip.written[0]), (parting.second, each))
    )
    summary = tag("summary", f"Parts at token {parting.position + 1:,}")
    return tag("details", summary, *sides, class_="fork")


def _parting(strip: Strip, each: Written) -> Parting | None:
    return find_parting(strip.written[0].reply.steps, each.reply.steps)
