"""An answer sentence by sentence, with what its source does not have marked where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, tag
from playground.experiments.experiment import Experiment, Needs, Opens
from playground.labs.hallucination.number_text import counted
from playground.labs.hallucination.source import Sourced, SourceSettings, run_source
from playground.labs.hallucination.support import Lacking, SentenceSupport

_VERDICTS = {"supported": "supported", "unclear": "unclear", "unsupported": "not supported"}


def draw(sourced: Sourced) -> Markup:
    """Return how much is supported, then every sentence."""
    answer, source = sourced.settings.answer, sourced.settings.source
    sentences = sourced.found.sentences
    return join(
        (
            _sums(sourced),
            *(_sentence(each, answer, source) for each in sentences),
            tag("p", _LIMITS, class_="lesson"),
        )
    )


_LIMITS = (
    "It compares words, numbers and names. A sentence is supported where one sentence of the "
    "source has two thirds of its words, each that says something among them, and the source has "
    "its numbers and names; another word for the same thing leaves it unclear. What "
    "stands in the source may be wrong there, and a sentence with all its words may still say "
    "something else: this finds what the source cannot have given, and proves nothing true."
)


def _sums(sourced: Sourced) -> Markup:
    verdicts = [each.verdict for each in sourced.found.sentences]
    lacking = len(sourced.found.lacking)
    count = tag("b", f"{verdicts.count('supported')} of {counted(len(verdicts), 'sentence')}")
    one = "number, date or name is" if lacking == 1 else "numbers, dates or names are"
    what = f" {lacking} {one} not in the source." if lacking else ""
    return tag("p", count, " supported.", what, class_="sums")


def _sentence(found: SentenceSupport, answer: str, source: str) -> Markup:
    span, near = found.sentence, found.nearest
    nearest = f"Nearest in the source: “{source[near.start : near.end].strip()}”" if near else None
    words = tag("b", _VERDICTS[found.verdict], class_=f"grade-{_sign(found.verdict)}")
    facts = f" {found.rule} Words shared with it, as token F1: {found.token_f1:.2f}."
    return tag(
        "div",
        tag("p", *_marked(answer, span.start, span.end, found.lacking)),
        tag("p", words, facts, class_="hint"),
        tag("p", nearest, class_="hint") if nearest else None,
        class_=f"sentence {found.verdict}",
    )


def _sign(verdict: str) -> str:
    return {"supported": "true", "unsupported": "false"}.get(verdict, "none")


def _marked(text: str, start: int, end: int, lacking: Sequence[Lacking]) -> Iterator[object]:
    """Return a stretch of text, what is lacking marked."""
    at = start
    for each in sorted(lacking, key=lambda each: each.start):
        if each.start < at:
            continue
        yield text[at : each.start]
        title = f"a {each.kind} that the source does not have"
        yield tag("mark", text[each.start : each.end], title=title)
        at = each.end
    yield text[at:end]


def to_csv(sourced: Sourced) -> str:
    """Return one line a sentence."""
    heads = ("sentence", "verdict", "rule", "token_f1", "words", "covered", "lacking", "not_near")
    rows = (
        (
            sourced.settings.answer[each.sentence.start : each.sentence.end],
            each.verdict,
            each.rule,
            f"{each.token_f1:.4f}",
            f"{each.words:.4f}",
            "" if each.covered is None else f"{each.covered:.4f}",
            " | ".join(lack.text for lack in each.lacking),
            " | ".join(each.unknown),
        )
        for each in sourced.found.sentences
    )
    return csv_text(heads, rows)


SOURCE = Experiment(
    path="hallucination/source",
    title="Source",
    idea=(
        "With a source at hand an answer can be held against it: which sentences it supports, and "
        "which numbers and names it never had."
    ),
    settings=SourceSettings,
    function=run_source,
    view=draw,
    needs=Needs.NOTHING,
    action="Hold it against the source",
    opens=Opens.RUNNING,
    tables={"source.csv": to_csv},
    empty="Each sentence comes here, with what the source has of it.",
)
