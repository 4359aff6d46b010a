"""Operations of the host of ODIN or tinyODIN: it sends events, waits for rest, resets neurons and reads potentials.

A list of operations has no pins and no clocks: ``stages`` turns it into events with their first cycles, and into what
the host does when the chip is at rest. ``draupnir run`` does this to a model, and ``draupnir host`` to a chip on a
board, over its SPI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.buses.four_phase import FOUR_PHASE
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip, Memory, Word
from draupnir.emulator.speeds.runs import AT_REST

LONGEST_WAIT = (1 << 31) - 1  # clocks of one operation; the bridge on a board looks so far ahead


class CrossbarOp(IntEnum):
    """The operations of a host. Each has an operand, which is 0 if nothing else is said.

    EVENT : send the event with this AERIN_ADDR
    WAIT : the next event is not sent before this number of clocks, 0..LONGEST_WAIT, has passed since the start, or
        since the last WAIT, REST, RESET or READ. So a WAIT ends a time slot of this length
    REST : wait until the chip is at rest
    RESET : wait until the chip is at rest. Then give all neurons the state that the configuration has; synapses stay
    READ : wait until the chip is at rest. Then read the potentials of the first 1..256 neurons
    """

    EVENT = 0
    WAIT = 1
    REST = 2
    RESET = 3
    READ = 4


@dataclass
class Stage:
    """Some events, and what the host does when they are sent and the chip is at rest.

    cycles : for each event the first clock of the stage in which it may be sent, or AT_REST
    addrs : AERIN_ADDR of each event
    op, operand : RESET or READ; REST if the host does nothing
    """

    cycles: list[int] = field(default_factory=list)
    addrs: list[int] = field(default_factory=list)
    op: CrossbarOp = CrossbarOp.REST
    operand: int = 0


def stages(operations: Iterable[tuple[int, int]]) -> Iterator[Stage]:
    """Divide operations (``CrossbarOp``, operand) at each RESET and READ. The last stage may have no events.

    A REST makes no stage of its own, because an event can wait for rest, unless clocks have to be counted from it.
    """
    stage, rest = Stage(), None  # the index of the first event after the last REST
    slot = 0
    for op, operand in operations:
        if op == CrossbarOp.EVENT:
            stage.cycles.append(AT_REST if rest == len(stage.cycles) else slot)
            stage.addrs.append(operand)
        elif op == CrossbarOp.REST:
            rest, slot = len(stage.cycles), 0
        elif op == CrossbarOp.WAIT:
            if rest is not None:
                yield Stage(stage.cycles[:rest], stage.addrs[:rest])
                stage = Stage([max(cycle, 0) for cycle in stage.cycles[rest:]], stage.addrs[rest:])
                rest = None
            slot += operand
        else:
            yield Stage(stage.cycles, stage.addrs, CrossbarOp(op), operand)
            stage, rest, slot = Stage(), None, 0
    yield stage


@dataclass(frozen=True)
class Operations:
    """The operations on a chip of this family."""

    chip: Chip
    Op = CrossbarOp

    @property
    def _neurons(self) -> Memory:
        return self.chip.memory("neurons")

    def operand_range(self, op: Any) -> tuple[int, int]:
        """Return the smallest and the largest operand of an operation."""
        addr = self.chip.buses_of(FOUR_PHASE, "receiver")[0].pins["addr"][0]
        low = {CrossbarOp.READ: 1}
        high = {
            CrossbarOp.EVENT: (1 << addr.width) - 1,
            CrossbarOp.WAIT: LONGEST_WAIT,
            CrossbarOp.READ: self._neurons.depth,
        }
        return low.get(op, 0), high.get(op, 0)

    def potentials(self, words: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the potentials in words of the neuron memory, (n, limbs) uint32, in LSB: (n,) int64."""
        cores = np.zeros(len(words), np.int64)
        for word, rows in self._rows_by_word(words):
            cores[rows] = columns.column(word["core"], words[rows])
        return cores

    def reset_neurons(self, model: Any, configuration: Configuration) -> None:
        """Give all neurons of a model the state that the configuration has, and leave the model at rest.

        The synapses stay as they are. The registers of the neuron core become 0. Among them are ODIN's SDSP flags,
        which the SPI also leaves at 0 when it has written all neurons.
        """
        for reg in self.chip.block("neuron_core").regs:
            model.registers[reg.name] = 0
        memories = {name: words.copy() for name, words in model.memories.items()}
        memories[self._neurons.name] = configuration.memories[self._neurons.name]
        Configuration(self.chip, configuration.registers, memories).apply(model)

    def before_reset(self, configuration: Configuration, neurons: NDArray[np.integer]) -> Mapping[str, np.ndarray]:
        """Return memories as a chip may hold them before a RESET; the SPI writes all that differs from them.

        neurons : (n,) the neurons to be reset. Their state is not known, so that each bit of it differs.
        """
        words = configuration.memories[self._neurons.name].copy()
        for word, rows in self._rows_by_word(words):
            rows[np.setdiff1d(np.arange(len(rows)), neurons)] = False
            part = words[rows]
            for f in (f for f in word if f.kind == "state"):
                columns.put(f, part, columns.signed(f, ~columns.column(f, part)))
            words[rows] = part
        return {**configuration.memories, self._neurons.name: words}

    def _rows_by_word(self, words: NDArray[np.uint32]) -> Iterator[tuple[Word, NDArray[np.bool_]]]:
        """Yield each kind of neuron word, and (n,) bool, True for the words of this kind."""
        memory = self._neurons
        if not memory.view_field:
            yield memory.words[0], np.ones(len(words), bool)
            return
        views = columns.column(memory.words[0][memory.view_field], words)
        for content, name in memory.view.items():
            yield memory.word(name), views == content
