"""The visits of a neuron of a crossbar chip: each clock in which the chip writes it, and why.

The chip runs clock by clock, so a visit is an observation and no theory: its event is that of the controller's state in
this clock, its weight is that of the word that the synapse memory shows, and its spike is that of the neuron itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType

import numpy as np

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.crossbar.controller import SYN
from draupnir.emulator.crossbar.layout import GROUP_BITS
from draupnir.emulator.crossbar.model import Crossbar
from draupnir.emulator.crossbar.synaptic_core import synapse
from draupnir.emulator.kernel.arith import wide
from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.tools.explain.visits import SynapseTurn, Visit

ROOM = 4096  # visits that a call of the compiled loop can return
READ_SYNAPSE = ("POP_NEUR", "SYNAPSE")  # the states in which a neuron is written with the weight of a synapse
WEIGHT = "syn_weight"
NO_NEURON = -1  # in place of a pre-synaptic neuron: no synapse is watched
# The columns of a visit.
(
    CYCLE,
    STATE,
    AERIN_ADDR,
    SCHEDULED,
    STIMULUS,
    SPIKE,
    WRITES_NEURON,
    WRITES_SYNAPSE,
    BEFORE,
    AFTER,
    NOTED_BEFORE,
    NOTED_AFTER,
    TRACE,
    ERROR,
    N_COLUMNS,
) = range(15)


@kernel
def nothing_noted(r: np.record, memories: tuple[np.ndarray, ...], addr: int, neuron: int) -> tuple[int, int, int]:
    """The notes of a chip whose synapses are in one memory, and learn by their neuron's state alone."""
    return 0, 0, 0


@cache
def _loop(clock: ModuleType, note: Callable[..., tuple[int, int, int]]) -> Callable[..., tuple[int, int]]:
    """Return a compiled loop over clocks; clock : the chip's module; note : see ``NeuronWatcher``"""
    scheduler, controller = clock.scheduler, clock.controller

    @entry
    def run(
        inputs: np.ndarray,
        neuron: int,
        pre: int,
        visits: np.ndarray,
        words: np.ndarray,
        r: np.record,
        neurons: np.ndarray,
        synapses: np.ndarray,
        *memories: np.ndarray,
    ) -> tuple[int, int]:
        """Run clocks until all are over, or there is no room for another visit. Returns both numbers.

        inputs : (n,) int64, the input pins in each clock
        visits : (ROOM, N_COLUMNS) int64; words : (ROOM, 2, n_limbs) uint32, the neuron's word before and after
        """
        i = n = 0
        addr = pre << SYN.pre.shift | neuron >> GROUP_BITS
        while i < len(inputs) and n < len(visits):
            if inputs[i] != r.inputs:
                clock.apply_inputs(r, inputs[i])
            aerin_addr, sched = field(r.inputs, clock.IN.AERIN_ADDR), scheduler.outputs(r)
            neur = controller.neur_mem(r, aerin_addr, sched)
            syn = controller.syn_mem(r, aerin_addr, sched)
            writes_neuron = neur.we == 1 and neur.addr == neuron
            writes_synapse = pre >= 0 and syn.we == 1 and syn.addr == addr
            if writes_neuron or writes_synapse:
                visits[n, CYCLE], visits[n, STATE] = r.cycle, r.state
                visits[n, AERIN_ADDR], visits[n, SCHEDULED] = aerin_addr, sched.data_out
                visits[n, STIMULUS] = synapse(r.synarray_rdata, neuron)
                visits[n, WRITES_NEURON], visits[n, WRITES_SYNAPSE] = int(writes_neuron), int(writes_synapse)
                words[n, 0] = neurons[neuron]
                if pre >= 0:
                    visits[n, BEFORE] = synapse(wide(synapses[addr, 0]), neuron)
                    visits[n, NOTED_BEFORE], visits[n, TRACE], visits[n, ERROR] = note(r, memories, addr, neuron)
            spike = clock.clock(r, neurons, synapses, *memories)
            if writes_neuron or writes_synapse:
                visits[n, SPIKE] = spike if writes_neuron else 0
                words[n, 1] = neurons[neuron]
                if pre >= 0:
                    visits[n, AFTER] = synapse(wide(synapses[addr, 0]), neuron)
                    visits[n, NOTED_AFTER] = note(r, memories, addr, neuron)[0]
                n += 1
            i += 1
        return i, n

    return run


