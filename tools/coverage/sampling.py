"""Count at each clock in which bin of each group a chip's golden model is, in compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from inspect import getclosurevars
from types import ModuleType
from typing import Any

import numpy as np

from draupnir.emulator.declare import INTEGER_BITS, Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.jit import entry, kernel, plain
from draupnir.emulator.model import ClockLevel
from draupnir.tools.coverage.groups import REQUEST, Axis, BinGroup, Kind, events_of

_LEVEL, _CLASS, _CHANGE = int(Kind.LEVEL), int(Kind.CLASS), int(Kind.CHANGE)


@kernel
def _event_bin(inputs: int, bus: np.ndarray, events: np.ndarray) -> int:
    """Return the number of the first event that matches; the number of all events if there is no request.

    bus : bit of the request, lowest bit of the event, mask of the event; events : see ``groups.events_of``
    """
    if (inputs >> bus[0]) & 1 == 0:
        return len(events)
    addr = (inputs >> bus[1]) & bus[2]
    for i in range(len(events)):
        if addr & events[i, 0] == events[i, 1]:
            return i
    return len(events)


@kernel
def _bin(axis: np.ndarray, content: int, previous: int) -> int:
    """Return the bin of a register's content; previous : its content at the last clock."""
    kind, _, size, reset, ones = axis
    if kind == _CLASS:
        return 0 if content == reset else 1 if content == ones else 2
    if kind == _CHANGE:
        return 0 if content == previous else 1 if content > previous else 2
    return content if content < size else size - 1


@kernel
def _count(
    inputs: int,
    flat: np.ndarray,
    axes: np.ndarray,
    groups: np.ndarray,
    bus: np.ndarray,
    events: np.ndarray,
    bins: np.ndarray,
    previous: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Count the bins of all groups; see ``Sampler`` for the arrays."""
    for a in range(len(axes)):
        if axes[a, 1] < 0:
            bins[a] = _event_bin(inputs, bus, events)
        else:
            content = flat[axes[a, 1]]
            bins[a] = _bin(axes[a], content, previous[a])
            previous[a] = content
    for g in range(len(groups)):
        first, second, offset = groups[g]
        place = bins[first]
        if second >= 0:
            place = place * axes[second, 2] + bins[second]
        counts[offset + place] += 1


@cache
def _loop(clock: ModuleType, stretch: ModuleType, n_pins: int) -> Callable[..., None]:
    """Return a compiled loop over rows; the arguments are as for ``draupnir.emulator.speeds.drive.driver``."""

    @entry
    def run(inputs: np.ndarray, clk: np.ndarray, sample: Any, *args: Any) -> None:
        r = args[0]
        pins, state = args[:n_pins], args[:1] + args[n_pins:]
        stretch.begin(r)
        for i in range(len(inputs)):
            if inputs[i] != r.inputs:
                clock.apply_inputs(*pins, inputs[i])
            if clk[i]:
                _count(inputs[i], *sample)
                clock.clock(*state)
        stretch.end(r)

    return run


class Sampler:
    """The counts of all bins of a chip's groups.

    counts : the counts of all bins, group after group

    Raises InputError for a chip whose model does not run its clocks in ``speeds.drive``, or has too many pins for it.
    """

    def __init__(self, chip: Chip, groups: Sequence[BinGroup], model_class: type[ClockLevel]) -> None:
        self._groups = groups
        self._loop = _loop(*_modules(chip, model_class))
        axes = list(dict.fromkeys(axis for group in groups for axis in group.axes))
        dtype = model_class().registers.dtype
        self._axes = np.array([_row(axis, dtype) for axis in axes], np.int64).reshape(len(axes), 5)
        offsets = np.cumsum([0, *(group.size for group in groups)])
        self._places = np.array(
            [
                [axes.index(group.axes[0]), axes.index(group.axes[1]) if len(group.axes) > 1 else -1, offset]
                for group, offset in zip(groups, offsets, strict=False)
            ],
            np.int64,
        ).reshape(len(groups), 3)
        self.counts = np.zeros(int(offsets[-1]), np.int64)
        self._bus, self._events = _bus(chip)

    def run(self, model: Any, inputs: np.ndarray, clk: np.ndarray) -> None:
        """Run rows (see ``draupnir.emulator.trace``) on a model, and count at each clock."""
        flat = model.registers.view(np.ndarray).view(np.int64)
        bins, previous = np.zeros((2, len(self._axes)), np.int64)
        previous[:] = flat[np.maximum(0, self._axes[:, 1])]
        sample = (flat, self._axes, self._places, self._bus, self._events, bins, previous, self.counts)
        self._loop(inputs, clk, sample, *model.kernel_state())

    def of_group(self) -> dict[BinGroup, np.ndarray]:
        """Return group -> the counts of its bins, one dimension for each axis."""
        ends = np.cumsum([group.size for group in self._groups])
        parts = np.split(self.counts, ends[:-1])
        return {
            group: part.reshape([len(axis.bins) for axis in group.axes])
            for group, part in zip(self._groups, parts, strict=True)
        }


def _modules(chip: Chip, model_class: type[ClockLevel]) -> tuple[ModuleType, ModuleType, int]:
    """Return the modules with the model's clock and its stretches, which the loop of ``speeds.drive`` closes over."""
    run_rows = getattr(model_class, "run_rows", None)
    parts = getclosurevars(plain(run_rows)).nonlocals if run_rows else {}
    if not {"clock", "stretch", "n_pins"} <= parts.keys() or chip.input_word.width > INTEGER_BITS:
        raise InputError(f"{chip.name}: its model has its own loop over rows; right is one of speeds.drive.driver")
    return parts["clock"], parts["stretch"], parts["n_pins"]


def _row(axis: Axis, dtype: np.dtype) -> list[int]:
    """Return an axis as numbers: kind, place in the record or -1 for an event, bins, reset value, all ones."""
    if axis.kind == Kind.EVENT:
        return [int(axis.kind), -1, len(axis.bins), 0, 0]
    assert dtype.fields is not None
    offset = int(dtype.fields[axis.reg][1])
    return [int(axis.kind), offset // np.dtype(np.int64).itemsize + axis.index, len(axis.bins), *axis.special]


def _bus(chip: Chip) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of request and event among the input pins, and the events; see ``_event_bin``."""
    bus_and_events = events_of(chip)
    if bus_and_events is None:
        return np.zeros(3, np.int64), np.zeros((0, 2), np.int64)
    bus, events = bus_and_events
    (request,), payload = bus.pins[REQUEST], bus.pins[bus.payload][0]
    lowest = chip.input_word[payload.name].lsb
    return np.array([chip.input_word[request.name].lsb, lowest, (1 << bus.payload_width) - 1], np.int64), events
