"""The door: the routes that the page needs, from the page alone, and no endless bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from apps.api.door import Door, allowed
from apps.server import create_app
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings

PAGE = "http://127.0.0.1:7860"
# What Gradio brings and the page never asks for.
SHUT = (
    "/gradio_api/upload",
    "/config",
    "/config/",
    "/login",
    "/login/",
    "/logout",
    "/monitoring",
    "/monitoring/summary",
    "/monitoring/x",
    "/gradio_api/deep_link",
    "/gradio_api/info",
    "/gradio_api/api/predict",
    "/gradio_api/call/x",
    "/gradio_api/proxy=http://example.org",
    "/gradio_api/stream/a/b/c",
    "/gradio_api/reset",
    "/gradio_api/cancel",
    "/openapi.json",
    "/gradio_api/upload_progress",
    "/gradio_api/vibe-code",
    "/gradio_api/startup-events",
    "/svelte/x",
    "/pwa_icon",
    "/docs",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home: Path = tmp_path_factory.mktemp("door")
    settings = replace(Settings.from_env(), conversations_dir=home)
    app = create_app(Pool(settings), ModelChoice("smollm2-135m-instruct", Precision.FP32))
    with TestClient(app, base_url=PAGE) as client:
        yield client


@pytest.mark.parametrize("path", SHUT)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_the_page_does_not_use_is_not_there(
    client: TestClient, path: str, method: str
) -> None:
    assert client.request(method, path).status_code == 404


def test_every_route_there_is_is_named_or_shut(client: TestClient) -> None:
    def walk(routes: Any, before: str = "") -> Iterator[str]:
        for route in routes:
            path = before + getattr(route, "path", "")
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "app", None), "routes", None
            )
            yield from walk(inner, path) if inner else (path,)

    paths = set(walk(client.app.routes)) - {""}  # a mount by itself
    assert len(paths) > 20
    for path in paths - allowed(paths):
        assert client.post(path).status_code == 404, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/component_server/", "/"],
)
def test_another_site_may_change_nothing(
    client: TestClient, headers: dict[str, str], path: str
) -> None:
    answer = client.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert "Only the page" in answer.json()["error"]["message"]


def test_a_forwarded_host_is_not_reflected(client: TestClient) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    assert "gopher" not in answer.text


async def read_all(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def small_door() -> TestClient:
    app = Starlette(routes=[Route("/", read_all, methods=["POST"])])
    return TestClient(Door(app, 100), base_url=PAGE)


def test_a_body_is_bounded_whether_or_not_it_says_its_length(small_door: TestClient) -> None:
    assert small_door.post("/", content=b"x" * 100).text == "100"
    told = small_door.post("/", content=b"x" * 101)
    chunks = small_door.post("/", content=(b"x" * 30 for _ in range(9)))
    for answer in (told, chunks):
        assert answer.status_code == 413
        assert "at most 100 bytes" in answer.json()["error"]["message"]


def test_a_length_that_is_no_number_is_refused(small_door: TestClient) -> None:
    answer = small_door.post("/", content=b"x", headers={"Content-Length": "many"})
    assert answer.status_code == 400


def test_a_wrong_address_is_a_page_for_a_browser_and_json_for_a_program(client: TestClient) -> None:
    shown = client.get("/labs/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (shown.status_code, shown.headers["content-type"][:9]) == (404, "text/html")
    assert "<h1>There is nothing at this address.</h1>" in shown.text
    assert 'href="/"' in shown.text
    told = client.get("/labs/nowhere")
    assert told.json()["error"] == {"message": "There is nothing at this address.", "code": 404}


def test_the_icon_is_the_playgrounds_own(client: TestClient) -> None:
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert "0f766e" in icon.text
