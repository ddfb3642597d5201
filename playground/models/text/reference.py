"""A conversation as transformers alone writes it, to hold one's own way against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground.models.foreign import walled
from playground.models.libraries import import_libraries
from playground.models.text.tokenizer import Message


@walled("the tokenizer")
def reference_chat_ids(folder: Path, messages: Sequence[Message]) -> list[int]:
    """Return the ids that transformers' ``apply_chat_template`` gives for a conversation.

    Parameters
    ----------
    folder : Path
        Holds the tokenizer, which is read anew: what this program does to its own has no part.
    messages : sequence of Message
        The conversation; the assistant speaks next.
    """
    import_libraries()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    turns = [{"role": m.role, "content": m.content} for m in messages]
    return list(
        tokenizer.apply_chat_template(
            turns, tokenize=True, add_generation_prompt=True, return_dict=False
        )
    )
