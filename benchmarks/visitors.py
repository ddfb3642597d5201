"""Many visitors of one server: 100 chats sent at once, then 20 that talk for minutes.

Run as ``python -m benchmarks.visitors [MINUTES]``. The real server with the default model, asked
through the address that its own page uses.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from playground.models.acquire.catalog import load_catalog
from tests.support.page_server import page_server

AT_ONCE, TALKING, MINUTES = 100, 20, 5.0
TOKENS = 32  # of a reply, so that many are asked for
PATIENCE = 600.0  # seconds that a visitor waits for the end of a reply
QUESTIONS = ("What is the capital of France?", "Tell me of bees.", "Why is the sky blue?")


@dataclass(frozen=True)
class Form:
    """The event that sends a message, and what the page would hand over with it."""

    event: int
    values: tuple[Any, ...]
    key: int
    message: int


def main(minutes: float = MINUTES) -> None:
    """Print what the visitors got, and the server's memory."""
    with (
        tempfile.TemporaryDirectory() as home,
        page_server(load_catalog()[0].name, Path(home)) as server,
    ):
        process = psutil.Process(server.process.pid)
        form = read_form(httpx.get(f"{server.url}/", timeout=60).text)
        print(f"first reply: {ask(server.url, form, _key(), QUESTIONS[0])}")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            asked = [
                threads.submit(ask, server.url, form, _key(), QUESTIONS[0]) for _ in range(AT_ONCE)
            ]
            found = Counter(each.result() for each in asked)
        print(f"{AT_ONCE} chats at once: {dict(found)}")
        talked, rss = _talk(server.url, form, minutes, process)
        print(f"{TALKING} visitors for {minutes:g} minutes: {dict(talked)}")
        print(f"memory after the first minute {rss[0] / 2**20:.0f} MiB, at the end", end=" ")
        print(f"{rss[-1] / 2**20:.0f} MiB ({rss[-1] / rss[0] - 1:+.1%})")
        print(f"tracebacks in the log: {server.log.count('Traceback')}")


def _talk(
    url: str, form: Form, minutes: float, process: psutil.Process
) -> tuple[Counter[str], list[int]]:
    """Let the visitors talk, each in a conversation of its own."""
    end, rss = time.monotonic() + 60 * minutes, []
    found: Counter[str] = Counter()
    guard = threading.Lock()

    def visit() -> None:
        while time.monotonic() < end:
            key = _key()
            for question in QUESTIONS:
                came = ask(url, form, key, question)
                with guard:
                    found[came] += 1
                if time.monotonic() > end:
                    return

    with ThreadPoolExecutor(TALKING) as threads:
        talking = [threads.submit(visit) for _ in range(TALKING)]
        time.sleep(min(60, 30 * minutes))
        rss.append(process.memory_info().rss)
        for each in talking:
            each.result()
    rss.append(process.memory_info().rss)
    return found, rss


def read_form(page: str) -> Form:
    """Return the page's form, as its own script is told of it."""
    _, _, rest = page.partition("window.gradio_config = ")
    config, _ = json.JSONDecoder().raw_decode(rest)
    parts = {each["id"]: each["props"] for each in config["components"]}
    named = {props.get("elem_id"): number for number, props in parts.items()}
    event = next(
        each
        for each in config["dependencies"]
        if [named["send"], "click"] in each["targets"] and each["backend_fn"]
    )
    inputs = event["inputs"]
    values = [parts[number].get("value") for number in inputs]
    for number, props in parts.items():
        if props.get("elem_id") == "max_new_tokens" and number in inputs:
            values[inputs.index(number)] = TOKENS
    return Form(
        event["id"],
        tuple(values),
        inputs.index(named["conversation-key"]),
        inputs.index(named["message"]),
    )


def ask(url: str, form: Form, key: str, question: str) -> str:
    """Send a message as the page does, read its stream to the end, and say what came."""
    values, session = list(form.values), secrets.token_hex(6)
    values[form.key], values[form.message] = key, question
    body = {"data": values, "fn_index": form.event, "session_hash": session}
    with httpx.Client(base_url=url, timeout=PATIENCE) as client:
        sent = client.post("/gradio_api/queue/join", json=body)
        if not sent.is_success:
            return f"refused: {sent.text[:120]}"
        stream = client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session})
        with stream as told:
            return _ending(told.iter_lines)


def _ending(lines: Callable[[], Any]) -> str:
    """Return what the last message of a stream says: a reply, or a sentence."""
    shown = ""
    for line in lines():
        message = json.loads(line.removeprefix("data: ")) if line else {}
        if message.get("msg") in ("process_generating", "process_completed"):
            shown = json.dumps(message["output"], ensure_ascii=False)
        if message.get("msg") == "process_completed":
            break
    if "already" in shown or "which is the limit" in shown:
        return "refused with a sentence"
    return "answered" if "reply" in shown else f"something else: {shown[:300]}"


def _key() -> str:
    return secrets.token_hex(16)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
