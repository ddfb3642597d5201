"""Which weight of a network each tensor of a folder becomes, by transformers' own renaming.

transformers reads a tensor with and without the prefix of the base model, knows older names, and
puts several tensors together; where two of a folder become one weight it takes either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def weights_by_tensor(network: PreTrainedModel, names: Iterable[str]) -> dict[str, str]:
    """Return the weight that each tensor becomes, or the part of one, by the tensor's name.

    Parameters
    ----------
    network : PreTrainedModel
        Its modules and its config say how it is stored.
    names : iterable of str
        Of the tensors in the files. Those that become nothing of the network are left out.
    """
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import (
        WeightConverter,
        WeightRenaming,
        apply_renamings,
        dot_natural_key,
        rename_source_key,
    )

    rules = get_model_conversion_mapping(network)
    renamings = [each for each in rules if isinstance(each, WeightRenaming)]
    converters = [each for each in rules if isinstance(each, WeightConverter)]
    prefix, weights = network.base_model_prefix, network.state_dict()
    bare = re.compile(rf"^{re.escape(prefix)}\." if prefix else r"(?!)")
    found: dict[str, str] = {}
    for name in sorted(names, key=dot_natural_key):
        weight, joined_by = rename_source_key(name, renamings, converters, prefix, weights)
        if weight not in weights and name in weights:
            weight, joined_by = name, None
        if weight in weights:
            # Of several tensors that are put together each is a part of its own, by its own name.
            part = f" {bare.sub('', apply_renamings(name, renamings))}" if joined_by else ""
            found[name] = weight + part
    return found
