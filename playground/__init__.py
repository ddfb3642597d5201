"""The LLM Playground: a real small language model in a person's hands.

>>> import playground
>>> model = playground.load("smollm2-135m-instruct", precision="int8")  # doctest: +SKIP
>>> model.generate("The capital of France is", temperature=0).text  # doctest: +SKIP
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# Threads of torch and of NumPy (OpenBLAS) spin while they wait for work. For long, and each starves
# the other's where products alternate, to a third of the speed; not at all, and waking takes longer
# than the next product. These two serve both: turns of torch's, and 2^18 cycles of NumPy's, about
# 0.1 ms each. The libraries read them when they are loaded, so they stand before any import.
os.environ.setdefault("GOMP_SPINCOUNT", "50000")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")

if TYPE_CHECKING:
    from playground.experiments.experiment import Experiment
    from playground.generation.language_model import LanguageModel

__version__ = "0.1.0"
__all__ = ["__version__", "experiment", "load"]


def load(
    name: str, precision: str = "fp32", engine: str = "auto", moderation: bool | str = False
) -> LanguageModel:
    """Load a model, fetching it first where need be.

    Parameters
    ----------
    name : str
        A name of the catalog, a folder with safetensors, or a GGUF file.
    precision : str
        One of fp32, fp16, bf16, int8, int8-head, nf4, fp4.
    engine : str
        ``auto`` picks the fastest that is proven equal; ``core`` is the NumPy decoder, for
        Llama and its kin (see docs/models.md); ``transformers`` runs every model.
    moderation : bool, or "on" or "off"
        Whether the content filter checks what is asked and watches what is answered: a blocked
        prompt raises `ContentRefused`, a blocked reply ends with ``content_filter``, and what is
        to be hidden is covered in both; in a prompt of token ids it is not.

    Returns
    -------
    LanguageModel
        With ``generate`` and ``stream``; held until its ``close()``, or until nobody has it.

    Raises
    ------
    PlaygroundError
        With one sentence that says what is wrong and what to do.
    """
    # Imported here so that `import playground` stays instant.
    from playground.errors import OptionError
    from playground.models.engines.engine_name import EngineName
    from playground.models.engines.manager import ModelChoice
    from playground.models.engines.precision import Precision
    from playground.serving import shared_pool

    if moderation not in (True, False, "on", "off"):
        raise OptionError(f"`moderation` is True, False, 'on' or 'off', got {moderation!r}.")
    choice = ModelChoice(name, Precision.parse(precision), EngineName.parse(engine))
    model = shared_pool().keep(choice)
    if moderation in (True, "on"):
        from playground.moderation.guard import house_guard

        model.guard = house_guard(shared_pool().settings.policies_dir)
    return model


def experiment(path: str) -> Experiment:
    """Return an experiment, to be called with a model and its settings.

    Parameters
    ----------
    path : str
        Lab and name: ``"context/needle"``.

    Returns
    -------
    Experiment
        Called as ``(model, **settings)`` it returns the last snapshot; ``run`` yields them all.

    Raises
    ------
    OptionError
        When there is none of that path.

    Examples
    --------
    >>> experiment("context/needle").settings(needles=9)
    Traceback (most recent call last):
    playground.errors.OptionError: `needles` must be a whole number from 1 to 5, got 9.
    """
    from playground.labs import find_experiment

    return find_experiment(path)
