"""The host of a ReckOn. It drives the pins, and gives the chip samples, timestep by timestep.

A list of operations says what the host does, one after the other. A ``Host`` says how fast it does so. All delays are
in clocks. As in ``draupnir.emulator.parts.handshake`` they count from the first clock edge at which the chip's change
is visible.

Source: ReckOn doc v1.0, 2.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from draupnir.emulator.codec import positions
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.bits import Position, field, placed
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.kernel.records import record_type
from draupnir.emulator.parts.delays import LONGEST_DELAY
from draupnir.emulator.parts.handshake import FOREVER
from draupnir.emulator.reckon.layout import CHIP
from draupnir.emulator.speeds import limits

IN = positions(CHIP.input_word)
OUT = positions(CHIP.output_word)


LONGEST_WAIT = (1 << 32) - 1  # clocks, or bytes, of one operation; the bridge on a board counts with 32 bits
OPERATION = 10  # an operation may take as long as this number of events: a timestep with all its learning


class Op(IntEnum):
    """The operations of a host. Each has an operand.

    SPIKE : send a spike of input neuron 0..255 over the input bus
    TARGET : send a label, or a byte of a target, 0..255, over the same bus with AERIN_TAR_EN
    TICK : raise TIME_TICK and lower it; with operand 1 then wait until TIMING_ERROR_RDY has fallen and risen
    TAKE : receive this number of bytes, 1..LONGEST_WAIT, over the output bus
    WAIT : wait for this number of clocks, 0..LONGEST_WAIT
    SAMPLE, TARGET_VALID, INFER_ACC : set the pin to 0 or 1, which takes no clock
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
    """A host's delays in the form that kernels take; see ``Host``."""

    gap: int
    hold: int
    tick: int
    ack_delay: int
    ack_hold: int


@dataclass(frozen=True)
class Host:
    """A host's delays in clocks, 0..LONGEST_DELAY.

    gap : before a SPIKE, TARGET or TICK
    hold : from the rise of AERIN_ACK to the fall of AERIN_REQ
    tick : from the rise to the fall of TIME_TICK, at least 1
    ack_delay : from the rise of OUT_REQ to the rise of OUT_ACK
    ack_hold : from the fall of OUT_REQ to the fall of OUT_ACK

    Raises InputError for a delay that is out of range.
    """

    gap: int = 0
    hold: int = 0
    tick: int = 1
    ack_delay: int = 0
    ack_hold: int = 0

    def __post_init__(self) -> None:
        for f in fields(self):
            low = 1 if f.name == "tick" else 0
            clocks = getattr(self, f.name)
            if not low <= clocks <= LONGEST_DELAY:
                raise InputError(f"host: {f.name} is {clocks}; this delay is {low}..{LONGEST_DELAY} clocks")

    @property
    def delays(self) -> HostDelays:
        """The same delays in the form that kernels take."""
        return HostDelays(self.gap, self.hold, self.tick, self.ack_delay, self.ack_hold)


STATE = record_type([(name, np.int64) for name in ("op", "phase", "wait", "n_bytes", "pins", "stable_for", "is_byte")])
"""A host between two clocks.

op, phase : the index of the present operation, and its phase
wait : the remaining clocks of the present delay
n_bytes : the number of bytes that the host has still to receive
pins : the packed input pins
stable_for : the number of clocks, with this one, in which these pins do not change if the chip's outputs do not
is_byte : 1 if OUT_REQ is high in this clock for the first time
"""


def operand_range(op: Op) -> tuple[int, int]:
    """Return the smallest and the largest operand of an operation."""
    if op in (Op.SPIKE, Op.TARGET):
        return 0, (1 << CHIP.pin("AERIN_ADDR").width) - 1
    return {Op.TAKE: (1, LONGEST_WAIT), Op.WAIT: (0, LONGEST_WAIT)}.get(op, (0, 1))


def operations(ops: ArrayLike) -> np.ndarray:
    """Return operations in the form that kernels take: (n, 2) int64, ``Op`` and operand.

    Raises InputError for an operation that does not exist, and for an operand that is out of range.
    """
    array = np.ascontiguousarray(ops, dtype=np.int64).reshape(-1, 2)
    codes, operands = array.T
    is_op = np.isin(codes, list(Op))
    low, high = np.array([operand_range(op) for op in Op]).T
    place = np.where(is_op, codes, 0)
    wrong = np.flatnonzero(~is_op | (operands < low[place]) | (operands > high[place]))
    if len(wrong):
        i = int(wrong[0])
        if not is_op[i]:
            raise InputError(f"host: operation {i} is {codes[i]}; there are 0 to {len(Op) - 1}")
        op = Op(codes[i])
        raise InputError(f"host: operation {i}, {op.name} {operands[i]}; its operand is {low[op]} to {high[op]}")
    return array


