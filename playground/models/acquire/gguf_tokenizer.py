"""The tokenizer of a GGUF file, split into words by the rule that the file names.

A byte-level vocabulary was learned on texts that were split first: digits one by one, or in threes,
or with a line end for itself. The file names its rule in ``tokenizer.ggml.pre``; with another one
the ids are valid, and unlike any the model was trained on. transformers honours some of the rules
and passes over the others in silence, so each is named here. A rule that is not is refused.

Sources: the table of llama.cpp's ``llama-vocab.cpp`` (which name stands for which rule), and the
``tokenizer.json`` of the models it was written for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from playground.errors import ModelUnavailable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

RULE = "tokenizer.ggml.pre"
SPACE = "tokenizer.ggml.add_space_prefix"
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # how SentencePiece writes one
# Digits stand alone before the byte-level split.
SINGLE_DIGITS = frozenset(
    {"codeshell", "command-r", "exaone", "granite-docling", "minerva-7b", "refact", "smollm"}
    | {"starcoder"}
)
# The split of GPT-2, which transformers' byte-level tokenizer has by itself.
GPT2 = frozenset(
    {"gigachat", "gpt-2", "jais", "jina-de", "jina-es", "jina-v1-en", "jina-v2-code"}
    | {"jina-v2-de", "jina-v2-es", "mellum", "modern-bert", "mpt", "olmo", "phi-2"}
)
# Splits that transformers takes by their names.
KNOWN_TO_TRANSFORMERS = frozenset(
    {"dbrx", "deepseek-r1-qwen", "falcon-h1", "falcon3", "gpt-4o", "lfm2", "llama-bpe", "llama-v3"}
    | {"llama3", "llama4", "megrez", "pixtral", "qwen2", "qwen35", "smaug-bpe", "tekken"}
)
# Composed characters: what the merges of these were learned on.
COMPOSED = frozenset({"deepseek-r1-qwen", "megrez", "mpt", "olmo", "qwen2", "qwen35"})
# A word that is a token is that token, whatever the merges would make of it.
WHOLE_WORDS = frozenset(
    {"falcon-h1", "falcon3", "lfm2", "llama-bpe", "llama-v3", "llama3", "pixtral", "tekken"}
)
# Files from before May 2024 name no rule; these architectures have had one alone.
BY_ARCHITECTURE = {"gpt2": "gpt-2", "qwen2": "qwen2", "qwen3": "qwen2"}


def rule_of(metadata: Mapping[str, Any]) -> str | None:
    """Return the name of the rule by which a file's texts are split; None where none is needed.

    Parameters
    ----------
    metadata : mapping of str to object
        The file's own.

    Raises
    ------
    ModelUnavailable
        When the file names no rule, or one that is not known here.
    """
    if metadata.get("tokenizer.ggml.model") != "gpt2":
        return None  # SentencePiece splits nothing
    named = metadata.get(RULE, "default")
    rule = named if named != "default" else BY_ARCHITECTURE.get(str(_architecture(metadata)))
    if rule is None:
        raise ModelUnavailable(
            f"the file does not say how its texts are split into words ({RULE} is {named!r}), so "
            "that its tokens cannot be those the model was trained on; take a newer conversion"
        )
    if rule not in SINGLE_DIGITS | GPT2 | KNOWN_TO_TRANSFORMERS:
        raise ModelUnavailable(
            f"its texts are split into words by the rule {rule!r} ({RULE}), which is not known here"
        )
    return str(rule)


def apply_rule(tokenizer: PreTrainedTokenizerFast, rule: str | None) -> None:
    """Let a tokenizer that transformers built out of a GGUF file split texts by the file's rule."""
    from tokenizers import normalizers, pre_tokenizers

    backend = tokenizer.backend_tokenizer
    if rule in SINGLE_DIGITS:
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    if rule in COMPOSED:
        backend.normalizer = normalizers.NFC()
    if rule in WHOLE_WORDS:
        backend.model.ignore_merges = True


def apply_spaces(tokenizer: PreTrainedTokenizerFast, metadata: Mapping[str, Any]) -> None:
    """Put no space before a text where a file of SentencePiece says so.

    transformers reads ``tokenizer.ggml.add_space_prefix`` and passes over it: the first word of
    every text would have other ids than the model was trained on.
    Gemma's have a builder of their own, which puts none.
    """
    from tokenizers import decoders, normalizers

    if metadata.get("tokenizer.ggml.model") != "llama" or metadata.get(SPACE, True):
        return
    if str(_architecture(metadata)).startswith("gemma"):
        return
    backend = tokenizer.backend_tokenizer
    backend.normalizer = normalizers.Replace(" ", _SPACE)
    backend.pre_tokenizer = None
    backend.decoder = decoders.Sequence(
        [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )


def end_token_ids(metadata: Mapping[str, Any]) -> list[int]:
    """Return every token that ends a reply: the end of a text, of a turn, of a message."""
    keys = ("eos_token_id", "eot_token_id", "eom_token_id")
    found = [metadata.get(f"tokenizer.ggml.{key}") for key in keys]
    return list(dict.fromkeys(int(each) for each in found if each is not None))


def _architecture(metadata: Mapping[str, Any]) -> Any:
    return metadata.get("general.architecture")
