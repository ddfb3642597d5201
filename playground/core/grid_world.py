"""A small world of cells, and Q-learning in it (Watkins, 1989): rewards are all that is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]
Values = NDArray[np.float64]

MOVES: tuple[Cell, ...] = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
WALL, GOAL, PIT = "#", "G", "X"


@dataclass(frozen=True)
class GridWorld:
    """Cells, row by row from the top: "#" a wall, "G" the goal, "X" a pit, all else free.

    Goal and pit end an episode. Who walks into a wall or off the edge stays where it is, and has
    made a step all the same.
    """

    rows: tuple[str, ...]
    goal: float = 10.0
    pit: float = -10.0
    step: float = -1.0

    @cached_property
    def free(self) -> tuple[Cell, ...]:
        """Where one can stand."""
        return tuple(
            (row, column)
            for row, line in enumerate(self.rows)
            for column, sign in enumerate(line)
            if sign not in (WALL, GOAL, PIT)
        )

    def after(self, cell: Cell, move: int) -> tuple[Cell, float, bool]:
        """Return where a move leads, what it pays, and whether the episode ends.

        Examples
        --------
        >>> GridWorld((".G",)).after((0, 0), 1), GridWorld((".G",)).after((0, 0), 0)
        (((0, 1), 10.0, True), ((0, 0), -1.0, False))
        """
        row, column = cell[0] + MOVES[move][0], cell[1] + MOVES[move][1]
        inside = 0 <= row < len(self.rows) and 0 <= column < len(self.rows[0])
        sign = self.rows[row][column] if inside else WALL
        if sign == WALL:
            return cell, self.step, False
        paid = {GOAL: self.goal, PIT: self.pit}.get(sign, self.step)
        return (row, column), paid, sign in (GOAL, PIT)

    def worth(self, values: Values, cell: Cell, move: int, discount: float) -> float:
        """Return what a move is worth if all later ones are worth what `values` says."""
        there, paid, ended = self.after(cell, move)
        return paid if ended else paid + discount * float(values[there].max())


def optimal_values(world: GridWorld, discount: float) -> Values:
    """Return what each move is worth to who knows the world: shape (rows, columns, 4).

    Value iteration (Bellman, 1957): Q(s, a) <- reward + discount max Q(s', a'), till nothing
    changes.
    """
    values = np.zeros((len(world.rows), len(world.rows[0]), len(MOVES)))
    while True:
        better = values.copy()
        for cell in world.free:
            better[cell] = [world.worth(values, cell, move, discount) for move in range(len(MOVES))]
        if np.abs(better - values).max() < 1e-12:
            return better
        values = better


def q_learning(
    world: GridWorld, rng: np.random.Generator, discount: float, epsilon: float, rate: float = 0.5
) -> Iterator[Values]:
    """Walk, and learn from each step: Q(s, a) += rate (reward + discount max Q(s', a') - Q(s, a)).

    Each episode starts in a free cell that is drawn, so that all are met, and ends at goal or pit
    or after 100 steps.

    Yields
    ------
    array of shape (rows, columns, 4)
        The values after each episode, without end.
    """
    values = np.zeros((len(world.rows), len(world.rows[0]), len(MOVES)))
    while True:
        cell = world.free[rng.integers(len(world.free))]
        for _ in range(100):
            exploring = rng.random() < epsilon
            move = int(rng.integers(len(MOVES)) if exploring else values[cell].argmax())
            aim = world.worth(values, cell, move, discount)
            values[cell][move] += rate * (aim - values[cell][move])
            cell, _, ended = world.after(cell, move)
            if ended:
                break
        yield values.copy()
