"""The block's forward is the core's decoder; its gradients equal torch's and transformers'."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as theirs
from transformers import LlamaConfig, LlamaForCausalLM

from playground.core.block_training import BlockShape, block, embed, linear, look_back, swiglu
from playground.core.character_models import Bigram, BlockModel, CharacterModel, WindowMLP
from playground.core.functional import FloatArray, IntArray
from playground.core.network import Parameters
from playground.core.rope import Rope, rotation_table


class Case(NamedTuple):
    """A random configuration."""

    seed: int
    rows: int
    count: int
    heads: int
    kv_heads: int
    size: int
    wide: int
    vocab: int

    @property
    def width(self) -> int:
        return self.heads * self.size

    @property
    def shape(self) -> BlockShape:
        return BlockShape(self.heads, self.kv_heads)


def random_case(seed: int) -> Case:
    """Draw heads, widths, lengths and rows; the last reach over more than one block of queries."""
    dice = np.random.default_rng(seed)
    kv_heads, group = int(dice.integers(1, 4)), int(dice.integers(1, 4))
    count = 1 if seed == 0 else 150 if seed == 1 else int(dice.integers(2, 40))
    return Case(
        seed,
        int(dice.integers(1, 5)),
        count,
        kv_heads * group,
        kv_heads,
        2 * int(dice.integers(1, 9)),
        int(dice.integers(1, 50)),
        int(dice.integers(2, 70)),
    )


CASES = [random_case(seed) for seed in range(12)]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed {case.seed}")


def block_weights(case: Case, dice: np.random.Generator) -> Parameters:
    """Return random weights of a block in float64; gains are no ones."""
    width, rows = case.width, (case.heads + 2 * case.kv_heads) * case.size
    shapes = [(width,), (rows, width), (width, width)]
    shapes += [(width,), (2 * case.wide, width), (width, case.wide)]
    return [dice.normal(scale=0.5, size=shape) for shape in shapes]


def turn_of(case: Case) -> tuple[FloatArray, FloatArray]:
    return rotation_table(Rope(case.size, 1e4).frequencies, np.arange(case.count)[:, None])


def leaves_of(arrays: Parameters) -> list[torch.Tensor]:
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def torch_rotate(x: torch.Tensor, turn: tuple[FloatArray, FloatArray]) -> torch.Tensor:
    cosines, sines = (torch.tensor(each, dtype=torch.float64) for each in turn)
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat([-second, first], dim=-1) * sines


def torch_look_back(qkv: torch.Tensor, case: Case) -> torch.Tensor:
    vectors = qkv.unflatten(-1, (-1, case.size))
    turned = torch_rotate(vectors[:, :, : -case.kv_heads], turn_of(case)).transpose(1, 2)
    mixed = theirs.scaled_dot_product_attention(
        turned[:, : case.heads],
        turned[:, case.heads :],
        vectors[:, :, -case.kv_heads :].transpose(1, 2),
        is_causal=True,
        enable_gqa=True,
    )
    return mixed.transpose(1, 2).flatten(2)


def torch_block(x: torch.Tensor, weights: list[torch.Tensor], case: Case) -> torch.Tensor:
    """Return the same block, built of torch's own parts."""
    attention_norm, qkv, output, mlp_norm, gate_up, down = weights
    normed = theirs.rms_norm(x, (case.width,), attention_norm, case.shape.eps)
    x = x + theirs.linear(torch_look_back(theirs.linear(normed, qkv), case), output)
    normed = theirs.rms_norm(x, (case.width,), mlp_norm, case.shape.eps)
    gate, up = theirs.linear(normed, gate_up).chunk(2, dim=-1)
    return x + theirs.linear(theirs.silu(gate) * up, down)


def assert_equal(ours: FloatArray, reference: torch.Tensor | None, atol: float = 1e-9) -> None:
    assert reference is not None
    np.testing.assert_allclose(ours, reference.detach().numpy(), rtol=1e-9, atol=atol)


