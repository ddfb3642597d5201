"""A server that is killed without warning loses no question that it has accepted."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.support.interrupted_chat import ask_and_kill


@pytest.mark.skipif(os.name != "posix", reason="copies a process, and kills the copy")
def test_a_question_that_was_accepted_outlives_kill_9(
    tiny_model_folder: Path, tmp_path: Path
) -> None:
    questions = [f"question {number}" for number in range(2)]
    conversation = ask_and_kill(tiny_model_folder, tmp_path, questions, random.Random(3))
    turns = conversation.turns
    assert [turn.content for turn in turns if turn.role == "user"] == questions
    assert {turn.content for turn in turns if turn.role == "assistant"} <= {"Paris."}
    assert not list(tmp_path.rglob("*.broken"))
