"""The zoo of broken and hostile folders through the terminal and the page: the same sentence.

`test_folder_zoo` and `test_hostile_files` walk over it from Python; a line added there comes here.
"""

from __future__ import annotations

import html
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from apps.ui.rail import Rail, build_rail
from apps.ui.section import Section
from playground.labs import experiments
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from tests.reference.test_folder_zoo import REFUSED
from tests.reference.test_hostile_files import SPOILT
from tests.support.command_line import runner
from tests.support.fetching import settings_in
from tests.support.tiny_llama import save_tiny_llama

ZOO = {**REFUSED, **SPOILT}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture
def folder(whole: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    spoil, _ = ZOO[request.param]
    spoil(folder)
    return folder


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    pool = Pool(settings_in(tmp_path_factory.mktemp("home")))
    yield pool
    pool.close()


every_one = pytest.mark.parametrize(
    ("folder", "reason"),
    [(name, reason) for name, (_, reason) in ZOO.items()],
    indirect=["folder"],
    ids=list(ZOO),
)


def said(text: str) -> str:
    """Return what a person reads: no markup, lines joined as the terminal broke them."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", text)).split())


@every_one
def test_the_terminal_says_why(
    folder: Path, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--prompt", "Hi there", "--max-new-tokens", "2")
    told = runner(capsys)("chat", "--model", str(folder), *words)
    assert told.code in (1, 2)
    assert "Traceback" not in told.stderr
    assert re.search(reason, said(told.stderr)) or reason in said(told.stderr)


@pytest.fixture(scope="module")
def page(whole: Path, pool: Pool) -> tuple[Rail, Section]:
    """Return the page's form, laid out once for all of them: each asks it with its own values."""
    choice = ModelChoice(str(whole), Precision.FP32)
    with gr.Blocks():
        rail = build_rail([(choice.reference, choice.reference)], choice)
        section = Section(experiments()["models/check"], pool, rail)
        section.wire()
    return rail, section


@every_one
def test_the_page_says_why(
    folder: Path, reason: str, page: tuple[Rail, Section], caplog: pytest.LogCaptureFixture
) -> None:
    rail, section = page
    data = {each: each.value for each in (*rail.components, *section.form.fields.values())}
    data[rail.model] = str(folder)
    with caplog.at_level(logging.ERROR):
        views = section._on_run(data, SimpleNamespace(session_hash="somebody"))
        shown = {part: change for view in views for part, change in view.items()}
    told = said(str(shown.get(section.notice, "")) + str(shown.get(section._view, "")))
    assert re.search(reason, told) or reason in told
    assert not caplog.records