@every_case
def test_block_and_its_gradients_equal_torch(case: Case) -> None:
    dice = np.random.default_rng(case.seed)
    weights = block_weights(case, dice)
    x, d_output = dice.normal(size=(2, case.rows, case.count, case.width))
    output, backward = block(x, weights, turn_of(case), case.shape)
    x_leaf, *leaves = leaves_of([x, *weights])
    reference = torch_block(x_leaf, leaves, case)
    reference.backward(torch.tensor(d_output))
    assert_equal(output, reference)
    d_x, gradients = backward(d_output)
    assert_equal(d_x, x_leaf.grad)
    for gradient, leaf in zip(gradients, leaves, strict=True):
        assert_equal(gradient, leaf.grad)
    assert all(np.abs(gradient).max() > 1e-6 for gradient in gradients[3:])


@every_case
def test_looking_back_and_its_gradients_equal_torch(case: Case) -> None:
    dice = np.random.default_rng(case.seed)
    width = (case.heads + 2 * case.kv_heads) * case.size
    qkv = dice.normal(size=(case.rows, case.count, width))
    d_output = dice.normal(size=(case.rows, case.count, case.width))
    output, backward = look_back(qkv, turn_of(case), case.shape)
    (leaf,) = leaves_of([qkv])
    reference = torch_look_back(leaf, case)
    reference.backward(torch.tensor(d_output))
    assert_equal(output, reference)
    d_qkv, none = backward(d_output)
    assert_equal(d_qkv, leaf.grad)
    assert none == []


def test_linear_swiglu_and_embedding_equal_torch() -> None:
    dice = np.random.default_rng(0)
    x, weight, d_output = (dice.normal(size=s) for s in [(2, 3, 4), (5, 4), (2, 3, 5)])
    y, backward = linear(x, weight)
    leaves = leaves_of([x, weight])
    theirs.linear(*leaves).backward(torch.tensor(d_output))
    d_x, (d_weight,) = backward(d_output)
    assert_equal(y, theirs.linear(*leaves))
    assert_equal(d_x, leaves[0].grad)
    assert_equal(d_weight, leaves[1].grad)

    _, backward = swiglu(x)
    (leaf,) = leaves_of([x])
    (theirs.silu(leaf[..., :2]) * leaf[..., 2:]).backward(torch.tensor(d_output[..., :2]))
    assert_equal(backward(d_output[..., :2])[0], leaf.grad)

    ids = np.array([[3, 0, 3], [1, 3, 1]])
    y, backward = embed(ids, weight)
    (leaf,) = leaves_of([weight])
    d_vectors = dice.normal(size=(2, 3, 4))
    theirs.embedding(torch.tensor(ids), leaf).backward(torch.tensor(d_vectors))
    assert_equal(y, theirs.embedding(torch.tensor(ids), leaf))
    assert_equal(backward(d_vectors)[1][0], leaf.grad)


def their_model(model: BlockModel) -> LlamaForCausalLM:
    """Return transformers' model of one layer with the same weights, in float64."""
    table, attention_norm, qkv, output, mlp_norm, gate_up, down, norm, head = model.parameters
    shape, size = model.shape, model.rope.size
    config = LlamaConfig(
        vocab_size=len(table),
        hidden_size=table.shape[1],
        intermediate_size=down.shape[1],
        num_hidden_layers=1,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=size,
        rms_norm_eps=shape.eps,
        tie_word_embeddings=False,
        attn_implementation="eager",
    )
    queries, keys, values = np.split(
        qkv, [shape.heads * size, (shape.heads + shape.kv_heads) * size]
    )
    gate, up = np.split(gate_up, 2)
    layer = {
        "input_layernorm": attention_norm,
        "self_attn.q_proj": queries,
        "self_attn.k_proj": keys,
        "self_attn.v_proj": values,
        "self_attn.o_proj": output,
        "post_attention_layernorm": mlp_norm,
        "mlp.gate_proj": gate,
        "mlp.up_proj": up,
        "mlp.down_proj": down,
    }
    named = {f"model.layers.0.{name}": array for name, array in layer.items()}
    named |= {"model.embed_tokens": table, "model.norm": norm, "lm_head": head}
    llama = LlamaForCausalLM(config).double()
    llama.load_state_dict({f"{name}.weight": torch.tensor(a) for name, a in named.items()})
    return llama


