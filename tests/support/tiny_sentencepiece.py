"""A tiny SentencePiece tokenizer as Llama 2's: a space before a text, bytes where letters lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_WORDS = ("Paris", "the", "of", "capital", "France", "is")


def tiny_sentencepiece(*, appends_end: bool = False) -> PreTrainedTokenizerFast:
    """Return the tokenizer.

    Parameters
    ----------
    appends_end : bool
        Let its post-processor put an end token behind a text, as some do.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted({letter for word in _WORDS for letter in word} | {_SPACE, ".", "\n"})
    vocab = {name: place for place, name in enumerate(("<unk>", "<s>", "</s>"))}
    vocab |= {f"<0x{code:02X}>": 3 + code for code in range(256)}
    vocab |= {letter: len(vocab) + place for place, letter in enumerate(letters)}
    merges: list[tuple[str, str]] = []
    for word in _WORDS:
        grown = _SPACE
        for letter in word:
            if grown + letter not in vocab:
                vocab[grown + letter] = len(vocab)
                merges.append((grown, letter))
            grown += letter
    backend = Tokenizer(
        models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend(_SPACE), normalizers.Replace(" ", _SPACE)]
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace(_SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    end = " </s>" if appends_end else ""
    backend.post_processor = processors.TemplateProcessing(
        single=f"<s> $A{end}", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    made: Any = PreTrainedTokenizerFast
    wrapped: PreTrainedTokenizerFast = made(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    return wrapped
