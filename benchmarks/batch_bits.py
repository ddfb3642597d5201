"""How often a token changes because others share the batch: replies alone, then in eights.

Each reply is first written alone. Then eight at a time are led along the same tokens together, and
each token is chosen again with the same number thrown::

    python benchmarks/batch_bits.py [--model NAME] [--precision fp32] [--tokens 10000] [--json]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import playground
from playground.core.functional import FloatArray
from playground.generation.choosing import Chooser
from playground.generation.decoding import prefill
from playground.generation.settings import SamplingSettings
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.engine import Engine, KVCache

ROWS = 8
REPLY_TOKENS = 128
TOPICS = (
    "The history of the Roman Empire begins with",
    "To bake a loaf of bread you first",
    "The most surprising thing about the ocean is",
    "def fibonacci(n):",
    "Once upon a time, in a village by the sea,",
    "The difference between a virus and a bacterium is",
    "Dear Sir or Madam, I am writing to",
    "In the year 2150, the first city on Mars",
)
SETTINGS = SamplingSettings(temperature=1, top_p=0.9)


@dataclass
class Reply:
    """A reply written alone: the scores behind each token, and the token."""

    prompt_ids: list[int]
    seed: int
    token_ids: list[int]
    logits: list[FloatArray]


def main() -> None:
    """Write, compare, and print how many tokens differ and by how much their scores do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default=load_catalog()[0].name)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    engine = playground.load(options.model, options.precision, engine="core").engine
    result = {"model": options.model, "precision": options.precision} | compare(
        engine, options.tokens
    )
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(
        f"{result['model']} at {result['precision']}: {result['differing_tokens']} of "
        f"{result['tokens']:,} tokens differ among seven others from the same alone; largest "
        f"difference of a logit {result['largest_logit_difference']:.2g}."
    )


def compare(engine: Engine, tokens: int) -> dict[str, float]:
    """Return how many tokens were compared, how many differ, and the largest change of a logit."""
    seen = differing = batch = 0
    largest = 0.0
    while seen < tokens:
        replies = [write_alone(engine, row, batch * ROWS + row) for row in range(ROWS)]
        for position, together in enumerate(lead_together(engine, replies)):
            for reply, logits in zip(replies, together, strict=True):
                largest = max(largest, float(np.abs(logits - reply.logits[position]).max()))
                differing += choose(reply, logits, position) != reply.token_ids[position]
                seen += 1
        batch += 1
    return {
        "tokens": seen,
        "differing_tokens": differing,
        "largest_logit_difference": largest,
    }


def write_alone(engine: Engine, topic: int, seed: int) -> Reply:
    """Write a reply of fixed length, whatever ends it elsewhere."""
    prompt_ids = engine.tokenizer.encode_text_prompt(TOPICS[topic])
    reply, cache = Reply(prompt_ids, seed, [], []), engine.new_cache()
    logits = list(prefill(engine, prompt_ids, cache))[-1]
    for position in range(REPLY_TOKENS):
        reply.logits.append(logits)
        reply.token_ids.append(choose(reply, logits, position))
        logits = engine.forward(np.array([[reply.token_ids[-1]]]), [cache])[0]
    return reply


def lead_together(engine: Engine, replies: list[Reply]) -> list[NDArray[np.float32]]:
    """Run the tokens of all replies in one batch; return the scores, position by position."""
    caches: list[KVCache] = [engine.new_cache() for _ in replies]
    first = [
        list(prefill(engine, reply.prompt_ids, cache))[-1]
        for reply, cache in zip(replies, caches, strict=True)
    ]
    scores = [np.stack(first)]
    for position in range(REPLY_TOKENS - 1):
        newest = np.array([[reply.token_ids[position]] for reply in replies])
        scores.append(engine.forward(newest, caches))
    return scores


def choose(reply: Reply, logits: FloatArray, position: int) -> int:
    """Choose with the number that this reply throws at this position."""
    rng = np.random.default_rng([reply.seed, position])
    chooser = Chooser(SETTINGS, reply.prompt_ids, rng)
    return chooser.choose(logits, reply.token_ids[:position]).token_id


if __name__ == "__main__":
    main()