def clock_limit(ops: np.ndarray, host: Host) -> int:
    """Return the largest number of clocks for a run without a limit of its own; ops : from ``operations``."""
    codes, operands = ops.T
    waits, n_bytes = (int(operands[codes == op].sum()) for op in (Op.WAIT, Op.TAKE))
    n_events = OPERATION * len(ops) + n_bytes
    return limits.clock_limit(n_events, waits, host.gap + host.hold + host.tick, host.ack_delay + host.ack_hold)


def start(pins: int, host: Host) -> np.record:
    """Return the state of a host before its first operation; pins : the present input pins, packed."""
    state = np.zeros(1, dtype=STATE).view(np.recarray)
    state.pins, state.wait = pins, host.gap
    return state[0]


@kernel
def act(h: np.record, ops: np.ndarray, d: HostDelays, pins_out: int) -> None:
    """Move the host through the next clock, before whose edge the chip shows these packed output pins."""
    h.is_byte, h.stable_for = 0, 0
    while h.stable_for == 0 and h.op < len(ops):
        code, operand = ops[h.op, 0], ops[h.op, 1]
        if code in (SPIKE, TARGET):
            is_complete = _send(h, d, code, operand, field(pins_out, OUT.AERIN_ACK))
        elif code == TICK:
            is_complete = _tick(h, d, operand, field(pins_out, OUT.TIMING_ERROR_RDY))
        elif code == TAKE:
            is_complete = _take(h, d, operand, field(pins_out, OUT.OUT_REQ))
        elif code == WAIT:
            is_complete = _wait(h, operand)
        else:
            is_complete = True
            if code == SAMPLE:
                _set(h, IN.SAMPLE, operand)
            elif code == TARGET_VALID:
                _set(h, IN.TARGET_VALID, operand)
            else:
                _set(h, IN.INFER_ACC, operand)
        if is_complete:
            h.op += 1
            h.phase, h.wait = 0, d.gap


@kernel
def skip(h: np.record, clocks: int) -> None:
    """Let clocks pass, at most ``stable_for``; the first is the one for which ``act`` was called."""
    if h.stable_for != FOREVER:
        h.wait -= clocks - 1


@kernel
def _set(h: np.record, pin: Position, level: int) -> None:
    h.pins = h.pins & ~placed(pin.mask, pin) | placed(level, pin)


@kernel
def _is_waiting(h: np.record) -> bool:
    """Return True if a delay runs in this clock, and count it down."""
    if h.wait == 0:
        return False
    h.stable_for = h.wait
    h.wait -= 1
    return True


@kernel
def _is_short_of(h: np.record, level: int, awaited: int) -> bool:
    """Return True if a pin of the chip does not have the level yet for which the host waits."""
    if level == awaited:
        return False
    h.stable_for = FOREVER
    return True


@kernel
def show_event(h: np.record, code: int, addr: int, req: int) -> None:
    """Set the pins of the input bus for a SPIKE or TARGET; code : the ``Op``; addr : 0..255; req : 0 or 1."""
    _set(h, IN.AERIN_ADDR, addr)
    _set(h, IN.AERIN_TAR_EN, int(code == TARGET))
    _set(h, IN.AERIN_REQ, req)


@kernel
def _send(h: np.record, d: HostDelays, code: int, addr: int, ack: int) -> bool:
    """Carry out a four-phase handshake. Return True when ACK has fallen."""
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
    """Raise and lower TIME_TICK. Return True at the end: with ``await_ready`` when TIMING_ERROR_RDY has risen again."""
    if h.phase == 0:
        if _is_waiting(h):
            return False
        _set(h, IN.TIME_TICK, 1)
        h.phase, h.wait = 1, d.tick - 1
        h.stable_for = d.tick
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
    """Carry out a four-phase handshake for each byte. Return True when the last ACK has fallen."""
    if h.phase == 0:
        if _is_short_of(h, req, 1):
            return False
        h.is_byte = 1
        h.n_bytes = h.n_bytes if h.n_bytes else n_bytes
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
    h.n_bytes -= 1
    h.phase = 0
    if h.n_bytes:
        h.stable_for = 1
    return h.n_bytes == 0


@kernel
def _wait(h: np.record, clocks: int) -> bool:
    if h.phase == 0:
        h.phase, h.wait = 1, clocks
    return not _is_waiting(h)
