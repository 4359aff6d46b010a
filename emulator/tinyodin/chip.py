"""tinyODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from emulator.codec import decode, from_limbs
from emulator.drive import driver
from emulator.model import ClockLevel
from emulator.tinyodin import clock, stretch
from emulator.tinyodin.layout import CHIP, LIF, MAIN_DEPTH, N_SYN, NEURONS, SCHED_EVENT, SYN, SYN_ADDR, SYNAPSES, State
from emulator.trace import unpack

FROM_AERIN = (State.TREF, State.PUSH)
FROM_SCHEDULER = (State.POP_NEUR, State.POP_VIRT, State.AER_POP)
FROM_SPI = (State.W_NEUR, State.R_NEUR, State.W_SYN, State.R_SYN)
RESTING = (State.WAIT, State.WAIT_SPIDN, State.WAIT_REQDN)

_drive = driver(clock, stretch)


class Model(ClockLevel):
    """tinyODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, FIFO words, the memories' output registers.
    """

    chip = CHIP

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)
        self._state_before = int(State.WAIT)  # the last drive

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self._state_before = int(self.registers[0].state)
        r = self.registers[0]
        _drive((r,), (r, self.memories[NEURONS.name], self.memories[SYNAPSES.name]), inputs, clk, out)

    @property
    def outputs(self) -> int:
        return int(clock.outputs(self.registers[0]))

    # --- What it is doing, in words ---

    def context(self) -> list[str]:
        """Controller's state, event in flight, neuron and synapse concerned, a line each."""
        r = self.registers[0]
        n_main = 0 if r.main_empty else int(r.main_fill_cnt) + 1
        lines = [
            f"cycle {r.cycle}, controller {State(int(r.state)).name}, ctrl_cnt {r.ctrl_cnt}, neur_cnt {r.neur_cnt}"
            + (", waiting for the output bus" if r.aerout_ctrl_busy else ""),
            f"scheduler: {n_main} of {MAIN_DEPTH} events, next {self._sched_event()}",
        ]
        in_flight = self._in_flight()
        if in_flight:
            lines.append(f"event in flight: {in_flight}")
        sched = clock.scheduler.outputs(r)
        neur = clock.controller.neur_mem(r, self._aerin_addr(), sched)
        syn = clock.controller.syn_mem(r, sched)
        if neur.cs:
            lines.append(self._neuron_line(int(neur.addr)))
        if syn.cs:
            lines.append(self._synapse_line(int(syn.addr)))
        if r.spi_cnt:
            lines.append(f"SPI: bit {r.spi_cnt} of a transaction, address field {r.spi_addr:#07x}")
        return lines

    def activity(self) -> str | None:
        """The event that the last call of ``drive``, of one clock, began to process, or None."""
        now = int(self.registers[0].state)
        began = now != self._state_before and now not in (*RESTING, State.AER_POP)
        return f"cycle {self.registers[0].cycle}: {self._in_flight()}" if began else None

    def _aerin_addr(self) -> int:
        return unpack(CHIP.input_word, int(self.registers[0].inputs))["AERIN_ADDR"]

    def _sched_event(self) -> str:
        sched = clock.scheduler.outputs(self.registers[0])
        if sched.empty:
            return "none"
        event = decode(SCHED_EVENT, int(sched.data_out))
        if not event["virts"]:
            return f"spike of neuron {event['addr']}"
        return f"virtual event of weight {event['virts']} to neuron {event['addr']}"

    def _in_flight(self) -> str:
        r = self.registers[0]
        now = State(int(r.state))
        if now in FROM_AERIN:
            addr = self._aerin_addr()
            event = CHIP.event_of(addr)
            assert event is not None  # every address is an event
            return f"{now.name}: {event.name} event, AERIN_ADDR {addr:#05x} {event.decode(addr)}"
        if now in FROM_SCHEDULER:
            return f"{now.name}: {self._sched_event()}"
        if now in FROM_SPI:
            return f"{now.name}: SPI address {r.ctrl_spi_addr:#06x}, data {r.ctrl_prog_data:#06x}"
        return ""

    def _neuron_line(self, addr: int) -> str:
        fields = decode(LIF, from_limbs(self.memories[NEURONS.name][addr]))
        return f"neuron {addr}: " + ", ".join(f"{name} {content}" for name, content in fields.items())

    def _synapse_line(self, addr: int) -> str:
        at = decode(SYN_ADDR, addr)
        weights = decode(SYN, from_limbs(self.memories[SYNAPSES.name][addr])).values()
        post = at["post_group"] * N_SYN
        return f"synapses {at['pre']} -> {post}..{post + N_SYN - 1}: weights {' '.join(map(str, weights))}"
