"""ODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

from collections.abc import Mapping

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.declare import Reg
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.odin import clock, stretch
from draupnir.emulator.odin.layout import (
    CHIP,
    MAIN_DEPTH,
    NEURONS,
    SCHED_EVENT,
    SYN,
    SYN_ADDR,
    SYNAPSES,
    VIRTS,
    M,
    State,
)
from draupnir.emulator.parts.crossbar import Accesses, Crossbar
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.speeds.drive import driver

COUNTERS = (
    Reg("burst_clean", 1, meaning="While rows are run: the burst FIFOs are as after a reset. Else 0."),
    Reg("n_burst_lost", 63, meaning="Words pushed past the end of a burst FIFO."),
    Reg("n_burst_undefined", 63, meaning="Words popped from past the end of a burst FIFO."),
)


class Model(Crossbar):
    """ODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, SDSP flags, FIFO words, the memories' output registers.
    """

    chip = CHIP
    counters = COUNTERS
    run_rows = staticmethod(driver(clock, stretch))
    sched_event = SCHED_EVENT
    states = State
    from_aerin = (State.TREF, State.BIST, State.SYNAPSE, State.PUSH)
    from_scheduler = (State.POP_NEUR, State.POP_VIRT)
    from_spi = (State.W_NEUR, State.R_NEUR, State.W_SYN, State.R_SYN)

    @property
    def outputs(self) -> int:
        return int(clock.outputs(self.registers[0]))

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

    # --- What it is doing, in words ---

    def _sched(self) -> tuple[int, int]:
        sched = plain(clock.scheduler.outputs)(self.registers[0])
        return int(sched.empty), int(sched.data_out)

    def _queue(self) -> str:
        return f"main FIFO {n_main(self.registers[0])} of {MAIN_DEPTH} events, burst turn {self.registers[0].priority}"

    def _virtual(self, event: Mapping[str, int]) -> str:
        return f"virtual event to neuron {event['addr']} {decode(VIRTS, event['virts'])}"

    def _accesses(self) -> Accesses:
        r, addr = self.registers[0], self._aerin_addr()
        sched = plain(clock.scheduler.outputs)(r)
        neur, syn = plain(clock.controller.neur_mem)(r, addr, sched), plain(clock.controller.syn_mem)(r, addr, sched)
        return Accesses(int(neur.addr) if neur.cs else None, int(syn.addr) if syn.cs else None)

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
