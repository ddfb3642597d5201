"""The board on which a thread writes what there is to do, for all who have a core at the moment.

Numbers alone stand there, addresses of arrays among them, so that compiled functions read it
without Python.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Board = NDArray[np.int64]

# Words that several threads write have a cache line of their own. `LEFT` says how many blocks are
# left, and in its upper half the number of the work, so that none is taken for the one before.
LEFT, DONE, OPEN = 0, 8, 16
COUNT: Final = 1 << 32
NUMBERS: Final = 1 << 30

# What is to be done, and in how many blocks.
KIND, BLOCKS = 24, 25
PRODUCT_OF_INTEGERS, PRODUCT_OF_FLOATS, ATTENTION = range(3)

# Of a product: where its inputs, weights and results lie; rows and columns of each.
INPUTS, WEIGHTS, PRODUCT = 26, 27, 28
ROWS, WIDTH, OUTPUTS = 29, 30, 31
# Of one of integers also: what turns its sums into numbers.
STEPS, SCALES = 32, 33

# Of attention: where queries, keys, values, their weights and the mixtures lie; how far the keys of
# two heads lie apart; how many tokens there are, how large a head, and how many queries share one.
QUERIES, KEYS, VALUES, WEIGHED, MIXED = 34, 35, 36, 37, 38
APART, TOKENS, SIZE, GROUP = 39, 40, 41, 42

BOARD_WORDS = 48
