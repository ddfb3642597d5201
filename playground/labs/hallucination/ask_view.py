"""One answer: its tokens by surprise, how sure that is beside others, its samples, its scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from playground.drawing.finish_words import FINISH_WORDS
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment
from playground.labs.hallucination.answering import Answered
from playground.labs.hallucination.ask import GAUGE, Asked, AskSettings, Reading, run_ask
from playground.labs.hallucination.calibration import CONTROL_NAMES
from playground.labs.hallucination.number_text import NONE, counted, written
from playground.labs.hallucination.scores import CAUTION
from playground.labs.hallucination.scoring import Group
from playground.labs.hallucination.token_chips import chips, key

_EMPTY = "The answer comes here, token by token, and what each score makes of it."


def draw(asked: Asked) -> Markup:
    """Return the answer and all that the scores say of it."""
    answered = asked.answered
    if answered is None:
        return tag("p", _EMPTY, class_="hint")
    if answered.answer.error:
        return tag("p", answered.answer.error, class_="card failed")
    return join(
        (
            _answer(answered, asked.unused),
            _gauge(asked),
            _samples(asked),
            _scores(asked),
            _cost(asked),
        )
    )


def _answer(answered: Answered, unused: str | None) -> Markup:
    reason = answered.answer.finish_reason
    ended = _ENDED.get(reason, FINISH_WORDS[reason])
    return tag(
        "div",
        tag("p", unused, class_="failed") if unused else None,
        tag("p", tag("span", answered.prompt, class_="muted"), class_="asked"),
        tag("p", answered.answer.text.strip(), class_="reply"),
        chips(answered.answer.tokens),
        key(),
        tag("p", f"The likeliest answer, at temperature 0; it ended: {ended}.", class_="hint"),
        class_="card",
    )


# Nobody has set a stop string here: what is asked in one sentence ends with it.
_ENDED = {"stop_string": "its first sentence or line was done, and its end mark is left out"}


def _gauge(asked: Asked) -> Markup:
    reading = next((each for each in asked.readings if each.score.name == GAUGE), None)
    if reading is None or reading.place is None:
        why = reading.unplaced or reading.why_not if reading else None
        words = tag("p", why or "There is no token to measure.")
        return tag("div", tag("h3", "How sure is that?"), words, class_="card")
    place = reading.place
    share = 100 * place.surer_than
    said = (
        "By its mean logprob (the mean logarithm of its tokens' probabilities; 0 is the surest) "
        f"the model is surer of this than of {share:.0f} % of the answers in the calibration set. "
        f"Of the {place.near} nearest, between {written(place.low, 2)} and "
        f"{written(place.high, 2)} nats, {place.near_right} were right."
    )
    return tag(
        "div",
        tag("h3", "How sure is that?"),
        _scale(share),
        tag("p", said),
        tag(
            "p",
            f"Measured on {asked.calibrated}; on other questions it may be otherwise. ",
            CAUTION,
            class_="hint",
        ),
        class_="card",
    )


def _scale(share: float) -> Markup:
    needle = tag("i", style=f"left:{share:.1f}%")
    words = f"surer than {share:.0f} % of the calibration set"
    ends = tag("span", tag("span", "least sure"), tag("span", "surest"), class_="ends")
    return tag(
        "div",
        tag("div", needle, class_="scale"),
        ends,
        class_="gauge",
        role="img",
        aria_label=words,
    )


def _samples(asked: Asked) -> Markup | None:
    answered = asked.answered
    if answered is None or not answered.samples:
        words = (
            "At temperature 0 every sample would be the answer itself, so none was drawn."
            if asked.settings.samples
            else "No samples were asked for, so no score can compare them."
        )
        return tag("div", tag("h3", "Samples"), tag("p", words), class_="card")
    count = len(answered.samples)
    return tag(
        "div",
        tag("h3", f"{count} more {'answer' if count == 1 else 'answers'}, drawn with dice"),
        tag("ol", *(_group(group, count) for group in asked.groups), class_="groups"),
        *(tag("p", each, class_="failed") for each in _errors(answered)),
        tag("p", _BY_MEANING, class_="hint") if asked.settings.by_meaning else None,
        tag(
            "p",
            _TOGETHER,
            class_="hint",
        ),
        class_="card",
    )


def _errors(answered: Answered) -> Iterator[str]:
    """Yield each thing that went wrong once, with how often."""
    for error, times in Counter(each.error for each in answered.samples if each.error).items():
        yield error if times == 1 else f"{error} ({times} samples)"


_BY_MEANING = (
    "The sentence encoder has compared them, too; where it put two together, its step says so."
)
_TOGETHER = (
    "Answers that say the same stand together, with the step that told so. Where a text is written "
    "on, the first name that it gives is compared, and what follows it does not count."
)


def _group(group: Group, count: int) -> Markup:
    drawn = len(group.samples)
    bar = tag("i", style=f"width:{100 * drawn / count:.0f}%")
    own = tag("b", " the answer above", class_="own") if group.has_answer else None
    wordings = tag("span", " | ".join(group.wordings), class_="wordings")
    step = tag("span", group.step, class_="muted")
    size = tag("span", f"{drawn} of {count}", class_="value")
    return tag("li", tag("span", bar, class_="track"), size, tag("div", wordings, own, " ", step))


def _scores(asked: Asked) -> Markup:
    return tag(
        "div",
        tag("h3", "What each score says"),
        tag("p", CAUTION, " Open one for what it means, and when it misleads.", class_="hint"),
        tag("p", _NATS, class_="hint"),
        *_readings(asked),
        class_="card",
    )


_NATS = (
    "A logprob is the natural logarithm of a probability, and a nat its unit: 0 nats is certain, "
    "\N{MINUS SIGN}0.7 is one in two, \N{MINUS SIGN}2.3 one in ten. Entropy, in nats too, is 0 "
    "where one token alone could come, and 0.7 where two are as likely."
)


def _readings(asked: Asked) -> Iterator[Markup]:
    for reading in asked.readings:
        score = reading.score
        yield tag(
            "details",
            tag(
                "summary",
                tag("span", score.label, class_="name"),
                tag("span", shown(reading), class_="value"),
                tag("span", _placed(reading), class_="muted"),
            ),
            tag("p", score.meaning),
            tag("p", tag("b", "Misleads: "), score.misleads),
            tag("p", reading.why_not, class_="hint") if reading.why_not else None,
            tag("p", reading.unplaced, class_="hint") if _tells_more(asked, reading) else None,
            class_="reading",
        )


def _tells_more(asked: Asked, reading: Reading) -> bool:
    """Say whether its reason is not that of the whole answer, which stands above."""
    return bool(asked.calibrated and reading.unplaced)


def shown(reading: Reading) -> str:
    """Return the value with its unit."""
    if reading.value is None:
        return NONE
    if reading.score.unit == "tokens":
        return counted(round(reading.value), "token")
    unit = " nats" if reading.score.unit == "nats" else ""
    return f"{written(reading.value)}{unit}"


def _placed(reading: Reading) -> str:
    if reading.value is None:
        return "not available"
    if reading.score.name == "random":
        return "thrown, not measured"
    if reading.score.name in CONTROL_NAMES:
        return "a control"
    if reading.place is None:
        return "sure is high" if reading.score.higher_is_surer else "sure is low"
    return f"surer than {100 * reading.place.surer_than:.0f} %"


def _cost(asked: Asked) -> Markup:
    words = (
        f"{counted(asked.passes, 'token')} read and written, {asked.seconds:.1f} s, measured: the "
        "scores of the answer itself cost nothing beyond it, samples cost a reply each, P(True) "
        "one more reading."
    )
    return tag("p", words, class_="hint")


ASK = Experiment(
    path="hallucination/ask",
    title="Ask",
    idea=(
        "A small model invents as fluently as it knows. Ask it something, see how sure it was of "
        "each word, and whether it says the same again with other dice."
    ),
    settings=AskSettings,
    function=run_ask,
    view=draw,
    action="Ask",
    empty=_EMPTY,
    small={"samples": 2, "max_new_tokens": 4},
)
