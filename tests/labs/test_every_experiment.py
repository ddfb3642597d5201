"""Every experiment of the registry, whatever there is: one result, wherever it is run from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from markupsafe import escape

import playground
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.cli.main import app
from apps.cli.option_names import options_of
from apps.ui.form import labels_of
from apps.ui.lab_panel import Parts
from apps.ui.link import Link
from apps.ui.notice import name_fields
from apps.ui.page import SPECIAL
from apps.ui.rail import build_rail
from apps.ui.section import Section
from playground.drawing.as_text import as_text
from playground.errors import OptionError
from playground.experiments.code import as_command, as_link, as_python
from playground.experiments.experiment import Experiment, Needs
from playground.experiments.result import Result
from playground.generation.language_model import LanguageModel
from playground.labs import experiments
from playground.labs.precision import bench
from playground.models.acquire.progress import Watch
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.sentences import renamed
from playground.serving import Pool, shared_pool
from playground.strict_json import write_strict
from tests.support.command_line import runner
from tests.support.markup import seen
from tests.support.tiny_llama import save_tiny_llama

# What the clock and the machine decide: never the same twice.
CLOCK = ("seconds", "per_second", "_range", "milliseconds")
MEASURED = (*CLOCK, "bytes", "machine", "beside", "linear", "quadratic")
pytestmark = pytest.mark.parametrize(
    "experiment", list(experiments().values()), ids=lambda each: each.path, scope="module"
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Return the pool that the command line uses, so that a model is loaded once for all."""
    pool = shared_pool()
    yield pool
    pool.close()


