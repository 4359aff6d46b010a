"""The contestants on a workload, and the comparison of their results before any measurement.

A run of the golden model between an AER sender and a receiver is recorded as rows of pins. The same rows then run on
the model, on each RTL, and on both together. If the chip has an event-level engine, it runs the same events as the
closed loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips, state
from draupnir.emulator.speeds.levels import ENGINE as ENGINE_PART
from draupnir.emulator.trace import Trace, in_step, known_at_edges
from draupnir.golden import wave_out
from draupnir.golden.compare import ComparedBits, Comparison, hold, memory_difference
from draupnir.golden.compare.difference import bits_text
from draupnir.rtl import icarus
from draupnir.rtl.design import Design
from draupnir.rtl.verilated import Verilated
from draupnir.tools.bench.measure import Contestant
from draupnir.tools.bench.workloads import Workload
from draupnir.tools.run import levels

ROWS, LOOP, ENGINE, LOCKSTEP = "model, rows", "model, closed loop", "event level", "{} + model, compared"
FOREVER = 1 << 62
LIMIT_PER_EVENT = 10_000  # clocks of recorded rows; a network that never rests would fill the memory


class Disagreement(Exception):
    """Two contestants give different results, so nothing is measured. The text says which, where and how."""


def synaptic_operations(run: Any) -> int:
    """The number of synaptic operations of an event-level run, 0 if the chip's engine does not count them."""
    return run.statistics.synaptic_operations if hasattr(run, "statistics") else 0


def same_output(a: Any, b: Any) -> bool:
    """True if two runs gave the same output at the same cycles."""
    name = "addrs" if hasattr(a, "addrs") else "received"
    return np.array_equal(a.cycles, b.cycles) and np.array_equal(getattr(a, name), getattr(b, name))


