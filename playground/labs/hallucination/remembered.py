"""What a loaded model has answered, so that a grade overruled needs no answer anew.

The same model, questions and settings give the same answers: what is kept here is what would come
again, whoever asks, and it goes when the model is freed.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

Known = TypeVar("Known")


class Memory(Generic[Known]):
    """The newest few lists of answers of each engine.

    Parameters
    ----------
    most : int
        Lists that are kept of one engine.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._kept: dict[int, OrderedDict[Hashable, tuple[Known, ...]]] = {}

    def recall(self, engine: Any, key: Hashable) -> tuple[Known, ...] | None:
        """Return what was kept under a key, or None."""
        with self._guard:
            lists = self._kept.get(id(engine), OrderedDict())
            if key in lists:
                lists.move_to_end(key)
            return lists.get(key)

    def keep(self, engine: Any, key: Hashable, known: Sequence[Known]) -> None:
        """Keep a finished list; the oldest goes where there are too many."""
        with self._guard:
            if id(engine) not in self._kept:
                self._kept[id(engine)] = OrderedDict()
                weakref.finalize(engine, self._kept.pop, id(engine), None).atexit = False
            lists = self._kept[id(engine)]
            lists[key] = tuple(known)
            while len(lists) > self._most:
                lists.popitem(last=False)
