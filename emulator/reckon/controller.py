"""The two state machines: the global controller, timestep by timestep, and the event controller within a timestep.

Source: srnn.v, Global controller, Event controller.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.arith import wrap
from draupnir.emulator.kernel.bits import bit
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.reckon.layout import CHIP, EvtState, M, State
from draupnir.emulator.resets import resetter

IDLE, PROP, STEP, SDONE, GET_TAR, CONFIG, EPROP, SEND = map(int, State)
WAIT, CNT, EVT, SUPP = map(int, EvtState)
ONLY_WOUT = 0b100  # SPI_DO_EPROP: only the output weights learn
INPUT, RECURRENT, OUTPUT = 0, 1, 2  # bits of SPI_DO_EPROP: which weights learn
ALWAYS_REGUL = 0b110  # SPI_REGUL_MODE: additive regularisation, and also without TARGET_VALID
TICK_BITS = 32
LSB_LAST = 31  # e_post_lsb in the last clock of a group's last neuron


class Evt(NamedTuple):
    """The event controller's outputs.

    inp_event, z : 1 if the neuron of neur256_cnt spikes, as an input neuron and as a recurrent neuron
    cs, we, addr : access to the neuron memory (select, write, word 0..127); state STEP uses them, too
    """

    inp_event: int
    z: int
    cs: int
    we: int
    addr: int


@kernel
def num_neur(r: np.record) -> int:
    """Return the last neuron whose spike the event controller looks for (SPI_NUM_NEUR), 0..255."""
    return max(r.spi_num_rec_neur, r.spi_num_inp_neur)


@kernel
def num_recout(r: np.record) -> int:
    """Return the last count of state STEP (SPI_NUM_RECOUT), 0..255."""
    return max(num_neur(r), r.spi_num_out_neur)


@kernel
def time_tick(r: np.record) -> int:
    """Return 1 if a timestep begins: at a rising edge of TIME_TICK, or at the end of the local count."""
    if r.spi_local_tick:
        return int(r.tick_cnt == r.spi_cycles_per_tick)
    return r.time_tick_sync & ~r.time_tick_del


# --- Global controller ------------------------------------------------------------------------------------------


@kernel
def _after_timestep(r: np.record) -> int:
    """Return the state that follows a timestep: learn, send, or go on to the next."""
    if r.spi_do_eprop != 0 and (r.target_valid_sync or r.spi_regul_mode & ALWAYS_REGUL == ALWAYS_REGUL):
        return EPROP if r.spi_single_label and r.got_label else GET_TAR
    return SEND if r.spi_send_per_timestep else PROP


@kernel
def eprop_done(r: np.record) -> bool:
    """Return True in the last clock of the last group."""
    if r.e_post_msb != r.spi_num_rec_neur >> 4:
        return False
    if r.spi_do_eprop == ONLY_WOUT:
        return r.e_post_lsb == (r.spi_num_rec_neur & 0xF) << 1 | 1
    return last_pre(r)


@kernel
def last_pre(r: np.record) -> bool:
    """Return True in the last clock of a group's sweep over the pre-synaptic neurons."""
    return r.e_pre == num_neur(r) << 1 | 1


@kernel
def send_num(r: np.record) -> int:
    """Return the index of the last byte to send, 0..31."""
    return 0 if r.spi_send_label_only else r.spi_num_out_neur << 1 | 1


@kernel
def send_done(r: np.record) -> bool:
    return r.out_ack_sync == 1 and r.out_req == 1 and r.send_cnt == send_num(r)


@kernel
def next_state(r: np.record, tick: int, target_done: bool) -> int:
    """Return the controller's state after this clock; a timing error that halts the chip is not considered."""
    state = r.state
    if state == PROP:
        return STEP if tick else PROP
    if state == STEP:
        return SDONE if r.neur_step_cnt == num_recout(r) else STEP
    if state == EPROP:
        if not eprop_done(r):
            return EPROP
        if r.spi_send_per_timestep:
            return SEND
        return PROP if r.sample_sync else EPROP
    if state == IDLE:
        return PROP if r.sample_sync and tick else IDLE
    if state == SDONE:
        if not r.sample_sync:
            return SEND
        return CONFIG if r.spi_en_conf else _after_timestep(r)
    if state == GET_TAR:
        return EPROP if target_done else GET_TAR
    if state == CONFIG:
        return CONFIG if r.spi_en_conf else _after_timestep(r)
    if state == SEND:
        if not send_done(r):
            return SEND
        return PROP if r.spi_send_per_timestep and r.sample_sync else IDLE
    return IDLE


