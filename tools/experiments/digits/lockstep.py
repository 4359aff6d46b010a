"""The digits on an RTL and the golden model in lockstep, at the simulator's own speed.

The golden model runs each image with its sender and receiver, which decides what the input pins do; then model and RTL
are driven with these pins, and compared: all output pins at every clock, both memories whenever the chip is at rest.
"""

from __future__ import annotations

import shlex
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.emulator.odin.port import PORT
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import BusRun
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import RegisterWrite
from draupnir.emulator.trace import Trace, pack
from draupnir.golden import hexfile, wave_out
from draupnir.golden.compare import ComparedBits, FirstDifference, MemoryDifference, memory_difference
from draupnir.golden.compare.together import RowDevice, Together
from draupnir.tools.experiments.digits.experiment import DigitsConfiguration, DigitsExperiment
from draupnir.tools.experiments.digits.results import DigitsResults
from draupnir.tools.experiments.digits.train import RESET_CYCLES, DigitsTrainer, OdinAlone

HALF = 2  # clocks in half an SCK period
HISTORY = 4  # runs of events that are kept, two training images
AFTER = 200  # clocks of a waveform after the first difference
FOLDER = "difference"  # in the report's
ALL_PINS = (1 << CHIP.output_word.width) - 1

Memories = Mapping[str, np.ndarray]


class RtlWithMemories(RowDevice, Protocol):
    """An RTL with back doors to its memories, such as rtl.verilated.Verilated."""

    def reset(self) -> None: ...

    def read_memory(self, name: str) -> np.ndarray: ...

    def write_memory(self, name: str, content: np.ndarray) -> None: ...


class Apart(Exception):
    """RTL and golden model differ; the text is the report of the difference."""

    def __init__(self, difference: FirstDifference) -> None:
        super().__init__("\n".join(difference.lines()))
        self.difference = difference


@dataclass(frozen=True)
class Stretch:
    """Clocks from rest to rest: the memories before, the input pins (a row a clock), the RTL's output pins."""

    before: Memories
    rows: np.ndarray
    outputs: np.ndarray


class HeldOdin(OdinAlone):
    """ODIN as an RTL, held to the golden model.

    device : an RTL in its initial state
    """

    source = "RTL in Verilator, in lockstep with the golden model"

    def __init__(self, device: RtlWithMemories, environment: Environment | None = None) -> None:
        super().__init__(environment)
        self.device = device
        self._tap = _Tap(device)
        self._together = Together(self._tap, self.model)
        self.setup = np.zeros(0, dtype=np.int64)
        self.history: deque[Stretch] = deque(maxlen=HISTORY)

    def configure(self, configuration: DigitsConfiguration) -> None:
        """Load the memories through the back door, reset, and write all registers on the SPI pins.

        Raises Apart, as ``send`` does.
        """
        self.setup = setup_rows(configuration.registers)
        self.load(NEURONS.name, configuration.neurons)
        self.load(SYNAPSES.name, configuration.synapses)
        self._hold(self.setup)

    def load(self, name: str, content: np.ndarray) -> None:
        super().load(name, content)
        self.device.write_memory(name, content)
        self.history.clear()

    def send(self, events: list[int], record_rows: bool = False) -> BusRun:
        """Let the model decide what the input pins do, then hold the RTL to it. Raises Apart if they differ."""
        before = self.model.snapshot()
        taken = super().send(events, record_rows=True)
        self.model.restore(before)
        self._hold(taken.rows)
        return taken

    @property
    def n_compared(self) -> int:
        """Clocks that were compared so far, without a difference."""
        return self._together.comparison.bits.n_edges

    @property
    def bits(self) -> ComparedBits:
        """The output bits at these clocks."""
        return self._together.comparison.bits.compared()

    def _hold(self, rows: np.ndarray) -> None:
        self._tap.outputs = []
        before = {name: memory.copy() for name, memory in self.model.memories.items()}
        difference = self._together.run(rows, every_clock(rows))
        self.history.append(Stretch(before, rows, np.concatenate(self._tap.outputs)))
        if difference:
            raise Apart(difference)
        if different := memory_differences(self.device, self.model):
            cycle, context = self.n_compared - 1, tuple(self.model.context())
            raise Apart(FirstDifference(cycle, (), tuple(different), self.bits, is_first=False, context=context))


class _Tap:
    """Runs a device and keeps its outputs."""

    def __init__(self, device: RtlWithMemories) -> None:
        self._device = device
        self.outputs: list[np.ndarray] = []

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        self.outputs.append(self._device.run(inputs, clk))
        return self.outputs[-1]


def every_clock(rows: np.ndarray) -> np.ndarray:
    """The ``clk`` of rows that each end with a clock edge."""
    return np.ones(len(rows), dtype=np.uint8)


