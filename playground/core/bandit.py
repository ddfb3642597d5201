"""Slot machines with unknown chances: to try, or to take what has been best so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def epsilon_greedy_regret(
    rng: np.random.Generator, chances: ArrayLike, epsilon: float, pulls: int, players: int
) -> NDArray[np.float64]:
    """Return what playing has cost against the best arm, after every pull: shape (pulls,).

    Each player pulls an arm drawn at random in a share `epsilon` of the pulls, and else the arm
    that has paid best to that player so far; arms that are equal are drawn among.

    Parameters
    ----------
    rng : Generator
        Draws arms and wins.
    chances : array of shape (arms,)
        How often each arm pays 1; no player knows them.
    epsilon : float
        The share of pulls that explore, 0 to 1.
    pulls : int
        Of each player.
    players : int
        Who play apart from one another; the regret is their mean.

    Examples
    --------
    >>> epsilon_greedy_regret(np.random.default_rng(0), [0.5, 0.5], 0.1, 3, 4)
    array([0., 0., 0.])
    """
    real = np.asarray(chances, np.float64)
    wins, tries = np.zeros((2, players, len(real)))
    everyone, lost = np.arange(players), np.zeros(pulls)
    for pull in range(pulls):
        # What was never tried counts as 0; the crumb draws among equals.
        paid = wins / np.maximum(tries, 1) + 1e-9 * rng.random(wins.shape)
        exploring = rng.random(players) < epsilon
        arms = np.where(exploring, rng.integers(len(real), size=players), paid.argmax(axis=1))
        tries[everyone, arms] += 1
        wins[everyone, arms] += rng.random(players) < real[arms]
        lost[pull] = (real.max() - real[arms]).mean()
    return lost.cumsum()