class NeuronWatcher:
    """A neuron of a crossbar chip that is watched, and perhaps one of its synapses.

    neuron : its number; pre : the pre-synaptic neuron of the synapse, or NO_NEURON

    A chip with more memories than ODIN has a class of its own:
    note : a kernel of the state, the further memories, the synapse word's address and the neuron; it returns the bits
        of the synapse there, and two numbers by which it learns
    reads_synapse : the names of the states in which a neuron is written with the weight of a synapse
    weight, weight_unit : the name of the weight among a synapse's fields, and its unit
    learns_by : the names of the neuron's fields by which its synapses learn
    """

    note = staticmethod(nothing_noted)
    reads_synapse: tuple[str, ...] = READ_SYNAPSE
    weight, weight_unit = WEIGHT, "LSB"
    learns_by: tuple[str, ...] = ("core", "calcium")

    def __init__(self, model: Crossbar, neuron: int, pre: int = NO_NEURON) -> None:
        self._model, self._neuron, self._pre = model, neuron, pre
        self._first_cycle = int(model.registers[0].cycle)
        self._neurons, synapses = (model.chip.memory(name) for name in ("neurons", "synapses"))
        assert synapses.matrix is not None
        self._entry = synapses.matrix.entry
        self._reads_synapse = [state for state in model.states if state.name in self.reads_synapse]

    def run(self, rows: np.ndarray) -> Iterator[Visit]:
        """Run clocks on the model, and yield the visits of the neuron. rows : (n,) int64, the pins in each clock"""
        loop, begin = _loop(self._model.clock, self.note), 0
        visits = np.zeros((ROOM, N_COLUMNS), np.int64)
        words = np.zeros((ROOM, 2, self._neurons.n_limbs), np.uint32)
        while begin < len(rows):
            columns = rows[begin:], self._neuron, self._pre, visits, words
            n_clocks, n = loop(*columns, *self._model.kernel_state())
            yield from (self._visit(visits[i].tolist(), words[i]) for i in range(n))
            begin += n_clocks

    def _visit(self, columns: list[int], words: np.ndarray) -> Visit:
        is_neuron, is_synapse = columns[WRITES_NEURON], columns[WRITES_SYNAPSE]
        event = self._model.event_text(columns[STATE], columns[AERIN_ADDR], columns[SCHEDULED])
        stimulus = decode(self._entry, columns[STIMULUS]) if columns[STATE] in self._reads_synapse else {}
        return Visit(
            columns[CYCLE] - self._first_cycle,
            event or "a write by the SPI",
            self._state_fields(words[0]) if is_neuron else None,
            self._state_fields(words[1]) if is_neuron else None,
            stimulus,
            bool(columns[SPIKE]),
            (self._turn(columns, f"synapse {self._pre} -> {self._neuron}"),) if is_synapse else (),
            f", with weight {stimulus[WEIGHT]}" if stimulus else "",
        )

    def _turn(self, columns: list[int], name: str) -> SynapseTurn:
        return SynapseTurn(name, decode(self._entry, columns[BEFORE]), decode(self._entry, columns[AFTER]))

    def _state_fields(self, limbs: np.ndarray) -> dict[str, int]:
        content = from_limbs(limbs)
        return {f.name: f.take(content) for f in self._neurons.word_of(content) if f.kind == "state"}

    @property
    def word(self) -> str:
        """The name of the neuron's word."""
        return self._neurons.word_of(from_limbs(self._model.memories["neurons"][self._neuron])).name

    def parameters(self) -> dict[str, int]:
        """Return the parameters of the neuron."""
        content = from_limbs(self._model.memories["neurons"][self._neuron])
        return {f.name: f.take(content) for f in self._neurons.word_of(content) if f.kind == "parameter"}
