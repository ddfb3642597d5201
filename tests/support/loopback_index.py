"""A package index (PEP 503) on the loopback address, with small wheels made for the test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from tests.support.loopback import LoopbackServer


class LoopbackIndex(LoopbackServer):
    """Serves wheels by file name, each under its project's page."""

    def __init__(self, wheels: Mapping[str, bytes]) -> None:
        super().__init__()
        self.wheels = dict(wheels)

    @property
    def downloads(self) -> list[str]:
        """Names of the wheels asked for, in order, with the range if there was one."""
        prefix = "GET /files/"
        return [asked.removeprefix(prefix) for asked in self.requests if asked.startswith(prefix)]

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path = PurePosixPath(urlsplit(request.path).path)
        if path.parent.name == "simple":
            self.send_page(request, self._links(path.name), "text/html")
        elif path.parent.name == "files" and path.name in self.wheels:
            self.send_file(request, path.name, self.wheels[path.name])
        else:
            request.send_error(404)

    def _links(self, project: str) -> str:
        prefix = project.replace("-", "_") + "-"
        names = [name for name in self.wheels if name.startswith(prefix)]
        links = (f'<a href="/files/{name}">{name}</a>' for name in names)
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"


def build_wheel(name: str, version: str, members: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return file name and content of a wheel that holds the members given."""
    stem = f"{name.replace('-', '_')}-{version}"
    files: dict[str, str | bytes] = {
        **members,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{stem}.dist-info/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return f"{stem}-py3-none-any.whl", buffer.getvalue()


def point_pip_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see this index and nothing else."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "5")
    # A proxy has no business between pip and the loopback address.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
