"""Every experiment of the registry, whatever there is: one result, wherever it is run from."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import playground
from playground.experiments.code import as_link
from playground.experiments.experiment import Experiment, Needs
from playground.labs import experiments
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

# What the clock and the machine decide: never the same twice.
MEASURED = ("seconds", "per_second", "bytes", "milliseconds", "machine")
EXPERIMENTS = list(experiments().values())
pytestmark = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda each: each.path)


def settled(value: Any) -> Any:
    """Return a result without what was measured."""
    if isinstance(value, dict):
        return {
            name: settled(each)
            for name, each in value.items()
            if not any(name.endswith(ending) for ending in MEASURED)
        }
    return [settled(each) for each in value] if isinstance(value, list) else value


def small(experiment: Experiment) -> dict[str, Any]:
    """Return settings that take little time, in terms of the declaration alone."""
    return dict(experiment.small)


def test_the_terminal_and_python_find_the_same(
    experiment: Experiment, default_model: InstalledModel
) -> None:
    given = small(experiment)
    settings = experiment.settings(**given)
    words = [f"--{name.replace('_', '-')}={text}" for name, text in settings.spelled().items()]
    command = ["-m", "apps.cli.main", "lab", experiment.lab, experiment.name, *words, "--json"]
    told = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    model = None
    if experiment.needs is not Needs.NOTHING:
        model = playground.load(default_model.name)
    result = experiment(model, **given)
    assert settled(json.loads(told.stdout)) == settled(json.loads(json.dumps(result.to_json())))
    assert result.to_json()["ended"]


def test_it_is_drawn_for_a_notebook_and_as_a_page_of_its_own(experiment: Experiment) -> None:
    *_, last = experiment.run(None, **small(experiment))
    assert "playground-lab" in last._repr_html_()
    page = last.to_html()
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
    link = as_link(experiment, experiment.settings(**small(experiment)))
    assert link.startswith(f"/?lab={experiment.lab}&experiment={experiment.name}")


def test_its_code_names_only_what_is_there(experiment: Experiment) -> None:
    from playground.experiments.code import as_command, as_python

    choice = ModelChoice("smollm2-135m-instruct", Precision.FP32)
    settings = experiment.settings(**small(experiment))
    compile(as_python(experiment, settings, choice), "<copied>", "exec")
    assert as_command(experiment, settings, choice).startswith("playground lab ")
