"""What fails behind the door without a word: one sentence in the answer, one line in the log."""

from __future__ import annotations

import json
import logging
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)


class Failures:
    """ASGI middleware that turns an error nobody foresaw into a sentence with a reference.

    Parameters
    ----------
    app : callable
        What lies behind; it may have begun to answer when it fails.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and keep what it raises."""
        begun = failed = streams = False

        async def send_unless_failed(message: Message) -> None:
            nonlocal begun, failed, streams
            if message["type"] == "http.response.start":
                # Starlette says "Internal Server Error", and raises the error afterwards.
                kind = Headers(raw=message["headers"]).get("content-type", "")
                failed = message["status"] == 500 and kind.startswith("text/plain")
                begun = not failed
                streams = kind.startswith("text/event-stream")
            if not failed:
                await send(message)

        reference = uuid4().hex[:8]
        try:
            await self._app(scope, receive, send_unless_failed)
        except Exception as error:
            failed = not begun
            if begun:  # it cannot become another answer, but it can end in order
                last = _last_message(reference) if streams else b""
                await send({"type": "http.response.body", "body": last, "more_body": False})
            told = " ".join(str(error).split())[:200]
            path = scope.get("path", "").encode("unicode_escape").decode()[:200]
            _log.error(
                "%s failed, reference %s: %s: %s", path, reference, type(error).__name__, told
            )
            _log.debug("reference %s", reference, exc_info=error)
        if failed:
            await JSONResponse({"detail": _sentence(reference)}, 500)(scope, receive, send)


def _sentence(reference: str) -> str:
    return (
        "This request could not be carried out; check what it holds. The server's log has more "
        f"under {reference}."
    )


def _last_message(reference: str) -> bytes:
    """Return a failure as Gradio's stream of a page tells it."""
    told = {"msg": "unexpected_error", "message": _sentence(reference), "success": False}
    return f"data: {json.dumps(told)}\n\n".encode()
