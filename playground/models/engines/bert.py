"""A BERT encoder's forward pass, with its weights as transformers loads them.

It is what the library computes (``tests/reference`` holds the vectors to its own), without the
library's ways between the products. With the weights turned round, so that a product goes through
them as they lie, a few sentences take two thirds of the library's time; with both sides of a
product rounded to bytes, which serves who judges and not who compares, half of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


TINY = 1e-30
"""What a row of zeros counts as, which has no step of its own."""


class _Map(Protocol):
    """What makes outputs of the states of N tokens."""

    def __call__(self, states: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class _Linear:
    weight: Tensor  # of shape (inputs, outputs)
    bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        import torch

        return torch.addmm(self.bias, states, self.weight)


class _Rounded:
    """A product of bytes: each output's weights and each token's state have a step of their own.

    So a token gets the same bits whatever runs beside it.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        import torch

        self._bias = bias
        self._steps = weight.abs().amax(1).clamp_min(TINY) / 127
        codes = (weight / self._steps[:, None]).round().to(torch.int8)
        self._packed = torch.ops.onednn.qlinear_prepack(codes, None)
        self._zeros = torch.zeros(len(codes), dtype=torch.int32)

    def __call__(self, states: Tensor) -> Tensor:
        import torch

        step = states.abs().amax(-1, keepdim=True).clamp_min_(TINY) / 127
        # The half makes of cutting off rounding; the bytes that are multiplied have no sign.
        unsigned = (states / step).add_(128.5).to(torch.uint8)
        numbers = (self._packed, self._steps, self._zeros)
        sums = torch.ops.onednn.qlinear_pointwise.default(
            unsigned, 1.0, 128, *numbers, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return torch.addcmul(self._bias, sums, step)


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float


@dataclass(frozen=True)
class _Layer:
    """One layer; query, key and value are one product."""

    attend: _Map
    joined: _Map
    attended: _Norm
    widen: _Map
    narrow: _Map
    thought: _Norm


class Bert:
    """The states that an encoder's layers make of tokens.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A BERT with absolute places and GELU.
    layers : int, optional
        Only its first so many; all, if left out.
    rounded : bool
        Round what is multiplied to bytes where the processor sums their products exactly.
    """

    def __init__(
        self, network: PreTrainedModel, layers: int | None = None, rounded: bool = False
    ) -> None:
        whole: Any = network  # its type is that of all networks
        self.width = int(whole.config.hidden_size)
        self._heads = int(whole.config.num_attention_heads)
        self._words = whole.embeddings.word_embeddings.weight.detach()
        # A text has one part, so that the part's vector is the same everywhere.
        part = whole.embeddings.token_type_embeddings.weight.detach()[0]
        self._places = whole.embeddings.position_embeddings.weight.detach() + part
        self._embedded = _norm(whole.embeddings.LayerNorm)
        self._layers = [_layer(each, rounded) for each in whole.encoder.layer[:layers]]

    def states(self, ids: Tensor, places: Tensor, sees: Tensor) -> Tensor:
        """Return the state of each token after the last layer, shape (T, C).

        Parameters
        ----------
        ids, places : tensor of shape (T,)
            Of each token which it is and where in its text it stands.
        sees : tensor of shape (T, T)
            True where a token (row) may look at another (column).
        """
        import torch
        from torch.nn import functional

        count = len(ids)
        blind = torch.zeros(count, count).masked_fill(~sees, -torch.inf)
        shape, scale = (self._heads, count, count), (self.width // self._heads) ** -0.5
        states = _normal(self._words[ids] + self._places[places], self._embedded)
        for each in self._layers:
            mixed = each.attend(states).view(count, 3, self._heads, -1)
            query, key, value = mixed.permute(1, 2, 0, 3)
            scores = torch.baddbmm(blind.expand(shape), query, key.mT, alpha=scale)
            seen = torch.bmm(scores.softmax(-1), value).transpose(0, 1).reshape(count, self.width)
            states = _normal(states + each.joined(seen), each.attended)
            wide = functional.gelu(each.widen(states))
            states = _normal(states + each.narrow(wide), each.thought)
        return states


def _normal(states: Tensor, norm: _Norm) -> Tensor:
    from torch.nn import functional

    return functional.layer_norm(states, (states.shape[-1],), norm.weight, norm.bias, norm.epsilon)


def _layer(given: Any, rounded: bool) -> _Layer:
    look = given.attention.self
    return _Layer(
        attend=_map(rounded, look.query, look.key, look.value),
        joined=_map(rounded, given.attention.output.dense),
        attended=_norm(given.attention.output.LayerNorm),
        widen=_map(rounded, given.intermediate.dense),
        narrow=_map(rounded, given.output.dense),
        thought=_norm(given.output.LayerNorm),
    )


def _map(rounded: bool, *given: Any) -> _Map:
    """Return several maps of the same inputs as one."""
    import torch

    weight = torch.cat([each.weight.detach() for each in given])
    bias = torch.cat([each.bias.detach() for each in given])
    # Older instructions let sums of bytes overflow.
    if rounded and torch.cpu.get_capabilities().get("avx512_vnni", False):
        return _Rounded(weight, bias)
    return _Linear(weight.T.contiguous(), bias)


def _norm(given: Any) -> _Norm:
    return _Norm(given.weight.detach(), given.bias.detach(), float(given.eps))
