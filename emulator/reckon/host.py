"""The host of a ReckOn: whoever holds its pins, and gives it samples, timestep by timestep.

What the host is to do is a list of operations, carried out one after the other; how quick it is, a ``Host``. All
delays are in clocks and, as in ``draupnir.emulator.parts.handshake``, counted from the clock whose edge is the first to
see the chip's change.

Source: ReckOn doc v1.0, 2.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.codec import positions
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.bits import Position, field, placed
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.parts.delays import LONGEST_DELAY
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.emulator.reckon.layout import CHIP
from draupnir.emulator.speeds import limits

IN = positions(CHIP.input_word)
OUT = positions(CHIP.output_word)


LONGEST_WAIT = (1 << 32) - 1  # clocks, or bytes, of one operation: what a bridge on a board can count
OPERATION = 10  # events that an operation may be worth: a timestep with all that is learned in it


class Op(IntEnum):
    """The operations of a host; each has an operand.

    SPIKE : a spike of input neuron 0..255 over the input bus
    TARGET : a label, or a byte of a target, over the same bus with AERIN_TAR_EN
    TICK : TIME_TICK up and down again; with operand 1 wait until TIMING_ERROR_RDY has fallen and risen, with 0 go on
    TAKE : receive so many bytes over the output bus
    WAIT : let so many clocks pass
    SAMPLE, TARGET_VALID, INFER_ACC : set the pin, in no time
    """

    SPIKE = 0
    TARGET = 1
    TICK = 2
    TAKE = 3
    WAIT = 4
    SAMPLE = 5
    TARGET_VALID = 6
    INFER_ACC = 7


SPIKE, TARGET, TICK, TAKE, WAIT, SAMPLE, TARGET_VALID, INFER_ACC = map(int, Op)


class HostDelays(NamedTuple):
    """A host as kernels take it; see ``Host``."""

    gap: int
    hold: int
    tick: int
    ack_delay: int
    ack_hold: int


@dataclass(frozen=True)
class Host:
    """A host's delays in clocks.

    gap : before a SPIKE, TARGET or TICK; hold : REQ stays up after ACK rose
    tick : TIME_TICK stays up, 1 or more
    ack_delay : OUT_ACK rises after OUT_REQ rose; ack_hold : it falls after OUT_REQ fell

    Raises InputError for a delay that is too short, or longer than LONGEST_DELAY.
    """

    gap: int = 0
    hold: int = 0
    tick: int = 1
    ack_delay: int = 0
    ack_hold: int = 0

    def __post_init__(self) -> None:
        for f in fields(self):
            least = 1 if f.name == "tick" else 0
            clocks = getattr(self, f.name)
            if not least <= clocks <= LONGEST_DELAY:
                raise InputError(f"host: {f.name} is {clocks}; this delay is {least}..{LONGEST_DELAY} clocks")

    @property
    def delays(self) -> HostDelays:
        return HostDelays(*astuple(self))


STATE = np.dtype(
    (
        np.record,
        [(name, np.int64) for name in ("op", "phase", "wait", "left", "pins", "still", "taken")],
    )
)
"""A host between two clocks.

