"""Jobs for an engine whose events are worked out by hand: a layer, the words that go in, and the events that come out.

Both the bench and the tests of the golden model run them, so an error in one of the two shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.sne.layer import SIDE, STRIDE, EngineLayer, event_packets, new_contents, square
from draupnir.emulator.sne.layout import GROUPS, PARAMETER, SLICE, THRESHOLD, EventOp, LayerKind
from draupnir.emulator.sne.words import spike, word

HEAVY = 7  # the largest weight, which adds 28 to a potential
NINE = [spike(x, y, 1) for y in (2, 3, 4) for x in (2, 3, 4)]  # the neurons around column 3, row 3, row by row


@dataclass(frozen=True)
class HandJob:
    """A layer, the words that go in, and the events that come out, in order."""

    layer: EngineLayer
    words: Sequence[int]
    events: Sequence[int]


def time(timestep: int) -> int:
    """Return the word of a timestep."""
    return word(EventOp.TIME, timestep)


def new_layer(
    kind: LayerKind, kernels: np.ndarray, weights: np.ndarray | None = None, **parameters: int
) -> EngineLayer:
    """Return a layer on a square of groups; parameters : the fields of cfg_parameter that are not 0"""
    contents = new_contents(
        **square(),
        cfg_parameter_i=(encode(PARAMETER, **parameters),),
        cfg_slice_i=(encode(SLICE, layer=kind, channel=len(kernels)),),
    )
    return EngineLayer(contents, kernels, np.zeros((0, GROUPS * THRESHOLD), np.int64) if weights is None else weights)


def uniform(weight: int = HEAVY) -> np.ndarray:
    """Return eight kernels, all of whose weights are equal."""
    return np.full((8, 3, 3), weight)


def packets(layer: EngineLayer, *steps: tuple[int, list[int]]) -> list[int]:
    """Return the words for timesteps, each with its events."""
    return [each for timestep, events in steps for each in event_packets(layer, timestep, events)]


def threshold(kind: LayerKind, vth: int) -> HandJob:
    """A spike gives nine neurons a potential of 28, which is above 27 and not above 28.

    Both layers go from row to row. The spikes of groups 0 to 3 have channel 1.
    """
    layer = new_layer(kind, uniform(), vth=vth)
    return HandJob(layer, packets(layer, (0, [spike(3, 3, 5)])), [time(0), *(NINE if vth < 28 else [])])


def corner(kind: LayerKind) -> HandJob:
    """Weight 0 of a kernel goes to the neuron below and to the right of the spike, in the kernel of its channel."""
    kernels = np.zeros((16, 3, 3), np.int64)
    kernels[11, 0, 0] = HEAVY
    layer = new_layer(kind, kernels)
    return HandJob(layer, packets(layer, (0, [spike(3, 3, 10), spike(3, 4, 11)])), [time(0), spike(4, 5, 1)])


LEAKS = {0: 26, 1: 25, 31: 14, 32: 13, 63: 7, 64: 6}  # timesteps -> what remains of 28: 28 * table >> 8, halved at 32


def leak(gap: int, is_enough: bool) -> HandJob:
    """A second spike finds what a gap between timesteps has left of 28, and adds 28.

    The threshold is one below the sum, or the sum. All weights but that of the middle are 0.
    """
    kernels = np.zeros((8, 3, 3), np.int64)
    kernels[:, 1, 1] = HEAVY
    layer = new_layer(LayerKind.OPT_CONV, kernels, vth=LEAKS[gap] + 28 - int(is_enough))
    second = (gap, [spike(3, 3, 0)])
    first = (0, [spike(3, 3, 0)] * (1 if gap else 2))
    events = [spike(3, 3, 1)] if is_enough else []
    return HandJob(
        layer, packets(layer, first, *([second] if gap else [])), [time(0), *([time(gap)] if gap else []), *events]
    )


def refractory() -> HandJob:
    """A neuron that has spiked at timestep 3 is silent for two timesteps, however high its potential is.

    vrest = 0 and vth = 20: 28 spikes and leaves 8. Timestep 4 makes 8 * 234 >> 8 = 7 and then 35, timestep 5
    35 * 234 >> 8 = 31 and then 59, which spikes.
    """
    kernels = np.zeros((8, 3, 3), np.int64)
    kernels[:, 1, 1] = HEAVY
    layer = new_layer(LayerKind.DEFAULT, kernels, vth=20, tref=2)
    words = packets(layer, *((timestep, [spike(3, 3, 0)]) for timestep in (3, 4, 5)))
    return HandJob(layer, words, [time(3), spike(3, 3, 1), time(4), time(5), spike(3, 3, 1)])


def neighbours() -> HandJob:
    """A spike where groups 0 and 4 overlap reaches nine neurons of the layer, each of which is heard once.

    Rows 5 and 6 belong to group 0, row 7 to group 4, whose spikes have channel 2.
    """
    layer = new_layer(LayerKind.OPT_CONV, uniform(), vth=27)
    nine = [spike(x, y, 1 if y < 7 else 2) for y in (5, 6, 7) for x in (2, 3, 4)]
    return HandJob(layer, packets(layer, (0, [spike(3, 6, 0)])), [time(0), *nine])


def all_groups() -> HandJob:
    """Neuron 9 of all 16 groups spikes in one clock. The arbiter begins with group 0, and goes up from there."""
    weights = np.zeros((2, GROUPS, THRESHOLD), np.int64)
    weights[1, :, 9] = HEAVY
    layer = new_layer(LayerKind.FC, uniform()[:0], weights.reshape(2, -1), vth=27)
    places = [(g, g % 4 * STRIDE + 9 % SIDE, g // 4 * STRIDE + 9 // SIDE) for g in range(GROUPS)]
    spikes = [spike(x, y, g // 4 + 1) for g, x, y in places]
    return HandJob(layer, packets(layer, (2, [spike(0, 0, 0), spike(1, 0, 0)]), (3, [])), [time(2), *spikes, time(3)])


def barrier() -> HandJob:
    """Each timestep comes out once, behind all spikes before it, also if most groups have no spike.

    A spike leaves 28 - 27 = 1, of which nothing remains after two timesteps.
    """
    layer = new_layer(LayerKind.DEFAULT, uniform(), vth=27)
    steps = [(t, [spike(3, 3, 0)] if t % 2 else []) for t in range(1, 7)]
    events = [each for t, _ in steps for each in (time(t), *(NINE if t % 2 else []))]
    return HandJob(layer, packets(layer, *steps), events)


def wiped() -> HandJob:
    """A WIPE takes a potential of 28 away. An ACCUMULATE makes 28 to 56 without a spike, though the threshold is 40.

    The last spike finds 56 * 238 >> 8 = 52, and makes it 80.
    """
    layer = new_layer(LayerKind.OPT_CONV, uniform(), vth=40)
    events = [spike(3, 3, 0, operation) for operation in (EventOp.SPIKE, EventOp.ACCUMULATE, EventOp.SPIKE)]
    return HandJob(layer, packets(layer, (0, [spike(3, 3, 0), word(EventOp.WIPE), *events])), [time(0), *NINE])


KINDS = {"dense": LayerKind.DEFAULT, "conv": LayerKind.OPT_CONV}
JOBS = {  # cocotb shows names of up to ten characters
    **{f"{name}_{vth}": threshold(kind, vth) for name, kind in KINDS.items() for vth in (27, 28)},
    **{f"{name}_one": corner(kind) for name, kind in KINDS.items()},
    **{f"leak_{gap}": leak(gap, True) for gap in LEAKS},
    **{f"silent_{gap}": leak(gap, False) for gap in LEAKS},
    "refractory": refractory(),
    "neighbours": neighbours(),
    "all_groups": all_groups(),
    "barrier": barrier(),
    "wiped": wiped(),
}
