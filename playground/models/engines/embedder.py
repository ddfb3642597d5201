"""Sentences to vectors: a BERT encoder, the mean over its tokens, length 1.

That is what sentence-transformers does for all-MiniLM-L6-v2 (Reimers & Gurevych, "Sentence-BERT",
2019), in three lines of PyTorch that can be read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from playground.errors import BrokenCache
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.store import InstalledModel
from playground.models.engines.bert import Bert
from playground.models.engines.compute import compute
from playground.models.engines.library_output import quiet_transformers
from playground.models.engines.residents import return_memory
from playground.models.libraries import building, import_libraries
from playground.models.text.tokenizer import require_whole_characters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

EMBEDDER = "all-minilm-l6-v2"
# Each text is compared with the whole pack, and the result is thrown away: no more than this.
_PACK_TOKENS = 256


class Embedder:
    """An encoder that turns texts into vectors of length 1.

    Parameters
    ----------
    encoder : Bert
        Its layers.
    tokenizer : transformers.PreTrainedTokenizerFast
        Its WordPiece tokenizer.
    max_tokens : int
        Of a text, those that mark its start and end included; what comes after is not read.
    """

    def __init__(self, encoder: Bert, tokenizer: PreTrainedTokenizerFast, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._encoder = encoder
        self._tokenizer = tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has in full, start and end included.

        Raises
        ------
        OptionError
            When a text holds half a character, which no tokenizer reads.
        """
        for text in texts:
            require_whole_characters(text)

        def run() -> list[int]:
            # `verbose` would warn of texts that are longer than the model reads.
            ids = self._tokenizer(list(texts), padding=False, truncation=False, verbose=False)
            return [len(each) for each in ids["input_ids"]]

        return compute(run) if texts else []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector a text, of length 1: shape (N, C).

        Raises
        ------
        OptionError
            When a text holds half a character, which no tokenizer reads.
        """
        for text in texts:
            require_whole_characters(text)
        vectors = np.empty((len(texts), self._encoder.width), np.float32)
        ids = compute(partial(self._tokenized, list(texts))) if texts else []
        for rows in _packs(list(map(len, ids))):
            vectors[rows] = compute(partial(self._embed_pack, [ids[row] for row in rows]))
        return vectors

    def _tokenized(self, texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = self._tokenizer(
            texts, truncation=True, max_length=self.max_tokens, return_attention_mask=False
        )["input_ids"]
        return ids

    def _embed_pack(self, ids: list[list[int]]) -> NDArray[np.float32]:
        """Run texts one behind the other in one row, each blind to the others: no padding."""
        import torch

        counts = torch.tensor([len(each) for each in ids])
        owners = torch.repeat_interleave(torch.arange(len(ids)), counts)
        places = torch.cat([torch.arange(len(each)) for each in ids])
        with torch.inference_mode():
            flat = torch.tensor(list(chain.from_iterable(ids)))
            states = self._encoder.states(flat, places, owners[:, None] == owners)
            sums = states.new_zeros(len(ids), states.shape[1]).index_add_(0, owners, states)
            normal = torch.nn.functional.normalize(sums / counts[:, None], dim=-1)
            vectors: NDArray[np.float32] = normal.numpy()
        return vectors


def _packs(counts: Sequence[int]) -> Iterator[list[int]]:
    """Return which texts are run together, by how many tokens they have."""
    pack: list[int] = []
    room = _PACK_TOKENS
    for row, count in enumerate(counts):
        if pack and count > room:
            yield pack
            pack, room = [], _PACK_TOKENS
        pack.append(row)
        room -= count
    if pack:
        yield pack


def load_embedder(
    model: InstalledModel, layers: int | None = None, rounded: bool = False
) -> Embedder:
    """Load an encoder of the catalog; with the libraries loaded it takes under 0.1 s.

    Parameters
    ----------
    model : InstalledModel
        Its folder.
    layers : int, optional
        Only its first so many, and so much less time: the vectors are then of another space, which
        serves a classifier that was fitted in it. All, if left out.
    rounded : bool
        Multiply bytes where the processor can, in half the time: the vectors are then near what
        they would be, which serves a classifier too.

    Raises
    ------
    BrokenCache
        When the files cannot be read as a model.
    """
    max_tokens = find_entry(model.name).context_length
    network, tokenizer = compute(lambda: _read(model))
    return Embedder(compute(lambda: Bert(network, layers, rounded)), tokenizer, max_tokens)


class LastEmbedder:
    """Keeps the encoder that was used last, until nobody has used it for long.

    Parameters
    ----------
    idle_seconds : float
        How long; 0 keeps it until `free`.
    """

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._guard = threading.Lock()
        self._kept: tuple[InstalledModel, Embedder] | None = None
        self._clock: threading.Timer | None = None

    def get(self, model: InstalledModel) -> Embedder:
        """Return the encoder in a folder, loaded if it is not the one that is kept.

        Raises
        ------
        BrokenCache
            When the files cannot be read as a model.
        """
        with self._guard:
            if self._kept is None or self._kept[0] != model:
                self._kept = (model, load_embedder(model))
            self._restart_clock()
            return self._kept[1]

    def free(self) -> None:
        """Let it go."""
        with self._guard:
            if self._clock:
                self._clock.cancel()
            self._kept = None
        return_memory()

    def _restart_clock(self) -> None:
        if self._clock:
            self._clock.cancel()
        if self._idle_seconds:
            self._clock = threading.Timer(self._idle_seconds, self.free)
            self._clock.daemon = True
            self._clock.start()


def _read(model: InstalledModel) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    import_libraries()
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel, AutoTokenizer

    arguments: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    with building, quiet_transformers():
        try:
            network = AutoModel.from_pretrained(
                model.path, use_safetensors=True, dtype=torch.float32, **arguments
            )
            tokenizer = AutoTokenizer.from_pretrained(model.path, **arguments)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise BrokenCache(
                f"The files of {model.name} in {model.path} cannot be read as a model "
                f"({str(error).splitlines()[0]}); `playground pull {model.name}` mends it."
            ) from error
    return network.eval(), cast("PreTrainedTokenizerFast", tokenizer)
