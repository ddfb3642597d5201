"""The door: what may come in at all, before any route sees it.

Gradio brings more routes than the page uses; one of them takes files from any website. Here a path
is named or answered 404, whoever changes something must come from this very page, and no body is
longer than the longest that the page can send.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.api.not_found import nothing_here

# What the page asks for, as seen in a browser: whole paths, then beginnings of paths.
_PATHS = frozenset(
    {
        "/",
        "/health",
        "/theme.css",
        "/favicon.ico",
        "/manifest.json",
        "/robots.txt",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/run/predict",
        "/gradio_api/component_server",
        "/gradio_api/component_server/",
    }
)
_BEGINNINGS = ("/assets/", "/static/", "/gradio_api/heartbeat/", "/gradio_api/file=")
# Two million characters, as many as the tokens lab takes, each at most six bytes of JSON; and room.
MAX_BODY_BYTES = 16_000_000
_CHANGES_NOTHING = frozenset({"GET", "HEAD"})
_FORWARDED = b"x-forwarded-"


class Door:
    """ASGI middleware that lets in what the page sends, and nothing else.

    Parameters
    ----------
    app : ASGI application
        What stands behind the door.
    max_body_bytes : int
        Longest body.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._most = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request with one sentence, or hand it on."""
        if scope["type"] != "http":
            # The page opens no socket; the lifespan of the server passes.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            await refusal(scope, receive, send)
            return
        # Who is asked for stands in Host; a proxy's word for it is nobody's to give here.
        scope["headers"] = [
            each for each in scope["headers"] if not each[0].lower().startswith(_FORWARDED)
        ]
        await self._bounded(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path not in _PATHS and not path.startswith(_BEGINNINGS):
            return nothing_here(headers)
        if method not in _CHANGES_NOTHING and is_foreign(headers):
            return _answer(403, "Only the page that this server shows may send this.")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return _answer(400, "`Content-Length` must be a whole number.")
        return self._too_long() if int(length) > self._most else None

    def _too_long(self) -> JSONResponse:
        return _answer(413, f"A request may have at most {self._most:,} bytes; send less.")

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the whole body before anyone sees it: one in chunks does not say its length."""
        chunks: list[bytes] = []
        more = scope["method"] not in _CHANGES_NOTHING
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
            if sum(map(len, chunks)) > self._most:
                await self._too_long()(scope, receive, send)
                return
        again = _replayed(b"".join(chunks), receive) if chunks else receive
        await self._app(scope, again, send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was taken already, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def is_foreign(headers: Headers) -> bool:
    """Tell whether a browser says that another site's page sends this.

    Programs send neither header and are no way round a browser's rules for pages.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and _host_of(origin) != headers.get("host")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as brackets that do not close
        return ""


def allowed(paths: Iterable[str]) -> set[str]:
    """Return which of some paths are let in."""
    return {path for path in paths if path in _PATHS or path.startswith(_BEGINNINGS)}


def _answer(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": {"message": sentence, "code": status}}, status)
