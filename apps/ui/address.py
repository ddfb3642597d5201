"""The address of the page follows a form, so that what it shows can be linked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from apps.ui.events import QUIET
from playground.experiments.experiment import Experiment
from playground.experiments.kinds import Several
from playground.experiments.settings import Setting


def follow_in_address(experiment: Experiment, fields: Mapping[str, Any]) -> None:
    """Let the page's address say what a form says beyond its defaults.

    Parameters
    ----------
    experiment : Experiment
        Whose form.
    fields : mapping of str to component
        By the settings that the address holds.
    """
    if not fields:
        return
    declared = experiment.settings.declared()
    known = json.dumps(
        [
            _beside(name, field) if _is_beside(declared.get(name)) else _known(declared[name])
            for name, field in fields.items()
        ]
    )
    follow = f"(...values) => playgroundAddress('{experiment.path}', {known}, values)"
    inputs = list(fields.values())
    gr.on([each.change for each in inputs], None, inputs, js=follow, **QUIET)


def _is_beside(setting: Setting | None) -> bool:
    """Tell of the model, its precision, its engine, and of run settings: all from the rail."""
    return setting is None or setting.look.shared


def _known(setting: Setting) -> dict[str, Any]:
    """Return what the page's script must know of a setting to spell it."""
    return {
        "name": setting.name,
        "label": setting.label,
        "first": setting.kind.spell(setting.default),
        "several": isinstance(setting.kind, Several),
    }


def _beside(name: str, field: Any) -> dict[str, Any]:
    """Return the same of what stands beside every lab: what it shows at first is left out."""
    value = "" if field.value is None else field.value
    first = f"{value:g}" if isinstance(value, float) else str(value)
    return {"name": name, "label": field.label, "first": first, "several": False}
