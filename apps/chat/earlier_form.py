"""Conversations as they were kept before: messages, settings and token records in one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.chat.conversations import Conversation
from apps.chat.private_files import read_file
from apps.chat.stored_form import Unreadable, dump_object, read_conversation, read_object


def take_over(
    path: Path, keep_recording: Callable[[bytes], str]
) -> tuple[Conversation, dict[str, Any]] | None:
    """Read a conversation of an earlier version; the file stays as it is.

    Parameters
    ----------
    path : Path
        The file.
    keep_recording : callable
        Keeps the token records of one reply, as JSON, and returns their name.

    Returns
    -------
    Conversation and dict, or None
        The messages and the settings; None when there is no such file.

    Raises
    ------
    Unreadable
        When it is broken.
    StorageFailed
        When the disk does not give it.
    """
    content = read_file(path)
    if content is None:
        return None
    stored = read_object(content)
    settings = stored.pop("rail", {})
    if not isinstance(settings, dict):
        raise Unreadable("settings that are no object")
    read_conversation(dump_object(stored))  # before anything is kept of a broken file
    for turn in (*stored.get("turns", []), *stored.get("previous", [])):
        tokens = turn.pop("tokens", None)
        if tokens:
            turn["recording"] = keep_recording(json.dumps(tokens).encode("ascii"))
    return read_conversation(dump_object(stored)), settings
