"""Text to token ids and back, with the model's chat template.

A thin coat over transformers' fast tokenizer. Text that a person typed is never read as control
tokens: a message that holds ``<|im_end|>`` cannot end its own turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Role = Literal["system", "user", "assistant"]

# A base model has no template: it continues this transcript, and the word "User:" ends its turn.
TRANSCRIPT_STOP = "\nUser:"
_ROLE_NAMES = {"system": "", "user": "User: ", "assistant": "Assistant: "}


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str


def read_end_token_ids(folder: Path) -> list[int]:
    """Return the tokens that end a reply, from the generation config or else the config."""
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        ids = json.loads(path.read_text("utf-8")).get("eos_token_id") if path.exists() else None
        if ids is not None:
            return [ids] if isinstance(ids, int) else list(ids)
    return []


class Tokenizer:
    """The tokenizer that belongs to a model.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerFast
        The loaded tokenizer.
    end_token_ids : iterable of int
        Tokens that end a reply, from the model's generation config.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, end_token_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self.end_token_ids = frozenset(end_token_ids)
        added = tokenizer.added_tokens_decoder.values()
        self._control_tokens = [token.content for token in added if token.special]

    @classmethod
    def load(cls, folder: Path, end_token_ids: Sequence[int]) -> Tokenizer:
        """Read the tokenizer files of a model folder; no network, no remote code."""
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        return cls(cast("PreTrainedTokenizerFast", tokenizer), end_token_ids)

    @property
    def has_chat_template(self) -> bool:
        """False for base models, which continue text and were not trained to chat."""
        return bool(self._tokenizer.chat_template)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, added ones included."""
        return len(self._tokenizer)

    def encode(self, text: str) -> list[int]:
        """Return the ids of plain text; control tokens in it are read as ordinary characters."""
        ids: list[int] = self._tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True
        )
        return ids

    def encode_text_prompt(self, text: str) -> list[int]:
        """Return the ids of a text that the model is to continue, with its start token if any."""
        ids: list[int] = self._tokenizer.encode(text, split_special_tokens=True)
        return ids

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return the text of ids, control tokens left out."""
        return str(
            self._tokenizer.decode(
                list(token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def piece(self, token_id: int) -> str:
        """Return the text of one token, its leading space with it.

        A control token is shown by its name; one that is only part of a character as its bytes:
        ``<0xE2 0x9F>``.
        """
        text = str(
            self._tokenizer.decode(
                [token_id], skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
        )
        if "\N{REPLACEMENT CHARACTER}" not in text:
            return text
        name = str(self._tokenizer.convert_ids_to_tokens(token_id))
        codes = [_BYTES_OF_LETTERS.get(letter) for letter in name]
        if None in codes:
            return name
        return f"<{' '.join(f'0x{code:02X}' for code in codes)}>"

    def stream(self) -> TextStream:
        """Return a decoder for one reply."""
        return TextStream(self._tokenizer)

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the ids of a conversation, up to where the assistant begins to speak.

        Parameters
        ----------
        messages : sequence of Message
            The conversation, newest last.
        """
        if not self.has_chat_template:
            return self._encode_transcript(messages)
        if any(self._holds_control_token(m.content) for m in messages):
            return self._encode_chat_in_parts(messages)
        return self._encode_control(self._render([(m.role, m.content) for m in messages]))

    def _render(self, turns: Sequence[tuple[str, str]]) -> str:
        conversation = [{"role": role, "content": content} for role, content in turns]
        return str(
            self._tokenizer.apply_chat_template(
                conversation, tokenize=False, add_generation_prompt=True
            )
        )

    def _encode_control(self, text: str) -> list[int]:
        """Encode text of the template, whose control tokens mean what they say."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _holds_control_token(self, text: str) -> bool:
        return any(token in text for token in self._control_tokens)

    def _encode_chat_in_parts(self, messages: Sequence[Message]) -> list[int]:
        """Encode the template and what people wrote apart, so that neither reads as the other."""
        marks = [f"content{index}of{len(messages)}" for index in range(len(messages))]
        taken = "".join(m.content for m in messages)
        marks = [_unused(mark, taken) for mark in marks]
        turns = [(m.role, mark) for m, mark in zip(messages, marks, strict=True)]
        rest, ids = self._render(turns), []
        for mark, message in zip(marks, messages, strict=True):
            before, _, rest = rest.partition(mark)
            ids += self._encode_control(before) + self.encode(message.content)
        return ids + self._encode_control(rest)

    def _encode_transcript(self, messages: Sequence[Message]) -> list[int]:
        lines = [f"{_ROLE_NAMES[m.role]}{m.content}" for m in messages]
        bos = self._tokenizer.bos_token_id
        start = [] if bos is None else [bos]
        return start + self.encode("\n".join([*lines, "Assistant:"]))


def _letters_of_bytes() -> dict[str, int]:
    """Return the letter that byte-level BPE writes for each byte (GPT-2, Radford et al., 2019).

    Printable bytes stand for themselves; the others take letters from 256 on, in order.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [code for code in range(256) if code not in printable]
    letters = {chr(code): code for code in printable}
    return letters | {chr(256 + place): code for place, code in enumerate(others)}


_BYTES_OF_LETTERS = _letters_of_bytes()


def _unused(mark: str, text: str) -> str:
    while mark in text:
        mark += "x"
    return mark


class TextStream:
    """Turn ids into text one by one, never showing half a character."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        from tokenizers.decoders import DecodeStream

        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def push(self, token_id: int) -> str:
        """Take the next id and return the characters it completes."""
        return self._stream.step(self._tokenizer, token_id) or ""
