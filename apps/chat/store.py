"""Conversations on the disk: a folder each, named by a key that only its browser knows.

::

    <key>/settings.json       the run settings as the person left them
    <key>/turns.json          the messages, without token records
    <key>/tokens-<...>.json   the token records of one reply, read only when they are looked at

The key is the sole way in, so two people never see each other's text. Each change writes only the
file that it changes, and waits for changes of the same conversation alone. A broken file is set
aside, not thrown away. A conversation of an earlier version, one file in all, is taken over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from apps.chat.conversations import Conversation, Turn
from apps.chat.earlier_form import take_over
from apps.chat.key_locks import KeyLocks
from apps.chat.private_files import PrivateFiles, set_aside
from apps.chat.recent import Recent
from apps.chat.stored_form import (
    Unreadable,
    dump_conversation,
    dump_object,
    read_conversation,
    read_object,
)
from playground.errors import OptionError
from playground.generation.recording import TokenRecord

# Of the files whose messages are kept parsed; parsed, they take some three times as much.
PARSED_BYTES = 32_000_000

_TURNS, _SETTINGS = "turns.json", "settings.json"
# A score may be infinite or no number at all; written as null, it could not be read again.
_RECORDS: TypeAdapter[tuple[TokenRecord, ...]] = TypeAdapter(
    tuple[TokenRecord, ...], config=ConfigDict(ser_json_inf_nan="constants")
)
_SET_ASIDE = (
    "Your {what} could not be read and were set aside on the server under a name of their own; "
    "nothing was thrown away, and you start anew."
)


class ConversationStore:
    """Keeps conversations in a folder.

    Parameters
    ----------
    folder : Path
        Made when the first conversation is saved; readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = PrivateFiles(folder)
        self._locks = KeyLocks()
        self._parsed = Recent[Conversation](PARSED_BYTES)
        self._broken: dict[str, str] = {}

    def load(self, key: str) -> Conversation:
        """Return a conversation; a new key has an empty one.

        Raises
        ------
        OptionError
            When the key has not the form that a browser is given.
        StorageFailed
            When there is one and the disk does not give it.
        """
        parsed = self._parsed.get(key, self._files.stamp(key, _TURNS))
        if parsed is not None:
            return parsed
        with self._locks.holding(key):
            return self._read(key)

    def update(self, key: str, change: Callable[[Conversation], Conversation]) -> Conversation:
        """Change a conversation; two changes at once wait for each other, so neither is lost.

        Parameters
        ----------
        key : str
            The conversation.
        change : callable
            Takes it as it is and returns it as it is to be. What it raises leaves all as it was.

        Returns
        -------
        Conversation
            What was saved.
        """
        with self._locks.holding(key):
            before = self.load(key)
            after = change(before)
            if after == before:
                self._files.flush(key)
                return after
            self._write(key, after)
            self._broken.pop(key, None)
            if self._files.flush(key):
                for name in before.recordings - after.recordings:
                    self._files.remove(key, name)
        return after

    def settings(self, key: str) -> dict[str, Any]:
        """Return the run settings as the person left them, whatever today's rules say of them."""
        with self._locks.holding(key):
            self.load(key)  # an earlier version kept them in the same file
            content = self._files.read(key, _SETTINGS)
            try:
                return read_object(content) if content is not None else {}
            except Unreadable:
                self._set_aside(key, _SETTINGS, "settings")
                return {}

    def keep_settings(self, key: str, settings: Mapping[str, Any]) -> None:
        """Keep the run settings for the next visit; those that they do not name stay."""
        with self._locks.holding(key):
            before = self.settings(key)
            after = before | dict(settings)
            if after != before:
                self._files.write(key, _SETTINGS, dump_object(after))

    def keep_recording(self, key: str, records: Sequence[TokenRecord]) -> str | None:
        """Keep the token records of a reply and return their name; None for no records."""
        if not records:
            return None
        return self._keep_recording(key, _RECORDS.dump_json(tuple(records)))

    def recording(self, key: str, turn: Turn) -> tuple[TokenRecord, ...]:
        """Return the token records of a reply; none where none were kept.

        Raises
        ------
        OptionError
            When they are gone, or were written by a version that this one does not understand.
        StorageFailed
            When the disk does not give them.
        """
        if turn.recording is None:
            return ()
        content = self._files.read(key, turn.recording)
        try:
            return _RECORDS.validate_json(content or b"")
        except ValidationError:
            raise OptionError(
                "The tokens of this reply are not there in a form that can be read; retry it to "
                "have new ones."
            ) from None

    def used(self, key: str) -> float:
        """Return when a conversation was last changed, in seconds since 1970; 0 if never."""
        return self._files.changed(key, _TURNS)

    def remove(self, key: str) -> None:
        """Remove a conversation for good, with its settings and tokens."""
        with self._locks.holding(key):
            self._files.remove_all(key)
            with suppress(OSError):
                (self._folder / f"{key}.json").unlink(missing_ok=True)
            self._broken.pop(key, None)

    def problem(self, key: str) -> str | None:
        """Return one sentence on what the disk did to a person's conversation, or None."""
        if reason := self._files.refusal(key):
            return (
                f"Your conversation cannot be saved on the disk ({reason}); it is kept until the "
                f"server stops. Whoever runs this playground can free space or move "
                f"PLAYGROUND_HOME."
            )
        return self._broken.get(key)

    def _read(self, key: str) -> Conversation:
        """Read the messages from the disk, those of an earlier version if there are no others."""
        # Before the content: what another process writes meanwhile has another stamp.
        stamp, content = self._files.stamp(key, _TURNS), self._files.read(key, _TURNS)
        if content is None:
            return self._take_over(key)
        try:
            conversation = read_conversation(content)
        except Unreadable:
            self._set_aside(key, _TURNS, "messages")
            return Conversation()
        self._parsed.put(key, stamp, len(content), conversation)
        return conversation

    def _write(self, key: str, conversation: Conversation) -> None:
        content = dump_conversation(conversation)
        self._files.write(key, _TURNS, content)
        self._parsed.put(key, self._files.stamp(key, _TURNS), len(content), conversation)

    def _take_over(self, key: str) -> Conversation:
        path = self._folder / f"{key}.json"
        try:
            earlier = take_over(path, lambda content: self._keep_recording(key, content))
        except Unreadable:
            set_aside(path)
            self._broken[key] = _SET_ASIDE.format(what="messages")
            return Conversation()
        if earlier is None:
            return Conversation()
        conversation, settings = earlier
        self._files.write(key, _SETTINGS, dump_object(settings))
        self._write(key, conversation)
        if self._files.flush(key):
            with suppress(OSError):  # it is not read again
                path.unlink(missing_ok=True)
        return conversation

    def _keep_recording(self, key: str, content: bytes) -> str:
        # Named by what it holds: the same reply before and after a cut is one file.
        name = f"tokens-{hashlib.sha256(content).hexdigest()[:32]}.json"
        with self._locks.holding(key):
            self._files.write(key, name, content)
        return name

    def _set_aside(self, key: str, name: str, what: str) -> None:
        set_aside(self._files.path(key, name))
        self._broken[key] = _SET_ASIDE.format(what=what)
