"""Every lab opens full: what ships is there, and belongs to the experiments as they are today."""

from __future__ import annotations

from importlib.resources import files

import pytest

from playground.experiments.experiment import Experiment
from playground.experiments.shipped import FOLDER, file_name, find_shipped, opening_settings, ships
from playground.labs import experiments
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision

SHIPPED = [each for each in experiments().values() if ships(each)]
MOST_BYTES = 150_000


@pytest.mark.parametrize("experiment", SHIPPED, ids=lambda each: each.path)
def test_an_experiment_opens_with_a_result_of_its_usual_settings(experiment: Experiment) -> None:
    again = f"run `python benchmarks/shipped_results.py {experiment.path}`"
    shipped = find_shipped(experiment)
    assert shipped, again
    assert shipped.settings == opening_settings(experiment), again
    assert shipped.choice == ModelChoice(load_catalog()[0].name, Precision.FP32), again
    assert f'data-view="{experiment.path}"' in shipped.picture
    assert shipped.machine in shipped.heading
    assert load_catalog()[0].name not in shipped.heading  # it says the title
    assert len(shipped.picture.encode()) < MOST_BYTES


def test_nothing_ships_that_no_experiment_shows() -> None:
    folder = files("playground.data").joinpath(FOLDER)
    there = {each.name for each in folder.iterdir() if each.name.endswith(".json")}
    assert there == {file_name(each) for each in SHIPPED}