op, phase : which operation, and how far it is; wait : clocks left of the delay that runs; left : bytes left to take
pins : the input pins, packed; still : clocks for which they stay, this one counted, if the chip's do
taken : OUT_REQ was first seen in this clock
"""


def operand_range(op: Op) -> tuple[int, int]:
    """The smallest and the largest operand that an operation takes."""
    if op in (Op.SPIKE, Op.TARGET):
        return 0, (1 << CHIP.pin("AERIN_ADDR").width) - 1
    return {Op.TAKE: (1, LONGEST_WAIT), Op.WAIT: (0, LONGEST_WAIT)}.get(op, (0, 1))


def operations(ops: ArrayLike) -> np.ndarray:
    """The operations as kernels take them, (n, 2) int64: ``Op`` and operand.

    Raises InputError for one that does not exist, or an operand out of range.
    """
    array = np.ascontiguousarray(ops, dtype=np.int64).reshape(-1, 2)
    codes, operands = array.T
    known = np.isin(codes, list(Op))
    low, high = np.array([operand_range(op) for op in Op]).T
    place = np.where(known, codes, 0)
    wrong = np.flatnonzero(~known | (operands < low[place]) | (operands > high[place]))
    if len(wrong):
        i = int(wrong[0])
        if not known[i]:
            raise InputError(f"host: operation {i} is {codes[i]}; there are 0 to {len(Op) - 1}")
        op = Op(codes[i])
        raise InputError(f"host: operation {i}, {op.name} {operands[i]}; its operand is {low[op]} to {high[op]}")
    return array


def clock_limit(ops: np.ndarray, host: Host) -> int:
    """Clocks for a run that has no limit of its own; ops : as ``operations`` returns them."""
    codes, operands = ops.T
    waits, n_bytes = (int(operands[codes == op].sum()) for op in (Op.WAIT, Op.TAKE))
    n_events = OPERATION * len(ops) + n_bytes
    return limits.clock_limit(n_events, waits, host.gap + host.hold + host.tick, host.ack_delay + host.ack_hold)


def start(pins: int, host: Host) -> np.record:
    """A host that has not begun; pins : the input pins as they are, packed."""
    state = np.zeros(1, dtype=STATE).view(np.recarray)
    state.pins, state.wait = pins, host.gap
    return state[0]


@kernel
def act(h: np.record, ops: np.ndarray, d: HostDelays, seen: int) -> None:
    """Do what the host does in the next clock, before whose edge the chip shows the output pins ``seen``."""
    h.taken, h.still = 0, 0
    while h.still == 0 and h.op < len(ops):
        code, operand = ops[h.op, 0], ops[h.op, 1]
        if code in (SPIKE, TARGET):
            done = _send(h, d, code, operand, field(seen, OUT.AERIN_ACK))
        elif code == TICK:
            done = _tick(h, d, operand, field(seen, OUT.TIMING_ERROR_RDY))
        elif code == TAKE:
            done = _take(h, d, operand, field(seen, OUT.OUT_REQ))
        elif code == WAIT:
            done = _wait(h, operand)
        else:
            done = True
            if code == SAMPLE:
                _set(h, IN.SAMPLE, operand)
            elif code == TARGET_VALID:
                _set(h, IN.TARGET_VALID, operand)
            else:
                _set(h, IN.INFER_ACC, operand)
        if done:
            h.op += 1
            h.phase, h.wait = 0, d.gap


@kernel
def skip(h: np.record, clocks: int) -> None:
    """Let ``clocks`` clocks, at most ``still``, pass from the one that ``act`` was for."""
    if h.still != FOREVER:
        h.wait -= clocks - 1


@kernel
def _set(h: np.record, pin: Position, level: int) -> None:
    h.pins = h.pins & ~placed(pin.mask, pin) | placed(level, pin)


@kernel
def _is_waiting(h: np.record) -> bool:
    """A delay runs in this clock."""
    if h.wait == 0:
        return False
    h.still = h.wait
    h.wait -= 1
    return True


@kernel
def _is_short_of(h: np.record, level: int, awaited: int) -> bool:
    """The chip's pin is not yet as awaited."""
    if level == awaited:
        return False
    h.still = FOREVER
    return True


@kernel
def show_event(h: np.record, code: int, addr: int, req: int) -> None:
    """The input bus's pins with a SPIKE or TARGET."""
    _set(h, IN.AERIN_ADDR, addr)
    _set(h, IN.AERIN_TAR_EN, int(code == TARGET))
    _set(h, IN.AERIN_REQ, req)


@kernel
def _send(h: np.record, d: HostDelays, code: int, addr: int, ack: int) -> bool:
    """Four-phase; True when ACK has fallen."""
    if h.phase == 0:
        if _is_waiting(h):
            return False
        show_event(h, code, addr, 1)
        h.phase, h.wait = 1, d.hold
    if h.phase == 1:
        if _is_short_of(h, ack, 1) or _is_waiting(h):
            return False
        _set(h, IN.AERIN_REQ, 0)
        h.phase = 2
    if _is_short_of(h, ack, 0):
        return False
    _set(h, IN.AERIN_TAR_EN, 0)
    return True


@kernel
def _tick(h: np.record, d: HostDelays, await_ready: int, ready: int) -> bool:
    """TIME_TICK up and down; True when TIMING_ERROR_RDY has fallen and risen, if that is awaited."""
    if h.phase == 0:
        if _is_waiting(h):
            return False
        _set(h, IN.TIME_TICK, 1)
        h.phase, h.wait = 1, d.tick - 1
        h.still = d.tick
        return False
    if h.phase == 1:
        if _is_waiting(h):
            return False
        _set(h, IN.TIME_TICK, 0)
        h.phase = 2
    if not await_ready:
        return True
    if h.phase == 2:
        if _is_short_of(h, ready, 0):
            return False
        h.phase = 3
    return not _is_short_of(h, ready, 1)


@kernel
def _take(h: np.record, d: HostDelays, n_bytes: int, req: int) -> bool:
    """Four-phase, for each byte; True when the last ACK has fallen."""
    if h.phase == 0:
        if _is_short_of(h, req, 1):
            return False
        h.taken = 1
        h.left = h.left if h.left else n_bytes
        h.phase, h.wait = 1, d.ack_delay
    if h.phase == 1:
        if _is_waiting(h):
            return False
        _set(h, IN.OUT_ACK, 1)
        h.phase = 2
    if h.phase == 2:
        if _is_short_of(h, req, 0):
            return False
        h.phase, h.wait = 3, d.ack_hold
    if _is_waiting(h):
        return False
    _set(h, IN.OUT_ACK, 0)
    h.left -= 1
    h.phase = 0
    if h.left:
        h.still = 1
    return h.left == 0


@kernel
def _wait(h: np.record, clocks: int) -> bool:
    if h.phase == 0:
        h.phase, h.wait = 1, clocks
    return not _is_waiting(h)
