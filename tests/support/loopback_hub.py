"""A model hub on the loopback address, as far as ``huggingface_hub`` needs one.

It serves one repository at one commit: model info with file hashes, the tree listing, and files
with their ETags and ranges. Files ending in ``.safetensors`` are large files (LFS); the others are
plain git blobs.
"""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.loopback import LoopbackServer, sha256

COMMIT = "c0ffee00" * 5


class LoopbackHub(LoopbackServer):
    """Serves the files of a folder as a repository.

    Parameters
    ----------
    repo : str
        ``owner/name``.
    folder : Path
        Its files are read once, now.
    """

    def __init__(self, repo: str, folder: Path) -> None:
        super().__init__()
        self.repo = repo
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    @property
    def downloads(self) -> list[str]:
        """Names of the files asked for, in order, with the range if there was one."""
        prefix = f"GET /{self.repo}/resolve/{COMMIT}/"
        return [asked.removeprefix(prefix) for asked in self.requests if asked.startswith(prefix)]

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        resolve = f"/{self.repo}/resolve/{COMMIT}/"
        if path == f"/api/models/{self.repo}/revision/main":
            self._send_json(request, self._model_info())
        elif path == f"/api/models/{self.repo}/tree/{COMMIT}":
            self._send_json(request, [_tree_entry(*file) for file in self.files.items()])
        elif path.startswith(resolve) and (name := path.removeprefix(resolve)) in self.files:
            self.send_file(request, name, self.files[name], _file_headers(name, self.files[name]))
        else:
            request.send_error(404)

    def _send_json(self, request: BaseHTTPRequestHandler, content: Any) -> None:
        self.send_page(request, json.dumps(content), "application/json")

    def _model_info(self) -> dict[str, Any]:
        siblings = [_sibling(name, content) for name, content in self.files.items()]
        return {"id": self.repo, "sha": COMMIT, "siblings": siblings}


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    sibling: dict[str, Any] = {
        "rfilename": name,
        "size": len(content),
        "blobId": _git_blob_id(content),
    }
    if _is_large(name):
        sibling["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 130}
    return sibling


def _tree_entry(name: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "path": name,
        "size": len(content),
        "oid": _git_blob_id(content),
    }
    if _is_large(name):
        entry["lfs"] = {"oid": sha256(content), "size": len(content), "pointerSize": 130}
    return entry


def _file_headers(name: str, content: bytes) -> dict[str, str]:
    headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_git_blob_id(content)}"'}
    if _is_large(name):
        headers["X-Linked-ETag"] = f'"{sha256(content)}"'
        headers["X-Linked-Size"] = str(len(content))
    return headers


def _is_large(name: str) -> bool:
    return name.endswith((".safetensors", ".bin"))


def _git_blob_id(content: bytes) -> str:
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