def setup_rows(registers: Mapping[str, int | list[int]]) -> np.ndarray:
    """The input pins, a row a clock, that reset ODIN and write all configuration registers, the gate first and closed.

    registers : by name; a list where a register has several addresses
    """
    parts = {name: [content] if isinstance(content, int) else content for name, content in registers.items()}
    gate = PORT.gate
    writes = [RegisterWrite(name, i, part) for name in parts if name != gate for i, part in enumerate(parts[name])]
    writes = [RegisterWrite(gate, 0, 1), *writes, RegisterWrite(gate, 0, parts[gate][0])]
    reset = [pack(CHIP.input_word, {"RST": 1})] * RESET_CYCLES + [0]
    on_spi = pins.rows(CHIP, [PORT.encode(write) for write in writes], HALF, HALF - 1)
    return np.concatenate([reset, on_spi, np.zeros(RESET_CYCLES, np.int64)])


def memory_differences(device: RtlWithMemories, model: Model) -> list[MemoryDifference]:
    """The memories that differ."""
    every = [
        memory_difference(declared, model.memories[declared.name], device.read_memory(declared.name))
        for declared in CHIP.memories
    ]
    return [difference for difference in every if difference.n_differing]


# --- The whole job ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LockstepOutcome:
    """The outcome of a lockstep run.

    n_compared : clocks in which all output pins were equal
    bits : the output bits that were compared, with those of the clock that differs
    results : of the experiment; None if RTL and model differ
    difference : where they first differ; None if they do not
    text : the difference in words, and how to see it again
    """

    n_compared: int
    bits: ComparedBits
    results: DigitsResults | None
    difference: FirstDifference | None = None
    text: str = ""


def run(
    device: RtlWithMemories, experiment: DigitsExperiment, folder: Path, reproduce: str, advance: Callable[[int], None]
) -> LockstepOutcome:
    """Run an experiment on an RTL in its initial state and the golden model, up to the first difference.

    folder : gets a folder "difference", with waveform, memory images and difference.txt, if there is a difference
    reproduce : the command that does the same again, quoted in the text
    advance : called with 1 after each image
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    held = HeldOdin(device)
    try:
        results = DigitsTrainer(experiment, held).run(advance)
    except Apart as apart:
        text = "\n".join([str(apart), f"reproduce: {reproduce}", *leave_evidence(held, folder / FOLDER)])
        (folder / FOLDER / "difference.txt").write_text(text + "\n")
        n_compared = apart.difference.cycle or 0
        return LockstepOutcome(n_compared, apart.difference.bits, None, apart.difference, text)
    results.n_compared = held.n_compared
    return LockstepOutcome(held.n_compared, held.bits, results)


def leave_evidence(held: HeldOdin, folder: Path) -> list[str]:
    """Write a waveform of a difference, and the memories around it, so that replay finds it; says what was written.

    The waveform is of a second run from reset, with the memories as they were shortly before the difference. If the RTL
    does not differ then, it is of the first run, from when the chip was last at rest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wave = folder / "wave.fst"
    for n in range(1, len(held.history) + 1):
        stretches = list(held.history)[-n:]
        rows = np.concatenate([held.setup, *(stretch.rows for stretch in stretches)])
        outputs, options = _again(held.device, stretches[0].before, rows, folder)
        if options:
            _write_wave(wave, rows, outputs)
            command = shlex.join(["draupnir", "replay", CHIP.name, str(wave), "--from-power-up", *options])
            return [f"waveform, from a reset on: {wave}", f"decoded: {command}"]
    last = held.history[-1]
    _write_wave(wave, last.rows, last.outputs)
    return [f"waveform, not from a reset on, from where the RTL does not differ: {wave}"]


def _again(device: RtlWithMemories, before: Memories, rows: np.ndarray, folder: Path) -> tuple[np.ndarray, list[str]]:
    """Run rows on both from their initial state; returns the RTL's outputs and how replay is to be called.

    The outputs end soon after the first difference. No options: there is none. Memory images go to the folder.
    """
    device.reset()
    model = Model()
    for name, content in before.items():
        device.write_memory(name, content)
        model.memories[name][:] = content
    outputs = device.run(rows, every_clock(rows))
    differing = np.flatnonzero(outputs != model.drive(rows, every_clock(rows)))
    different = [] if len(differing) else memory_differences(device, model)
    if not len(differing) and not different:
        return outputs, []
    images = [("--load", name, "before.hex", content) for name, content in before.items()]
    images += [("--expect", m.memory, "hex", device.read_memory(m.memory)) for m in different]
    options = []
    for option, name, suffix, content in images:
        hexfile.write(folder / f"{name}.{suffix}", content, CHIP.memory(name))
        options += [option, f"{name}={folder / f'{name}.{suffix}'}"]
    return outputs[: differing[0] + AFTER] if len(differing) else outputs, options


def _write_wave(path: Path, rows: np.ndarray, outputs: np.ndarray) -> None:
    """An FST file of as many rows as there are outputs."""
    rows = rows[: len(outputs)]
    known = np.full(len(rows), ALL_PINS)
    wave_out.write(Trace(CHIP, rows, every_clock(rows), outputs, known, np.zeros(len(rows), np.int64)), path)
