"""The canary as HTML: a row a policy, before and after the word fell out; all text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.generation.fitting.overflow import OverflowPolicy
from playground.labs.context.canary import OPENING, PLANT, QUESTION, Plan, Trial, found


def render_canary(plan: Plan, trials: Sequence[Trial], done: bool) -> str:
    """Return the table as far as it has come, and what it shows in words."""
    rows = "".join(_row(policy, plan, trials) for policy in OverflowPolicy)
    heads = ("policy", "word still in the window", "window overfilled")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        '<div class="card"><div class="scroll"><table class="canary">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{_summary(trials) if done else ''}</div>{_replies(trials)}"
    )


def _row(policy: OverflowPolicy, plan: Plan, trials: Sequence[Trial]) -> str:
    cells = "".join(
        _cell([t for t in trials if t.policy is policy and t.filled == filled], len(plan.words))
        for filled in (False, True)
    )
    return f'<tr><th scope="row">{policy.label}</th>{cells}</tr>'


def _cell(trials: Sequence[Trial], planned: int) -> str:
    if not trials:
        return '<td class="waiting">waits</td>'
    count = len(trials)
    of = f"{count}" if count == planned else f"{count} so far"
    refused = sum(trial.grade == "refused" for trial in trials)
    if refused:
        words = f"{refused} of {of}: nothing is cut"
        return f'<td class="refused"><b>refused</b><small>{words}</small></td>'
    hits, kept = (sum(values) for values in zip(*_hits(trials), strict=True))
    kind = "found" if hits * 2 > count else "lost"
    words = _kept_words(kept, count)
    example = trials[-1].reply.removeprefix(OPENING).strip()
    return (
        f'<td class="{kind}"><b>found {hits} of {of}</b><small>{words}</small>'
        f"<small>“… {escape(example)}”</small></td>"
    )


def _hits(trials: Sequence[Trial]) -> list[tuple[int, int]]:
    return [(int(trial.grade == "found"), int(trial.in_prompt)) for trial in trials]


def _kept_words(kept: int, count: int) -> str:
    if kept == count:
        return "the word was in the prompt"
    return "the word was not in the prompt" if kept == 0 else f"in the prompt {kept} times"


def _summary(trials: Sequence[Trial]) -> str:
    (hits, asked), (guesses, blind) = found(trials, True), found(trials, False)
    sentences = [
        f"While the word was in the prompt, the model found it in <b>{hits} of {asked}</b> "
        f"different prompts."
    ]
    if blind:
        sentences.append(f"Once it had fallen out, in <b>{guesses} of {blind}</b>.")
        if guesses < blind:
            sentences.append("It wrote another word all the same.")
    if hits < asked:
        sentences.append("A model of this size does not always find what it has before it.")
    return (
        f'<p class="sums">{" ".join(sentences)}</p><p class="hint">Temperature 0. Whether the word '
        "was in the prompt is computed from its tokens; the replies are graded by whether the word "
        "is in them. Words that fell out leave the same prompt behind, whichever they were: it is "
        "asked once.</p>"
    )


def _replies(trials: Sequence[Trial]) -> str:
    if not trials:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{trial.policy.label}</th><td>{_when(trial)}</td>'
        f"<td>{escape(trial.word)}</td><td>{trial.prompt_tokens or 'none'}</td>"
        f'<td class="{trial.grade.replace(" ", "-")}">{trial.grade}</td>'
        f'<td class="text">{escape(trial.reply)}{_again(trial)}</td></tr>'
        for trial in trials
    )
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("policy", "window", "word", "tokens", "grade")
    )
    head += '<th scope="col" class="text">reply</th>'
    return (
        '<details class="card"><summary>Every reply</summary><div class="scroll">'
        f'<table class="trials"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></details>"
    )


def _when(trial: Trial) -> str:
    return "overfilled" if trial.filled else "not full"


def _again(trial: Trial) -> str:
    return " <small>the same prompt as before</small>" if trial.repeated else ""


def render_setup() -> str:
    """Return how the trial is made, in words."""
    plant = escape(PLANT.format(word="walnut"))
    return (
        f'<p class="hint">First message: “{plant}” Then a story is told, turn by turn; then: '
        f"“{escape(QUESTION)}” The reply is begun with “{escape(OPENING)}”, because a small model "
        "rambles when it is only asked.</p>"
    )
