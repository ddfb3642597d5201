"""A chat in a process of its own that is killed at any moment, without a word of warning."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from apps.chat.conversations import Conversation
from apps.chat.request import Request
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from playground.generation.settings import SamplingSettings
from playground.models.engines import manager
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.scripted_engine import ScriptedEngine

KEY = "e" * 32
_CHOICE = ModelChoice("scripted", Precision.FP32)


def main() -> None:
    """Ask every line of standard input, each in a process of its own.

    They are copies of this one, which has imported everything. Each says when its question was
    accepted, writes the reply, and waits to be killed.
    """
    model_folder, home = map(Path, sys.argv[1:])
    engine = ScriptedEngine(model_folder, [])
    engine.reply = engine.tokenizer.encode("Paris.")
    setattr(manager, "ensure_model", lambda *_: engine.model)  # noqa: B010 - as tests patch it
    settings = Settings.from_env({"PLAYGROUND_HOME": str(home)})
    for line in sys.stdin:
        if child := os.fork():
            os.waitpid(child, 0)
            print("gone", flush=True)  # noqa: T201 - the parent waits for it
        else:
            _answer(engine, settings, line.strip())


def _answer(engine: ScriptedEngine, settings: Settings, question: str) -> None:
    pool = Pool(settings, load=lambda *_: engine)
    service = ChatService(pool, ConversationStore(settings.conversations_dir))
    run = service.ask(KEY, "page", question)
    print(os.getpid(), flush=True)  # noqa: T201 - as above
    for _ in service.answer(run, Request(_CHOICE, "", SamplingSettings(temperature=0))):
        pass
    signal.pause()


def ask_and_kill(
    model_folder: Path, home: Path, questions: list[str], delay: random.Random
) -> Conversation:
    """Ask each question in a new process and kill it (SIGKILL) up to 20 ms after it was accepted.

    Parameters
    ----------
    model_folder : Path
        Has a tokenizer.
    home : Path
        Keeps the conversation.
    questions : list of str
        One a process.
    delay : random.Random
        Chooses the moments.

    Returns
    -------
    Conversation
        What is on the disk after the last.
    """
    command = [sys.executable, "-m", __name__, str(model_folder), str(home)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for question in questions:
            process.stdin.write(question + "\n")
            accepted_by = int(process.stdout.readline())
            time.sleep(delay.uniform(0, 0.02))
            os.kill(accepted_by, signal.SIGKILL)
            assert process.stdout.readline() == "gone\n"
    settings = Settings.from_env({"PLAYGROUND_HOME": str(home)})
    return ConversationStore(settings.conversations_dir).load(KEY)


if __name__ == "__main__":
    main()
