"""What a GGUF file says of its attention, and transformers passes over as it reads the file.

Without it the model runs, and wrong: past its window on a long text, or with heads that turn whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import Any

from playground.errors import ModelUnavailable

WINDOW = "attention.sliding_window"
CAPS = ("attn_logit_softcapping", "final_logit_softcapping")


def complete_attention(config: Any, metadata: Mapping[str, Any]) -> None:
    """Hold a config that transformers made out of a GGUF file to the file, and mend a Phi-3's.

    Parameters
    ----------
    config : PretrainedConfig
        Changed in place.
    metadata : mapping of str to object
        The file's own.

    Raises
    ------
    ModelUnavailable
        When the file asks for what the config has not.
    """
    architecture = str(metadata.get("general.architecture"))

    def told(name: str) -> float:
        return float(metadata.get(f"{architecture}.{name}") or 0)  # 0 is none

    if architecture == "phi3":
        config.sliding_window = int(told(WINDOW)) or None
        size = config.hidden_size // config.num_attention_heads
        turning = told("rope.dimension_count") or size
        share = {"partial_rotary_factor": turning / size}
        config.rope_parameters = {**config.rope_parameters, **share}
    if (window := told(WINDOW)) and window != getattr(config, "sliding_window", None):
        raise ModelUnavailable(
            f"its blocks see a window of {window:,.0f} tokens, which transformers' "
            f"{config.model_type} does not take out of a GGUF file"
        )
    for name in CAPS:
        if (cap := told(name)) and not isclose(cap, getattr(config, name, None) or 0, rel_tol=1e-6):
            raise ModelUnavailable(
                f"it sets a bound of {cap:g} ({name}), which transformers' {config.model_type} "
                "does not take out of a GGUF file"
            )
