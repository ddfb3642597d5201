"""New chat, past chats and export: the row above the messages.

Which chats a browser has its script keeps; the server draws them and knows no owner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import gradio as gr
from markupsafe import Markup

from apps.chat.export import as_json, as_markdown
from apps.chat.service import ChatService
from apps.chat.shelf import Shelved, rename, shelve
from apps.ui.gone_on import serve_state
from apps.ui.notice import render_error
from playground.drawing.markup import join, tag
from playground.errors import OptionError, PlaygroundError
from playground.sentences import quoted

_KINDS = {"md": as_markdown, "json": as_json}


def render_bar() -> str:
    """Return the row; its list is drawn when it is opened."""
    left = (_do("new", "New chat"), _do("list", "Past chats", aria_expanded="false"))
    right = (
        tag("span", "Export:", class_="muted"),
        _do("md", "Markdown", aria_label="Export as Markdown"),
        _do("json", "JSON", aria_label="Export as JSON"),
    )
    bar = tag("div", *left, tag("span", *right, class_="export"), class_="chat-bar")
    listed = tag("div", class_="chat-list", hidden=True)
    note = tag("p", tag("span"), " ", class_="chat-note", role="status", hidden=True)
    return str(join((bar, note, listed)))


def render_chats(chats: Sequence[Shelved], here: str) -> str:
    """Return the list of chats; the one that is open is marked."""
    if not chats:
        return str(tag("p", "No chat has a message yet.", class_="hint"))
    return str(tag("ul", *(_row(chat, chat.key == here) for chat in chats)))


def _row(chat: Shelved, current: bool) -> Markup:
    day = datetime.fromtimestamp(chat.used, UTC).strftime("%Y-%m-%d")
    messages = f"{chat.messages:,} message{'' if chat.messages == 1 else 's'}"
    title = tag("span", chat.title, class_="chat-title")
    words = tag("span", f"{'open now · ' if current else ''}{messages} · {day}", class_="muted")
    opened = {"aria_current": "true"} if current else {}
    return tag(
        "li",
        _do("open", title, words, data_key=chat.key, class_="chat-open", **opened),
        _do("rename", "✎", data_key=chat.key, aria_label=f"Rename {chat.title}", title="Rename"),
        _do("delete", "Delete", data_key=chat.key, aria_label=f"Delete {chat.title}"),
    )


def _do(what: str, *words: object, **more: Any) -> Markup:
    return tag("button", *words, type="button", data_do=what, **({"class_": "small"} | more))


def serve_chats(service: ChatService) -> list[Callable[[Any], Any]]:
    """Return what the page's script calls: draw a list, write a file, rename, remove.

    Parameters
    ----------
    service : ChatService
        Has the conversations.
    """

    def draw_chats(asked: Any) -> str:
        try:
            keys, here = asked
            return render_chats(shelve(service.store, map(str, keys)), str(here))
        except PlaygroundError as error:
            return render_error(error)

    def export_chat(asked: Any) -> dict[str, str]:
        try:
            key, kind = asked
            if kind not in _KINDS:
                raise OptionError(
                    f"A chat is exported as md or json, got {quoted(kind):.40}; pick one."
                )
            return {"text": _KINDS[kind](service.store.load(str(key)))}
        except PlaygroundError as error:
            return {"problem": str(error)}

    def rename_chat(asked: Any) -> str:
        try:
            key, title = asked
            service.store.update(str(key), lambda there: rename(there, str(title)))
        except PlaygroundError as error:
            return str(error)
        return ""

    def remove_chat(key: Any) -> str:
        try:
            service.remove(str(key))
        except PlaygroundError as error:
            return str(error)
        return ""

    return [draw_chats, export_chat, rename_chat, remove_chat]


def build_bar(service: ChatService) -> gr.HTML:
    """Lay the row out."""
    return gr.HTML(
        render_bar(),
        elem_id="chats",
        js_on_load="playgroundChats(element, server);",
        server_functions=[*serve_chats(service), serve_state(service)],
    )