# --- Event controller -------------------------------------------------------------------------------------------


@kernel
def evt(r: np.record) -> Evt:
    """Return the event controller's outputs. It reads a word of two neurons on even counts, and writes on odd ones."""
    now = r.state_evt
    addr = r.neur_step_cnt
    if now == EVT:
        addr = r.neur128x2_cnt
    elif now == SUPP:
        addr = r.neur256_cnt
    return Evt(
        r.inp_events[r.neur256_cnt],
        r.neur_z[r.neur256_cnt],
        int(now in (EVT, SUPP) or r.state == STEP),
        bit(r.neur128x2_cnt | r.supp_cycle | r.neur_step_cnt, 0),
        addr >> 1,
    )


@kernel
def traces_on(r: np.record, kind: int) -> bool:
    """Return True if events increase a kind of trace: 0 input, 1 recurrent, 2 output."""
    return bit(r.spi_do_eprop, kind) == 1 or r.spi_force_traces == 1


@kernel
def next_evt(r: np.record, e: Evt, state_next: int) -> int:
    """Return the event controller's state after this clock.

    In SUPP an input neuron whose number is beyond the recurrent neurons gets two more clocks for its trace.
    """
    now = r.state_evt
    last = r.neur256_cnt == num_neur(r)
    if now == WAIT:
        return CNT if r.state != PROP and state_next == PROP else WAIT
    if now == CNT:
        if e.z or e.inp_event:
            return EVT
        return WAIT if last else CNT
    if now == EVT:
        if r.neur128x2_cnt != r.spi_num_rec_neur | 1:
            return EVT
        if e.inp_event and r.neur256_cnt > r.spi_num_rec_neur and traces_on(r, 0):
            return SUPP
    elif not r.supp_cycle:
        return SUPP
    return WAIT if last else CNT


# --- Clock edge -------------------------------------------------------------------------------------------------


@kernel
def clock(r: np.record, tick: int, state_next: int, evt_next: int, begins: int) -> None:
    """Rising edge of CLK for counters and states.

    tick : 1 if a timestep begins; begins : 1 if a sweep begins for a recurrent neuron's spike (wout_cs_ctrl)
    """
    state, now = r.state, r.state_evt
    halt = r.spi_error_halt == 1 and r.timing_error == 1
    counting = r.spi_local_tick == 1 and state != IDLE and r.tick_cnt != r.spi_cycles_per_tick
    r.tick_cnt = wrap(r.tick_cnt + 1, TICK_BITS) if counting else 1
    if tick and state != IDLE and (state != PROP or now != WAIT):
        r.timing_error = 1
    _eprop_counters(r, state_next)
    if state_next != STEP:
        r.neur_step_cnt = 0
    elif state == STEP:
        r.neur_step_cnt = wrap(r.neur_step_cnt + 1, M)
    r.supp_cycle = int(now == SUPP)
    if evt_next != EVT:
        r.neur128x2_cnt = 0
    elif now == EVT:
        r.neur128x2_cnt = wrap(r.neur128x2_cnt + 1, M)
    if now == WAIT:
        r.neur256_cnt = 0
    elif evt_next == CNT:
        r.neur256_cnt = wrap(r.neur256_cnt + 1, M)
    r.wout_cs_del = begins
    r.state = IDLE if halt else state_next
    r.state_evt = evt_next


@kernel
def _eprop_counters(r: np.record, state_next: int) -> None:
    """Count through a group: its 16 neurons, then all pre-synaptic neurons, two clocks each."""
    if r.state != EPROP:
        if state_next == EPROP:
            r.e_pre = 0
            r.e_post_msb = 0
            r.e_post_lsb = 0
            r.buf16_post = 1
    elif r.buf16_post:
        last = r.e_post_lsb == LSB_LAST
        r.e_post_lsb = 0 if last else r.e_post_lsb + 1
        r.buf16_post = int(r.spi_do_eprop == ONLY_WOUT or not last)
        if r.spi_do_eprop == ONLY_WOUT and last:
            r.e_post_msb = (r.e_post_msb + 1) & 0xF
    elif last_pre(r):
        r.e_pre = 0
        r.e_post_msb = (r.e_post_msb + 1) & 0xF
        r.buf16_post = 1
    else:
        r.e_pre = (r.e_pre + 1) & ((1 << (M + 1)) - 1)
        r.buf16_post = 0


reset = resetter(CHIP.block("controller"))  # the core's reset, which acts at once; the counters keep their content
