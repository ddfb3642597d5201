"""Prompt lookup: how much sooner whole chats are written with drafts than without, kind by kind.

Every reply of the chats in ``chats.json`` is written twice at the settings that the chat has by
default, the two ways in turn, and both must say the same::

    python benchmarks/lookup.py [--model NAME] [--precisions NAME,NAME] [--chats N] [--json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import conditions

import playground
from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.compiled import ready
from playground.models.engines.engine_name import EngineName
from playground.models.text.tokenizer import Message

CHATS: dict[str, list[list[str]]] = json.loads(
    Path(__file__).with_name("chats.json").read_text("utf-8")
)
MOST_TOKENS = 160


@dataclass
class Written:
    """What the replies of one kind of chat took, beyond their first tokens."""

    tokens: int = 0
    drafted: int = 0
    seconds: float = 0.0  # with drafts
    single_seconds: float = 0.0
    replies: int = 0
    same: int = 0

    def add(self, reply: Reply, single: Reply) -> None:
        """Count a reply, and the same one written token by token."""
        self.replies += 1
        self.same += reply.token_ids == single.token_ids
        self.tokens += len(reply.steps) - 1
        self.drafted += sum(step.drafted for step in reply.steps)
        self.seconds += _seconds(reply)
        self.single_seconds += _seconds(single)

    @property
    def faster(self) -> float:
        """How many times as fast as token by token."""
        return self.single_seconds / self.seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--precisions", default="fp32,int8")
    parser.add_argument("--chats", type=int, default=8, help="of each kind, at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = {
        precision: measure(options.model, precision, options.chats)
        for precision in options.precisions.split(",")
    }
    print(json.dumps(as_json(result), indent=2) if options.json else as_markdown(result))


def measure(model: str, precision: str, chats: int) -> dict[str, Written]:
    """Write the chats, and return what each kind of them took."""
    ready.wait_until_ready()
    engine = playground.load(model, precision, engine=EngineName.CORE).engine
    # What labs are given is never drafted.
    drafting, single = LanguageModel(engine), LanguageModel(engine, lab=True)
    _write(drafting, [Message("user", "Hello")], 0)  # the first prompt of all is slow
    result = {}
    for kind, talks in CHATS.items():
        written = result[kind] = Written()
        for seed, questions in enumerate(talks[:chats]):
            _talk(questions, seed, drafting, single, written)
    return result


def _talk(
    questions: Sequence[str],
    seed: int,
    drafting: LanguageModel,
    single: LanguageModel,
    written: Written,
) -> None:
    messages: list[Message] = []
    for question in questions:
        messages.append(Message("user", question))
        ways = [drafting, single][:: -1 if written.replies % 2 else 1]
        replies = {id(way): _write(way, messages, seed) for way in ways}
        written.add(replies[id(drafting)], replies[id(single)])
        messages.append(Message("assistant", replies[id(drafting)].text))


def _write(model: LanguageModel, messages: list[Message], seed: int) -> Reply:
    return model.generate(messages, seed=seed, max_new_tokens=MOST_TOKENS)


def _seconds(reply: Reply) -> float:
    """Return how long it took from its first token to its last."""
    speed = reply.tokens_per_second
    return (len(reply.steps) - 1) / speed if speed else 0.0


def as_json(result: dict[str, dict[str, Written]]) -> dict[str, Any]:
    """Return the figures by precision and kind."""
    return {
        precision: {kind: {**vars(each), "faster": each.faster} for kind, each in kinds.items()}
        for precision, kinds in result.items()
    }


def as_markdown(result: dict[str, dict[str, Written]]) -> str:
    """Return the figures as a table, with the conditions below it."""
    lines = [
        "| precision | chats | tokens | looked up | times as fast | same texts |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for precision, kinds in result.items():
        for kind, each in kinds.items():
            lines.append(
                f"| {precision} | {kind} | {each.tokens:,} | {each.drafted / each.tokens:.0%} | "
                f"{each.faster:.2f} | {each.same} of {each.replies} |"
            )
    return "\n".join([*lines, "", conditions()])


if __name__ == "__main__":
    main()
