"""The levels of a design's pins from moment to moment, from the wrapper's log or from Python."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol

import cocotb
import numpy as np
from cocotb.utils import get_sim_time

from draupnir.cocotb_tests.lib import wrapper
from draupnir.cocotb_tests.lib.bus import Pins, bits, control
from draupnir.emulator.declare import Word
from draupnir.emulator.trace import to_row, to_rows

# $fwrite's %z writes a vector as a word of levels and a word of unknown bits for each 32 bits, the lowest first.
# X is level 1, unknown 1; Z is level 0, unknown 1.
_PART = np.dtype([("level", "<u4"), ("unknown", "<u4")])
_PARTS = wrapper.INTEGER // 32  # of an integer


@dataclass(frozen=True)
class Moments:
    """The levels of the pins, one moment after the other.

    times : (n,) int64, in steps of the simulator, ascending; the last change of a moment counts
    inputs, outputs : rows of ``draupnir.emulator.trace``; unknown bits are 0
    known_bits : rows with the mask of the outputs' known bits
    """

    times: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    known_bits: np.ndarray

    def __getitem__(self, selection: slice | np.ndarray) -> Moments:
        return Moments(
            self.times[selection], self.inputs[selection], self.outputs[selection], self.known_bits[selection]
        )

    def followed_by(self, later: Moments) -> Moments:
        """Return these moments and later ones, whose first may be at the time of the last of these."""
        pairs = ((getattr(self, name), getattr(later, name)) for name in self.__dataclass_fields__)
        joint = Moments(*(np.concatenate(pair) for pair in pairs))
        return joint[np.append(joint.times[1:] != joint.times[:-1], np.ones(min(1, len(joint.times)), dtype=np.bool_))]


class PinFollower(Protocol):
    """An object that follows the pins."""

    def start(self) -> None:
        """Start to follow the pins. Their present levels are the first moment."""

    def take(self) -> Moments:
        """Return the moments since the last call. The next call may continue the present moment."""


def changes(pins: Pins) -> PinFollower:
    """Return a follower: the log of the wrapper around the design, if there is one, else Python."""
    recording = control(pins.dut, wrapper.RECORDING)
    return Followed(pins) if recording is None else Logged(pins, recording)


class Logged:
    """A follower that reads the log, without wake-ups of Python and without callbacks in the simulator."""

    def __init__(self, pins: Pins, recording: Any) -> None:
        self._recording = recording
        word = pins.chip.output_word
        self._mask = to_row(word, (1 << word.width) - 1)
        n_in, n_out = len(pins.chip.input_word.row), len(word.row)
        self._entry = np.dtype(
            [("inputs", _PART, n_in * _PARTS), ("outputs", _PART, n_out * _PARTS), ("time", _PART, _PARTS)]
        )
        self._flush = ctypes.CDLL(None).fflush

    def start(self) -> None:
        self._log = os.open(wrapper.LOG, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self._recording.value = 1

    def take(self) -> Moments:
        self._flush(None)  # the simulator's files, which are this process's
        entries = np.frombuffer(os.pread(self._log, os.fstat(self._log).st_size, 0), dtype=self._entry)
        os.ftruncate(self._log, 0)  # the simulator appends
        if len(entries):
            Path(wrapper.LOG).unlink(missing_ok=True)  # both have it open
        (times, _), (inputs, inputs_unknown), (outputs, unknown) = (
            _whole(entries[name]) for name in ("time", "inputs", "outputs")
        )
        return Moments(times, inputs & ~inputs_unknown, outputs & ~unknown, ~unknown & self._mask)


def _whole(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return levels and unknown bits of a vector in the log, as rows of a trace each."""
    low, high = parts[:, ::_PARTS], parts[:, 1::_PARTS]
    levels, unknown = (low[name].astype(np.int64) | high[name].astype(np.int64) << 32 for name in ("level", "unknown"))
    return (levels[:, 0], unknown[:, 0]) if levels.shape[1] == 1 else (levels, unknown)


class Followed:
    """A follower in Python that wakes up at each change of a pin; most pins change rarely."""

    def __init__(self, pins: Pins) -> None:
        self._pins, self._chip = pins, pins.chip
        self._inputs, self._outputs = _Levels(pins.chip.input_word), _Levels(pins.chip.output_word)
        self._moments: list[tuple[int, int, int, int]] = []

    def start(self) -> None:
        handles = {pin.name: self._pins[pin.name] for pin in (*self._chip.inputs, *self._chip.outputs)}
        for name, handle in (handles | self._pins.probes).items():
            self._change(name, bits(handle))
            cocotb.start_soon(self._follow(name, handle))

    async def _follow(self, pin: str, handle: Any) -> NoReturn:
        change = handle.value_change
        while True:
            await change
            self._change(pin, bits(handle))

    def _change(self, pin: str, text: str) -> None:
        (self._inputs if pin in self._chip.input_word else self._outputs).change(pin, text)
        now = get_sim_time("step")
        if self._moments and self._moments[-1][0] == now:
            self._moments.pop()
        self._moments.append((now, self._inputs.levels, self._outputs.levels, self._outputs.known_bits))

    def take(self) -> Moments:
        times, inputs, outputs, known_bits = zip(*self._moments, strict=True) if self._moments else ((),) * 4
        self._moments.clear()
        in_word, out_word = self._chip.input_word, self._chip.output_word
        rows = to_rows(in_word, inputs), to_rows(out_word, outputs), to_rows(out_word, known_bits)
        return Moments(np.array(times, np.int64), *rows)


@dataclass
class _Levels:
    """The present levels of some pins, packed."""

    word: Word
    levels: int = 0
    known_bits: int = 0

    def change(self, pin: str, text: str) -> None:
        lsb, mask = self.word[pin].lsb, self.word[pin].high
        level, known_bits = parse_bits(text)
        self.levels = self.levels & ~(mask << lsb) | level << lsb
        self.known_bits = self.known_bits & ~(mask << lsb) | known_bits << lsb


@cache
def parse_bits(text: str) -> tuple[int, int]:
    """Return the level, with 0 for each X and Z, and the mask of the known bits; text : such as "01xz"."""
    known_bits = "".join("1" if bit in "01" else "0" for bit in text)
    level = "".join(bit if bit in "01" else "0" for bit in text)
    return int(level, 2), int(known_bits, 2)
