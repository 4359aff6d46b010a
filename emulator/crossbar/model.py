"""The common part of the golden models of ODIN and tinyODIN: the class that is driven, and what it says of itself.

Two memories, a bus for events and one for spikes, a FIFO of events, and a controller that takes one event at a time:
from the bus, the FIFO or the SPI.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import IntEnum
from functools import cache
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

import numpy as np

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.crossbar.layout import N_SYN, R_NEUR, R_SYN, SYN_ADDR, W_NEUR, W_SYN
from draupnir.emulator.declare import Reg, Word
from draupnir.emulator.kernel.jit import kernel, plain
from draupnir.emulator.model import ClockLevel, RowLoop
from draupnir.emulator.parts.fifo import n_main
from draupnir.emulator.trace import unpack

COUNTERS: tuple[Reg, ...] = (
    Reg("n_dropped", 63, meaning="Spikes that found a FIFO of the scheduler full, and were dropped."),
)


class Accesses(NamedTuple):
    """The words of either memory that the coming edge reads or writes, or None."""

    neuron: int | None
    synapses: int | None


@cache
def _access_kernel(clock: ModuleType) -> Callable[[np.record, int], tuple[int, int]]:
    """Make the kernel that returns the neuron's and the synapses' address of the coming edge, -1 for none.

    It returns integers, since a signal ends the process where a kernel returns a named tuple to Python.
    """
    scheduler, controller = clock.scheduler, clock.controller

    @kernel
    def accesses(r: np.record, aerin_addr: int) -> tuple[int, int]:
        sched = scheduler.outputs(r)
        neur, syn = controller.neur_mem(r, aerin_addr, sched), controller.syn_mem(r, aerin_addr, sched)
        return neur.addr if neur.cs else -1, syn.addr if syn.cs else -1

    return accesses


class Crossbar(ClockLevel):
    """Clock by clock; see ``ClockLevel`` for how it is driven.

    A chip's class also says what its clock is, how the rows are run (``drive.driver``), what an event in its FIFO is,
    which states its controller has, and which of these deal with what.
    """

    counters = COUNTERS
    clock: ClassVar[ModuleType]
    run_rows: ClassVar[Callable[..., None]]
    sched_event: ClassVar[Word]
    states: ClassVar[type[IntEnum]]
    from_aerin: ClassVar[Collection[int]]
    from_scheduler: ClassVar[Collection[int]]
    from_spi: ClassVar[Collection[int]] = (W_NEUR, R_NEUR, W_SYN, R_SYN)
    stretches_rows = True
    gates: ClassVar[Mapping[str, Sequence[str]]] = {
        "SPI_GATE_ACTIVITY": ("spi_gate_activity", "spi_gate_activity_sync")
    }

    def __init__(self, seed: int | None = None, stretch: bool = True) -> None:
        super().__init__(seed, stretch)
        self._state_before = int(self.registers[0].state)  # the last drive

    def kernel_state(self) -> tuple[Any, ...]:
        """The state as kernels take it: the record, the neurons, the synapses; a chip may have more memories."""
        return self.registers[0], self.memories["neurons"], self.memories["synapses"]

    @property
    def outputs(self) -> int:
        return int(self.clock.outputs(self.registers[0]))

    def poke(self, name: str, content: int, element: int = 0) -> None:
        """See ``ClockLevel.poke``; an asynchronous reset in the chip that the content raises acts at once."""
        earlier = self._asynchronous_resets()
        super().poke(name, content, element)
        for reset, is_active in self._asynchronous_resets().items():
            if is_active and not earlier[reset]:
                plain(reset)(self.registers[0])

    def _asynchronous_resets(self) -> dict[Callable[[Any], None], bool]:
        """Return what resets a part of the chip, and whether it does; a reset that rises acts before the next clock."""
        r, blocks = self.registers[0], self.clock
        rst, gate = bool(r.rst_sync), bool(r.spi_gate_activity_sync)
        return {blocks.controller.reset: rst, blocks.scheduler.reset: rst, blocks.aer_out.reset: rst or gate}

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        self._state_before = int(self.registers[0].state)
        self.row_loop().run(inputs, clk, out)

    def row_loop(self) -> RowLoop:
        return RowLoop(self.run_rows, (), (self.stretch, *self.kernel_state()))

    # --- What it is doing, in words ---

    def context(self) -> list[str]:
        """Controller's state, event in flight, neuron and synapse concerned, a line each."""
        r = self.registers[0]
        state = self._state_name()
        lines = [
            *self.holding_still(),
            f"cycle {r.cycle}, controller {state}, ctrl_cnt {r.ctrl_cnt}, neur_cnt {r.neur_cnt}"
            + (", waiting for the output bus" if r.aerout_ctrl_busy else ""),
            f"scheduler: {self._queue()}, next {self._next_event()}",
        ]
        in_flight = self._in_flight()
        if in_flight:
            lines.append(f"event in flight: {in_flight}")
        accesses = self._accesses()
        if accesses.neuron is not None:
            lines += self._neuron_lines(accesses.neuron)
        if accesses.synapses is not None:
            lines.append(self._synapse_line(accesses.synapses))
        if r.spi_cnt:
            lines.append(f"SPI: bit {r.spi_cnt} of a transaction, address field {r.spi_addr:#07x}")
        return lines

    def activity(self) -> str | None:
        """The event that the last call of ``drive``, of one clock, began to process, or None."""
        in_flight = self._in_flight() if self._state_before == self.states["WAIT"] else ""
        return f"cycle {self.registers[0].cycle}: {in_flight}" if in_flight else None

    @property
    def depth(self) -> int:
        """Events that the main FIFO holds."""
        return next(reg.shape[0] for reg in self.chip.block("scheduler").regs if reg.name == "main_mem")

    def _queue(self) -> str:
        """Return how many events wait."""
        return f"{n_main(self.registers[0])} of {self.depth} events"

    @abstractmethod
    def _virtual(self, event: Mapping[str, int]) -> str:
        """A virtual event of the FIFO."""

    def _accesses(self) -> Accesses:
        neuron, synapses = _access_kernel(self.clock)(self.registers[0], self._aerin_addr())
        return Accesses(neuron if neuron >= 0 else None, synapses if synapses >= 0 else None)

    def _neuron_lines(self, addr: int) -> list[str]:
        memory = self.chip.memory("neurons")
        content = from_limbs(self.memories[memory.name][addr])
        word = memory.word_of(content)
        fields = decode(word, content)
        kinds = {
            kind: ", ".join(f"{f.name} {fields[f.name]}" for f in word if f.kind == kind)
            for kind in ("state", "parameter")
        }
        return [f"neuron {addr} ({word.name}): {kinds['state']}", f"    {kinds['parameter']}"]

    def _synapse_line(self, addr: int) -> str:
        place = decode(SYN_ADDR, addr)
        memory = self.chip.memory("synapses")
        fields = decode(memory.words[0], from_limbs(self.memories[memory.name][addr]))
        weights = " ".join(str(content) for name, content in fields.items() if name.startswith("syn_weight"))
        post = place["post_group"] * N_SYN
        return f"synapses {place['pre']} -> {post}..{post + N_SYN - 1}: weights {weights}"

    def _state_name(self) -> str:
        number = int(self.registers[0].state)
        return next((state.name for state in self.states if state == number), f"{number}, which is no state")

    def _aerin_addr(self) -> int:
        return unpack(self.chip.input_word, int(self.registers[0].inputs))["AERIN_ADDR"]

    def _next_event(self) -> str:
        sched = plain(self.clock.scheduler.outputs)(self.registers[0])
        return "none" if sched.empty else self._scheduled(int(sched.data_out))

    def _scheduled(self, content: int) -> str:
        """Return an event of the FIFO in words; content : its word"""
        event = decode(self.sched_event, content)
        return self._virtual(event) if event["virts"] else f"spike of neuron {event['addr']}"

    def event_text(self, state: int, aerin_addr: int, scheduled: int) -> str:
        """Return in words the event that the controller processes in a state; "" between two events.

        aerin_addr : AERIN_ADDR; scheduled : the word that the scheduler shows
        """
        if state in self.from_aerin:
            digits = -(-self.chip.input_word["AERIN_ADDR"].width // 4)
            event = self.chip.event_of(aerin_addr)
            assert event is not None  # every address is an event
            fields = event.decode(aerin_addr) or ""
            return f"{event.name} event, AERIN_ADDR {aerin_addr:#0{2 + digits}x} {fields}".rstrip()
        return self._scheduled(scheduled) if state in self.from_scheduler else ""

    def _in_flight(self) -> str:
        r = self.registers[0]
        state, name = int(r.state), self._state_name()
        if state in self.from_spi:
            return f"{name}: SPI address {r.ctrl_spi_addr:#06x}, data {r.ctrl_prog_data:#06x}"
        if state in self.from_scheduler:
            return f"{name}: {self._next_event()}"
        text = self.event_text(state, self._aerin_addr(), 0)
        return f"{name}: {text}" if text else ""
