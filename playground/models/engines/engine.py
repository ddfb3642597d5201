"""What everything above relies on: an engine takes token ids and gives logits.

An engine is one model at one precision on one device. It knows nothing of sampling, text or
conversations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from playground.models.acquire.store import InstalledModel
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Tokenizer

T = TypeVar("T")


@dataclass(frozen=True)
class LoadReport:
    """What was really loaded, read off the model after loading, not off the request.

    Parameters
    ----------
    layer_classes : dict of str to int
        Class name of each linear and embedding layer, and how many there are.
    bytes_by_dtype : dict of str to int
        Bytes of the parameters and buffers by their dtype; a tied tensor counts once.
    weight_bytes : int
        Their sum; what transformers' ``get_memory_footprint()`` returns.
    part_bytes : dict of str to int
        The same bytes by what they are: "embedding", "linear", "other" (norms, biases). A tied
        head counts as embedding.
    tied_head : bool
        Whether the output head multiplies by the very memory of the embedding.
    scale_bytes : int
        Scales that bitsandbytes keeps beside the quantized weights.
    device : str
        Where the weights lie, such as "cpu".
    load_seconds : float
        Wall time from the call to the model being ready, measured.
    rss_bytes : int
        Resident memory of this process after loading, measured.
    engine_reason : str
        Why ``auto`` did not take the core for a person's own files; empty where it had no reason.
    products : str
        Who multiplies by the rows of INT8 at the moment, as the core has two ways that give the
        same bits; empty elsewhere.
    """

    layer_classes: dict[str, int]
    bytes_by_dtype: dict[str, int]
    weight_bytes: int
    part_bytes: dict[str, int]
    tied_head: bool
    scale_bytes: int
    device: str
    load_seconds: float
    rss_bytes: int
    engine_reason: str = ""
    products: str = ""


# A prompt is read in pieces of so many tokens, always the same: a token read alone has other last
# bits than one read in a piece.
PREFILL_CHUNK = 64


class KVCache(Protocol):
    """Keys and values of the tokens that one row has seen; belongs to one engine."""

    @property
    def length(self) -> int:
        """Tokens held."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the arrays of keys and values, room that is set aside included."""

    @property
    def held_bytes(self) -> int:
        """Bytes of those that belong to the tokens held."""

    @property
    def can_cut(self) -> bool:
        """Whether it can forget its newest tokens; a state that all of them went into cannot."""

    def cut(self, length: int) -> None:
        """Forget all tokens after the first `length`."""

    def copy(self) -> KVCache:
        """Return a cache of its own with the same past."""


def outcome(run: Callable[[], T]) -> T | Exception:
    """Return what a function returns, or what it raises."""
    try:
        return run()
    except Exception as error:  # whatever it is, it is told to whom it concerns
        return error


class Engine(Protocol):
    """One model at one precision: token ids in, logits out; one engine equals no other."""

    name: str  # of the engine, as the page shows it: "transformers"
    model: InstalledModel
    precision: Precision
    tokenizer: Tokenizer
    context_length: int  # tokens
    report: LoadReport

    def new_cache(self) -> KVCache:
        """Return an empty cache for one row."""

    def forward(
        self, token_ids: NDArray[np.int64], caches: Sequence[KVCache]
    ) -> NDArray[np.float32]:
        """Run new tokens after those in the caches and return the logits of the next ones.

        Parameters
        ----------
        token_ids : array of shape (rows, T)
            New tokens, T of them in every row.
        caches : sequence of KVCache
            One a row; their pasts may differ. Each grows by T tokens.

        Returns
        -------
        array of shape (rows, V)
            Logits after the last token of each row.
        """

    def forward_each(
        self, pieces: Sequence[NDArray[np.int64]], caches: Sequence[KVCache]
    ) -> list[NDArray[np.float32] | Exception]:
        """Run the next tokens of several texts, each with the bits that it gets alone.

        Parameters
        ----------
        pieces : sequence of arrays of shape (T,)
            New tokens, one or more of each text.
        caches : sequence of KVCache
            One a text; each grows by its new tokens.

        Returns
        -------
        list of arrays of shape (V,), or of what was raised
            Logits after the last token of each text; who fails fails alone.
        """

    @property
    def reads_alike(self) -> bool:
        """Whether a token gets the same bits however many pieces of a prompt are read together."""

    @property
    def most_verified(self) -> int:
        """Tokens of one row that `verify` can run at once; 1 where each has to run by itself."""

    def verify(self, token_ids: NDArray[np.int64], cache: KVCache) -> NDArray[np.float32]:
        """Run the next tokens of one row in one pass, each with the bits it has in its own.

        Parameters
        ----------
        token_ids : array of shape (T,)
            New tokens, `most_verified` at most.
        cache : KVCache
            Grows by T tokens; cut it where they were the wrong ones.

        Returns
        -------
        array of shape (T, V)
            Logits after each token.
        """

    def logits_at_each(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one text from its start, in one pass, and return the logits after every token.

        Parameters
        ----------
        token_ids : array of shape (T,)
            The text.

        Returns
        -------
        array of shape (T, V)
            Logits; 4 T V bytes.
        """

    def hidden_states(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read one text from its start and return the vector of every token after every block.

        Parameters
        ----------
        token_ids : array of shape (T,)
            The text.

        Returns
        -------
        array of shape (L + 1, T, C)
            The embeddings, then the output of each of the L blocks, the last one normalised, as
            transformers has its ``hidden_states``.
        """

    def embedding_table(self) -> NDArray[np.float32]:
        """Return one vector a token: shape (V, C). It may be the model's own memory: only read it.

        A model may have rows beyond its tokenizer's vocabulary, which stand for no token.
        """
