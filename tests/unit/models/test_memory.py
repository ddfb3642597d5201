"""What is free, and who makes room."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.models.engines.memory import Memory, Resident, plan_load, read_memory

sizes = st.integers(0, 10**11)
models = st.lists(sizes, max_size=6)


@given(sizes, sizes, sizes, models)
def test_room_is_made_oldest_first_and_no_more_than_is_needed(
    needed: int, available: int, total: int, weights: list[int]
) -> None:
    idle = [Resident(str(place), size) for place, size in enumerate(weights)]
    plan = plan_load(needed, Memory(available, total), idle)
    assert plan.freed == tuple(each.name for each in idle[: len(plan.freed)])
    assert plan.left_bytes == available - needed + sum(weights[: len(plan.freed)])
    if plan.tight or not plan.fits:
        assert len(plan.freed) == len(idle)
    if plan.freed:
        before = plan.left_bytes - weights[len(plan.freed) - 1]
        assert before < int(total * 0.1)


@given(sizes, sizes, sizes, models)
def test_a_load_is_refused_only_where_all_that_can_go_is_not_enough(
    needed: int, available: int, total: int, weights: list[int]
) -> None:
    idle = [Resident(str(place), size) for place, size in enumerate(weights)]
    assert plan_load(needed, Memory(available, total), idle).fits == (
        needed <= available + sum(weights)
    )


@pytest.mark.parametrize(
    ("limit", "usage", "stat", "key"),
    [
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ],
)
def test_a_containers_limit_counts(
    tmp_path: Path, limit: str, usage: str, stat: str, key: str
) -> None:
    (tmp_path / "memory").mkdir()
    for name, text in ((limit, "5000\n"), (usage, "3000\n"), (stat, f"anon 1\n{key} 400\n")):
        (tmp_path / name).write_text(text)
    assert read_memory(tmp_path) == Memory(2400, 5000)
    (tmp_path / usage).write_text("9000\n")
    assert read_memory(tmp_path).available_bytes == 0


def test_without_a_limit_the_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1\n")
    (tmp_path / "memory.stat").write_text("inactive_file 1\n")
    free = psutil.virtual_memory().available
    assert read_memory(tmp_path).available_bytes == pytest.approx(free, rel=0.2)
