"""What stands at an address that leads nowhere: a page for a person, JSON for a program."""

from __future__ import annotations

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response

from playground.drawing.markup import tag

NOTHING = "There is nothing at this address."
_STYLE = Markup("""
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1d2126; --muted: #5b6474; --accent: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8e6e1; --muted: #98a2b3; --accent: #2dd4bf; } }
body { margin: 0; padding: 18vh 24px 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, "Segoe UI", Roboto, sans-serif; text-align: center; }
h1 { font-size: 22px; margin: 0 0 8px; }
p { margin: 0 0 8px; color: var(--muted); }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
""")  # noqa: E501 - a rule a line


def nothing_here(headers: Headers) -> Response:
    """Return the answer for an address that leads nowhere, as whoever asks can read it.

    Parameters
    ----------
    headers : Headers
        Of the request: a browser that opens an address says that it takes HTML.
    """
    if "text/html" in headers.get("accept", ""):
        return HTMLResponse(_page(), 404)
    return JSONResponse({"error": {"message": NOTHING, "code": 404}}, 404)


def _page() -> str:
    head = tag(
        "head",
        tag("title", "Nothing here · LLM Playground"),
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("style", _STYLE),
    )
    link = tag("p", tag("a", "Open the playground", href="/"))
    words = tag("p", "The page is one address; chat and labs are chosen on it.")
    body = tag("body", tag("main", tag("h1", NOTHING), words, link))
    return f"<!doctype html>{tag('html', head, body, lang='en')}"
