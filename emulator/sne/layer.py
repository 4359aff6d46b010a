"""A layer on an engine: the contents of its registers, its kernels, and the weights that are sent with its events.

Source: evt_kernel_memory.sv, evt_weight_fifo.sv; vsne_conv/sne_test.py of SNE for the square of groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from draupnir.emulator.codec import decode, encode, take, update
from draupnir.emulator.sne import registers, words
from draupnir.emulator.sne.layout import (
    BOUND,
    CHIP,
    CORNERS,
    GROUPS,
    KERNEL,
    SLICE,
    THRESHOLD,
    TIME_BITS,
    EventOp,
    LayerKind,
)
from draupnir.emulator.sne.registers import CID, MAIN, REGISTERS
from draupnir.emulator.sne.streams import StreamSides, run
from draupnir.emulator.trace import pack, to_rows

SIDE, STRIDE = 8, 6  # a group has 8 x 8 neurons, and the outer ones are those of its neighbours
IN_A_ROW = 4  # groups of the square in a row
BANKS = 4
KERNELS = BANKS * CHIP.memory("weight_mem").depth
LAST_KERNELS = 224  # with more, the writing side never ends, and a next packet needs a reset before it
WEIGHTS = GROUPS * SIDE * SIDE


def square() -> dict[str, tuple[int, ...]]:
    """Return the contents of the registers of the groups: a square of 4 x 4 groups whose borders overlap, all on."""
    corners = [(g % IN_A_ROW * STRIDE, g // IN_A_ROW * STRIDE) for g in range(GROUPS)]
    return {
        "cfg_filter_lbound_i": tuple(encode(BOUND, xid=x, yid=y) for x, y in corners),
        "cfg_filter_ubound_i": tuple(encode(BOUND, xid=x + SIDE - 1, yid=y + SIDE - 1) for x, y in corners),
        "cfg_filter_main_i": tuple(
            encode(MAIN, filter_en=1, x_offset=-x % SIDE, y_offset=-y % SIDE) for x, y in corners
        ),
        "cfg_addr_step_i": (1,),
        "cfg_addr_start_i": (0,),
        "cfg_addr_end_i": (SIDE * SIDE - 1,),
        "cfg_cid_i": (encode(CID, **{name.name: i + 1 for i, name in enumerate(CID)}),),
    }


def _no_kernels() -> np.ndarray:
    return np.zeros((0, 3, 3), np.int64)


def _no_weights() -> np.ndarray:
    return np.zeros((0, WEIGHTS), np.int64)


@dataclass(frozen=True, eq=False)
class EngineLayer:
    """A layer on an engine.

    contents : register -> the content of each of them, for all ``REGISTERS``; the number of kernels in ``cfg_slice_i``
        is that of ``kernels``
    kernels : (n, 3, 3) int64, -8..7, row by row, n a multiple of eight, at most 256; kernel n is in bank n % 4
    weights : (n, 1024) int64, -8..7, of a fully connected layer: row i is for the spike whose 24 bits of channel, row
        and column are i, and column 64 g + n is for neuron n of group g
    """

    contents: dict[str, tuple[int, ...]]
    kernels: np.ndarray = field(default_factory=_no_kernels)
    weights: np.ndarray = field(default_factory=_no_weights)

    @property
    def kind(self) -> LayerKind:
        """The kind of the layer; 3 is as 0."""
        kind = take(SLICE["layer"], self.contents["cfg_slice_i"][0])
        return LayerKind(0 if kind == 3 else kind)

    def apply(self, model: Any) -> None:
        """Reset a golden model, set its pins, and send the kernels. The model is then at rest.

        The sequence of the host: reset, registers, kernels.
        """
        off, on = (to_rows(CHIP.input_word, [pack(CHIP.input_word, self.pins(active))]) for active in (False, True))
        for rows in (on, off):
            model.drive(np.repeat(rows, 4, axis=0), np.full(4, CHIP.period[0], np.uint8))
        if len(self.kernels):
            run(model, np.array(kernel_packet(self.kernels)), StreamSides())

    def pins(self, reset: bool = False) -> dict[str, int]:
        """Return the levels of all pins; reset : True to hold both resets"""
        return {**CHIP.inputs_at_rest, **CHIP.reset_levels(reset), **registers.pins(self.contents)}


def new_contents(**by_register: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return the contents of all registers: those of some, and 0."""
    return {register.name: by_register.get(register.name, (0,) * register.n) for register in REGISTERS}


