"""The core's decoder, with the step of a new token a row in one compiled call.

Of a prompt, what stands between products and attention is compiled: one call for what is several
passes over the numbers in NumPy, and none of them holds Python's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from playground.core.capture import Capture
from playground.core.kv_cache import KVCache
from playground.core.transformer import Turns
from playground.models.engines.activations import (
    BATCH_ROWS,
    gelu_tanh_in_torch,
    silu_in_torch,
)
from playground.models.engines.compiled import ready
from playground.models.engines.compiled.board import GELU_TANH, SILU
from playground.models.engines.compiled.helper_threads import HELPERS
from playground.models.engines.compiled.plan import (
    Plan,
    plan_of,
    stacked_turns,
    words_of_caches,
)
from playground.models.engines.slices import SlicedTransformer

Float32Array = NDArray[np.float32]

GATES: Mapping[Callable[[Float32Array], Float32Array], int] = {
    silu_in_torch: SILU,
    gelu_tanh_in_torch: GELU_TANH,
}

NO_GAINS: Float32Array = np.empty((0, 0), np.float32)


class CompiledTransformer(SlicedTransformer):
    """A decoder whose blocks are compiled for those who write, up to `BATCH_ROWS` rows.

    Prompts, and those who look inside, go through the core's own lines from step to step, and so
    does all until what is compiled is ready.
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

    def _normalise(self, x: Float32Array, gain: Float32Array | None) -> Float32Array:
        kernels = ready.kernels()
        if kernels is None or gain is None or x.ndim > 2:
            return super()._normalise(x, gain)
        normed = np.empty(x.shape, np.float32)
        kernels.normalise_rows(np.ascontiguousarray(x), gain, self.config.rms_norm_eps, normed)
        return normed

    def _turn(
        self,
        vectors: Float32Array,
        turning: int,
        gain: Float32Array | None,
        turns: tuple[Float32Array, Float32Array],
    ) -> Float32Array:
        kernels = ready.kernels()
        if kernels is None:
            return super()._turn(vectors, turning, gain, turns)
        turned = vectors.reshape(-1, *vectors.shape[2:])  # in place: a product is in one piece
        kernels.turn_rows(
            turned,
            turning,
            NO_GAINS if gain is None else gain,
            self.config.rms_norm_eps,
            *(np.ascontiguousarray(each).reshape(-1, each.shape[-1]) for each in turns),
        )
        return turned.reshape(vectors.shape)[:, :, :turning]

    def _gate(self, gate_up: Float32Array) -> Float32Array:
        kernels, bend = ready.kernels(), GATES.get(self.config.activation)
        if kernels is None or bend is None:
            return super()._gate(gate_up)
        gated = np.empty((len(gate_up), gate_up.shape[1] // 2), np.float32)
        kernels.gate_rows(gate_up, bend, gated)
        return gated

    @cached_property
    def plan(self) -> Plan | None:
        """Where the weights lie; None where a layer has no compiled product."""
        if self.config.activation not in GATES:
            return None
        return plan_of(self.config, self.blocks)
