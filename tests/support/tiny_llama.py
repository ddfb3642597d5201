"""A tiny Llama with random weights and a real byte-level BPE tokenizer, as a folder on the disk.

It has the shape of SmolLM2-Instruct (grouped-query attention, tied embedding, ChatML) at a
thousandth of the size: it loads in milliseconds and speaks nonsense.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

END_OF_TEXT = "<|endoftext|>"
IM_START = "<|im_start|>"
IM_END = "<|im_end|>"

# SmolLM2's own template, to the letter.
CHATML = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

_SENTENCES = (
    "The quick brown fox jumps over the lazy dog while the cat watches from the window.",
    "A language model reads tokens and gives a probability for each token that may come next.",
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face.",
    "What is the capital of France? The capital of France is Paris.",
    "In 2024 there were 365 days, and one more: 366.",
    "system user assistant",
    "Größe, naïve café, 東京, Привет and 🙂 are written in more than one byte a letter.",
)


def save_tiny_llama(
    folder: Path,
    *,
    chat_template: str | None = CHATML,
    seed: int = 0,
    words_of: Path | None = None,
    **config: Any,
) -> Path:
    """Write config, safetensors and tokenizer of a tiny random Llama.

    Parameters
    ----------
    folder : Path
        Where to write; made if absent.
    chat_template : str or None
        None makes a base model that knows no roles.
    seed : int
        Same seed, same weights.
    words_of : Path or None
        A model's folder whose tokenizer it takes in place of its own.
    **config
        Overrides of the ``LlamaConfig``, such as ``num_hidden_layers=1``.

    Returns
    -------
    Path
        The folder, as ``from_pretrained`` takes it.
    """
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = (
        AutoTokenizer.from_pretrained(words_of, local_files_only=True)
        if words_of
        else tiny_tokenizer(chat_template)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(_tiny_config(tokenizer, config))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_tokenizer(chat_template: str | None = CHATML) -> Any:
    """Train a byte-level BPE of at most 512 tokens on a few sentences."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[END_OF_TEXT, IM_START, IM_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(_SENTENCES, trainer)
    # transformers gives this class no annotations
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe,
        bos_token=IM_START,
        eos_token=IM_END,
        pad_token=IM_END,
        unk_token=END_OF_TEXT,
        chat_template=chat_template,
        model_max_length=256,
    )


def _tiny_config(tokenizer: Any, overrides: dict[str, Any]) -> Any:
    from transformers import LlamaConfig

    defaults: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        # Wider than the usual 0.02, so that the logits differ enough to choose between them.
        "initializer_range": 0.15,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return LlamaConfig(**(defaults | overrides))