# --- Kernels ----------------------------------------------------------------------------------------------------------


def kernel_packet(kernels: np.ndarray) -> list[int]:
    """Return the packet that writes kernels: (n, 3, 3), -8..7, n a multiple of eight."""
    by_weight = (kernels.reshape(-1, 9) & 15).tolist()
    bodies = [encode_nibbles(KERNEL, weights[1:]) for weights in by_weight]
    corners = [weights[0] for weights in by_weight]
    n = words.CORNERS_IN_WORD
    eights = [encode_nibbles(CORNERS, corners[i : i + n][::-1]) for i in range(0, len(corners), n)]
    return words.to_memory([*bodies, *eights])


def encode_nibbles(word: Any, nibbles: Iterable[int]) -> int:
    """Return a word with these contents of its fields, 0..15 each, the first in the lowest bits."""
    return sum(nibble << f.lsb for f, nibble in zip(word, nibbles, strict=True))


def kernels_of(packet_words: list[int]) -> np.ndarray:
    """Return the kernels that the words behind a header write: (n, 3, 3) int64, n a multiple of eight."""
    n = words.n_kernels(len(packet_words))
    kernels = np.zeros((n, 9), np.int64)
    for i, word in enumerate(packet_words[:n]):
        kernels[i, 1:] = [*decode(KERNEL, word).values()]
    for i, word in enumerate(packet_words[n:]):
        kernels[8 * i : 8 * i + 8, 0] = [*decode(CORNERS, word).values()][::-1]
    return kernels.reshape(n, 3, 3)


def memories_of(kernels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the memories with these kernels: name -> uint32 of ``Memory.shape``. All other words are 0."""
    contents = {name: np.zeros(CHIP.memory(name).shape, np.uint32) for name in ("weight_mem", "weight_sram_o")}
    _, *packet_words = kernel_packet(kernels)
    for i, word in enumerate(packet_words[: len(kernels)]):
        contents["weight_mem"][i % BANKS, i // BANKS, 0] = word
    for i, word in enumerate(packet_words[len(kernels) :]):
        contents["weight_sram_o"][i, 0] = word
    return contents


# --- Events -----------------------------------------------------------------------------------------------------------


def weight_words(weights: np.ndarray) -> list[int]:
    """Return the words with the weights of an event: for each neuron those of groups 8 to 15, then 0 to 7.

    weights : (1024,), -8..7, group by group
    """
    nibbles = (weights.reshape(2, GROUPS // 2, THRESHOLD) & 15).astype(np.int64)
    halves = (nibbles << 4 * np.arange(GROUPS // 2)[:, None]).sum(axis=1)
    return halves[::-1].T.ravel().tolist()


def weights_of(packet_words: list[int]) -> np.ndarray:
    """Return the weights that the words behind a header have: (1024,) int64, -8..7."""
    halves = np.array(packet_words, np.int64).reshape(THRESHOLD, 2).T[::-1]
    nibbles = halves[:, None, :] >> 4 * np.arange(GROUPS // 2)[:, None] & 15
    return ((nibbles ^ 8) - 8).reshape(-1)


def event_packets(layer: EngineLayer, time: int, events: list[int]) -> Iterator[int]:
    """Yield the packets of a timestep: the time, and all of its events with their weights, if the layer has any.

    time : 0..2**28 - 1; events : spikes and other words, in order

    Raises KeyError for a spike of a fully connected layer that has no weights.
    """
    begin = words.word(EventOp.TIME, time)
    if layer.kind != LayerKind.FC:
        yield from words.to_engine([begin, *events])
        return
    waiting = [begin]
    for event in events:
        if event >> TIME_BITS not in (EventOp.SPIKE, EventOp.ACCUMULATE):
            waiting.append(event)
            continue
        yield from words.to_engine([*waiting, words.word(EventOp.SYNCH, time), event])
        yield from words.to_memory(weight_words(layer.weights[words.input_of(event)]))
        waiting = []
    if waiting:
        yield from words.to_engine(waiting)


def with_kernels(contents: dict[str, tuple[int, ...]], n: int) -> dict[str, tuple[int, ...]]:
    """Return the contents of the registers with this number of kernels."""
    return {**contents, "cfg_slice_i": (update(SLICE, contents["cfg_slice_i"][0], channel=n),)}
