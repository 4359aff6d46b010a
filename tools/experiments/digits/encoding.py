"""Handwritten digits as input spikes: the 256 edge cells that an image excites, and the images for the test.

The images come from scikit-learn: 1,797 images of 8 x 8 pixels, grey 0 (paper) to 16 (ink). They are the test part of
UCI's optical digits, by 13 writers. The split here is random, so the same writers are in both parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SIDE = 8  # pixels
REACH = 2  # the distance of the two pixels that an edge cell compares
CONTRASTS = (5, 11)  # the far pixel must be darker by so many grey levels
DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}  # (rows, columns) towards the ink
TEST_PART = 0.2
SPLIT_SEED = 0  # one split for all seeds, so that no choice of parameters ever used a test image


@dataclass(frozen=True)
class Cell:
    """An edge cell. It is excited if the pixel at ``far`` has at least ``contrast`` more ink than that at ``near``.

    contrast : grey levels, 1..16; near : row and column of a pixel, 0..7
    """

    direction: str
    contrast: int
    near: tuple[int, int]

    @property
    def far(self) -> tuple[int, int]:
        """Row and column of the far pixel."""
        row_step, column_step = DIRECTIONS[self.direction]
        return self.near[0] + REACH * row_step, self.near[1] + REACH * column_step


@dataclass(frozen=True)
class Digits:
    """The data set.

    images : (n, 8, 8) int64, 0..16; labels : (n,) int64, 0..9
    train, test : the indices of the training and test images, int64, without a common one
    """

    images: NDArray[np.int64]
    labels: NDArray[np.int64]
    train: NDArray[np.int64]
    test: NDArray[np.int64]


@cache
def digits() -> Digits:
    """All images, split 80 : 20 at random into 1,437 and 360 images. Both parts have the same share of each digit."""
    bunch = load_digits()
    labels = bunch.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_PART, stratify=labels, random_state=SPLIT_SEED
    )
    return Digits(bunch.images.astype(np.int64), labels, np.sort(train), np.sort(test))


def candidates() -> list[Cell]:
    """All edge cells that fit into an image: 4 directions x 48 places x 2 contrasts."""
    places = [(row, column) for row in range(SIDE) for column in range(SIDE)]
    cells = [Cell(direction, contrast, place) for direction in DIRECTIONS for contrast in CONTRASTS for place in places]
    return [cell for cell in cells if all(0 <= x < SIDE for x in cell.far)]


def excited(cells: list[Cell], images: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The cells that each image excites: (n, cells) bool. images : (n, 8, 8) int64, 0..16"""
    near = images[:, [c.near[0] for c in cells], [c.near[1] for c in cells]]
    far = images[:, [c.far[0] for c in cells], [c.far[1] for c in cells]]
    return far - near >= np.array([c.contrast for c in cells])


@cache
def edge_cells(n_cells: int) -> tuple[Cell, ...]:
    """The ``n_cells`` candidates that vary most over the training images, in the order of ``candidates``."""
    cells = candidates()
    share = excited(cells, digits().images[digits().train]).mean(axis=0)
    most_variable = np.argsort(-share * (1 - share), kind="stable")[:n_cells]
    return tuple(cells[i] for i in sorted(most_variable))
