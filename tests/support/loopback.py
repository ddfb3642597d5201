"""A real HTTP server on the loopback address that can misbehave on purpose."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class Faults:
    """What goes wrong, by file name.

    Parameters
    ----------
    slow_seconds : float
        Wait before each page (not before files).
    page_status : int
        The status of each page.
    file_status : dict of str to int
        Files that are announced, but answer with this status.
    cut_once : dict of str to int
        Files whose first answer breaks off after so many bytes.
    stall : dict of str to int
        Files that send so many bytes and then wait until the server closes.
    corrupt : set of str
        Files that arrive with another first byte than announced.
    """

    slow_seconds: float = 0.0
    page_status: int = 200
    file_status: dict[str, int] = field(default_factory=dict)
    cut_once: dict[str, int] = field(default_factory=dict)
    stall: dict[str, int] = field(default_factory=dict)
    corrupt: set[str] = field(default_factory=set)


class LoopbackServer:
    """Serves pages and files until the ``with`` block ends.

    Subclasses answer in `respond`.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.requests: list[str] = []
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """Address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        raise NotImplementedError

    def send_page(self, request: BaseHTTPRequestHandler, body: str, content_type: str) -> None:
        """Answer with text."""
        self._closing.wait(self.faults.slow_seconds)
        content = body.encode()
        request.send_response(self.faults.page_status)
        request.send_header("Connection", "close")
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def send_file(
        self,
        request: BaseHTTPRequestHandler,
        name: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with a file, or the rest of it if a range was asked for."""
        status = self.faults.file_status.get(name)
        if status and request.command == "GET":
            request.send_error(status)
            return
        start = _range_start(request)
        request.send_response(206 if start else 200)
        if start:
            last = len(content) - 1
            request.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        request.send_header("Connection", "close")
        request.send_header("Content-Type", "application/octet-stream")
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Length", str(len(content) - start))
        for key, value in (headers or {"ETag": f'"{sha256(content)}"'}).items():
            request.send_header(key, value)
        request.end_headers()
        if request.command != "HEAD":
            self._send_body(request, name, content[start:])

    def _send_body(self, request: BaseHTTPRequestHandler, name: str, body: bytes) -> None:
        if name in self.faults.corrupt:
            body = bytes([body[0] ^ 1]) + body[1:]
        if (sent := self.faults.cut_once.pop(name, None)) is not None:
            request.wfile.write(body[:sent])
            request.close_connection = True
            return
        if (sent := self.faults.stall.get(name)) is not None:
            request.wfile.write(body[:sent])
            request.wfile.flush()
            self._closing.wait()
            return
        request.wfile.write(body)

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked_range = self.headers.get("Range", "")
                server.requests.append(f"{self.command} {self.path} {asked_range}".strip())
                # One request a connection: no idle connection outlives the server.
                self.close_connection = True
                server.respond(self)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        return Handler


def sha256(content: bytes) -> str:
    """Return the SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _range_start(request: BaseHTTPRequestHandler) -> int:
    asked = request.headers.get("Range", "bytes=0-")
    return int(asked.removeprefix("bytes=").split("-")[0])
