"""What the core runs, measured on the tiny models, as the tables of docs/models.md.

``python -m tests.support.core_reach`` writes them anew.
"""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from playground.models.acquire.local import register_path
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_families import FAMILIES, unsupported_reason
from playground.models.engines.core_model import load_core_engine
from playground.models.engines.precision import Precision
from tests.support.fetching import settings_in
from tests.support.tiny_families import REFUSED, RUNS, save_tiny, tiny_config

Array = np.ndarray[Any, Any]

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
BEGIN = "<!-- The reach of the core, written by `python -m tests.support.core_reach`. -->\n"
END = "<!-- End of the reach of the core. -->\n"
# Longer than the windows, than a block of the core's queries, and than a block of PyTorch's.
TEXT = np.random.default_rng(3).integers(3, 300, 330)


def installed(home: Path, family: str, case: str) -> InstalledModel:
    """Write the tiny model of a case and register it."""
    folder = save_tiny(home / "model", family, **RUNS[family][case])
    return register_path(folder, settings_in(home))


def their_logits(folder: Path, ids: Array) -> Array:
    """Return the logits at each place by transformers' plainest attention."""
    import torch
    from transformers import AutoModelForCausalLM

    network: Any = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    network.eval()
    with torch.inference_mode():
        return np.asarray(network(torch.from_numpy(ids[None])).logits[0].numpy())


def largest_difference(home: Path, family: str, case: str) -> float:
    """Return how far the core's logits are from transformers' at the worst place of a text."""
    model = installed(home, family, case)
    ours = load_core_engine(model, Precision.FP32).logits_at_each(TEXT)
    return float(np.abs(ours - their_logits(model.path, TEXT)).max())


def tables(bounds: dict[str, str]) -> str:
    """Return both tables, with what each family's logits differ by at most."""
    lines = [
        "| family | `model_type` | tried with | logits differ by less than |",
        "|---|---|---|---|",
    ]
    for name, family in FAMILIES.items():
        lines.append(f"| {family.title} | `{name}` | {'; '.join(RUNS[name])} | {bounds[name]} |")
    lines += ["", "| asked for | why transformers runs it |", "|---|---|"]
    for asked, (family_name, changes, _) in REFUSED.items():
        reason = unsupported_reason(tiny_config(family_name, **changes), Precision.FP32)
        lines.append(f"| {asked} | {reason} |")
    reason = unsupported_reason(tiny_config("llama"), Precision.NF4)
    return "\n".join([*lines, f"| NF4, FP4 | {reason} |", ""])


def in_docs() -> str:
    """Return the tables as the docs have them."""
    return DOCS.read_text("utf-8").split(BEGIN)[1].split(END)[0]


def bounds_in_docs() -> dict[str, str]:
    """Return what the docs state for each family."""
    return dict(re.findall(r"^\| .* \| `(\w+)` \| .* \| ([0-9.]+) \|$", in_docs(), re.MULTILINE))


def rounded_up(difference: float) -> str:
    """Return 1, 2 or 5 times a power of ten above twice a difference: machines differ a little."""
    power = 10.0 ** math.floor(math.log10(2 * difference))
    bound = next(step * power for step in (1, 2, 5, 10) if step * power >= 2 * difference)
    return f"{bound:.7f}".rstrip("0")


def main() -> None:
    """Measure and write the tables."""
    bounds = {}
    for family, cases in RUNS.items():
        with tempfile.TemporaryDirectory() as home:
            seen = [largest_difference(Path(home, case), family, case) for case in cases]
        bounds[family] = rounded_up(max(seen))
    before, rest = DOCS.read_text("utf-8").split(BEGIN)
    DOCS.write_text(before + BEGIN + tables(bounds) + END + rest.split(END)[1], "utf-8")


if __name__ == "__main__":
    main()
