"""An engine that says what it is told: fast, and stops where a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from playground.models.acquire.store import InstalledModel
from playground.models.engines.engine import KVCache, LoadReport, outcome
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Tokenizer


@dataclass
class ScriptedCache:
    length: int = 0
    calls: int = 0

    @property
    def size_bytes(self) -> int:
        return self.length

    @property
    def held_bytes(self) -> int:
        return self.length

    @property
    def can_cut(self) -> bool:
        return True

    def cut(self, length: int) -> None:
        self.length, self.calls = min(self.length, length), 0  # the script begins anew

    def copy(self) -> ScriptedCache:
        return ScriptedCache(self.length, self.calls)


@dataclass(eq=False)
class ScriptedEngine:
    """Gives each row the scripted tokens one after the other, whatever it reads.

    Parameters
    ----------
    folder : Path
        A model folder, for its tokenizer.
    reply : sequence of int
        Tokens of the reply; then the end of turn.
    hold_at : int or None
        The forward pass before which it waits for `released`.
    """

    folder: Path
    reply: Sequence[int]
    hold_at: int | None = None
    name: str = "scripted"
    precision: Precision = Precision.FP32
    context_length: int = 512
    reads_alike: bool = False
    calls: int = 0
    holding: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.tokenizer = Tokenizer.load(self.folder, end_token_ids=[0])
        self.model = InstalledModel(
            name="scripted",
            title="Scripted",
            path=self.folder,
            source="folder",
            origin="a test",
            quantized_origin=None,
            license="none",
            size_bytes=0,
            parameters=10**9,  # so that its prompts are read in short pieces
            chat=True,
        )
        self.report = LoadReport({}, {}, 0, {}, True, 0, "cpu", 0.0, 0)

    def new_cache(self) -> KVCache:
        return ScriptedCache()

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        """Make the next scripted token all but certain."""
        if self.calls == self.hold_at:
            self.holding.set()
            assert self.released.wait(10), "nobody released the engine"
        logits = np.zeros((len(token_ids), self.tokenizer.vocab_size), np.float32)
        for row, cache in enumerate(caches):
            held = cast(ScriptedCache, cache)
            logits[row, (*self.reply, 0)[held.calls % (len(self.reply) + 1)]] = 50
            held.length += token_ids.shape[1]
            held.calls += 1
        self.calls += 1
        return logits

    def forward_each(
        self, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
    ) -> list[NDArray[np.float32] | Exception]:
        """Run texts one after another."""
        pairs = zip(pieces, caches, strict=True)
        runs = (partial(self.forward, ids[None], [cache]) for ids, cache in pairs)
        found = [outcome(run) for run in runs]
        return [each if isinstance(each, Exception) else each[0] for each in found]

    @property
    def most_verified(self) -> int:
        """Run each token by itself."""
        return 1

    def verify(self, token_ids: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        """Run tokens one after another."""
        return np.concatenate([self.forward(each, [cache]) for each in token_ids[:, None, None]])

    def logits_at_each(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Find every token as likely as any other."""
        return np.zeros((len(token_ids), self.tokenizer.vocab_size), np.float32)

    def hidden_states(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give every token the same two vectors."""
        return np.ones((2, len(token_ids), 4), np.float32)

    def embedding_table(self) -> NDArray[np.float32]:
        """Give every token a vector of its own."""
        return np.eye(self.tokenizer.vocab_size, dtype=np.float32)
