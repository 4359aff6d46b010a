"""tinyODIN's golden model: all pins and all state at every clock."""

from __future__ import annotations

from collections.abc import Mapping

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.parts.crossbar import Accesses, Crossbar
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.speeds.drive import driver
from draupnir.emulator.tinyodin import clock, stretch
from draupnir.emulator.tinyodin.layout import (
    CHIP,
    LIF,
    MAIN_DEPTH,
    N_SYN,
    NEURONS,
    SCHED_EVENT,
    SYN,
    SYN_ADDR,
    SYNAPSES,
    State,
)


class Model(Crossbar):
    """tinyODIN, clock by clock; see ``ClockLevel`` for how it is driven.

    What no reset touches: configuration registers, FIFO words, the memories' output registers.
    """

    chip = CHIP
    run_rows = staticmethod(driver(clock, stretch))
    sched_event = SCHED_EVENT
    states = State
    from_aerin = (State.TREF, State.PUSH)
    from_scheduler = (State.POP_NEUR, State.POP_VIRT, State.AER_POP)
    from_spi = (State.W_NEUR, State.R_NEUR, State.W_SYN, State.R_SYN)

    @property
    def outputs(self) -> int:
        return int(clock.outputs(self.registers[0]))

    # --- What it is doing, in words ---

    def _sched(self) -> tuple[int, int]:
        sched = plain(clock.scheduler.outputs)(self.registers[0])
        return int(sched.empty), int(sched.data_out)

    def _queue(self) -> str:
        return f"{n_main(self.registers[0])} of {MAIN_DEPTH} events"

    def _virtual(self, event: Mapping[str, int]) -> str:
        return f"virtual event of weight {event['virts']} to neuron {event['addr']}"

    def _accesses(self) -> Accesses:
        r = self.registers[0]
        sched = plain(clock.scheduler.outputs)(r)
        neur, syn = (
            plain(clock.controller.neur_mem)(r, self._aerin_addr(), sched),
            plain(clock.controller.syn_mem)(r, sched),
        )
        return Accesses(int(neur.addr) if neur.cs else None, int(syn.addr) if syn.cs else None)

    def _neuron_lines(self, addr: int) -> list[str]:
        fields = decode(LIF, from_limbs(self.memories[NEURONS.name][addr]))
        return [f"neuron {addr}: " + ", ".join(f"{name} {content}" for name, content in fields.items())]

    def _synapse_line(self, addr: int) -> str:
        at = decode(SYN_ADDR, addr)
        weights = decode(SYN, from_limbs(self.memories[SYNAPSES.name][addr])).values()
        post = at["post_group"] * N_SYN
        return f"synapses {at['pre']} -> {post}..{post + N_SYN - 1}: weights {' '.join(map(str, weights))}"
