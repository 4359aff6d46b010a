"""The experiment on the golden model: epochs of training on the chip, each followed by a test with learning off."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import numpy as np

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import engine
from draupnir.emulator.reckon.host import Host, Op
from draupnir.emulator.reckon.layout import CHIP, NEURONS, PAIR, State
from draupnir.emulator.reckon.port import PORT
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import RegisterWrite
from draupnir.tools.experiments.cue_accumulation.dataset import CueSample
from draupnir.tools.experiments.cue_accumulation.experiment import (
    LEARN_ALL,
    LEARN_NONE,
    N_OUT,
    N_REC,
    CueExperiment,
    weights_of,
)
from draupnir.tools.experiments.cue_accumulation.results import CueResults, CueTrace, Epoch, digests

SCK_HALF = 3  # clocks in half an SCK period
SEEN = 3  # clocks after a write until the chip sees it
HOST = Host()
MAX_CYCLES = 20_000_000  # the limit for a sample, which takes about 850,000 clocks
WATCHED = (0, 1, 2)  # recurrent neurons whose potentials and traces are shown
TO_SPIKES = 2 + N_REC  # clocks from the fall of TIME_TICK to the end of state STEP, when the new spikes are known
MOMENT = 100  # clocks between two looks at the chip
READY = CHIP.output_word["TIMING_ERROR_RDY"]


class ReckOnSetup(Protocol):
    """An experiment, as the chip sees it: the contents of its registers and memories, by name."""

    def registers(self) -> dict[str, int]: ...

    def memories(self) -> dict[str, np.ndarray]: ...


class ReckOn:
    """The golden model behind its SPI and its host."""

    def __init__(self, experiment: ReckOnSetup) -> None:
        self.model = Model()
        self.model.reset()
        for name, content in experiment.registers().items():
            for i in range(CHIP.register(name).n_addrs):
                self.write(name, 1 if name == "SPI_EN_CONF" else content, i)
        for name, words in experiment.memories().items():
            self.model.memories[name][:] = words
        self.write("SPI_EN_CONF", 0)

    def write(self, register: str, content: int, i: int = 0) -> None:
        """Write a configuration register over SPI.

        content : 0..2**width - 1 of the register; i : the number of the address, 0..n_addrs - 1
        """
        undriven = int(self.model.registers[0].inputs)
        transaction = PORT.encode(RegisterWrite(register, i, content))
        rows = pins.rows(CHIP, [transaction], SCK_HALF, SEEN - 1, undriven)
        self.model.drive(rows, np.ones(len(rows), dtype=np.uint8))

    def set_learning(self, do_eprop: int) -> None:
        """Choose the weights that learn from now on. do_eprop : 0..7, one bit for each weight memory"""
        self.write("SPI_EN_CONF", 1)
        self.write("SPI_DO_EPROP", do_eprop)
        self.write("SPI_EN_CONF", 0)

    def run(self, operations: np.ndarray) -> engine.EngineRun:
        """Let the host carry out operations. Raises RuntimeError if they do not end."""
        outcome = engine.run(self.model, operations, HOST, MAX_CYCLES)
        if not outcome.done:
            raise RuntimeError(f"ReckOn did not come to rest within {MAX_CYCLES} clocks: {self.model.context()}")
        return outcome


class CueTrainer:
    """An experiment on the golden model."""

    def __init__(self, experiment: CueExperiment) -> None:
        self.experiment = experiment
        self.chip = ReckOn(experiment)
        self.results = CueResults(experiment.source, experiment.seed, len(experiment.train), len(experiment.test))
        self.results.weights_before = weights_of(self.chip.model.memories)
        self._operations = {
            True: [experiment.operations(sample, True) for sample in experiment.train],
            False: [experiment.operations(sample, False) for sample in experiment.test],
        }

    def run(self, advance: Callable[[int], None] = lambda n: None) -> CueResults:
        """Run all epochs. ``advance`` is called with 1 after each sample."""
        trace_before = self.watch(self.experiment.test[0])
        for _ in range(self.experiment.epochs):
            self.epoch(advance)
        self.results.weights_after = weights_of(self.chip.model.memories)
        self.results.traces = {"before": trace_before, "after": self.watch(self.experiment.test[0])}
        return self.results

    def epoch(self, advance: Callable[[int], None] = lambda n: None) -> Epoch:
        """Train on all training samples, then test on all test samples."""
        start = time.perf_counter()
        self.chip.set_learning(LEARN_ALL)
        train, n_cycles = self._answers(True, advance)
        weight_digests = digests(self.chip.model.memories)
        self.chip.set_learning(LEARN_NONE)
        test, n_test_cycles = self._answers(False, advance)
        epoch = Epoch(
            train,
            test,
            _n_right(train, self.experiment.train),
            _n_right(test, self.experiment.test),
            weight_digests,
            n_cycles + n_test_cycles,
            time.perf_counter() - start,
        )
        self.results.epochs.append(epoch)
        return epoch

    def _answers(self, train: bool, advance: Callable[[int], None]) -> tuple[list[int], int]:
        """The answers to all samples, and the number of clocks for them."""
        answers, n_cycles = [], 0
        for operations in self._operations[train]:
            outcome = self.chip.run(operations)
            answers.append(int(outcome.received[0]))
            n_cycles += outcome.n_cycles
            advance(1)
        return answers, n_cycles

    # --- The internal state ---

    def watch(self, sample: CueSample) -> CueTrace:
        """Run a test sample, and record the state after each timestep. The chip then has its former state again.

        The host waits for a fixed time where it otherwise waits for the chip. The results do not depend on that.
        """
        snapshot = self.chip.model.snapshot()
        self.chip.set_learning(LEARN_NONE)
        self.chip.model.registers[0].spi_force_traces = 1
        spikes, rows = [], []
        operations = self.experiment.operations(sample, False)
        ticks = np.flatnonzero(operations[:, 0] == Op.TICK)
        self.chip.run(operations[: ticks[0] + 1])  # no timestep ends at the first tick
        for timestep, (start, tick) in enumerate(pairwise(ticks + 1)):
            self.chip.run(np.array([*operations[start : tick - 1], (Op.TICK, 0), (Op.WAIT, TO_SPIKES)]))
            r = self.chip.model.registers[0]
            assert r.state == State.SDONE
            spikes += [(timestep, neur) for neur in np.flatnonzero(r.neur_z[:N_REC])]
            rows.append((_signed(r.oneur_u[:N_OUT]), *zip(*map(self._neuron, WATCHED), strict=True)))
            while tick != ticks[-1] + 1 and not self.chip.model.outputs >> READY.lsb & 1:
                self.chip.run(np.array([(Op.WAIT, MOMENT)]))
        answer = int(self.chip.run(operations[ticks[-1] + 1 :]).received[0])
        self.chip.model.restore(snapshot)
        columns = (np.array(column) for column in zip(*rows, strict=True))
        return CueTrace(sample.label, answer, sample.spikes, np.array(spikes).reshape(-1, 2), *columns)

    def _neuron(self, neur: int) -> tuple[int, int]:
        """The potential and the trace of a recurrent neuron, in LSB."""
        word = decode(PAIR, from_limbs(self.chip.model.memories[NEURONS.name][neur // 2]))
        return word[f"neur_u{neur % 2}"], word[f"trace_rec{neur % 2}"]


def _signed(words: np.ndarray) -> list[int]:
    """Potentials, -32768..32767, from their registers in two's complement."""
    return [int(np.int16(np.uint16(word))) for word in words]


def _n_right(answers: list[int], samples: list[CueSample]) -> int:
    return sum(answer == sample.label for answer, sample in zip(answers, samples, strict=True))
