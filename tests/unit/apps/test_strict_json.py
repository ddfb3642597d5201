"""JSON for other programs: what is no number is null, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from apps.cli.terminal import write_json
from playground.strict_json import write_strict

FAULTY = [float("nan"), float("inf"), float("-inf"), np.float64("nan"), np.float64("inf")]


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


@pytest.mark.parametrize("faulty", FAULTY, ids=repr)
@pytest.mark.parametrize(
    "put",
    [
        lambda value: {"a": value, "b": 1},
        lambda value: {"rows": [{"perplexity": value}]},
        lambda value: {"range": (0.5, value)},
        lambda value: {"deep": {"er": [[value], [1.5, "NaN", True, None]]}},
    ],
    ids=["field", "row", "tuple", "deep"],
)
def test_a_command_prints_null_for_what_is_no_number(
    capsys: pytest.CaptureFixture[str], put: Any, faulty: float
) -> None:
    write_json(put(faulty))
    told = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert told == json.loads(json.dumps(put(None)))


def test_layout_is_passed_on_and_what_json_does_not_know_is_refused() -> None:
    assert write_strict({"é": [float("nan")]}, ensure_ascii=False) == '{"é": [null]}'
    with pytest.raises(TypeError):
        write_strict({1, 2})
