"""ODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

import numpy as np

from emulator.codec import decode, from_limbs
from emulator.declare import Reg
from emulator.drive import driver
from emulator.model import ClockLevel
from emulator.odin import clock, stretch
from emulator.odin.layout import CHIP, NEURONS, SCHED_EVENT, SYN, SYN_ADDR, SYNAPSES, VIRTS, M, State

COUNTERS = (
    Reg("burst_clean", 1, meaning="The burst FIFOs have been reset and not used since."),
    Reg("n_burst_lost", 63, meaning="Words pushed past the end of a burst FIFO."),
    Reg("n_burst_undefined", 63, meaning="Words popped from past the end of a burst FIFO."),
)
FROM_AERIN = (State.TREF, State.BIST, State.SYNAPSE, State.PUSH)
FROM_SCHEDULER = (State.POP_NEUR, State.POP_VIRT)
FROM_SPI = (State.W_NEUR, State.R_NEUR, State.W_SYN, State.R_SYN)

_drive = driver(clock, stretch)


class Model(ClockLevel):
    """ODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, SDSP flags, FIFO words, the memories' output registers.
    """

    chip = CHIP
    counters = COUNTERS

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
        lines = [
            f"cycle {r.cycle}, controller {State(int(r.state)).name}, ctrl_cnt {r.ctrl_cnt}, neur_cnt {r.neur_cnt}"
            + (", waiting for the output bus" if r.aerout_ctrl_busy else ""),
            f"scheduler: main FIFO {self._n_main()} of 32 events, burst turn {r.priority}, next {self._sched_event()}",
        ]
        in_flight = self._in_flight()
        if in_flight:
            lines.append(f"event in flight: {in_flight}")
        neur, syn = self._accesses()
        if neur.cs:
            lines += self._neuron_lines(int(neur.addr))
        if syn.cs:
            lines.append(self._synapse_line(int(syn.addr)))
        if r.spi_cnt:
            lines.append(f"SPI: bit {r.spi_cnt} of a transaction, address field {r.spi_addr:#07x}")
        return lines

    def activity(self) -> str | None:
        """The event that the last call of ``drive``, of one clock, began to process, or None."""
        now = int(self.registers[0].state)
        began = now != self._state_before and now not in (State.WAIT, State.WAIT_SPIDN, State.WAIT_REQDN)
        return f"cycle {self.registers[0].cycle}: {self._in_flight()}" if began else None

    def warnings(self) -> list[str]:
        """What happened that the original's Verilog leaves undefined, counted and decoded."""
        r = self.registers[0]
        lines = []
        if r.n_burst_lost:
            lines.append(
                f"{r.n_burst_lost} burst spike(s) were pushed past the 4 words of a burst FIFO (its pointers count to"
                f" 32); {r.n_burst_undefined} of them have been read back: undefined in the Verilog, here the word at"
                " the pointer modulo 4"
            )
        return lines

    def _accesses(self):  # type: ignore[no-untyped-def]
        r = self.registers[0]
        sched = clock.scheduler.outputs(r)
        addr = self._aerin_addr()
        return clock.controller.neur_mem(r, addr, sched), clock.controller.syn_mem(r, addr, sched)

    def _aerin_addr(self) -> int:
        f = CHIP.input_word["AERIN_ADDR"]
        return int(self.registers[0].inputs) >> f.lsb & f.high

    def _n_main(self) -> int:
        r = self.registers[0]
        return 0 if r.main_empty else int(r.main_fill_cnt) + 1

    def _sched_event(self) -> str:
        sched = clock.scheduler.outputs(self.registers[0])
        if sched.empty:
            return "none"
        event = decode(SCHED_EVENT, int(sched.data_out))
        if not event["virts"]:
            return f"spike of neuron {event['addr']}"
        return f"virtual event to neuron {event['addr']} {decode(VIRTS, event['virts'])}"

    def _in_flight(self) -> str:
        r = self.registers[0]
        now = State(int(r.state))
        if now in FROM_AERIN:
            addr = self._aerin_addr()
            event = CHIP.event_of(addr)
            assert event is not None  # every address matches "other"
            return f"{now.name}: {event.name} event, AERIN_ADDR {addr:#07x} {event.decode(addr)}"
        if now in FROM_SCHEDULER:
            return f"{now.name}: {self._sched_event()}"
        if now in FROM_SPI:
            return f"{now.name}: SPI address {r.ctrl_spi_addr:#06x}, data {r.ctrl_prog_data:#06x}"
        return ""

    def _neuron_lines(self, addr: int) -> list[str]:
        content = from_limbs(self.memories[NEURONS.name][addr])
        word = NEURONS.word_of(content)
        fields = decode(word, content)
        kinds = {
            kind: ", ".join(f"{f.name} {fields[f.name]}" for f in word if f.kind == kind)
            for kind in ("state", "parameter")
        }
        return [f"neuron {addr} ({word.name}): {kinds['state']}", f"    {kinds['parameter']}"]

    def _synapse_line(self, addr: int) -> str:
        at = decode(SYN_ADDR, addr)
        fields = decode(SYN, from_limbs(self.memories[SYNAPSES.name][addr]))
        weights = " ".join(str(fields[f.name]) for f in SYN if f.name.startswith("syn_weight"))
        post = at["post_group"] << (M - SYN_ADDR["post_group"].width)
        return f"synapses {at['pre']} -> {post}..{post + 7}: weights {weights}"
