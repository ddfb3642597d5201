"""An engine that gives the same reply to every prompt, however long it is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from playground.models.engines.engine import KVCache
from tests.support.scripted_engine import ScriptedCache, ScriptedEngine


@dataclass(eq=False)
class ParrotEngine(ScriptedEngine):
    """A scripted engine whose script begins anew after each piece of a prompt.

    A last piece of one token alone cannot be told from a token of the reply.
    """

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        """Make the next scripted token all but certain."""
        if token_ids.shape[1] > 1:
            for cache in caches:
                cast(ScriptedCache, cache).calls = 0
        return super().forward(token_ids, caches)