@pytest.fixture(scope="module", autouse=True)
def _machine_is_timed_once() -> Iterator[None]:
    """Time the memory for the first bench alone: another process, and nothing here looks at it."""
    timed = cache(partial(bench._time_machine, Watch()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bench, "_time_machine", lambda _watch: timed())
        yield


@pytest.fixture(scope="module")
def choice(default_model: InstalledModel, tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    """Return a tiny model that knows the default model's words: nothing but its weights differ."""
    folder = tmp_path_factory.mktemp("tiny-with-words")
    save_tiny_llama(
        folder, words_of=default_model.path, hidden_size=32, max_position_embeddings=8192
    )
    return ModelChoice(str(folder), Precision.FP32)


@pytest.fixture(scope="module")
def result(experiment: Experiment, choice: ModelChoice) -> Result:
    """Return what it finds when Python asks: run once for all who look at it."""
    return experiment(given_to(experiment, choice), **experiment.small)


def settled(value: Any) -> Any:
    """Return a result as JSON has it, without what was measured."""
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if not name.endswith(MEASURED)}
        return {name: settled(each) for name, each in kept.items()}
    return [settled(each) for each in value] if isinstance(value, list | tuple) else value


def found(text: str) -> Any:
    return settled(json.loads(text))


def test_page_terminal_and_python_find_the_same(
    experiment: Experiment,
    pool: Pool,
    choice: ModelChoice,
    result: Result,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = experiment.settings(**experiment.small)
    words = [f"--{name.replace('_', '-')}={text}" for name, text in settings.spelled().items()]
    if experiment.needs is not Needs.NOTHING:
        words += ["--model", choice.reference]
    told = runner(capsys)("lab", experiment.lab, experiment.name, *words, "--json")
    assert told.code == 0, told.stderr
    assert result.snapshot.progress.ended
    assert found(told.stdout) == found(write_strict(result.to_json()))
    assert found(told.stdout) == found(on_page(experiment, pool, choice, tmp_path))


def test_its_words_are_plain_and_no_head_of_a_table_is_empty(
    experiment: Experiment, result: Result
) -> None:
    picture = result.framed()
    assert not re.search(r"<th[^>]*></th>", picture)
    told = seen(picture).text
    for raw in (r"`[a-z_]+`", r"\\u[0-9a-f]{4}", r"\bthe notes\b"):
        assert not re.search(raw, told, re.IGNORECASE), raw
    for each in experiment.settings.declared().values():
        assert "`" not in each.label + each.explanation
    assert "`" not in experiment.idea + experiment.empty


def given_to(experiment: Experiment, choice: ModelChoice) -> LanguageModel | str | None:
    """Return what Python hands over; what needs no loaded model must not find another one."""
    if experiment.needs is Needs.NOTHING:
        return None
    if experiment.needs is Needs.CHOICE:
        return choice.reference
    return playground.load(choice.reference)


def on_page(experiment: Experiment, pool: Pool, choice: ModelChoice, folder: Path) -> str:
    """Return the JSON that the experiment's section on the page exports."""
    with gr.Blocks():
        section, rail = laid_out(experiment, pool, choice, folder)
        section.wire()
    settings = experiment.settings(**experiment.small)
    data = {each: each.value for each in rail.components} | section.form.values(settings)
    shared = {name: getattr(settings, name) for name in section.form.shared}
    data |= {rail.fields[name]: value for name, value in shared.items()}
    request = SimpleNamespace(session_hash="somebody")
    if experiment.live:
        last = section._on_export(data)
    else:
        *_, last = section._on_run(data, request)
    files = {button: change for button, change in last.items() if button in section._files}
    assert files, last.get(section.notice)
    (path,) = (each["value"] for each in files.values() if each["value"].endswith(".json"))
    return Path(path).read_text(encoding="utf-8")


def laid_out(
    experiment: Experiment, pool: Pool, choice: ModelChoice, folder: Path
) -> tuple[Section, Any]:
    rail = build_rail([(choice.reference, choice.reference)], choice)
    service = ChatService(pool, ConversationStore(folder))
    parts = Parts(service, pool, rail, gr.Textbox())
    make = SPECIAL.get(experiment.path)
    section = make(experiment, parts) if make else Section(experiment, pool, rail)
    assert isinstance(section, Section)
    return section, rail


def test_a_link_fills_its_form_and_a_bad_one_is_told_beside_it(
    experiment: Experiment, pool: Pool, choice: ModelChoice, tmp_path: Path
) -> None:
    settings = experiment.settings(**experiment.small)
    with gr.Blocks():
        section, rail = laid_out(experiment, pool, choice, tmp_path)
        link = Link([section], rail, pool.settings, notice := gr.HTML())
    chosen = replace(choice, precision=Precision.INT8)
    query = as_link(experiment, settings, chosen).removeprefix("/")
    filled = link.fill(query)
    assert (filled.get(rail.precision) == "int8") == ("precision" in experiment.chosen)
    assert set(experiment.chosen) <= set(section.linked)  # and so the address says them
    assert {*experiment.chosen, *section.form.shared} <= set(section.counting) <= set(rail.fields)
    own = {field: filled.get(field, field.value) for field in section.form.fields.values()}
    assert {**own, **section.form.values(settings)} == own
    told = link.fill(f"{query}&nonsense=1&%3Cimg%3E=1&precision=huge")
    assert "no setting &#39;nonsense&#39;; known are " in told[notice]
    labels = [str(escape(each.label)) for each in settings.declared().values()]
    assert [each for each in labels if f"“{each}”" not in told[notice]] == []
    assert "&#39;&lt;img&gt;&#39;" in told.pop(notice)
    told.pop(rail.precision, None)
    assert told == {each: filled[each] for each in told}  # what is good stands all the same
    assert all(each in told for each in section.form.fields.values())
    nowhere = link.fill(f"?lab={experiment.lab}&experiment=nope")
    assert "no experiment &#39;nope&#39;" in nowhere[notice]


def test_it_is_drawn_for_a_notebook_and_as_a_page_of_its_own(
    experiment: Experiment, result: Result
) -> None:
    assert "playground-lab" in result._repr_html_(), experiment.path
    said = as_text(experiment.view(result.snapshot))
    assert len(said) > 20  # the same in the terminal, without a mark-up's or a field's name
    assert not re.search(r"</?(p|div|span|td|li)\b|\bNone\b|\{'", said)
    page = result.to_html()
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_it_says_what_it_is_and_how_each_setting_is_bounded(experiment: Experiment) -> None:
    assert experiment.idea.endswith(".")
    for name, each in experiment.settings.declared().items():
        assert each.label, name
        assert each.kind.read(each.kind.plain(each.default)) == each.default, name
        assert each.kind.read(each.kind.spell(each.default)) == each.default, name
        assert each.look.hidden or each.explanation.endswith("."), name
    json.dumps(experiment.settings_schema())


def test_its_code_names_only_what_is_there(experiment: Experiment, choice: ModelChoice) -> None:
    settings = experiment.settings(**experiment.small)
    compile(as_python(experiment, settings, choice), "<copied>", "exec")
    assert as_command(experiment, settings, choice).startswith("playground lab ")
    link = as_link(experiment, settings)
    assert link.startswith(f"/?lab={experiment.lab}&experiment={experiment.name}")


def test_a_bad_value_is_told_alike_and_named_as_each_reader_knows_it(
    experiment: Experiment,
) -> None:
    options, labels = (
        options_of(app, ("lab", experiment.lab, experiment.name)),
        labels_of(experiment),
    )
    for name, each in experiment.settings.declared().items():
        with pytest.raises(OptionError) as refused:
            experiment.settings(**{name: "\u200b\ud83d"})
        sentence = str(refused.value)
        rest = sentence.removeprefix(f"`{name}` ")
        assert rest.startswith("must be "), sentence
        assert rest.endswith("got '⟨U+200B⟩⟨U+D83D⟩'."), sentence
        assert name_fields(sentence, labels) == f"“{each.label}” {rest}"
        assert renamed(sentence, options) == f"`--{name.replace('_', '-')}` {rest}"
