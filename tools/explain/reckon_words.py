"""The notes on a neuron of ReckOn in words: which event it is, and why a weight moves or stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from draupnir.emulator.reckon.controller import INPUT, OUTPUT, RECURRENT
from draupnir.emulator.reckon.layout import REGUL_ONE, WINP, WOUT, WREC, EvtState, State
from draupnir.emulator.reckon.notes import TURN

LEARN = "SPI_DO_EPROP"
KINDS = {WINP.name: INPUT, WREC.name: RECURRENT, WOUT.name: OUTPUT}  # the bit of SPI_DO_EPROP of each memory
STOCHASTIC = "the random number is larger than the probability"


def event_text(note: Any, is_output: bool) -> str:
    """The event that the chip processes; is_output : True for the notes on an output neuron"""
    if note.forgets:
        return "end of the sample"
    if not note.is_written:
        return "e-prop"
    if note.state_evt == EvtState.SUPP:
        return f"trace of input neuron {note.neur}{_beside(note)}"
    if note.state_evt == EvtState.EVT and not (is_output and note.steps):
        return f"{_spikes(note, is_output)} {note.neur}{_beside(note)}"
    return "end of a timestep"


def _spikes(note: Any, is_output: bool) -> str:
    if is_output or not note.inp_event:
        return "spike of recurrent neuron"
    return "spikes of input and recurrent neuron" if note.z else "spike of input neuron"


def _beside(note: Any) -> str:
    """The state of the controller, if it is not the usual one: after a timing error a sweep goes on beside it."""
    return "" if note.state == State.PROP else f", beside state {State(note.state).name}"


def stimulus_of(note: Any, is_output: bool) -> dict[str, int]:
    """The weights that act on the neuron, and the noise, by name."""
    if not note.is_written or note.forgets or note.state_evt != EvtState.EVT or (is_output and note.steps):
        return {}
    acts = {WINP.name: note.inp_event, WREC.name: note.z, WOUT.name: 0, "noise": note.noise}
    if is_output:
        acts = {WOUT.name: 1}
    return {name: int(getattr(note, name)) for name, acts_now in acts.items() if acts_now}


def detail_text(stimulus: Mapping[str, int], registers: Mapping[str, int]) -> str:
    """The stimulus, to follow its event; a weight has its left shift, if there is one."""
    parts = []
    for name, content in stimulus.items():
        shift = registers.get(f"SPI_FP_LOC_{name.upper()}", 0)
        parts.append(f"{name} {content}" + (f" << {shift}" if shift else ""))
    return f", with {' and '.join(parts)}" if parts else ""


def moment_text(note: Any) -> str:
    """The timestep of the note; "" before the first one."""
    return f"timestep {note.timestep} of sample {note.sample}" if note.timestep >= 0 else ""


# --- Turns --------------------------------------------------------------------------------------------------------


def terms_of(memory: str, note: Any, turn: Any) -> dict[str, int]:
    """The numbers that decide about a weight, by name."""
    names = ("oneur_err",) if memory == WOUT.name else ("learning_signal", "neur_h", "trace_reg")
    own = [name for name in TURN.names or () if name not in ("old_w", "new_w")]
    return {name: int(getattr(note, name)) for name in names} | {name: int(getattr(turn, name)) for name in own}


def pre_text(memory: str, pre: int) -> str:
    """The pre-synaptic neuron of a weight."""
    return f"{'input' if memory == WINP.name else 'recurrent'} neuron {pre}"


def why(memory: str, pre: int, note: Any, turn: Any, registers: Mapping[str, int]) -> str:
    """The reason for which a weight moves, or does not."""
    if not turn.is_written:
        return _why_not_written(memory, pre, note, turn, registers)
    if turn.prob == 0:
        return _why_no_product(memory, pre, note, turn)
    if not turn.moves:
        return STOCHASTIC
    if turn.is_own:
        return f"the weight of a neuron to itself becomes 0; {_product(memory, note, turn)}"
    if turn.old_w == turn.new_w:
        return "it is at its limit"
    return _product(memory, note, turn)


def _why_not_written(memory: str, pre: int, note: Any, turn: Any, registers: Mapping[str, int]) -> str:
    if not registers[LEARN] >> KINDS[memory] & 1:
        return f"{LEARN} is {registers[LEARN]}: {memory} does not learn"
    if not turn.learns and not note.target_valid:
        return "TARGET_VALID is 0"
    if not turn.learns:
        return f"{pre_text(memory, pre)} is not in use"
    return f"the trace of {pre_text(memory, pre)} is 0"


def _why_no_product(memory: str, pre: int, note: Any, turn: Any) -> str:
    if turn.ls_h * turn.pre_trace:
        return "regularisation leaves nothing of the product"
    if not note.target_valid:
        return "TARGET_VALID is 0"
    if turn.pre_trace == 0:
        return f"the trace of {pre_text(memory, pre)} is 0"
    if memory == WOUT.name:
        return "the error is 0"
    return "the learning signal is 0" if note.learning_signal == 0 else "the pseudo-derivative is 0"


def _product(memory: str, note: Any, turn: Any) -> str:
    """The product, its regularisation, and the two numbers that are compared."""
    if memory == WOUT.name:
        factors = f"error {note.oneur_err} x trace {turn.pre_trace}"
    else:
        factors = f"learning signal {note.learning_signal} x pseudo-derivative {note.neur_h} x trace {turn.pre_trace}"
        if turn.prob != turn.ls_h * turn.pre_trace:
            factors += f", {turn.sixteenths} of {REGUL_ONE} parts of it minus {turn.additive}"
    verb = "reaches" if turn.magnitude >= turn.rnd else "is the strongest one, which does not need"
    return f"{factors} gives {turn.prob:,}: {turn.magnitude:,} {verb} the random number {turn.rnd:,}"
