"""A tiny tokenizer of each kind that a model's folder may bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.tiny_llama import CHATML, tiny_tokenizer
from tests.support.tiny_sentencepiece import tiny_sentencepiece

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
_TEXT = (
    "The cat sat on the mat, and it didn't care. Don't you know what they've seen?",
    "Größe, naïve café; 東京 and Привет: 3.14 (pi) isn't 22/7!",
)


def tiny_tokenizers() -> dict[str, PreTrainedTokenizerFast]:
    """Return one of each kind, by its name; id 2 ends a text in all of them."""
    return {
        "byte-level": tiny_tokenizer(CHATML),
        "byte-level without roles": tiny_tokenizer(None),
        "sentencepiece": tiny_sentencepiece(),
        "unigram": _unigram(),
        "wordpiece": _wordpiece(),
        "words": _words(),
        "letters": _letters(),
    }


def _wrapped(backend: Any) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    # transformers gives this class no annotations
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend, unk_token="[UNK]", bos_token="[CLS]", eos_token="[SEP]"
    )


def _unigram() -> PreTrainedTokenizerFast:
    """Return one as T5's and ALBERT's: whole pieces with a likelihood each."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=90, special_tokens=list(_SPECIAL), unk_token="[UNK]", show_progress=False
    )
    backend.train_from_iterator(_TEXT, trainer)
    return _wrapped(backend)


def _wordpiece() -> PreTrainedTokenizerFast:
    """Return one as BERT's: words and their ends, which begin with ##."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=120, special_tokens=list(_SPECIAL), show_progress=False
    )
    backend.train_from_iterator(_TEXT, trainer)
    return _wrapped(backend)


def _words() -> PreTrainedTokenizerFast:
    """Return one that knows whole words alone, and has no decoder."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    backend = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.train_from_iterator(
        _TEXT, trainers.WordLevelTrainer(special_tokens=list(_SPECIAL), show_progress=False)
    )
    return _wrapped(backend)


def _letters() -> PreTrainedTokenizerFast:
    """Return one of pairs with an end of word, as the first GPT's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.BPEDecoder()
    trainer = trainers.BpeTrainer(
        vocab_size=120,
        special_tokens=list(_SPECIAL),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    backend.train_from_iterator(_TEXT, trainer)
    return _wrapped(backend)
