"""The words that SNE's recipes send: packets of kernels, weights and events; and the configuration of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.sne.layout import (
    ALL_GROUPS,
    BOUND,
    ERROR,
    GROUPS,
    PARAMETER,
    SLICE,
    THRESHOLD,
    EventOp,
    LayerKind,
)
from draupnir.golden.ranges import Range, draw

SIDE, STRIDE = 8, 6  # a group has 8 x 8 neurons, and the outer ones are those of its neighbours
TO_ENGINE, TO_MEMORY, WRONG = 0, 1, 2  # destinations in a header
TIMESTEPS = 1 << 28


@dataclass(frozen=True)
class Neurons:
    """The ranges of the parameters of all neurons; see the word cfg_parameter."""

    vrest: Range = 0
    vth: Range = (20, 40)
    tref: Range = (0, 3)
    davth: Range = (0, 15)
    tscale: Range = (0, 5)


@dataclass(frozen=True)
class Events:
    """The events of a recipe, and their probabilities.

    step : from a timestep to the next one
    spikes : spikes in each timestep
    accumulates : a spike is an ACCUMULATE
    wipes, updates, idles, synchs, odd : after a spike, a word with this operation; odd are those that nothing knows
    margin : spikes are up to this far outside of the layer
    timesteps : False leaves out all timesteps
    """

    step: Range = (0, 3)
    spikes: Range = (1, 12)
    accumulates: float = 0.0
    wipes: float = 0.01
    updates: float = 0.0
    idles: float = 0.0
    synchs: float = 0.0
    odd: float = 0.0
    margin: int = 0
    timesteps: bool = True


def word(operation: int, content: int = 0) -> int:
    """Return an event word; content : the lowest 28 bits"""
    return int(operation) << 28 | content


def spike(x: int, y: int, cid: int, operation: int = EventOp.SPIKE) -> int:
    """Return a spike; x, y, cid : column, row and channel, 0..255"""
    return word(operation, cid << 16 | y << 8 | x)


def header(destination: int, n_words: int) -> int:
    """Return the header of a packet with this number of words behind it, 0..65535."""
    return destination << 24 | n_words


def random_words(rng: np.random.Generator, n: int) -> list[int]:
    """Return random words of 32 bits."""
    return [int(each) for each in rng.integers(1 << 32, size=n)]


def kernels(channels: int, rng: np.random.Generator) -> list[int]:
    """Return a packet with random kernels; channels : 0..256"""
    n_words = channels + (channels >> 3)
    return [header(TO_MEMORY, n_words), *random_words(rng, n_words)]


def weights(rng: np.random.Generator) -> list[int]:
    """Return a packet with the random weights of an event of a fully connected layer."""
    return [header(TO_MEMORY, 2 * THRESHOLD), *random_words(rng, 2 * THRESHOLD)]


def events(ranges: Events, layer: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield the words of packets with events, for ever: a header, a timestep, spikes, and the end."""
    time = 0
    extent = 3 * STRIDE + SIDE
    others = {
        EventOp.WIPE: ranges.wipes,
        EventOp.UPDATE: ranges.updates,
        EventOp.IDLE: ranges.idles,
        EventOp.SYNCH: ranges.synchs,
        EventOp.PKT_END: ranges.odd,
    }
    while True:
        time = (time + draw(ranges.step, rng)) % TIMESTEPS
        n_spikes = draw(ranges.spikes, rng)
        yield header(TO_ENGINE, 0xFFFF)
        if ranges.timesteps:
            yield word(EventOp.TIME, time)
        for _ in range(n_spikes):
            x, y = (int(each) for each in rng.integers(-ranges.margin, extent + ranges.margin, 2) % 256)
            operation = EventOp.ACCUMULATE if rng.random() < ranges.accumulates else EventOp.SPIKE
            if layer == LayerKind.FC:
                yield word(EventOp.SYNCH, time)
            yield spike(x, y, int(rng.integers(256)), operation)
            if layer == LayerKind.FC:
                yield word(EventOp.EOP)
                yield from weights(rng)
                yield header(TO_ENGINE, 0xFFFF)
            for other, probability in others.items():
                if rng.random() < probability:
                    yield word(other, int(rng.integers(TIMESTEPS)) if other != EventOp.SYNCH else time)
        yield word(EventOp.EOP)


def configuration(neurons: Neurons, rng: np.random.Generator, **fields: int) -> dict[str, int]:
    """Return the levels of all pins of the configuration, for 16 groups in a square whose borders overlap.

    fields : fields of cfg_slice_i and cfg_error_i, and whole pins; each has a default
    """
    low, high, x_offsets, y_offsets = 0, 0, 0, 0
    for g in range(GROUPS):
        x, y = g % 4 * STRIDE, g // 4 * STRIDE
        low |= encode(BOUND, xid=x, yid=y) << 32 * g
        high |= encode(BOUND, xid=x + SIDE - 1, yid=y + SIDE - 1) << 32 * g
        x_offsets |= (-x & 7) << 3 * g
        y_offsets |= (-y & 7) << 3 * g
    pins = {
        "cfg_filter_lbound_i": low,
        "cfg_filter_ubound_i": high,
        "cfg_filter_en_i": ALL_GROUPS,
        "cfg_x_offset_i": x_offsets,
        "cfg_y_offset_i": y_offsets,
        "cfg_addr_step_i": 1,
        "cfg_addr_start_i": 0,
        "cfg_addr_end_i": SIDE * SIDE - 1,
        "cfg_cid_i": 0x04030201,
        "cfg_parameter_i": encode(
            PARAMETER, **{name: draw(getattr(neurons, name), rng) for name in Neurons.__dataclass_fields__}
        ),
        "cfg_slice_i": encode(SLICE, **{name: fields[name] for name in fields if name in SLICE}),
        "cfg_error_i": encode(ERROR, **{name: fields[name] for name in fields if name in ERROR}),
    }
    return pins | {name: level for name, level in fields.items() if name in pins}
