"""The core's decoder, with the step of a new token a row in one compiled call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from playground.core.kv_cache import KVCache
from playground.core.transformer import Capture, Transformer, Turns
from playground.models.engines.activations import (
    BATCH_ROWS,
    gelu_tanh_in_torch,
    silu_in_torch,
)
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.elementwise import GELU_TANH, SILU
from playground.models.engines.compiled.helper_threads import HELPERS
from playground.models.engines.compiled.plan import (
    Plan,
    plan_of,
    stacked_turns,
    words_of_caches,
)

Float32Array = NDArray[np.float32]

GATES: Mapping[Callable[[Float32Array], Float32Array], int] = {
    silu_in_torch: SILU,
    gelu_tanh_in_torch: GELU_TANH,
}


class CompiledTransformer(Transformer):
    """A decoder whose blocks are compiled for those who write, up to `BATCH_ROWS` rows.

    Prompts, and those who look inside, go through the core's own lines, and so does all until what
    is compiled is ready.
    """

    def run_blocks(
        self,
        hidden: Float32Array,
        turns: Turns,
        caches: Sequence[KVCache],
        capture: Capture | None = None,
    ) -> Float32Array:
        """Run one token a row in one call, anything else block by block; see `Transformer`."""
        kernels = ready.kernels()
        writes = len(hidden) == len(caches) <= BATCH_ROWS and capture is None
        if kernels is None or not writes or self.plan is None:
            return super().run_blocks(hidden, turns, caches, capture)
        config = self.config
        stepped = hidden.copy()
        with HELPERS.lent(kernels) as (board, helped):
            kernels.run_blocks(
                stepped,
                self.plan.blocks,
                self.plan.linears,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.rms_norm_eps,
                GATES[config.activation],
                stacked_turns(config, turns),
                words_of_caches(caches),
                board,
                helped,
            )
        return stepped

    @cached_property
    def plan(self) -> Plan | None:
        """Where the weights lie; None where a layer has no compiled product."""
        if self.config.activation not in GATES:
            return None
        return plan_of(self.config, self.blocks)
