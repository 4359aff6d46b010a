"""The digits on an RTL and the golden model in lockstep, at the simulator's own speed.

The golden model runs each image with its sender and receiver, which decides what the input pins do; then model and RTL
are driven with these pins, and compared: all output pins at every clock, both memories whenever the chip is at rest.
"""

from __future__ import annotations

import shlex
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.emulator.odin.port import PORT
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import Run
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import RegisterWrite
from draupnir.emulator.trace import Trace, pack
from draupnir.golden import hexfile, wave_out
from draupnir.golden.compare import MemoryDifference, memory_difference
from draupnir.golden.lockstep import Device, hold
from draupnir.tools.experiments.digits.experiment import Configuration, Experiment
from draupnir.tools.experiments.digits.results import Results
from draupnir.tools.experiments.digits.train import RESET_CYCLES, Odin, Trainer

HALF = 2  # clocks in half an SCK period
HISTORY = 4  # runs of events that are kept, two training images
AFTER = 200  # clocks of a waveform after the first difference
FOLDER = "difference"  # in the report's
ALL_PINS = (1 << CHIP.output_word.width) - 1

Memories = Mapping[str, np.ndarray]


class Rtl(Device, Protocol):
    """An RTL with back doors to its memories, such as rtl.verilated.Verilated."""

    def reset(self) -> None: ...

    def read_memory(self, name: str) -> np.ndarray: ...

    def write_memory(self, name: str, content: np.ndarray) -> None: ...


class Apart(Exception):
    """RTL and golden model differ; the text says where and what."""


@dataclass(frozen=True)
class Stretch:
    """Clocks from rest to rest: the memories before, the input pins (a row a clock), the RTL's output pins."""

    before: Memories
    rows: np.ndarray
    outputs: np.ndarray


class Held(Odin):
    """ODIN as an RTL, held to the golden model.

    device : an RTL in its initial state
    """

    source = "RTL in Verilator, in lockstep with the golden model"

    def __init__(self, device: Rtl, environment: Environment | None = None) -> None:
        super().__init__(environment)
        self.device = device
        self.n_compared = 0
        self.setup = np.zeros(0, dtype=np.int64)
        self.history: deque[Stretch] = deque(maxlen=HISTORY)

    def configure(self, configuration: Configuration) -> None:
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

    def send(self, events: list[int], record_rows: bool = False) -> Run:
        """Let the model decide what the input pins do, then hold the RTL to it. Raises Apart if they differ."""
        before = self.model.snapshot()
        taken = super().send(events, record_rows=True)
        self.model.restore(before)
        self._hold(taken.rows)
        return taken

    def _hold(self, rows: np.ndarray) -> None:
        tap = _Tap(self.device)
        before = {name: memory.copy() for name, memory in self.model.memories.items()}
        difference = hold(tap, self.model, rows, every_clock(rows))
        self.history.append(Stretch(before, rows, np.concatenate(tap.outputs)))
        if difference:
            self.n_compared += difference.cycle
            lines = [f"mismatch at cycle {self.n_compared}:"]
            lines += [f"  {p.pin}: expected {p.expected:#x}, got {p.recorded:#x}" for p in difference.pins]
            raise Apart("\n".join([*lines, *(f"  {line}" for line in difference.context)]))
        self.n_compared += len(rows)
        if different := memory_differences(self.device, self.model):
            raise Apart("\n".join([f"memories differ after cycle {self.n_compared - 1}:", *_memory_lines(different)]))


class _Tap:
    """Runs a device and keeps its outputs."""

    def __init__(self, device: Rtl) -> None:
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


def memory_differences(device: Rtl, model: Model) -> list[MemoryDifference]:
    """The memories that differ."""
    every = [
        memory_difference(declared, model.memories[declared.name], device.read_memory(declared.name), "the RTL")
        for declared in CHIP.memories
    ]
    return [difference for difference in every if difference.n_differing]


def _memory_lines(differences: Sequence[MemoryDifference]) -> Iterator[str]:
    for memory in differences:
        yield f"  {memory.memory}: {memory.n_differing} of {memory.n_words} words differ"
        for word in memory.words:
            fields = ", ".join(f"{f.name} expected {f.model}, got {f.recorded}" for f in word.fields)
            yield f"    {memory.memory}[{word.addr:#x}] ({word.view}): {fields}"


# --- The whole job ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a lockstep run came to.

    n_compared : clocks in which all output pins were equal
    results : of the experiment; None if RTL and model differ
    difference : where they first differ, decoded, and how to see it again; "" if they do not
    """

    n_compared: int
    results: Results | None
    difference: str = ""


def run(device: Rtl, experiment: Experiment, folder: Path, reproduce: str, advance: Callable[[int], None]) -> Outcome:
    """Run an experiment on an RTL in its initial state and the golden model, up to the first difference.

    folder : gets a folder "difference", with waveform, memory images and difference.txt, if there is a difference
    reproduce : the command that does the same again, quoted in the text
    advance : called with 1 after each image
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    held = Held(device)
    try:
        results = Trainer(experiment, held).run(advance)
    except Apart as apart:
        text = "\n".join([str(apart), f"reproduce: {reproduce}", *leave_evidence(held, folder / FOLDER)])
        (folder / FOLDER / "difference.txt").write_text(text + "\n")
        return Outcome(held.n_compared, None, text)
    results.n_compared = held.n_compared
    return Outcome(held.n_compared, results)


def leave_evidence(held: Held, folder: Path) -> list[str]:
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


def _again(device: Rtl, before: Memories, rows: np.ndarray, folder: Path) -> tuple[np.ndarray, list[str]]:
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
