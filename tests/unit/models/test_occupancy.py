"""What else the machine did: from made-up /proc files, and none where there is no /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from playground.generation import reply
from playground.generation.fitting.prompt import Prompt
from playground.generation.settings import SamplingSettings
from playground.models.engines.occupancy import Moment, between, read_moment


def proc(folder: Path, stat: str, load: str = "0.50 0.40 0.30 1/200 4711\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "stat").write_text(stat, encoding="ascii")
    (folder / "loadavg").write_text(load, encoding="ascii")
    return folder


def test_other_work_is_what_was_worked_less_what_was_measured(tmp_path: Path) -> None:
    before = read_moment(proc(tmp_path / "a", "cpu  100 0 50 800 0 0 0 50 0 0\ncpu0 1 2\n"))
    after = read_moment(
        proc(tmp_path / "b", "cpu  300 0 150 1000 0 0 0 100 0 0\n", "2.5 1 1 1/2 3")
    )
    assert before is not None
    assert after is not None
    # 550 ticks of two processors went by: 300 worked, 200 idle, 50 stolen; 200 were our own.
    own = Moment(after.all_ticks, after.stolen_ticks, after.busy_ticks, before.own_ticks + 200, 2.5)
    found = between(before, own, 2)
    assert found is not None
    assert found.stolen == pytest.approx(50 / 550)
    assert found.others == pytest.approx(100 / 550 * 2)
    assert (found.load_before, found.load_after, found.busy) == (0.5, 2.5, True)


def test_a_quiet_machine_is_not_busy_and_none_is_told_of_a_system_without_proc(
    tmp_path: Path,
) -> None:
    quiet = between(Moment(0, 0, 0, 0, 0.1), Moment(1000, 0, 510, 500, 1.0), 2)
    assert quiet is not None
    assert not quiet.busy
    assert read_moment(tmp_path / "nowhere") is None
    assert read_moment(proc(tmp_path / "odd", "something else\n")) is None
    assert between(None, Moment(1, 0, 0, 0, 0), 2) is None
    same = Moment(5, 0, 0, 0, 0)
    assert between(same, same, 2) is None


def test_a_reply_says_what_the_machine_did_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [Moment(0, 0, 0, 0, 0.1), Moment(1000, 0, 900, 500, 1.0)]
    monkeypatch.setattr(reply, "read_moment", lambda: moments.pop(0))
    monkeypatch.setattr(reply.os, "cpu_count", lambda: 2)
    growing = reply.Growing(Prompt((1,), ()), SamplingSettings())
    assert growing.reply.beside is None
    growing.end()
    beside = growing.reply.beside
    assert beside is not None
    assert (beside.others, beside.crowded) == (pytest.approx(0.8), True)


def test_what_this_process_works_is_its_own() -> None:
    before, start = read_moment(), time.process_time()
    if before is None:
        pytest.skip("no /proc here")
    while time.process_time() - start < 0.1:
        pass
    after = read_moment()
    assert after is not None
    # In hundredths of a second, cut off.
    assert after.own_ticks - before.own_ticks >= 0.08 * os.sysconf("SC_CLK_TCK")
