"""The labs: a folder each, and in it a module for each experiment.

A lab is found by its folder: ``playground/labs/NAME/__init__.py`` declares ``LAB``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from playground.errors import OptionError
from playground.experiments.experiment import Experiment, Lab
from playground.number_rules import shown


@cache
def labs() -> dict[str, Lab]:
    """Return every lab by its name, in the order in which they are listed."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    found = [module.LAB for module in modules if hasattr(module, "LAB")]
    return {lab.name: lab for lab in sorted(found, key=lambda lab: (lab.rank, lab.name))}


def experiments() -> dict[str, Experiment]:
    """Return every experiment by its path, such as "context/needle"."""
    return {each.path: each for lab in labs().values() for each in lab.experiments}


def find_experiment(path: str) -> Experiment:
    """Return an experiment.

    Raises
    ------
    OptionError
        When there is none of that path.
    """
    known = experiments()
    if path not in known:
        raise OptionError(f"There is no experiment {shown(path)}; known are {', '.join(known)}.")
    return known[path]