def their_gradients(llama: LlamaForCausalLM) -> Parameters:
    """Return their gradients in the order of our parameters."""
    named = {name: each.grad.numpy() for name, each in llama.named_parameters()}
    layer = {
        name.removeprefix("model.layers.0.").removesuffix(".weight"): gradient
        for name, gradient in named.items()
    }
    qkv = np.concatenate([layer[f"self_attn.{each}_proj"] for each in "qkv"])
    gate_up = np.concatenate([layer["mlp.gate_proj"], layer["mlp.up_proj"]])
    return [
        named["model.embed_tokens.weight"],
        layer["input_layernorm"],
        qkv,
        layer["self_attn.o_proj"],
        layer["post_attention_layernorm"],
        gate_up,
        layer["mlp.down_proj"],
        named["model.norm.weight"],
        named["lm_head.weight"],
    ]


def random_windows(case: Case, reach: int) -> IntArray:
    dice = np.random.default_rng(case.seed)
    return dice.integers(case.vocab, size=(case.rows, reach + 1))


def block_model(case: Case, dtype: type = np.float64) -> BlockModel:
    dice = np.random.default_rng(case.seed)
    model = BlockModel.create(dice, case.vocab, case.count, case.width, case.shape, dtype)
    for place in (1, 4, 7):  # gains of 1 would hide where they act
        model.parameters[place] = dice.normal(1, 0.3, size=case.width).astype(dtype)
    return model


@every_case
def test_loss_and_gradients_equal_transformers(case: Case) -> None:
    model = block_model(case)
    windows = random_windows(case, case.count)
    loss, gradients = model.loss_and_gradients(windows)
    llama = their_model(model)
    contexts, targets = (torch.tensor(each) for each in model.examples(windows))
    reference = theirs.cross_entropy(llama(contexts).logits.flatten(0, 1), targets.flatten())
    reference.backward()
    # transformers turns by cosines and sines of its own, in float32.
    assert loss == pytest.approx(reference.item(), abs=1e-6)
    for ours, expected in zip(gradients, their_gradients(llama), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


@every_case
def test_what_was_trained_is_what_the_core_s_decoder_runs(case: Case) -> None:
    model = block_model(case, np.float32)
    contexts = random_windows(case, case.count)[:, :-1]
    logits, _ = model.forward(contexts)
    decoder = model.decoder()
    caches = [decoder.new_cache() for _ in contexts]
    by_decoder = decoder.logits(decoder.hidden_states(contexts, caches))
    np.testing.assert_allclose(logits, by_decoder, rtol=0, atol=1e-5)
    assert logits.dtype == np.float32


def test_the_decoder_sees_no_further_back_than_the_training_did() -> None:
    model = block_model(CASES[2], np.float32)
    dice = np.random.default_rng(0)
    long = dice.integers(CASES[2].vocab, size=(1, 3 * model.reach))
    decoder = model.decoder()
    last = decoder.forward(long, [decoder.new_cache()])
    alone, _ = model.forward(long[:, -model.reach :])
    np.testing.assert_allclose(last, alone[:, -1], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        Bigram([np.random.default_rng(1).normal(size=(7, 7))], reach=1),
        WindowMLP.create(np.random.default_rng(2), 7, 3, (4, 6), np.float64),
        BlockModel.create(np.random.default_rng(3), 7, 5, 8, BlockShape(2, 1), np.float64),
    ],
    ids=lambda model: type(model).__name__,
)
def test_gradients_equal_finite_differences(model: CharacterModel) -> None:
    dice, step = np.random.default_rng(4), 1e-6
    windows = dice.integers(7, size=(3, model.reach + 1))
    _, gradients = model.loss_and_gradients(windows)
    for parameter, gradient in zip(model.parameters, gradients, strict=True):
        for index in dice.permutation(list(np.ndindex(parameter.shape)))[:12]:
            place = tuple(index)
            middle = parameter[place]
            parameter[place] = middle + step
            above = model.loss(windows)
            parameter[place] = middle - step
            below = model.loss(windows)
            parameter[place] = middle
            assert gradient[place] == pytest.approx((above - below) / (2 * step), abs=1e-6)
