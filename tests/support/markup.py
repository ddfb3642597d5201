"""What a piece of HTML really holds, as a browser would read it."""

from __future__ import annotations

from html.parser import HTMLParser


class Seen(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.styles.update(str(value) for name, value in attrs if name == "style")

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    """Read a piece of HTML."""
    parser = Seen()
    parser.feed(str(html))  # `Markup` would escape what the parser joins to it
    parser.close()
    return parser
