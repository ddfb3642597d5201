"""Where a slider of the rail changes nothing: marked on it, and where its colour begins."""

from __future__ import annotations

from collections.abc import Mapping

from playground.generation.settings import OFF, OPTIONS

# At 1 a temperature leaves the model's own distribution as it is.
_NEUTRAL: Mapping[str, float] = {
    "temperature": 1,
    **{name: OFF[name] for name in OPTIONS if name in OFF},
}


def neutral_marks() -> str:
    """Return the rules for every slider that is neutral somewhere between its ends.

    A penalty can pull either way, so its colour begins at the mark; a temperature is filled from
    the cold end.
    """
    shares = {name: _share(name, value) for name, value in _NEUTRAL.items()}
    return "".join(
        f"#{name} {{ --neutral: {share:.2%}; "
        f"--fill-from: {0 if name == 'temperature' else share:.2%}; }}"
        for name, share in shares.items()
        if 0 < share < 1
    )


def _share(name: str, value: float) -> float:
    """Return where a value stands between the ends of its slider, 0 to 1."""
    option = OPTIONS[name]
    return (value - option.minimum) / (option.maximum - option.minimum)
