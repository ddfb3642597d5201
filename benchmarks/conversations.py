"""What a long conversation costs: a setting moved, a letter typed, a message sent, a kill -9.

Run as ``python -m benchmarks.conversations``; no model is loaded.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from apps.chat.conversations import Conversation, Turn
from apps.chat.store import ConversationStore
from playground.generation.choosing import StageRecord
from playground.generation.recording import AlternativeRecord, TokenRecord
from tests.support.interrupted_chat import KEY, ask_and_kill
from tests.support.tiny_llama import save_tiny_llama

REPLIES, TOKENS, RUNS, KILLS = 100, 256, 21, 20


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = ConversationStore(Path(folder))
        _tell(store)
        reply = store.load(KEY).turns[1]
        rows: dict[str, Callable[[int], object]] = {
            "a setting moved": lambda run: store.keep_settings(KEY, {"temperature": run}),
            "a letter typed": lambda _: store.load(KEY),
            "opened after a restart": lambda _: ConversationStore(Path(folder)).load(KEY),
            "a message sent": lambda run: store.update(KEY, _asks(str(run))),
            "a token looked at": lambda _: store.recording(KEY, reply),
        }
        print(f"{REPLIES} replies of {TOKENS} tokens, medians of {RUNS} runs")
        for name, work in rows.items():
            print(f"{name:24} {1000 * _median_seconds(work):8.3f} ms")
    print(f"questions lost in {KILLS} x kill -9: {_lost_questions()}")


def _tell(store: ConversationStore) -> None:
    stages = tuple(StageRecord(name, 12.345678, 49152) for name in ("top_k", "top_p"))
    others = tuple(AlternativeRecord(place, " alternative", -12.345678) for place in range(10))
    for number in range(REPLIES):
        record = TokenRecord(number, " word", " word", -1.0, 1, 2.0, 0.5, 0.4, 0.6, stages, others)
        name = store.keep_recording(KEY, (record,) * TOKENS)
        store.update(KEY, _asks("And then?"))
        store.update(KEY, _says(Turn("assistant", " word" * TOKENS, recording=name)))


def _asks(text: str) -> Callable[[Conversation], Conversation]:
    return _says(Turn("user", text))


def _says(turn: Turn) -> Callable[[Conversation], Conversation]:
    return lambda conversation: conversation.with_turn(turn)


def _median_seconds(work: Callable[[int], object]) -> float:
    seconds = []
    for run in range(RUNS):
        start = time.perf_counter()
        work(run)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _lost_questions() -> int:
    with tempfile.TemporaryDirectory() as folder:
        model = save_tiny_llama(Path(folder) / "model")
        questions = [f"question {number}" for number in range(KILLS)]
        told = ask_and_kill(model, Path(folder), questions, random.Random(7))  # noqa: S311 - moments
    kept = [turn.content for turn in told.turns if turn.role == "user"]
    return len(set(questions) - set(kept))


if __name__ == "__main__":
    main()
