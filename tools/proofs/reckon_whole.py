"""Whole ReckOn, from one edge to the next: where the original has its state.

The original's registers have the model's names, apart from requests, which are one register each there, and LFSRs.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from bitwuzla import Kind

from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.reckon import clock
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.layout import (
    CHIP,
    H_BITS,
    N_OUT,
    N_WEIGHTS,
    PROG,
    READ,
    U_BITS,
    WINP,
    WOUT,
    WREC,
    EvtState,
    State,
)
from draupnir.emulator.reckon.lfsrs import LFSRS, Lfsr
from draupnir.emulator.reckon.srams import Mems
from draupnir.tools.proofs.heap import UnknownRecord
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Truth
from draupnir.tools.proofs.reckon_lfsrs import ELEMENTS, STATES, SUMMARIES, TRUST
from draupnir.tools.proofs.whole import Place, Signals, WholeChip, below, lowest_bits_are_0, steps

ROW_BITS = 32  # of flags in our RTL
GAIN_BITS = U_BITS + H_BITS


def _side_by_side(names: tuple[str, ...], signals: Signals, _: int) -> Bits:
    """Signals of which each is a bit of the register, the first the lowest."""
    first = signals(names[0])
    return first.logic.concat([first, *(signals(name) for name in names[1:])])


def _requests(prefix: str, word: object, suffix: str) -> Place:
    names = tuple(f"{prefix}_{field.name.upper()}{suffix}" for field in word)  # type: ignore[attr-defined]
    return partial(_side_by_side, names)


def _in_time(path: str, lfsr: Lfsr) -> Place:
    """The flip-flops of an LFSR in time order, the oldest in bit 0."""
    first = lfsr.lag - lfsr.width
    by_time = {time: i for i, time in enumerate(lfsr.order)}
    return partial(_side_by_side, tuple(f"{path}.d{by_time[first + i]}" for i in range(lfsr.width)))


_PATHS = {
    "lfsr_winp": "lfsr_winp_0",
    "lfsr_wrec": "lfsr_wrec_0",
    "lfsr_wout": "lfsr_wout_0",
    "lfsr_noise_neur": "lfsr_noise_neur",
    "lfsr_strnd_oneur_u": "lfsr_strnd_oneur_u",
    **{f"lfsr_strnd_neur_u{n}": f"genblk8[{n}].lfsr_strnd_neur_u" for n in range(2)},
    **{f"lfsr_strnd_{t}{n}": f"genblk13[{n}].lfsr_strnd_{t}" for t in ("tinp", "trec", "tout") for n in range(2)},
}
ORIGINAL: dict[str, Place] = {
    "prog": _requests("spi_slave_0.PROG", PROG, ""),
    "read": _requests("spi_slave_0.READ", READ, ""),
    **{f"prog_{stage}": _requests("PROG", PROG, f"_{stage}") for stage in ("sync_int", "sync", "del")},
    **{f"read_{stage}": _requests("READ", READ, f"_{stage}") for stage in ("sync_int", "sync")},
    "spi_addr": "spi_slave_0.spi_addr",
    "spi_addr_out": "spi_slave_0.SPI_ADDR",
    **{
        name: f"{name}[{{i}}]"
        for name in ("reg_tar", "cnt_winner", "learning_signals", "neur_h", "trace_reg", "oneur_u")
    },
    "neur_data_o": "neurons.Qr",
    "winp_data_o": "weights_inp.Qr",
    "wrec_data_o": "weights_rec.Qr",
    "wout_data_o": "weights_out.Qr",
    **{lfsr.name: _in_time(_PATHS[lfsr.name], lfsr) for lfsr in LFSRS},
}


# --- Our RTL


def _flags(path: str) -> Place:
    """Flags of all neurons in rows of ROW_BITS."""
    return lambda signals, i: signals(f"{path}_{i // ROW_BITS}").slice(i % ROW_BITS, 1)


OURS: dict[str, Place] = {
    **{name: _flags(f"aer_in.{name}") for name in ("inp_events", "inp_events_next")},
    **{name: _flags(f"hidden_neurons.{name}") for name in ("neur_z", "neur_dirty")},
}


def _gains(kernels: Kernels, record: UnknownRecord, signals: Signals) -> Truth:
    """Our RTL has the products of learning signals and pseudo-derivatives, as far as state EPROP has computed them.

    The other state of the count, in which it stands still at 0 while weights learn, is a part of this statement.
    """
    logic, gains, lsb = kernels.logic, signals("eprop.gain"), record["e_post_lsb"]
    computes = kernels.bits(record["buf16_post"]).is_true()
    rests = kernels.compare(ast.Eq, lsb, 0)
    holds = [logic.truth(Kind.OR, (computes, rests))]
    for n in range(N_WEIGHTS):
        signal = kernels.call(signed, kernels.bits(record["learning_signals"][n]), U_BITS)
        h = kernels.call(signed, kernels.bits(record["neur_h"][n]), H_BITS)
        gain = gains.slice(GAIN_BITS * n, GAIN_BITS).resized(KERNEL_BITS, signed=True)
        later = kernels.compare(ast.LtE, lsb, 2 * n + 1)  # it is not yet computed
        equal = kernels.binary(ast.Mult, signal, h).equals(gain)
        holds.append(logic.truth(Kind.OR, (logic.every((computes, later)), equal)))
    learns = kernels.compare(ast.Eq, record["state"], int(State.EPROP))
    return logic.truth(Kind.OR, (learns.inverted(), logic.every(holds)))


def _supplement(kernels: Kernels, record: UnknownRecord) -> Truth:
    """Only an input neuron beyond the recurrent ones has a supplementary cycle, so it is not the first one."""
    is_another_state = kernels.binary(ast.BitXor, record["state_evt"], int(EvtState.SUPP))
    holds: Truth = kernels.compare(ast.NotEq, kernels.binary(ast.BitOr, is_another_state, record["neur256_cnt"]), 0)
    return holds


def _pack(*memories: Any) -> Mems:
    """The memories as the clock takes them; it uses no others."""
    neurons, winp, wrec, wout = memories
    unused: Any = None
    return Mems(neurons, winp, wrec, wout, unused, unused, unused)


WHOLE = WholeChip(
    CHIP,
    clock,
    Model.counters,
    ORIGINAL,
    OURS,
    our_relations={"gain has the products that the state EPROP has computed so far": _gains},
    after_reset={
        "the state is one of 8": below("state", len(State)),
        "the lowest bit that is shifted out is 0": lowest_bits_are_0("spi_shift_reg_out", 1),
        "the first neuron has no supplementary cycle": _supplement,
    },
    states=STATES,
    elements=ELEMENTS,
    summaries=SUMMARIES,
    trusts=(TRUST,),
    limbs={WINP.name: N_WEIGHTS, WREC.name: N_WEIGHTS, WOUT.name: N_OUT},
    together={"neur_z": 32, "learning_signals": 1},
    alone=("out_data", "cnt_winner", "a word of neurons"),
    pack=_pack,
    has_flat=True,
)
STEPS = steps(WHOLE)
