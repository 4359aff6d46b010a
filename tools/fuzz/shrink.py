"""Make a stimulus small that shows a difference: the shortest prefix, the fewest clocks, the fewest changes of inputs.

Every step tries a smaller stimulus, and keeps it if the same pin, or the same memory, still differs first. Golden model
and RTL are exact for any levels of the pins, so a step may take out parts of a protocol. The first reset stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import any_bit, to_row
from draupnir.golden.compare.device import Device
from draupnir.golden.resets import over_at
from draupnir.tools.fuzz.compare import FuzzDifference, FuzzStimulus, difference

MOST_TRIALS = 6000
MOST_ROWS = 1 << 25  # rows that all trials run together, which takes minutes at most

_PARTS = (64, 8, 1)  # the smallest parts of each round: large parts are cheap, and leave fewer small ones


@dataclass
class Shrinking:
    """A stimulus that becomes smaller.

    smallest : the smallest stimulus so far, and the first difference in it
    """

    rtl: Device
    model: Device
    smallest: FuzzStimulus
    first: FuzzDifference
    n_trials: int = 0
    n_rows: int = 0

    @property
    def goes_on(self) -> bool:
        """False after the largest number of trials; a number and not a time, so that the result is always the same."""
        return self.n_trials < MOST_TRIALS and self.n_rows < MOST_ROWS

    def keeps(self, candidate: FuzzStimulus) -> bool:
        """Try a stimulus, and take it if the same place still differs first. Returns True if it does."""
        if not self.goes_on or not len(candidate):
            return False
        self.n_trials += 1
        self.n_rows += len(candidate)
        try:
            first = difference(candidate, self.rtl, self.model)
        except InputError:  # clock edges that cannot be, or a design that stops itself
            return False
        if first is None or (first.place, first.is_pin) != (self.first.place, self.first.is_pin):
            return False
        self.smallest, self.first = _prefix(candidate, first.row + 1), first
        return True


def shrunk(stimulus: FuzzStimulus, rtl: Device, model: Device) -> tuple[FuzzStimulus, FuzzDifference]:
    """Return the smallest stimulus that was found, and its first difference.

    Raises InputError if the devices do not differ.
    """
    first = difference(stimulus, rtl, model)
    if first is None:
        raise InputError("RTL and golden model do not differ any more: the RTL does not do the same each time")
    work = Shrinking(rtl, model, _prefix(stimulus, first.row + 1), first)
    if not first.is_pin:
        _shorten(work)
    _empty_memories(work)
    for smallest_part in _PARTS:
        n_before = len(work.smallest) + 1
        while work.goes_on and len(work.smallest) < n_before:
            n_before = len(work.smallest)
            _in_parts(partial(_n_free, work), partial(_without_rows, work), smallest_part)
            for pin in _pins(work.smallest):
                _in_parts(partial(_n_changes, work, pin), partial(_quiet, work, pin), smallest_part)
    _empty_memories(work)
    return work.smallest, work.first


def _prefix(stimulus: FuzzStimulus, n: int) -> FuzzStimulus:
    return replace(stimulus, inputs=stimulus.inputs[:n], clk=stimulus.clk[:n])


def _shorten(work: Shrinking) -> None:
    """Find a short prefix after which the memory differs, by halving."""
    low, high = 0, len(work.smallest)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if work.keeps(_prefix(work.smallest, middle)) else (middle, high)


def _empty_memories(work: Shrinking) -> None:
    """Let each memory start with zeros, or as many of its words as possible."""
    for name, content in work.smallest.memories.items():
        n_words = len(content)
        _in_parts(partial(len, content), partial(_empty, work, name), smallest_part=max(1, n_words // 256))


def _empty(work: Shrinking, name: str, first: int, end: int) -> bool:
    """Let words of a memory start with zeros."""
    content = work.smallest.memories[name].copy()
    if not content[first:end].any():
        return False
    content[first:end] = 0
    return work.keeps(replace(work.smallest, memories={**work.smallest.memories, name: content}))


def _in_parts(size: Callable[[], int], take_out: Callable[[int, int], bool], smallest_part: int = 1) -> None:
    """Take out parts of something, large ones first: all of it, then halves, quarters, and so on.

    size : the present number of elements
    take_out : takes out the elements from the first number up to the second, and tells whether that was possible
    """
    part = size()
    while part >= smallest_part:
        end = size()
        while end > 0:
            first = max(0, end - part)
            take_out(first, end)
            end = min(first, size())
        part //= 2


def _n_free(work: Shrinking) -> int:
    """The number of rows after the first reset."""
    return len(work.smallest) - _n_fixed(work.smallest)


def _n_fixed(stimulus: FuzzStimulus) -> int:
    """The number of rows up to the end of the first reset."""
    return over_at(stimulus.trace())


def _without_rows(work: Shrinking, first: int, end: int) -> bool:
    """Take out rows, counted from the end of the first reset."""
    present, start = work.smallest, _n_fixed(work.smallest)
    rows = np.r_[: start + first, start + end : len(present)]
    return work.keeps(replace(present, inputs=present.inputs[rows], clk=present.clk[rows]))


def _pins(stimulus: FuzzStimulus) -> Iterator[str]:
    """The input pins that are no reset."""
    resets = {pin.name for pin in stimulus.chip.resets}
    return (pin.name for pin in stimulus.chip.input_word if pin.name not in resets)


def _changes(stimulus: FuzzStimulus, pin: str) -> Sequence[int]:
    """The rows in which a pin changes; in the first row it changes from 0."""
    mask = to_row(stimulus.chip.input_word, stimulus.chip.input_word.mask([pin]))
    levels = stimulus.inputs & mask
    rows: list[int] = (np.flatnonzero(any_bit(levels[1:] ^ levels[:-1])) + 1).tolist()
    return [*([0] if any_bit(levels[:1])[0] else []), *rows]


def _n_changes(work: Shrinking, pin: str) -> int:
    return len(_changes(work.smallest, pin))


def _quiet(work: Shrinking, pin: str, first: int, end: int) -> bool:
    """Take out the changes of a pin from the first number up to the second: it keeps its level end_row the next one."""
    present, changes = work.smallest, _changes(work.smallest, pin)
    begin, end_row = changes[first], changes[end] if end < len(changes) else len(present)
    mask = to_row(present.chip.input_word, present.chip.input_word.mask([pin]))
    inputs = present.inputs.copy()
    level = inputs[begin - 1] & mask if begin else 0
    inputs[begin:end_row] = inputs[begin:end_row] & ~mask | level
    return work.keeps(replace(present, inputs=inputs))
