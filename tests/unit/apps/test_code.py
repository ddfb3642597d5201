"""Copy as code: nothing is loaded that is not needed, and what is too long is not offered."""

from __future__ import annotations

from apps.ui.code import MAX_CHARACTERS, render_code
from playground.experiments.code import as_command, as_python
from playground.labs import find_experiment
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

CHOICE = ModelChoice("smollm2-135m-instruct", Precision.INT8)


def test_what_reads_the_files_of_a_model_alone_does_not_load_it() -> None:
    cutting = find_experiment("tokens/cutting")
    settings = cutting.settings(text="Hi")
    program = as_python(cutting, settings, CHOICE)
    assert "(\"tokens/cutting\")('smollm2-135m-instruct', text='Hi')" in program
    assert "load" not in program
    command = as_command(cutting, settings, CHOICE)
    assert command == (
        "playground lab tokens cutting --model smollm2-135m-instruct --text=Hi --json"
    )


def test_a_text_as_long_as_a_book_is_left_to_the_export() -> None:
    cutting = find_experiment("tokens/cutting")
    long = render_code(cutting, cutting.settings(text="<" * (MAX_CHARACTERS + 1)), CHOICE)
    assert "too long for a link or a command" in long
    assert len(long) < 500
    assert "data-copy" in render_code(cutting, cutting.settings(text="<b>"), CHOICE)


def test_a_link_too_long_once_it_is_written_as_one_is_left_to_python_and_the_command() -> None:
    cutting = find_experiment("tokens/cutting")
    shown = render_code(cutting, cutting.settings(text="я" * (MAX_CHARACTERS // 4)), CHOICE)
    assert "too long for a link; Python" in shown
    assert "playground lab tokens cutting" in shown
    assert "own-host" not in shown
