"""A layer of SNE in NumPy, from its description: no clocks, no FIFOs, all 16 groups of 64 neurons as arrays.

Groups lie in a square of 4 x 4, six neurons apart, so that their borders overlap. A spike comes out of the inner 6 x 6
neurons of a group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SIDE, STRIDE, N = 8, 6, 16
LEFT, TOP = np.arange(N) % 4 * STRIDE, np.arange(N) // 4 * STRIDE
TABLE = np.array([238, 234, 229, 225, 221, 216, 212, 208, 204, 200, 197, 193, 189, 186, 182, 179, 175, 172, 168, 165,
                  162, 159, 156, 153, 150, 147, 144, 142, 139, 136, 134, 131])  # fmt: skip


class Settings(NamedTuple):
    """The parameters of all neurons."""

    vrest: int = 0
    vth: int = 12
    tref: int = 2
    davth: int = 5
    tscale: int = 2


def byte(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as signed bytes hold them."""
    return np.asarray(numbers).astype(np.int64).astype(np.int8).astype(np.int64)


class NumpyLayer:
    """All neurons of an engine; state : vmem, avth, tlupd, tlspk, (16, 8, 8) int64 each: group, row, column"""

    def __init__(self, settings: Settings) -> None:
        self.s = settings
        self.state = np.zeros((4, N, SIDE, SIDE), np.int64)
        self.time = 0

    def wipe(self) -> None:
        self.state[:] = 0

    def inside(self, x: int, y: int) -> np.ndarray:
        """Return the groups in whose area a place is."""
        return np.flatnonzero((x >= LEFT) & (x < LEFT + SIDE) & (y >= TOP) & (y < TOP + SIDE))

    def step(self, g: np.ndarray, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Give one neuron in each of some groups a weight; return for each whether it spikes."""
        vmem, avth, tlupd, tlspk = self.state[:, g, rows, columns]
        steps, now = (self.time - tlupd) % 256, self.time % 256
        fast = steps << self.s.tscale
        product = vmem * (TABLE[fast % 32] >> np.minimum(fast // 32, 31))
        rest = self.s.vrest
        vmem = np.where(product > 0, np.maximum(product // 256, rest), np.minimum(product // 256, rest))
        vmem = byte(np.minimum(vmem + 4 * weights, 127))
        avth = avth * (TABLE[steps % 32] >> steps // 32) // 256
        spikes = (vmem > byte(self.s.vth + avth)) & ((self.time - tlspk) % 256 >= self.s.tref)
        total = (avth + self.s.davth) % 256
        jumped = np.where(total == 0, 1, np.minimum(total, 127))
        new_state = np.where(spikes, byte(vmem - self.s.vth), vmem), np.where(spikes, jumped, avth)
        self.state[:, g, rows, columns] = *new_state, np.full(len(g), now), np.where(spikes, now, tlspk)
        return spikes

    def around(self, x: int, y: int, kernel: np.ndarray) -> list[tuple[int, int, int]]:
        """Process a spike of a convolution; return the spikes that come out: group, column, row in the layer."""
        g, out = self.inside(x, y), []
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                rows, columns = (y + down - TOP[g]) % SIDE, (x + right - LEFT[g]) % SIDE
                spikes = self.step(g, rows, columns, np.full(len(g), kernel[1 - down, 1 - right]))
                out += self._audible(g[spikes], rows[spikes], columns[spikes])
        return out

    def everywhere(self, x: int, y: int, kernel: np.ndarray) -> list[tuple[int, int, int]]:
        """Process a spike in the layer whose neurons all take part."""
        g, out = self.inside(x, y), []
        for neuron in range(SIDE * SIDE):
            rows, columns = np.full(len(g), neuron // SIDE), np.full(len(g), neuron % SIDE)
            k_row, k_column = (y - TOP[g] - rows + 1) % SIDE, (x - LEFT[g] - columns + 1) % SIDE
            hit = (k_row < 3) & (k_column < 3)
            weights = np.where(hit, kernel[np.minimum(k_row, 2), np.minimum(k_column, 2)], 0)
            spikes = self.step(g, rows, columns, weights)
            out += self._audible(g[spikes], rows[spikes], columns[spikes])
        return out

    def weighted(self, weights: np.ndarray) -> list[tuple[int, int, int]]:
        """Process an event of a fully connected layer; weights : (64, 16). Border neurons are heard, too."""
        g, out = np.arange(N), []
        for neuron in range(SIDE * SIDE):
            rows, columns = np.full(N, neuron // SIDE), np.full(N, neuron % SIDE)
            spikes = self.step(g, rows, columns, weights[neuron])
            out += [(int(k), int(LEFT[k] + neuron % SIDE), int(TOP[k] + neuron // SIDE)) for k in g[spikes]]
        return out

    def _audible(self, g: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> list[tuple[int, int, int]]:
        triples = [(int(k), int(LEFT[k] + c), int(TOP[k] + r)) for k, r, c in zip(g, rows, columns, strict=True)]
        return [each for each, r, c in zip(triples, rows, columns, strict=True) if 0 < r < 7 and 0 < c < 7]
