"""For those who use keys: links past what one does not want, and the list of keys."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import join, tag

_KEYS = (
    ("/", "to the message box of the chat, from anywhere"),
    ("?", "this list"),
    ("Enter", "sends the message, or runs the experiment of a field of one line"),
    ("Shift + Enter", "starts a line in the message"),
    ("Esc", "closes what is open, else stops the reply"),
    ("Tab", "the next button or field; at the top of the page, links that skip the lists"),
    ("Arrows", "from token to token of a reply; along a slider"),
    ("Home, End", "the first and the last token of a reply; the ends of a slider"),
)


def skip_links() -> str:
    """Return links that show when they are reached by Tab: they come first on the page."""
    return str(
        join(
            (
                _skip("Skip to the work", "#work"),
                _skip("Skip to the message", "#message textarea"),
            )
        )
    )


def _skip(words: str, where: str) -> Markup:
    return tag("a", words, href="#work", class_="skip", onclick=f"return playgroundSkip('{where}')")


def keys_button() -> str:
    """Return the button that opens the list of keys."""
    shown = (tag("span", "Keys"), " ", tag("kbd", "?"))
    return str(
        tag("button", *shown, type="button", class_="keys-button", onclick="playgroundShowKeys()")
    )


def keys_list() -> str:
    """Return the list of keys, to be opened over the page."""
    rows = (tag("div", tag("dt", tag("kbd", key)), tag("dd", does)) for key, does in _KEYS)
    close = tag("form", tag("button", "Close", class_="small", autofocus=True), method="dialog")
    return str(
        tag(
            "dialog",
            tag("h2", "Keys", id="keys-title"),
            tag("dl", *rows),
            close,
            id="keys-list",
            aria_labelledby="keys-title",
        )
    )
