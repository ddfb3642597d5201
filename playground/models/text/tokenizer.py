"""Text to token ids and back, with the model's chat template.

A thin coat over transformers' fast tokenizer. Text that a person typed is never read as control
tokens: a message that holds ``<|im_end|>`` cannot end its own turn.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from playground.errors import OptionError
from playground.models.file_stamp import once_per_version
from playground.models.foreign import is_of_a_library, reading, reason_of, walled
from playground.models.libraries import import_libraries
from playground.models.text.byte_pairs import BytePairs, TokenBytes
from playground.models.text.chat_template import ChatTemplate, ChatText, Neutral
from playground.models.text.spans import Spans, spans_from_bytes, spans_from_offsets
from playground.models.text.text_stream import TextStream

if TYPE_CHECKING:
    from tokenizers import Tokenizer as FastTokenizer
    from transformers import PreTrainedTokenizerFast

Role = Literal["system", "user", "assistant"]

# A base model has no template: it continues this transcript, and the word "User:" ends its turn.
TRANSCRIPT_STOP = "\nUser:"


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str


@walled("the list of end tokens")
def read_end_token_ids(folder: Path) -> list[int]:
    """Return the tokens that end a reply, from the generation config or else the config."""
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        ids = json.loads(path.read_text("utf-8")).get("eos_token_id") if path.exists() else None
        if ids is not None:
            return [int(each) for each in (ids if isinstance(ids, list) else [ids])]
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
        added = tokenizer.added_tokens_decoder
        control = {token_id: token.content for token_id, token in added.items() if token.special}
        self._control_tokens, self._control_ids = tuple(control.values()), frozenset(control)
        self._control = {t.content: (place, t) for place, t in added.items() if t.special}
        longest_first = sorted(map(re.escape, control.values()), key=len, reverse=True)
        self._control_names = re.compile("|".join(longest_first) or r"(?!)")
        self._template = ChatTemplate(tokenizer)
        # Whether control tokens are read as such is a switch of the shared backend: one at a time.
        self._turn = threading.Lock()
        self._backend = tokenizer.backend_tokenizer
        ids = self._backend.get_vocab(with_added_tokens=True).values()
        self._vocab_size = max(ids, default=-1) + 1
        self._backend.no_truncation()
        self._backend.no_padding()
        self._bytes = TokenBytes(self._backend)

    @classmethod
    def load(cls, folder: Path, end_token_ids: Sequence[int]) -> Tokenizer:
        """Read the tokenizer files of a model folder; no network, no remote code."""
        import_libraries()
        from transformers import AutoTokenizer

        with reading("the tokenizer", folder):
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            return cls(cast("PreTrainedTokenizerFast", tokenizer), end_token_ids)

    @classmethod
    def wrap(cls, tokenizer: FastTokenizer) -> Tokenizer:
        """Take a tokenizer that belongs to no model."""
        from transformers import PreTrainedTokenizerFast

        return cls(PreTrainedTokenizerFast(tokenizer_object=tokenizer), [])

    @property
    def has_chat_template(self) -> bool:
        """False for base models, which continue text and were not trained to chat."""
        return bool(self._template)

    @property
    def vocab_size(self) -> int:
        """One more than the highest id, added tokens included; ids may leave some out."""
        return self._vocab_size

    def encode(self, text: str) -> list[int]:
        """Return the ids of plain text; control tokens in it are read as ordinary characters.

        Raises
        ------
        OptionError
            When the text holds half a character, which no tokenizer reads.
        """
        return self._encode(text, plain=True)

    def encode_text_prompt(self, text: str) -> list[int]:
        """Return the ids of a text that the model is to continue, with its start token if any."""
        return self._encode(text, plain=True, with_start=True)

    def spans(self, text: str) -> Spans:
        """Return the ids of plain text with the bytes and characters that each stands for.

        Raises
        ------
        OptionError
            When the text holds half a character, which no tokenizer reads.
        """
        ids = self.encode(text)
        if found := self.spans_of(ids, text):
            return found
        with self._turn:
            self._backend.encode_special_tokens = True
            encoding = self._backend.encode(text, add_special_tokens=False)
        spelled = [self._bytes[token_id] for token_id in encoding.ids]
        return spans_from_offsets(text, encoding.ids, encoding.offsets, spelled)

    def spans_of(self, token_ids: Sequence[int], text: str) -> Spans | None:
        """Lay tokens over the text that they spell; None where they do not spell it."""
        known = self._bytes
        spelled = [known[token_id] for token_id in token_ids]
        if None in spelled:
            return None
        return spans_from_bytes(text.encode(), token_ids, cast(list[bytes], spelled))

    @cached_property
    def byte_pairs(self) -> BytePairs | None:
        """The pairs that it joins; None if it works in another way."""
        return BytePairs.of(self._backend)

    def bytes_of_piece(self, piece: str) -> bytes | None:
        """Return the bytes that a piece of the vocabulary stands for, None if it does not tell."""
        return self._bytes.of_piece(piece)

    def name_of(self, token_id: int) -> str:
        """Return how the vocabulary spells a token: ``ĠParis``."""
        return str(self._tokenizer.convert_ids_to_tokens(token_id))

    def _encode(self, text: str, *, plain: bool, with_start: bool = False) -> list[int]:
        require_whole_characters(text)
        with self._turn:
            self._backend.encode_special_tokens = plain
            try:
                # "Fast" leaves the offsets out, which take half of the time.
                (encoding,) = self._backend.encode_batch_fast([text], add_special_tokens=with_start)
            except BaseException as error:
                if not is_of_a_library(error):
                    raise
                raise OptionError(
                    f"The model's tokenizer fails on this text of {len(text):,} characters "
                    f"({reason_of(error)}); change the text, or choose another model."
                ) from error
        ids, added = list(encoding.ids), list(encoding.special_tokens_mask)
        # Some put an end token behind a text, which is to be continued here.
        while with_start and added and added.pop():
            ids.pop()
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
        data = self._bytes[token_id]
        if data is None:
            return self.name_of(token_id)
        if data == text.encode():  # the character that replaces others, written by somebody
            return text
        return f"<{' '.join(f'0x{code:02X}' for code in data)}>"

    def stream(self) -> TextStream:
        """Return a decoder for one reply, which goes on with what stands before it."""
        return TextStream(self._backend, self._bytes, self._control_ids)

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the ids of a conversation, up to where the assistant begins to speak.

        Parameters
        ----------
        messages : sequence of Message
            The conversation, newest last.
        """
        if not self._template:
            bos = self._tokenizer.bos_token_id
            start = [] if bos is None else [bos]
            return start + self.encode(self._template.render(messages))
        if any(token in m.content for m in messages for token in self._control_tokens):
            return self._encode_neutral(self._template.neutral(messages, self._control_tokens))
        return self._encode(self._template.render(messages), plain=False)

    def chat_text(self, messages: Sequence[Message]) -> ChatText:
        """Return a conversation as the text that `encode_chat` encodes."""
        return self._template.text(messages, self._control_tokens)

    def is_control(self, token_id: int) -> bool:
        """Tell whether a token steers the model and stands for no text."""
        return token_id in self._control_ids

    def _encode_neutral(self, conversation: Neutral) -> list[int]:
        """Encode what stands between the template's control tokens as ordinary characters."""
        ids: list[int] = []
        at, strips = 0, False
        for match in self._control_names.finditer(conversation.marked):
            token_id, token = self._control[match[0]]
            before = conversation.marked[at : match.start()]
            ids += self._between(conversation, before, strips, token.lstrip)
            ids.append(token_id)
            at, strips = match.end(), token.rstrip
        return ids + self._between(conversation, conversation.marked[at:], strips, False)

    def _between(self, conversation: Neutral, part: str, after: bool, before: bool) -> list[int]:
        """Encode a stretch; some control tokens take the white space beside them."""
        part = part.lstrip() if after else part
        part = part.rstrip() if before else part
        return self.encode(conversation.text(part)) if part else []


@once_per_version(8)
def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a model folder without the model; read once a version."""
    return Tokenizer.load(folder, read_end_token_ids(folder))


def require_whole_characters(text: str) -> None:
    """Refuse half a character: a lone surrogate, which is half of a pair of UTF-16.

    Raises
    ------
    OptionError
        With the place of the first one.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise OptionError(
            f"The text must be whole characters, got half of one (the lone surrogate "
            f"U+{ord(text[error.start]):04X}) at place {error.start + 1:,}; take it out."
        ) from None
