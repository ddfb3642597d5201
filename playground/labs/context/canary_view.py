"""The canary as HTML: a row a policy, before and after the word fell out."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from playground.drawing.markup import join, prose, table, tag
from playground.experiments.experiment import Experiment
from playground.generation.fitting.overflow import OverflowPolicy
from playground.labs.context.canary import (
    OPENING,
    PLANT,
    QUESTION,
    Canary,
    CanarySettings,
    Trial,
    run_canary,
)


def draw(found: Canary) -> Markup:
    """Return the table as far as it has come, and what it shows in words."""
    if not found.trials:
        return tag("p", "A row for each policy comes here.", class_="hint")
    heads = ("policy", "word still in the window", "window overfilled")
    rows = ([policy.label, *_cells(policy, found)] for policy in OverflowPolicy)
    summary = _summary(found) if found.progress.ended else None
    card = tag("div", table(heads, rows, class_="canary"), summary, class_="card")
    return card + _replies(found.trials)


def _cells(policy: OverflowPolicy, found: Canary) -> list[Markup]:
    planned = len(found.settings.secrets)
    return [
        _cell([t for t in found.trials if t.policy is policy and t.filled == filled], planned)
        for filled in (False, True)
    ]


def _cell(trials: Sequence[Trial], planned: int) -> Markup:
    if not trials:
        return tag("span", "waits", class_="waiting")
    count = len(trials)
    of = f"{count}" if count == planned else f"{count} so far"
    if refused := sum(trial.grade == "refused" for trial in trials):
        words = tag("small", f"{refused} of {of}: nothing is cut")
        return tag("span", tag("b", "refused"), words, class_="refused")
    hits = sum(trial.grade == "found" for trial in trials)
    said = trials[-1].reply.removeprefix(OPENING).strip()
    return tag(
        "span",
        tag("b", f"found {hits} of {of}"),
        tag("small", _kept_words(sum(trial.in_prompt for trial in trials), count)),
        tag("small", f"“… {said}”"),
        class_="found" if hits * 2 > count else "lost",
    )


def _kept_words(kept: int, count: int) -> str:
    if kept == count:
        return "the word was in the prompt"
    return "the word was not in the prompt" if kept == 0 else f"in the prompt {kept} times"


def _summary(found: Canary) -> Markup:
    (hits, asked), (guesses, blind) = found.found(True), found.found(False)
    sentences = [
        join(
            (
                "While the word was in the prompt, the model found it in ",
                tag("b", f"{hits} of {asked}"),
                " different prompts.",
            )
        )
    ]
    if blind:
        fallen = ("Once it had fallen out, in ", tag("b", f"{guesses} of {blind}"), ".")
        sentences.append(join(fallen))
        if guesses < blind:
            sentences.append(escape("It wrote another word all the same."))
    if hits < asked:
        wrong = "A model of this size does not always find what it has before it."
        sentences.append(escape(wrong))
    how = (
        "Temperature 0. Whether the word was in the prompt is computed from its tokens; the "
        "replies are graded by whether the word is in them. Words that fell out leave the same "
        "prompt behind, whichever they were: it is asked once."
    )
    return tag("p", join(sentences, " "), class_="sums") + tag("p", how, class_="hint")


def _replies(trials: Sequence[Trial]) -> Markup:
    heads = ("policy", "window", "word", "tokens", "grade", "reply")
    rows = (
        [
            trial.policy.label,
            "overfilled" if trial.filled else "not full",
            trial.word,
            trial.prompt_tokens or "none",
            tag("span", trial.grade, class_=trial.grade.replace(" ", "-")),
            join((_said(trial), _again(trial))),
        ]
        for trial in trials
    )
    replies = table(heads, rows, class_="trials")
    return tag("details", tag("summary", "Every reply"), replies, class_="card")


def _said(trial: Trial) -> str:
    """Return the reply, or the sentence with which it was refused."""
    return prose(trial.reply) if trial.grade == "refused" else trial.reply


def _again(trial: Trial) -> Markup | None:
    return tag("small", " the same prompt as before") if trial.repeated else None


_SETUP = tag(
    "p",
    f"First message: “{PLANT.format(word='walnut')}” Then a story is told, turn by turn; then: "
    f"“{QUESTION}” The reply is begun with “{OPENING}”, because a small model rambles when it is "
    "only asked.",
    class_="hint",
)

CANARY = Experiment(
    path="context/canary",
    title="Canary",
    idea=(
        "Plant a word, fill the window, ask for the word. As long as it is in the window the model "
        "can find it; once it has fallen out, the model does not know that it ever was there, and "
        "makes one up."
    ),
    settings=CanarySettings,
    function=run_canary,
    view=draw,
    action="Ask for the words",
    intro=_SETUP,
    empty="A row for each policy comes here.",
    small={"words": ("walnut",), "window": 192},
)
