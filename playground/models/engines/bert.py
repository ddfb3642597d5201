"""A BERT encoder's forward pass, with its weights as transformers loads them.

It is what the library computes (``tests/reference`` holds the vectors to its own), without the
library's ways between the products. With the weights turned round, so that a product goes through
them as they lie, a few sentences take two thirds of the library's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class _Linear:
    weight: Tensor  # of shape (inputs, outputs)
    bias: Tensor


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float


@dataclass(frozen=True)
class _Layer:
    """One layer; query, key and value are one product."""

    attend: _Linear
    joined: _Linear
    attended: _Norm
    widen: _Linear
    narrow: _Linear
    thought: _Norm


class Bert:
    """The states that an encoder's layers make of tokens.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A BERT with absolute places and GELU.
    layers : int, optional
        Only its first so many; all, if left out.
    """

    def __init__(self, network: PreTrainedModel, layers: int | None = None) -> None:
        whole: Any = network  # its type is that of all networks
        self.width = int(whole.config.hidden_size)
        self._heads = int(whole.config.num_attention_heads)
        self._words = whole.embeddings.word_embeddings.weight.detach()
        # A text has one part, so that the part's vector is the same everywhere.
        part = whole.embeddings.token_type_embeddings.weight.detach()[0]
        self._places = whole.embeddings.position_embeddings.weight.detach() + part
        self._embedded = _norm(whole.embeddings.LayerNorm)
        self._layers = [_layer(each) for each in whole.encoder.layer[:layers]]

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
            mixed = _product(states, each.attend).view(count, 3, self._heads, -1)
            query, key, value = mixed.permute(1, 2, 0, 3)
            scores = torch.baddbmm(blind.expand(shape), query, key.mT, alpha=scale)
            seen = torch.bmm(scores.softmax(-1), value).transpose(0, 1).reshape(count, self.width)
            states = _normal(states + _product(seen, each.joined), each.attended)
            wide = functional.gelu(_product(states, each.widen))
            states = _normal(states + _product(wide, each.narrow), each.thought)
        return states


def _product(states: Tensor, linear: _Linear) -> Tensor:
    import torch

    return torch.addmm(linear.bias, states, linear.weight)


def _normal(states: Tensor, norm: _Norm) -> Tensor:
    from torch.nn import functional

    return functional.layer_norm(states, (states.shape[-1],), norm.weight, norm.bias, norm.epsilon)


def _layer(given: Any) -> _Layer:
    look = given.attention.self
    return _Layer(
        attend=_linear(look.query, look.key, look.value),
        joined=_linear(given.attention.output.dense),
        attended=_norm(given.attention.output.LayerNorm),
        widen=_linear(given.intermediate.dense),
        narrow=_linear(given.output.dense),
        thought=_norm(given.output.LayerNorm),
    )


def _linear(*given: Any) -> _Linear:
    """Return several maps of the same inputs as one."""
    import torch

    weight = torch.cat([each.weight.detach() for each in given])
    return _Linear(weight.T.contiguous(), torch.cat([each.bias.detach() for each in given]))


def _norm(given: Any) -> _Norm:
    return _Norm(given.weight.detach(), given.bias.detach(), float(given.eps))
