"""The common part of all golden models: registers, memories, rows of pins, snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from draupnir.emulator import state, state_table
from draupnir.emulator.changes import Changes, changes_of, joined
from draupnir.emulator.codec import from_limbs, to_limbs
from draupnir.emulator.declare import Chip, Reg
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds import pieces
from draupnir.emulator.trace import from_row, in_step, new_rows, pack, to_row, to_rows, unpack

RESET_CLOCKS = 4  # more than a reset needs to pass the two flip-flops that some chips have


class RowLoop(NamedTuple):
    """A compiled loop over rows: ``loop(*first_args, inputs, clk, out, *last_args)`` does what ``_run`` does."""

    loop: Callable[..., None]
    first_args: tuple[Any, ...] = ()
    last_args: tuple[Any, ...] = ()

    def run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        """Run rows."""
        self.loop(*self.first_args, inputs, clk, out, *self.last_args)


class ClockLevel(ABC):
    """A golden model of a chip, clock by clock. Before the first clock all registers and memories are 0.

    seed : the seed of random contents for the registers that no reset changes; None leaves them 0
    stretch : False runs every clock by itself: the plain clock, the reference for all other speeds. True runs several
        clocks at once in which only one thing moves, and whole events, with the same results.

    Attributes that you may read and write between two clocks; the model keeps nothing else:
    stretch : as above
    registers : an array of one record, int64 for each register
    memories : name -> uint32 of ``Memory.shape``, limb 0 the least significant one

    Every model has two registers more than its chip: ``inputs``, the present input pins as a row of a trace, and
    ``cycle``, the number of rows with a clock edge so far. A chip's class names the chip, and in ``counters`` any
    other registers that the chip does not have.
    """

    chip: Chip
    counters: tuple[Reg, ...] = ()
    stretches_rows: ClassVar[bool] = False  # True if ``drive`` does something else with ``stretch`` than without it
    gates: ClassVar[Mapping[str, Sequence[str]]] = {}  # configuration bit that stops the chip -> registers that hold it

    def __init__(self, seed: int | None = None, stretch: bool = True) -> None:
        self.stretch = stretch
        row = self.chip.input_word.row
        shape = () if len(row) == 1 else (len(row),)
        pins = Reg("inputs", max(1, *(part.width for part in row)), shape=shape, meaning="The present input pins.")
        cycle = Reg("cycle", 63, meaning="Rows with a clock edge so far.")
        self.registers = state.new_registers(self.chip, (pins, cycle, *self.counters), seed)
        self.memories = {memory.name: state.new_memory(memory) for memory in self.chip.memories}

    @abstractmethod
    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        """Run rows, and write the output pins before the edges of each row that has any; all of ``out`` is 0 before."""

    def row_loop(self) -> RowLoop | None:
        """Return the compiled loop over rows, for compiled code that runs rows one by one; None if there is none."""
        return None

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The present output pins, packed; above them the probes, if the chip has any."""

    def drive(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        """Run rows of packed input pins (see ``draupnir.emulator.trace``). Without a row, only load the machine code.

        inputs : (n,) or (n, n_words) int64
        clk : (n,) uint8, the clock edges of each row

        Returns rows of the output pins immediately before each row's edges; 0 for a row without an edge. Raises Stopped
        between two pieces of the work if it has to stop (``draupnir.emulator.speeds.pieces``).
        """
        out = new_rows(self.chip.output_word, len(inputs))
        rows, edges = np.ascontiguousarray(inputs, dtype=np.int64), np.ascontiguousarray(clk, dtype=np.uint8)
        for i in range(0, max(1, len(rows)), pieces.ROWS):
            if i:
                pieces.check_stop()
            part = slice(i, i + pieces.ROWS)
            try:
                self._run(rows[part], edges[part], out[part])
            except SystemError as error:
                raise pieces.raised_by_signal(error) from None
        return out

    def drive_changes(self, inputs: Changes) -> Changes:
        """Run whole clocks, with all clocks in step, under input pins that are given by their changes.

        inputs : a row for each edge of a period; the first row is the first edge of a period

        Returns the changes of the output pins immediately before each edge; the bits of probes are 0. Raises InputError
        for a part of a period, and Stopped between two pieces of the work if it has to stop.
        """
        self._check_whole_clocks(inputs)
        clk = in_step(self.chip, min(inputs.n_rows, pieces.ROWS))
        pins = to_row(self.chip.output_word, (1 << sum(pin.width for pin in self.chip.outputs)) - 1)
        rows, levels = [], []
        for start in range(0, max(1, inputs.n_rows), pieces.ROWS):
            if start:
                pieces.check_stop()
            part = inputs.part(start, min(start + pieces.ROWS, inputs.n_rows))
            changes = changes_of(self.drive(part, clk[: len(part)]) & pins)
            rows.append(changes.rows + start)
            levels.append(changes.levels)
        return joined(rows, levels, inputs.n_rows)

    def _check_whole_clocks(self, inputs: Changes) -> None:
        n_edges = len(self.chip.period)
        if inputs.n_rows % n_edges:
            name = self.chip.name
            raise InputError(f"{name}: {inputs.n_rows} rows are no whole clocks; right is a multiple of {n_edges}")

    def step(self, inputs: int, edges: int = 1) -> int:
        """Run one row, and return the packed outputs immediately before its edges.

        inputs : the packed input pins
        edges : the clock edges, a mask as in ``Trace.clk``; 0 for a row without an edge
        """
        rows = to_rows(self.chip.input_word, [inputs])
        return from_row(self.chip.output_word, self.drive(rows, np.array([edges], np.uint8))[0])

    @property
    def inputs(self) -> int:
        """The present input pins, packed."""
        return from_row(self.chip.input_word, self.registers[0].inputs)

    def reset(self) -> None:
        """Hold the reset pins for four clocks, then wait for four clocks.

        All other pins are at rest, and the clocks run in step. Memories keep their content, and so do registers that no
        reset changes, unless the chip itself changes it.
        """
        self._hold(self.chip.reset_levels(True), RESET_CLOCKS)
        self.rest(RESET_CLOCKS)

    def rest(self, clocks: int) -> None:
        """Run clocks, 0 or more, in which no reset is active, all other pins are at rest and the clocks run in step."""
        self._hold(self.chip.reset_levels(False), clocks)

    def _hold(self, levels: Mapping[str, int], clocks: int) -> None:
        word, n_rows = self.chip.input_word, clocks * len(self.chip.period)
        pins = pack(word, {**self.chip.inputs_at_rest, **levels})
        self.drive(to_rows(word, [pins] * n_rows), in_step(self.chip, n_rows))

    def registers_written(self) -> None:  # noqa: B027
        """Apply the side effects of an SPI write; call it after you have written configuration registers directly."""

    def peek(self, name: str, element: int = 0) -> int:
        """Return the content of a register or of a word: 0..2**width - 1. Parameters and errors are as for ``poke``."""
        rows, _ = self._element(name, element)
        return from_limbs(rows[element]) if rows.ndim == 2 else int(rows[element])

    def poke(self, name: str, content: int, element: int = 0) -> None:
        """Write a register of the chip, or a word of a memory, between two clocks, as a fault in the chip would.

        name : a register of ``Chip.blocks``, or a memory
        content : 0..2**width - 1
        element : the number of the register in its array, or of the word; copies are counted through

        The next clock, stretch or event sees the content, because the model keeps nothing else that depends on it.
        Raises InputError for a name that is neither, an element that is not there, and a content that does not fit.
        """
        rows, width = self._element(name, element)
        if not 0 <= content < 1 << width:
            raise InputError(f"{self.chip.name}: {name}: {content:#x} does not fit into {width} bits")
        rows[element] = to_limbs(content, rows.shape[1]) if rows.ndim == 2 else content

    def _element(self, name: str, element: int) -> tuple[np.ndarray, int]:
        """Return the elements of a register or of a memory, one a row, and their width."""
        rows, width = state.elements(self.chip, self.registers, self.memories, name)
        if not 0 <= element < len(rows):
            raise InputError(f"{self.chip.name}: {name} has no element {element}; right is 0..{len(rows) - 1}")
        return rows, width

    def snapshot(self) -> state.Snapshot:
        """Return a copy of all state. After ``restore`` of it the model goes on in exactly the same way."""
        return state.take(self.registers, self.memories)

    def restore(self, snapshot: state.Snapshot) -> None:
        """Set all state to that of a snapshot."""
        state.put_back(snapshot, self.registers, self.memories)

    def context(self) -> list[str]:
        """Return lines that say what the chip is doing; the lines of ``holding_still`` come first."""
        return [*self.holding_still(), f"cycle {self.registers[0].cycle}"]

    def holding_still(self) -> list[str]:
        """Return a line that names the reset pins and the ``gates`` that are on; no line if none is."""
        r, pins = self.registers[0], unpack(self.chip.input_word, self.inputs)
        names = [pin.name for pin in self.chip.resets if pins[pin.name] == pin.active_level]
        names += [name for name, registers in self.gates.items() if any(r[register] for register in registers)]
        return [", ".join(f"{name} is on" for name in names)] if names else []

    def activity(self) -> str | None:
        """Return what the chip began to process in the last call of ``drive`` with one clock, or None."""
        return None

    def _repr_html_(self) -> str:
        """Return the present state as tables, which a notebook shows: pins, words of memories, registers."""
        pins = self.inputs, self.outputs
        return state_table.tables(self.chip, self.registers[0], self.memories, pins, self.context())

    def warnings(self) -> list[str]:
        """Return lines that count and describe situations whose outcome the original's Verilog leaves undefined."""
        return []
