"""What the content filter costs: of a message, of the command's start, and of each token.

Messages of 400 characters go through every stage of the rail, first without the learned one, then
with it; `playground moderate` is started; and one reply is written behind the filter and without,
in turn. Processor time is told beside the clock's, for a busy machine lengthens only the latter::

    python benchmarks/moderation.py [--model NAME] [--precision NAME] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby

from machine import conditions

import playground
from playground.data import shipped_text
from playground.generation.language_model import LanguageModel
from playground.generation.row import Step
from playground.models.acquire.fetch import ensure_model
from playground.models.engines.embedder import EMBEDDER, load_embedder
from playground.moderation.classifier import LAYERS, Classifier, shipped_head
from playground.moderation.guard import RailGuard
from playground.moderation.policy_heads import shipped_policy_heads
from playground.moderation.rail import shipped_rail
from playground.moderation.rails import Rails
from playground.moderation.view import Stage, View
from playground.moderation.views import read_views
from playground.moderation.watching import Watching
from playground.settings import Settings

LENGTH = 400
MESSAGES = [
    shipped_text()[at : at + LENGTH] for at in range(0, len(shipped_text()) - LENGTH, LENGTH)
]
PROMPT = "Tell me a long story about a lighthouse keeper."
TOKENS = 150
WITHOUT = "without the classifier"
START = [sys.executable, "-m", "apps.cli.main", "moderate", "Where does the Danube rise?"]

Spent = tuple[float, float]
"""Of the processor, all threads together, and of the clock."""


@dataclass(frozen=True)
class Cost:
    """A row of the table; `most` is what the project promises, where it does."""

    what: str
    processor: float
    clock: float
    unit: str
    most: float | None = None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2-135m-instruct", help="empty writes no reply")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    costs = stages(options.rounds)
    costs += classifier(options.rounds)
    costs.append(start(options.rounds))
    if options.model:
        costs += streaming(playground.load(options.model, options.precision), options.rounds)
    print(json.dumps([asdict(each) for each in costs], indent=2) if options.json else table(costs))


def stages(rounds: int) -> list[Cost]:
    """Return what the readings, each stage, and all together take for a message."""
    rail, taken = shipped_rail(), defaultdict[str, list[Spent]](list)
    for text in MESSAGES * (rounds + 1):
        views = read_views(text)
        taken["readings"].append(spent(partial(read_views, text)))
        for name, some in groupby((rail.gate, *rail.every), key=lambda each: each.name):
            # The policies are several stages to the rail.
            taken[name].append(spent(partial(ask, tuple(some), text, views)))
    taken[WITHOUT] += [spent(partial(rail.check, text)) for text in MESSAGES * (rounds + 1)]
    # The first round fills what the rail remembers of words.
    later = {name: each[len(MESSAGES) :] for name, each in taken.items()}
    return [
        median(name, each, "ms", 2 if name == WITHOUT else None) for name, each in later.items()
    ]


def ask(stages: Sequence[Stage], text: str, views: Sequence[View]) -> None:
    """Let some stages read a text."""
    for each in stages:
        each.find(text, views)


def classifier(rounds: int) -> list[Cost]:
    """Return what a message takes with the learned stage, which has never seen it."""
    encoder = ensure_model(
        EMBEDDER, Settings.from_env(), lambda _: None, lambda: False, any_kind=True
    )
    embedder, taken = load_embedder(encoder, LAYERS, rounded=True), []
    policies = [(each.category, each.head) for each in shipped_policy_heads()]
    for _ in range(rounds + 1):
        rail = shipped_rail().asking(Classifier(embedder.embed, shipped_head(), policies))
        taken += [spent(partial(rail.check, text)) for text in MESSAGES]
    return [median("with the classifier", taken[len(MESSAGES) :], "ms", 15)]


def start(rounds: int) -> Cost:
    """Return what the command takes from its start to its end."""
    before, taken = _children(), []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(START, check=True, capture_output=True)  # noqa: S603  # a fixed command
        after = _children()
        taken.append((after - before, time.perf_counter() - began))
        before = after
    return median("start of `playground moderate`", taken, "s", 1)


def streaming(model: LanguageModel, rounds: int) -> list[Cost]:
    """Return what a token takes without the filter and with it, and how much of that it is."""
    plain, guarded, alone = [], [], []
    for _ in range(rounds + 1):
        without, steps = written(model, None)
        plain.append(without)
        guarded.append(written(model, RailGuard(Rails()))[0])
        alone.append(watched(steps))
    slower = [100 * (one[1] / other[1] - 1) for one, other in zip(guarded, plain, strict=True)]
    rows = [
        median("a token without the filter", plain[1:], "ms"),
        median("a token behind it", guarded[1:], "ms"),
        median("the filter alone, a token", alone[1:], "ms"),
    ]
    share = 100 * rows[2].processor / rows[0].clock
    return [*rows, Cost("share of a token", share, statistics.median(slower[1:]), "%", 3)]


def written(model: LanguageModel, guard: RailGuard | None) -> tuple[Spent, Sequence[Step]]:
    """Return what each token of a reply took, and the reply's steps."""
    model.guard = guard
    stream = model.stream(
        [{"role": "user", "content": PROMPT}],
        temperature=0,
        max_new_tokens=TOKENS,
        repetition_penalty=1.3,
    )
    processor, clock = spent(partial(list, stream))
    reply = stream.reply
    count = len(reply.steps) + (reply.watched.withheld if reply.watched else 0)
    return (processor / count, clock / count), reply.steps


def watched(steps: Sequence[Step]) -> Spent:
    """Return what each token of a reply takes the filter by itself."""
    watching = Watching(Rails().now())

    def watch() -> None:
        for step in steps:
            watching.push(step.text)
        watching.end()

    processor, clock = spent(watch)
    return processor / len(steps), clock / len(steps)


def spent(work: Callable[[], object]) -> Spent:
    """Return the milliseconds of all threads' processor time and of the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return 1000 * (time.process_time() - processor), 1000 * (time.perf_counter() - clock)


def median(what: str, taken: list[Spent], unit: str, most: float | None = None) -> Cost:
    """Return the medians of what was measured."""
    processor, clock = zip(*taken, strict=True)
    return Cost(what, statistics.median(processor), statistics.median(clock), unit, most)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(costs: list[Cost]) -> str:
    """Return the rows, and what the machine was."""
    lines = [f"{'':32}{'processor':>12}{'clock':>12}    promised"]
    for each in costs:
        most = "" if each.most is None else f"under {each.most:g} {each.unit}"
        figures = f"{each.processor:10.3f} {each.unit:<2}{each.clock:9.3f} {each.unit:<2}"
        lines.append(f"{each.what:32}{figures}   {most}".rstrip())
    return "\n".join([*lines, "", conditions()])


if __name__ == "__main__":
    main()
