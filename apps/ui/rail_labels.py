"""What the run settings are called beside every lab, and in the sentences about them."""

from __future__ import annotations

from collections.abc import Mapping

from playground.generation.settings import OPTIONS

LABELS: Mapping[str, str] = {
    "model": "Model",
    "precision": "Precision",
    "engine": "Engine",
    "system": "System prompt",
    **{name: option.label for name, option in OPTIONS.items()},
    "seed": "Seed",
    "stop": "Stop strings",
    "overflow": "Overflow",
    "context_window": "Window",
    "moderation": "Content filter",
}
