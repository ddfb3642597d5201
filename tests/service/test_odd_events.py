"""Every endpoint of the page, called with values that it is not made for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.page_server import PageServer, page_server

ODD: tuple[Any, ...] = (None, [], {}, 10**30, [[[None]]], {"a": {"b": [1]}}, "\ud800")
JOIN, RUN = "/gradio_api/queue/join", "/gradio_api/run/predict"
# What Python says of itself, and no sentence for a visitor holds.
PYTHON_WORDS = (
    "object has no attribute",
    "NoneType",
    "Traceback",
    "unhashable",
    "not subscriptable",
    "argument of type",
    "unexpected keyword",
    "positional argument",
    'File "',
    "Error:",
    "not supported between",
    "list index",
    "object is not",
    "cannot unpack",
    "<class",
)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path
) -> Iterator[PageServer]:
    with page_server(tiny_model_folder, tmp_path_factory.mktemp("home")) as server:
        yield server


def page_config(page: str) -> dict[str, Any]:
    """Return what the page's own script is told of its events."""
    _, _, rest = page.partition("window.gradio_config = ")
    config, _ = json.JSONDecoder().raw_decode(rest)
    assert isinstance(config, dict)
    return config


def endings(client: httpx.Client, session: str, events: set[str]) -> dict[str, Any]:
    """Read a page's stream until each event has ended."""
    found: dict[str, Any] = {}
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as told:
        for line in told.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line else {}
            if message.get("msg") == "process_completed":
                found[message["event_id"]] = message
            if found.keys() >= events:
                break
    return found


def test_odd_values_get_a_sentence_and_one_line_in_the_log(server: PageServer) -> None:
    told: list[str] = []
    with httpx.Client(base_url=server.url, timeout=120) as client:
        calls = page_config(client.get("/").text)["dependencies"]
        served = [call for call in calls if call["backend_fn"]]
        assert len(served) > 50
        for number, odd in enumerate(ODD):
            session, events = f"odd{number}", set()
            for call in served:
                data = [odd] * len(call["inputs"])
                body = {"data": data, "fn_index": call["id"], "session_hash": session}
                # The page asks what need not wait at another address.
                address = RUN if call["queue"] is False else JOIN
                answer = client.post(address, content=json.dumps(body))
                told.append("" if answer.is_success else answer.text)
                if answer.is_success and address == JOIN:
                    events.add(answer.json()["event_id"])
            if events:
                found = endings(client, session, events)
                told += [str(message["output"].get("error")) for message in found.values()]
    assert len(told) > len(ODD) * 50
    for text in told:
        assert not [word for word in PYTHON_WORDS if word in text], text
    assert "Traceback" not in server.log


def test_no_change_sets_off_two_that_wait_for_the_last(server: PageServer) -> None:
    """Of two such, each would set off the other, without end: Gradio repeats all of a change."""
    waiting: dict[tuple[Any, ...], list[str]] = {}
    for call in page_config(httpx.get(server.url).text)["dependencies"]:
        if call["backend_fn"] and call["trigger_mode"] == "always_last":
            for target in call["targets"]:
                waiting.setdefault(tuple(target), []).append(call["api_name"])
    changes = {target: names for target, names in waiting.items() if target[1] == "change"}
    assert len(changes) > 20
    assert not {target: names for target, names in changes.items() if len(names) > 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        1,
        "x",
        {"data": []},
        {"data": [], "fn_index": 10**6, "session_hash": "s"},
        {"data": [], "fn_index": -1, "session_hash": "s"},
        {"data": [], "fn_index": 0},
        {"data": [], "fn_index": "x", "session_hash": "s"},
        {"fn_index": 0, "session_hash": "s"},
        {"data": [], "fn_index": 0, "session_hash": []},
        {"data": [], "fn_index": 0, "session_hash": "x" * 100_000},
        {"data": {}, "fn_index": 0, "session_hash": {}},
        {"data": [], "session_hash": "s"},
    ],
)
@pytest.mark.parametrize("path", [JOIN, RUN, "/gradio_api/cancel", "/gradio_api/reset"])
def test_odd_bodies_get_a_sentence(server: PageServer, path: str, body: Any) -> None:
    answer = httpx.post(server.url + path, json=body, timeout=30)
    assert not [word for word in PYTHON_WORDS if word in answer.text]
    assert answer.headers["content-type"].startswith("application/json")
    assert "Traceback" not in server.log


@pytest.mark.parametrize("session", ["", "nobody", "../../etc", "x" * 5_000])
def test_an_unknown_page_has_no_stream(server: PageServer, session: str) -> None:
    answer = httpx.get(f"{server.url}/gradio_api/queue/data", params={"session_hash": session})
    assert not [word for word in PYTHON_WORDS if word in answer.text]
    assert "Traceback" not in server.log
