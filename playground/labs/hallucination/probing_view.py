"""A set as a page: what was right, what each score is worth, and every answer with its grade."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from playground.drawing.files import csv_text
from playground.drawing.markup import join, table, tag
from playground.experiments.experiment import Experiment
from playground.labs.hallucination.figures import LEAST_LOGPROB
from playground.labs.hallucination.figures_view import charts, comparison, headline, methods_table
from playground.labs.hallucination.items import Item
from playground.labs.hallucination.judging import Row, read_overruled
from playground.labs.hallucination.meanings import meanings
from playground.labs.hallucination.notices import notices
from playground.labs.hallucination.number_text import NONE, counted, written
from playground.labs.hallucination.probing import Part, Probed, SetSettings, run_set
from playground.labs.hallucination.scores import SCORES

_EMPTY = "The answers come here, each with its grade, and then what each score is worth."


def draw(probed: Probed) -> Markup:
    """Return what is known so far: the figures first, then every answer."""
    if not any(part.rows for part in probed.parts):
        return tag("p", _EMPTY, class_="hint")
    several = len(probed.parts) > 1
    return join(
        (
            tag("p", probed.probe_set.explanation, class_="hint"),
            *(tag("p", each, class_="hint") for each in _notices(probed)),
            comparison(probed.parts, probed.settings.beside),
            *(_part(probed, part, several) for part in probed.parts if part.rows),
            meanings() if probed.progress.ended else None,
        )
    )


def _notices(probed: Probed) -> list[str]:
    return notices(probed.probe_set.items, probed.asked, probed.settings.overruled)


def _part(probed: Probed, part: Part, named: bool) -> Markup:
    certain = certain_and_wrong(part.rows) if part.figures else None
    lines = (
        tag("h2", part.label) if named else None,
        headline(part),
        tag("p", certain, class_="lesson") if certain else None,
        methods_table(part.figures) if part.figures else None,
        charts(part),
        _answers(probed, part),
    )
    return tag("section", *lines, class_="probed")


def certain_and_wrong(rows: Sequence[Row]) -> str | None:
    """Name the surest of the wrong answers with which all samples agree; None without one.

    One sample that agrees is chance, so two are needed.
    """
    certain = [
        row
        for row in rows
        if row.right is False and row.scores.get("agreement") == 1.0 and _drawn(row) > 1
    ]
    if not certain:
        return None
    worst = max(certain, key=lambda row: row.scores.get("mean_logprob") or LEAST_LOGPROB)
    said = f"{worst.item.prompt} {worst.known.answered.answer.text}"
    return (
        f"Certain and wrong: “{said}”, and 100 % of its {_drawn(worst)} samples agree. No "
        "score here is a fact check: what a model has learned wrongly it says as surely as what is "
        "so."
    )


def _drawn(row: Row) -> int:
    """Return how many samples have an answer."""
    return sum(not each.error for each in row.known.answered.samples)


def _answers(probed: Probed, part: Part) -> Markup:
    heads = ("question", "said", "grade", "samples", "mean logprob")
    grid = table(heads, (_row(probed, row) for row in part.rows), class_="answers")
    how = (
        "Graded by the rule that stands with each answer. Where it errs, say so: the figures "
        "follow at once, and the model is not asked again."
    )
    return tag(
        "details",
        tag("summary", f"The {counted(len(part.rows), 'answer')}"),
        tag("p", how, class_="hint on-page"),
        grid,
        class_="card",
        open=True,
    )


def _row(probed: Probed, row: Row) -> list[object]:
    answered = row.known.answered
    if answered.answer.error:
        reason = tag("span", answered.answer.error, class_="failed")
        return [row.item.prompt, reason, NONE, NONE, NONE]
    return [
        row.item.prompt,
        tag("span", answered.answer.text, class_="said"),
        grade_of(probed, row),
        tag(
            "span",
            _samples(row),
            class_="others",
            title=" | ".join(s.text for s in answered.samples),
        ),
        written(row.scores.get("mean_logprob"), 2),
    ]


def _samples(row: Row) -> str:
    agreement = row.scores.get("agreement")
    count = _drawn(row)
    if agreement is None or not count:
        return NONE
    return f"{round(agreement * count)} of {count}"


def grade_of(probed: Probed, row: Row) -> Markup:
    """Return the grade of an answer with its rule, its key and what overrules it."""
    words = {True: "right", False: "wrong", None: "not graded"}[row.right]
    rule = "Overruled by you." if row.overruled else (row.grade.rule if row.grade else "")
    key = _key(row.item)
    mark = tag("b", words, class_=f"grade-{str(row.right).lower()}")
    note = tag("span", f"{rule} {key}".strip(), class_="muted rule")
    return join((mark, " ", _overrule(probed, row), tag("br"), note))


def _key(item: Item) -> str:
    """Return the key in a sentence; of an idiom the answers are words of a list, and no key."""
    first = [each.replace("*", "\u2026") for each in item.answers[:3]]
    if item.kind in ("figurative", "literal"):
        return f"Meant is the {item.kind} reading; its words are {', '.join(first)} and others."
    if item.kind == "unanswerable":
        return "Key: the question has no answer."
    return f"Key: {' / '.join(first)}" if first else ""


def _overrule(probed: Probed, row: Row) -> Markup:
    """Return the buttons that put another grade in its place, or take it back."""
    kept = dict(read_overruled(probed.settings.overruled))
    if row.overruled:
        kept.pop(row.item.id, None)
        return _button("take it back", kept, row)
    others = [right for right in (True, False) if right is not row.right]
    return join(
        _button(f"call it {'right' if right else 'wrong'}", {**kept, row.item.id: right}, row)
        for right in others
    )


def _button(words: str, overruled: dict[str, bool], row: Row) -> Markup:
    spelled = ",".join(f"{name}:{'right' if r else 'wrong'}" for name, r in overruled.items())
    return tag(
        "button",
        words,
        type="button",
        class_="small on-page",
        data_set=json.dumps({"overruled": spelled}),
        data_run=True,
        aria_label=f"{row.item.id}: {words}",
    )


def to_csv(probed: Probed) -> str:
    """Return one line an answer, with every score."""
    names = [score.name for score in SCORES if score.needs != "states"]
    heads = ("part", "id", "prompt", "key", "answer", "right", "overruled", "rule", "error", *names)
    return csv_text(heads, _lines(probed, names))


def _lines(probed: Probed, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for part in probed.parts:
        for row in part.rows:
            answer = row.known.answered.answer
            rule = row.grade.rule if row.grade else ""
            facts = (row.right, row.overruled, rule, answer.error or "")
            scores = (row.scores.get(name) for name in names)
            asked = (row.item.id, row.item.prompt, " / ".join(row.item.answers))
            yield (part.label, *asked, answer.text, *facts, *scores)


SET = Experiment(
    path="hallucination/set",
    title="Set",
    idea=(
        "Ask many questions with known answers, and see which score tells the right ones from the "
        "invented: none is a fact check, and some are no better than the length of the answer."
    ),
    settings=SetSettings,
    function=run_set,
    view=draw,
    action="Ask them all",
    tables={"answers.csv": to_csv},
    empty=_EMPTY,
    small={"items": 3, "samples": 2, "max_new_tokens": 3},
)