class Job:
    """A workload, and the recording of its first events.

    row_events : the number of events that are recorded, at least 1; the loops run all events
    rows, clk : (n,) int64 and (n,) uint8, the input pins and the clock edges during the recorded events
    Raises Disagreement if the chip does not come to rest, and if two ways of the model differ.
    """

    def __init__(self, workload: Workload, row_events: int) -> None:
        self.workload, self.chip = workload, workload.chip
        self.closed_loop = levels.closed_loop(self.chip.name)
        self.engine = ENGINE_PART.load(chips.package(self.chip.name))
        self.model = workload.model()
        self.ready = self.model.snapshot()
        recording = self.closed_loop.run(
            self.model,
            workload.events[:row_events],
            workload.environment,
            LIMIT_PER_EVENT * row_events,
            record_rows=True,
        )
        if not recording.done:
            raise Disagreement(f"{workload.name}: not a workload: after {row_events} events it does not come to rest")
        self.rows, self.clk = recording.rows, in_step(self.chip, len(recording.rows))
        self.after_rows = self.model.snapshot()
        self.model.restore(self.ready)
        self.outputs = self.model.drive(self.rows, self.clk)
        self._same_state(self.model, self.after_rows, ROWS, LOOP)
        self.n_row_operations = 0
        if self.engine is not None:
            self.restore()
            event_run = self.engine.run(self.model, workload.events[:row_events], self.workload.environment)
            self.n_row_operations = synaptic_operations(event_run)
            self._same_state(self.model, self.after_rows, ENGINE, LOOP)
        if self.model.warnings():
            raise Disagreement(f"{workload.name}: not a workload for a comparison: {self.model.warnings()[0]}")

    @property
    def n_clocks(self) -> int:
        """The number of clocks during the recorded events."""
        return len(self.rows) // len(self.chip.period)

    def restore(self) -> None:
        """Set the model to its state before the first event."""
        self.model.restore(self.ready)

    def trace(self, n_clocks: int) -> Trace:
        """The trace from the first row of the reset on, with the model's outputs. n_clocks : its largest length"""
        inputs = np.concatenate((self.workload.inputs, self.rows))
        clk = np.concatenate((self.workload.clk, self.clk))
        n_rows = int(np.searchsorted(np.cumsum(clk != 0), n_clocks * len(self.chip.period))) + 1
        inputs, clk = inputs[:n_rows], clk[:n_rows]
        outputs = self.workload.new_model().drive(inputs, clk)
        known_bits = known_at_edges(self.chip.output_word, clk)
        return Trace(self.chip, inputs, clk, outputs, known_bits, wave_out.schedule(clk))

    # --- Models ---

    def models(self) -> list[Contestant]:
        """The model with rows, the model in its loop, and the engine. Raises Disagreement if the last two differ."""
        loop = partial(self.closed_loop.run, self.model, self.workload.events, self.workload.environment, FOREVER)
        self.restore()
        looped, n_operations, loops = loop(), 0, [(LOOP, loop)]
        if self.engine is not None:
            engine = partial(self.engine.run, self.model, self.workload.events, self.workload.environment)
            end = self.model.snapshot()
            self.restore()
            ran = engine()
            if not same_output(looped, ran):
                raise Disagreement(f"{self.workload.name}: {ENGINE} and {LOOP} differ in their spikes")
            self._same_state(self.model, end, ENGINE, LOOP)
            n_operations = synaptic_operations(ran)
            loops.append((ENGINE, engine))
        return [
            self._row_contestant(ROWS, partial(self.model.drive, self.rows, self.clk), self.restore),
            *(
                Contestant(name, self.workload.name, run, self.restore, looped.n_cycles, n_operations)
                for name, run in loops
            ),
        ]

    # --- RTL ---

    def verilated(self, name: str, device: Verilated) -> list[Contestant]:
        """An RTL alone, and compared with the model. Raises Disagreement if the two differ."""
        self._prepare(device)
        self.restore()
        difference = hold(device, self.model, self.rows, self.clk)
        if difference is not None:
            raise Disagreement(f"{self.workload.name}: {name} differs from the model at {difference}")
        self._same_memories({m.name: device.read_memory(m.name) for m in self.chip.memories}, name)

        def prepare_both() -> None:
            self._prepare(device)
            self.restore()

        alone, compared_run = (
            partial(device.run, self.rows, self.clk),
            partial(hold, device, self.model, self.rows, self.clk),
        )
        return [
            self._row_contestant(name, alone, partial(self._prepare, device)),
            self._row_contestant(LOCKSTEP.format(name), compared_run, prepare_both),
        ]

    def icarus(
        self, name: str, design: Design, n_clocks: int, work_dir: Path, say: Callable[[str], None] = lambda text: None
    ) -> Contestant:
        """An RTL in Icarus, for the first clocks only. Its time includes the compiler of Icarus.

        Raises Disagreement if a known bit differs from the model; ``say`` receives a line with the number of known
        bits.
        """
        n_first = len(self.workload.inputs)
        n_rows = n_clocks * len(self.chip.period)
        inputs = np.concatenate((self.workload.inputs, self.rows[:n_rows]))
        clk = np.concatenate((self.workload.clk, self.clk[:n_rows]))
        run = partial(icarus.run, design, self.chip, inputs, clk, work_dir, self.workload.memories)
        ran = run()
        bits = self._same_rows(ran.outputs[n_first:], ran.known_bits[n_first:], ran.absent, name)
        say(f"{self.workload.name}: {name}: {bits_text(bits)}")
        operations = self.n_row_operations * n_clocks // self.n_clocks
        return Contestant(name, self.workload.name, run, n_clocks=n_clocks, n_synaptic_operations=operations)

    def _prepare(self, device: Verilated) -> None:
        device.reset()
        for name, content in self.workload.memories.items():
            device.write_memory(name, content)
        device.run(self.workload.inputs, self.workload.clk)

    def _row_contestant(self, name: str, run: Callable[[], object], prepare: Callable[[], object]) -> Contestant:
        return Contestant(name, self.workload.name, run, prepare, self.n_clocks, self.n_row_operations)

    # --- Agreement ---

    def _same_rows(
        self, outputs: np.ndarray, known_bits: np.ndarray, absent: Collection[str], name: str
    ) -> ComparedBits:
        """Compare the outputs of the first rows with the model. Returns the bits that were compared.

        known_bits : the mask of the bits to compare; absent : probes that the source does not have
        """
        n = len(outputs)
        self.restore()
        comparison = Comparison(self.model, absent)
        rows = Trace(self.chip, self.rows[:n], self.clk[:n], outputs, known_bits, np.zeros(n, np.int64))
        comparison_result = comparison.compare(rows)
        if comparison_result.wrong_rows:
            difference = comparison.difference(comparison_result, comparison_result.wrong_rows[0])
            raise Disagreement(f"{self.workload.name}: {name} differs from the model at {difference}")
        comparison.count(rows)
        bits = comparison.bits.counts()
        if not bits.n_compared:
            raise Disagreement(f"{self.workload.name}: {name}: {bits_text(bits)}: nothing is known to agree")
        return bits

    def _same_state(self, model: Any, expected_state: state.Snapshot, name: str, reference: str) -> None:
        differences = state.diff(expected_state, model.snapshot())
        if differences:
            raise Disagreement(f"{self.workload.name}: {name} and {reference} end differently: {differences[0]}")

    def _same_memories(self, memories: Mapping[str, np.ndarray], name: str) -> None:
        for memory, content in memories.items():
            difference = memory_difference(self.chip.memory(memory), self.after_rows.memories[memory], content)
            if difference.n_differing:
                raise Disagreement(
                    f"{self.workload.name}: {name} ends with other {memory} than the model: {difference}"
                )
