"""What `auto` may take for a person's own files: the core only where the check found it to agree.

The models of the catalog are held to transformers by tests; of a person's own nobody has tried
whether the core computes the same, until `playground check` or the lab Models has.
"""

from __future__ import annotations

from playground.models.acquire.own import checked
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import pick_engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.settings import Settings


def settle_engine(
    asked: EngineName, model: InstalledModel, precision: Precision, settings: Settings
) -> tuple[EngineName, str]:
    """Return the engine to load with, and why `auto` does not take the core, if that is so.

    Parameters
    ----------
    asked : EngineName
        Whatever is named is taken; only ``auto`` is settled here.
    model : InstalledModel
        The folder.
    precision : Precision
        Format of the linear layers.
    settings : Settings
        Where the check's answers lie.
    """
    if asked is not EngineName.AUTO or model.source != "folder":
        return asked, ""
    found = checked(model.origin, settings)
    if (found and found.core == "ok") or pick_engine(model, precision) is not EngineName.CORE:
        return asked, ""
    reason = (
        f"the check could not find that the core agrees: {found.why}"
        if found
        else "whether the core agrees has not been checked for these files; Check in the lab "
        "Models does that, or `playground check`."
    )
    return EngineName.TRANSFORMERS, f"Automatic runs it through transformers: {reason}"
