"""The heavy libraries, imported once by whoever comes first, and building one network at a time.

torch and transformers import each other's parts as they are asked for them. Two threads that begin
at once can each wait for the other; Python then gives one of them a half-made module, and names
are missing from it. So the first use in any thread comes through here.
"""

from __future__ import annotations

import gc
import threading

# Held while a network is built or read: with which dtype that is done, transformers keeps in the
# process, so that two at once would take each other's, and leave it behind.
building = threading.Lock()

_importing = threading.Lock()
_done = threading.Event()


def import_libraries() -> None:
    """Import torch and transformers, with those of their names that are loaded lazily."""
    if _done.is_set():
        return
    with _importing:
        import accelerate  # noqa: F401 - imported for its effect
        import torch  # noqa: F401 - as above
        from transformers import (  # noqa: F401 - as above
            CONFIG_MAPPING,
            AutoConfig,
            AutoModelForCausalLM,
            AutoTokenizer,
            BitsAndBytesConfig,
            DynamicCache,
            PreTrainedTokenizerFast,
        )

        # What was made by now stays. Python would look through all of it, half a million objects,
        # whenever a model is freed.
        gc.freeze()
        _done.set()
