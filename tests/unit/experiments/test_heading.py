"""The line above a picture says what it was made of, in few words."""

from __future__ import annotations

from typing import Literal

from playground.experiments.heading import heading
from playground.experiments.result import Subject
from playground.experiments.settings import Settings, field

SMALL = Subject("tiny", "Tiny 1M", "int8", "core")


class Asked(Settings):
    """Of every kind that a line has to say or to leave out."""

    file: str = field("", label="File")
    prompt: str = field("Once\nupon a time", label="Prompt", travels=True)
    way: Literal["up", "down"] = field("up", label="Way", words={"down": "downwards"})
    chat: bool = field(False, label="As a message")
    page: int = field(1, label="Page", hidden=True)
    a: int = field(0, label="A")
    b: int = field(0, label="B")
    c: int = field(0, label="C")
    d: int = field(0, label="D")
    e: int = field(0, label="E")


def test_the_text_comes_first_then_what_is_not_as_usual_then_what_ran() -> None:
    line = heading(Asked(way="down", chat=True, page=7), SMALL)
    assert line == ("“Once upon a time” · Way downwards · As a message yes · Tiny 1M, INT8, core")


def test_what_is_long_is_cut() -> None:
    line = heading(
        Asked(prompt="word " * 50, file="x," * 99, way="down", a=1, b=1, c=1, d=1), SMALL
    )
    assert line.count("…") == 2
    assert "C 1" not in line
    assert "2 more settings" in line
    assert len(line) < 260


def test_where_nothing_is_said_nothing_stands() -> None:
    assert heading(Asked(prompt=""), Subject()) == ""
