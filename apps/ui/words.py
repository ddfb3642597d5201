"""A reply's Markdown as HTML, of which only what cannot reach out is drawn.

No raw HTML, no links, no pictures. Code in a fence is coloured here, so that no script and no other
host has a part in it; a fence that is still open, as in a reply that is being written, is one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

from playground.drawing.markup import join, tag

_RULES = (
    "newline escape backticks emphasis balance_pairs fragments_join fence code heading list "
    "blockquote hr table"
)
# Those that models write, by the names they give them: a reader of another language may take very
# long over a text that was made for it.
_NAMES = (
    "bash c cpp c++ css go html java javascript js json kotlin php python py ruby rust sh shell sql"
    " swift toml ts typescript xml yaml yml"
)
_LANGUAGES = frozenset(_NAMES.split())
# Longer code is shown in one colour.
_LONGEST_COLOURED = 20_000
_COLOURS: Mapping[_TokenType, str] = {
    Comment: "c",
    Keyword: "k",
    Number: "n",
    String: "s",
    Name.Function: "f",
    Name.Class: "f",
    Name.Tag: "k",
    Name.Builtin: "f",
}


def render_words(markdown: str, copied: bool = True) -> Markup:
    """Return a reply's text.

    Parameters
    ----------
    markdown : str
        As the model wrote it.
    copied : bool
        Whether each piece of code has a button that copies it.
    """
    html = _MARKDOWN.render(markdown, {"copied": copied})
    return Markup(html)  # noqa: S704 - it lets no HTML through


def _fence(
    _: object, tokens: Sequence[Token], place: int, __: object, env: Mapping[str, Any]
) -> str:
    code, language = tokens[place].content, tokens[place].info.split()[:1]
    name = language[0][:20] if language else ""
    copy = tag("button", "Copy", type="button", data_copy=code) if env.get("copied") else None
    head = tag("div", tag("span", name or "code"), copy, class_="code-head")
    return str(tag("div", head, tag("pre", tag("code", _coloured(code, name))), class_="code"))


# A reply that grows is drawn again and again, with all the code that it has.
@lru_cache(maxsize=64)
def _coloured(code: str, language: str) -> Markup:
    name = language.lower()
    if name not in _LANGUAGES or len(code) > _LONGEST_COLOURED:
        return join([code])
    read = get_lexer_by_name(name, stripnl=False, ensurenl=False).get_tokens(code)
    return join(_piece(kind, text) for kind, text in read)


def _piece(kind: _TokenType, text: str) -> object:
    colour = next((short for known, short in _COLOURS.items() if kind in known), None)
    return tag("span", text, class_=f"code-{colour}") if colour else text


_MARKDOWN = MarkdownIt("zero", {"breaks": True}).enable(_RULES.split())
_MARKDOWN.add_render_rule("fence", _fence)
