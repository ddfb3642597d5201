"""Ten learners who train the digits network at once, and a chat beside them.

Run as ``PYTHONPATH=. python benchmarks/learners.py [SECONDS]``. The real server with the default
model, asked through the addresses that its own page uses. What the ten leave to a reply and to each
other are ratios within one run.
"""

from __future__ import annotations

import json
import re
import secrets
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from visitors import QUESTIONS, Form, ask, read_form

from playground.models.acquire.catalog import load_catalog
from tests.support.page_server import page_server

LEARNERS, SECONDS, REPLIES = 10, 30.0, 5
_EPOCH = re.compile(r"Epoch (\d+\.\d) of")


def main(seconds: float = SECONDS) -> None:
    """Print how far each learner came, and what a reply took without and beside them."""
    with (
        tempfile.TemporaryDirectory() as home,
        page_server(load_catalog()[0].name, Path(home)) as server,
    ):
        page = httpx.get(f"{server.url}/", timeout=60).text
        form, body = read_form(page), read_training(page)
        _reply(server.url, form)  # the model is fetched, and loaded
        alone = [_reply(server.url, form) for _ in range(REPLIES)]
        lone = Learner(server.url, body)
        time.sleep(seconds / 3)
        lone.leave()
        learners = [Learner(server.url, body) for _ in range(LEARNERS)]
        time.sleep(seconds)
        epochs = [each.epoch for each in learners]  # before a chat takes its share
        beside = [_reply(server.url, form) for _ in range(REPLIES)]
        for each in learners:
            each.leave()
        for each in (lone, *learners):
            each.thread.join()
    print(f"a learner alone: {lone.epoch:.1f} epochs in {seconds / 3:.0f} s")
    print(f"{LEARNERS} at once: {sum(epochs):.1f} epochs in {seconds:.0f} s", end=", ")
    print(f"{min(epochs):.1f} to {max(epochs):.1f} each")
    first, then = statistics.median(alone), statistics.median(beside)
    print(
        f"a reply: {first:.2f} s alone, {then:.2f} s beside {LEARNERS} ({then / first:.1f} times)"
    )


def read_training(page: str) -> dict[str, Any]:
    """Return what the page sends for the longest training, but for the number of its session."""
    _, _, rest = page.partition("window.gradio_config = ")
    config, _ = json.JSONDecoder().raw_decode(rest)
    parts = {each["id"]: each["props"] for each in config["components"]}
    named = {props.get("elem_id"): number for number, props in parts.items()}
    run = [named["run-neurons-digits"], "click"]
    event = next(each for each in config["dependencies"] if run in each["targets"])
    values = [parts[number].get("value") for number in event["inputs"]]
    values[event["inputs"].index(named["neurons-digits-epochs"])] = 100
    return {"data": values, "fn_index": event["id"]}


class Learner:
    """A page that trains until it is left; it remembers the epoch that it was shown last."""

    def __init__(self, url: str, body: dict[str, Any]) -> None:
        self.epoch = 0.0
        self._left = threading.Event()
        self.thread = threading.Thread(target=self._train, args=(url, body), daemon=True)
        self.thread.start()

    def leave(self) -> None:
        """Close the page; that stops its training."""
        self._left.set()

    def _train(self, url: str, body: dict[str, Any]) -> None:
        session = secrets.token_hex(6)
        with httpx.Client(base_url=url, timeout=60) as client:
            client.post("/gradio_api/queue/join", json={**body, "session_hash": session})
            told = {"session_hash": session}
            with client.stream("GET", "/gradio_api/queue/data", params=told) as stream:
                for line in stream.iter_lines():
                    if found := _EPOCH.search(line):
                        self.epoch = float(found[1])
                    if self._left.is_set():
                        return


def _reply(url: str, form: Form) -> float:
    """Return the seconds from a question to the end of its reply."""
    began = time.perf_counter()
    came = ask(url, form, secrets.token_hex(16), QUESTIONS[0])
    if came != "answered":
        raise SystemExit(f"The chat does not answer: {came}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
