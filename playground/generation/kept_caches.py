"""Caches that outlive their replies: the next turn reads only what is new.

A reply leaves the keys and values of its prompt and of what it wrote. The next prompt of the same
owner, a conversation or a run of a lab, that begins with the same tokens takes them, cut back to
what both share. While another reply still writes to them it gets a copy: keys and values are
copied far faster than they are computed (`benchmarks/turns.py`).

Nobody finds what another owner had read, not even a system prompt: how soon a reply begins says
nothing about what others wrote.

The scores are those of a prompt read from its start, to the bit: what is taken ends with a whole
piece (`PREFILL_CHUNK`) of a prompt, for a token read alone has other last bits than one read in a
piece. So what a conversation's reply writes is read once more in pieces, and the next turn finds
it: behind the reply while that has the engine for itself, else ahead of the next turn, while nobody
waits. The reply itself goes on in the cache that it has, for its bits may not depend on company.
Only at FP32, where they do anyhow, a conversation takes all that its last reply read and wrote as
it is.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

import numpy as np

from playground.models.engines.engine import PREFILL_CHUNK, Engine, KVCache

# What all of them may take where nobody says otherwise.
MOST_BYTES = 1_000_000_000

# From so many tokens before it a reply is read behind. After fewer, what is left to read at its end
# takes little longer than a first turn, and that is not worth slowing it.
BEHIND_FROM = 512


@dataclass(eq=False)
class Kept:
    """A cache, whose it is, and what it has read or is to read.

    Parameters
    ----------
    owner : str
        Who may take it; nobody where it is empty.
    exact : bool
        Whether only whole pieces of a prompt may be taken of it.
    ids : tuple of int
        Tokens that it holds, or will once they are read; it may hold more.
    cache : KVCache
        Of one row.
    taken : int
        How many it held already when it was begun.
    used : int or None
        When a reply left it; the higher the later. None while one reads or writes it.
    ahead : tuple of int
        What the next prompt probably begins with; longer than `ids` while it is to be read.
    apart : bool or None
        Whether this is a copy, and its reply goes on in a cache of its own; None until there was a
        piece to be read behind it, False where there was no room.
    """

    owner: str
    exact: bool
    ids: tuple[int, ...]
    cache: KVCache
    taken: int = 0
    used: int | None = None
    ahead: tuple[int, ...] = ()
    apart: bool | None = None

    @property
    def whole(self) -> int:
        """How many of its tokens are whole pieces."""
        return len(self.ids) // PREFILL_CHUNK * PREFILL_CHUNK

    @property
    def piece(self) -> tuple[int, ...]:
        """The next whole piece that is to be read; empty where there is none."""
        piece = self.ahead[self.whole : self.whole + PREFILL_CHUNK]
        return piece if len(piece) == PREFILL_CHUNK else ()

    @property
    def lags(self) -> bool:
        """Whether it rests and a whole piece can be read ahead."""
        return self.used is not None and bool(self.piece)

    def read(self, engine: Engine) -> None:
        """Read that piece behind the whole ones before it."""
        self.cache.cut(self.whole)
        engine.forward(np.asarray([self.piece], np.int64), [self.cache])
        self.ids = self.ahead[: self.whole + PREFILL_CHUNK]

    def shared_with(self, ids: Sequence[int]) -> int:
        """Return how many tokens it saves another prompt, of which the last is always read."""
        if not self.cache.can_cut:
            return 0
        pairs = zip(self.ids[: self.cache.length], ids[:-1], strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return same - same % PREFILL_CHUNK if self.exact else same


class KeptCaches:
    """The caches of all engines of a pool, within one budget; they go with their engine.

    Parameters
    ----------
    budget : callable
        Takes the bytes that are kept now and returns how many may be.
    """

    def __init__(self, budget: Callable[[int], int] = lambda _held: MOST_BYTES) -> None:
        self._budget = budget
        self._guard = threading.Lock()
        self._of: weakref.WeakKeyDictionary[Engine, list[Kept]] = weakref.WeakKeyDictionary()
        self._uses = count()

    def begin(self, engine: Engine, owner: str, ids: Sequence[int], exact: bool = True) -> Kept:
        """Return a cache that holds as much of a prompt as its owner left.

        Parameters
        ----------
        engine : Engine
            Who computes; no other engine has a use for it.
        owner : str
            Who asks; what is read for an empty one is not kept.
        ids : sequence of int
            All that is to be read.
        exact : bool
            Whether the scores are to be those of a prompt read from its start, to the bit.
        """
        kept = Kept(owner, exact, tuple(ids), engine.new_cache())
        if not owner:
            return kept
        with self._guard:
            own = self._of.setdefault(engine, [])
            mine = (each for each in own if each.owner == owner and each.exact == exact)
            best = max(mine, key=lambda each: each.shared_with(ids), default=None)
            if best and (shared := best.shared_with(ids)):
                kept.cache = best.cache.copy() if best.used is None else best.cache
                kept.cache.cut(shared)
                kept.taken = shared
                if best.used is not None:
                    own.remove(best)
            own.append(kept)
        return kept

    def end(self, engine: Engine, kept: Kept, ids: Sequence[int], goes_on: bool = False) -> None:
        """Keep a cache for its owner's next prompt.

        Parameters
        ----------
        engine, kept
            Of `begin`.
        ids : sequence of int
            All that it was given to read, and what was written behind it.
        goes_on : bool
            Whether the next prompt probably begins with all of that.
        """
        if not kept.owner:
            return
        with self._guard:
            if not kept.cache.can_cut:
                self._drop(engine, kept)
                return
            if not kept.exact:
                kept.ids = tuple(ids)
            elif goes_on:
                kept.ahead = tuple(ids)
            kept.used = next(self._uses)
            self._shrink()

    def lags(self, engine: Engine) -> bool:
        """Tell whether there is something to read ahead."""
        with self._guard:
            return any(kept.lags for kept in self._own(engine))

    def read_ahead(self, engine: Engine) -> bool:
        """Read one piece of what the newest reply wrote; return False when nothing is to be read.

        It runs where the engine's replies do, while none of them does.
        """
        with self._guard:
            lagging = [kept for kept in self._own(engine) if kept.lags]
            if not lagging:
                return False
            kept = max(lagging, key=lambda each: each.used or 0)
            used, kept.used = kept.used, None
        try:
            kept.read(engine)
        except Exception:  # nobody waits for it: the next prompt meets the same, and says so
            self.drop(engine, kept)
            return True
        with self._guard:
            kept.used = used
            self._shrink()
        return True

    def read_behind(self, engine: Engine, kept: Kept, ids: Sequence[int]) -> None:
        """Read one piece of what a reply has read and written so far, if one is whole.

        Nothing is behind a reply to a short prompt (`BEHIND_FROM`). It runs where the engine's
        replies do, between two tokens of the only one.

        Parameters
        ----------
        engine, kept
            Of `begin`.
        ids : sequence of int
            All that it was given to read, and what was written behind it.
        """
        if not (kept.owner and kept.exact and kept.cache.can_cut) or kept.whole < BEHIND_FROM:
            return
        kept.ahead = tuple(ids)
        try:
            if kept.piece and self._set_apart(kept):
                kept.read(engine)
        except Exception:  # the reply goes on, and leaves nothing
            self.drop(engine, kept)

    def drop(self, engine: Engine, kept: Kept) -> None:
        """Do not keep a cache: something went wrong while it was read or written."""
        with self._guard:
            self._drop(engine, kept)

    def forget(self, engine: Engine, owner: str) -> None:
        """Keep nothing of an owner any more, also what is read for it just now."""
        with self._guard:
            for kept in tuple(self._own(engine)):
                if kept.owner == owner:
                    self._drop(engine, kept)

    def leave(self, engine: Engine) -> None:
        """Keep nothing of an engine any more: it is let go."""
        with self._guard:
            for kept in tuple(self._own(engine)):
                self._drop(engine, kept)

    def free(self) -> None:
        """Give up all that no reply uses now."""
        with self._guard:
            for engine, kept in self._at_rest():
                self._drop(engine, kept)

    def size_bytes(self, engine: Engine | None = None) -> int:
        """Return the bytes that are kept for the next prompts, of one engine or of all."""
        with self._guard:
            return self._size(engine)

    def _size(self, of: Engine | None = None) -> int:
        return sum(
            kept.cache.size_bytes for engine, kept in self._at_rest() if of in (None, engine)
        )

    def _at_rest(self) -> list[tuple[Engine, Kept]]:
        """Return those that no reply uses, the least recently used first."""
        pairs = [(engine, kept) for engine, own in self._of.items() for kept in own]
        return sorted(
            (pair for pair in pairs if pair[1].used is not None), key=lambda pair: pair[1].used or 0
        )

    def _set_apart(self, kept: Kept) -> bool:
        """Copy a cache, once and where there is room: its reply goes on in the one it has."""
        if kept.apart is None:
            size = kept.cache.size_bytes
            with self._guard:
                kept.apart = size <= self._budget(self._size())
                if kept.apart:
                    self._shrink(size)
            if kept.apart:
                kept.cache = kept.cache.copy()
        return kept.apart

    def _shrink(self, needed: int = 0) -> None:
        """Give up the least recently used until the rest and what is needed are in the budget."""
        held = self._size()
        most = self._budget(held) - needed
        for engine, kept in self._at_rest():
            if held <= most:
                break
            held -= kept.cache.size_bytes
            self._drop(engine, kept)

    def _drop(self, engine: Engine, kept: Kept) -> None:
        kept.owner = ""  # also while a reply uses it
        own = self._own(engine)
        own[:] = [each for each in own if each is not kept]

    def _own(self, engine: Engine) -> list[Kept]:
        return next((own for each, own in self._of.items() if each is engine), [])
