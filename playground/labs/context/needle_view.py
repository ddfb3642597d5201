"""The needle map as HTML and CSV: depth against length, and what the model said in each cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape

from playground.labs.context.needle import NEEDLE, QUESTION, Plan, Trial, cells

Place = tuple[int, int]  # length, depth


def render_map(plan: Plan, trials: Sequence[Trial], chosen: Place | None = None) -> str:
    """Return the map as far as it has come, and the replies of one cell.

    Parameters
    ----------
    plan : Plan
        What is tried.
    trials : sequence of Trial
        Those that are done.
    chosen : (int, int), optional
        The length and depth whose replies are shown below.
    """
    done = cells(trials)
    head = "".join(f'<th scope="col">{length:,}</th>' for length in plan.lengths)
    rows = "".join(
        f'<tr><th scope="row">{depth} %</th>'
        + "".join(_cell(plan, (length, depth), done, chosen) for length in plan.lengths)
        + "</tr>"
        for depth in plan.depths
    )
    return (
        '<div class="card needle-card"><div class="scroll"><table class="needle">'
        "<caption>Depth of the needle, against tokens of the prompt: keys found</caption>"
        f'<thead><tr><th scope="col">depth</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{_legend(plan, trials)}</div>{_chosen(done, chosen)}"
    )


def _cell(plan: Plan, place: Place, done: dict[Place, list[Trial]], chosen: Place | None) -> str:
    trials = done.get(place, [])
    if not trials:
        return '<td class="waiting"></td>'
    hits = sum(trial.found for trial in trials)
    share = round(4 * hits / len(trials))
    length, depth = place
    said = "; ".join(f"asked {trial.key}, said {trial.said or 'no number'}" for trial in trials)
    partly = "" if len(trials) == plan.needles else "…"
    return (
        f'<td><button type="button" class="heat h{share}" data-length="{length}" '
        f'data-depth="{depth}" aria-pressed="{str(place == chosen).lower()}" '
        f'title="{escape(said)}" aria-label="{hits} of {len(trials)} found at depth {depth} %, '
        f'{length:,} tokens">{hits}/{len(trials)}{partly}</button></td>'
    )


def _legend(plan: Plan, trials: Sequence[Trial]) -> str:
    if not trials:
        return ""
    hits, confused = sum(t.found for t in trials), sum(t.confused for t in trials)
    sentences = [f"<b>{hits} of {len(trials)}</b> keys found, to the digit."]
    if plan.others:
        sentences.append(f"In {confused} of the replies it was a key that was not asked for.")
    return (
        f'<p class="sums">{" ".join(sentences)}</p><p class="hint">Measured at temperature 0. '
        "Click a cell for what the model said.</p>"
    )


def _chosen(done: dict[Place, list[Trial]], chosen: Place | None) -> str:
    if chosen is None or chosen not in done:
        return ""
    length, depth = chosen
    rows = "".join(_reply(trial) for trial in done[chosen])
    head = "".join(f'<th scope="col">{name}</th>' for name in ("key", "said", "graded"))
    head += '<th scope="col" class="text">what was written</th>'
    return (
        f'<div class="card"><h2>Depth {depth} %, {length:,} tokens</h2><div class="scroll">'
        f'<table class="trials"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        "</div>"
    )


def _reply(trial: Trial) -> str:
    grade = "found" if trial.found else "another key" if trial.confused else "not found"
    kind = "found" if trial.found else "not-found"
    return (
        f'<tr><th scope="row">{trial.key}</th><td>{trial.said or "no number"}</td>'
        f'<td class="{kind}">{grade}</td><td class="text">{escape(trial.reply.strip())}</td></tr>'
    )


def render_setup() -> str:
    """Return how the trial is made, in words."""
    needle = escape(NEEDLE.format(name="miller", key="71432").strip())
    question = escape(QUESTION.format(name="miller").strip())
    return (
        '<p class="hint">The hay is the shipped story of the ferry, over and over. The needle: '
        f"“{needle}” Other keys are of the same form, with other names. At the end stands “"
        f"{question}”, and the model writes on.</p>"
    )


def to_csv(trials: Sequence[Trial]) -> str:
    """Return one row a trial."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("length", "depth", "key", "said", "found", "confused", "reply"))
    for t in trials:
        writer.writerow((t.length, t.depth, t.key, t.said, t.found, t.confused, t.reply))
    return out.getvalue()
