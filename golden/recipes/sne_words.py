"""The words that SNE's recipes send: packets of kernels, weights and events; and the configuration of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.codec import encode
from draupnir.emulator.sne import registers
from draupnir.emulator.sne.layer import SIDE, STRIDE, new_contents, square
from draupnir.emulator.sne.layout import ERROR, PARAMETER, SLICE, THRESHOLD, EventOp, LayerKind
from draupnir.emulator.sne.words import LONGEST, Destination, header, n_kernel_words, spike, to_memory, word
from draupnir.golden.ranges import Range, draw

WRONG = 2  # a destination in a header that is a mistake
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


def random_words(rng: np.random.Generator, n: int) -> list[int]:
    """Return random words of 32 bits."""
    return [int(each) for each in rng.integers(1 << 32, size=n)]


def kernels(channels: int, rng: np.random.Generator) -> list[int]:
    """Return a packet with random kernels; channels : 0..256"""
    return to_memory(random_words(rng, n_kernel_words(channels)))


def weights(rng: np.random.Generator) -> list[int]:
    """Return a packet with the random weights of an event of a fully connected layer."""
    return to_memory(random_words(rng, 2 * THRESHOLD))


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
        yield header(Destination.ENGINE, LONGEST)
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
                yield header(Destination.ENGINE, LONGEST)
            for other, probability in others.items():
                if rng.random() < probability:
                    yield word(other, int(rng.integers(TIMESTEPS)) if other != EventOp.SYNCH else time)
        yield word(EventOp.EOP)


def configuration(neurons: Neurons, rng: np.random.Generator, **fields: int) -> dict[str, int]:
    """Return the levels of all pins of the configuration, for 16 groups in a square whose borders overlap.

    fields : fields of cfg_slice_i and cfg_error_i, and whole pins; each has a default
    """
    pins = registers.pins(
        new_contents(
            **square(),
            cfg_parameter_i=(
                encode(PARAMETER, **{name: draw(getattr(neurons, name), rng) for name in Neurons.__dataclass_fields__}),
            ),
            cfg_slice_i=(encode(SLICE, **{name: fields[name] for name in fields if name in SLICE}),),
            cfg_error_i=(encode(ERROR, **{name: fields[name] for name in fields if name in ERROR}),),
        )
    )
    return pins | {name: level for name, level in fields.items() if name in pins}
