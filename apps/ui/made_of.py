"""What a picture was made of, as the fields of form and run settings hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.ui.form import Component, shown_value
from playground.experiments.settings import Setting, Settings
from playground.models.engines.manager import ModelChoice


def made_of(
    linked: Mapping[str, Component],
    settings: Settings,
    choice: ModelChoice,
    data: Mapping[Component, Any],
) -> dict[str, Any]:
    """Return the value of each field, by name.

    Parameters
    ----------
    linked : mapping of str to Component
        The fields of the form and those of the run settings that count.
    settings, choice : Settings, ModelChoice
        What was asked, of which model.
    data : mapping of Component to object
        What the fields said then: "0.50" stays as it was typed where it means what was asked.
    """
    declared = settings.declared()
    chosen = {
        "model": choice.reference,
        "precision": choice.precision.value,
        "engine": choice.engine.value,
    }
    return {
        name: _held(declared[name], getattr(settings, name), data.get(field))
        if name in declared
        else chosen[name]
        for name, field in linked.items()
    }


def _held(setting: Setting, asked: Any, typed: Any) -> Any:
    try:
        if setting.kind.read(typed) == asked:
            return typed
    except ValueError:
        pass  # it says something else now, or nothing is known of it
    return shown_value(setting, asked)
