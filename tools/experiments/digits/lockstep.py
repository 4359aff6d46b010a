"""The digits on an RTL and the golden model in lockstep, at the simulator's own speed.

The golden model first runs each image with a sender and a receiver, which gives the levels of the input pins. Then
model and RTL receive these levels, and are compared: all output pins at every clock, and both memories when the chip
is at rest.
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
from draupnir.golden.waves import pair
from draupnir.tools.experiments.digits.experiment import DigitsConfiguration, DigitsExperiment
from draupnir.tools.experiments.digits.results import DigitsResults
from draupnir.tools.experiments.digits.train import RESET_CYCLES, DigitsTrainer, OdinAlone

HALF = 2  # clocks in half an SCK period
HISTORY = 4  # the number of runs of events to keep, for two training images
AFTER = 200  # clocks of a waveform after the first difference
FOLDER = "difference"  # the folder in that of the report
ALL_PINS = (1 << CHIP.output_word.width) - 1

Memories = Mapping[str, np.ndarray]


class RtlWithMemories(RowDevice, Protocol):
    """An RTL whose memories can be read and written directly, such as rtl.verilated.Verilated."""

    def reset(self) -> None: ...

    def read_memory(self, name: str) -> np.ndarray: ...

    def write_memory(self, name: str, content: np.ndarray) -> None: ...


class Apart(Exception):
    """RTL and golden model differ. The text is the report of the difference."""

    def __init__(self, difference: FirstDifference) -> None:
        super().__init__("\n".join(difference.lines()))
        self.difference = difference


@dataclass(frozen=True)
class Stretch:
    """The clocks from one rest of the chip to the next.

    memories_before : memory -> its contents at the start; rows : (n,) int64, the input pins at each clock
    outputs : (n,) int64, the output pins of the RTL at each clock
    """

    memories_before: Memories
    rows: np.ndarray
    outputs: np.ndarray


class ComparedOdin(OdinAlone):
    """ODIN as an RTL, compared with the golden model at every clock.

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
        """Load the memories directly, reset the chip, and write all registers over the SPI pins.

        Raises Apart as ``send`` does.
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
        """Send events: the model gives the input pins, then model and RTL are compared. Raises Apart if they differ."""
        snapshot = self.model.snapshot()
        outcome = super().send(events, record_rows=True)
        self.model.restore(snapshot)
        self._hold(outcome.rows)
        return outcome

    @property
    def n_compared(self) -> int:
        """The number of clocks that were compared without a difference."""
        return self._together.comparison.bits.n_edges

    @property
    def bits(self) -> ComparedBits:
        """The output bits that were compared at these clocks."""
        return self._together.comparison.bits.counts()

    def _hold(self, rows: np.ndarray) -> None:
        self._tap.outputs = []
        memories_before = {name: memory.copy() for name, memory in self.model.memories.items()}
        difference = self._together.run(rows, every_clock(rows))
        self.history.append(Stretch(memories_before, rows, np.concatenate(self._tap.outputs)))
        if difference:
            raise Apart(difference)
        if differences := memory_differences(self.device, self.model):
            cycle, context = self.n_compared - 1, tuple(self.model.context())
            raise Apart(FirstDifference(cycle, (), tuple(differences), self.bits, is_first=False, context=context))


class _Tap:
    """A device whose outputs are kept."""

    def __init__(self, device: RtlWithMemories) -> None:
        self._device = device
        self.outputs: list[np.ndarray] = []

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray:
        self.outputs.append(self._device.run(inputs, clk))
        return self.outputs[-1]


def every_clock(rows: np.ndarray) -> np.ndarray:
    """The ``clk`` of rows that all end with a clock edge: (n,) uint8, all 1."""
    return np.ones(len(rows), dtype=np.uint8)


def setup_rows(registers: Mapping[str, int | list[int]]) -> np.ndarray:
    """The input pins that reset ODIN and write all configuration registers: (n,) int64, one row for each clock.

    SPI_GATE_ACTIVITY is 1 until all other registers are written.
    registers : name -> content, a list for a register with several addresses
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
        memory_difference(memory, model.memories[memory.name], device.read_memory(memory.name))
        for memory in CHIP.memories
    ]
    return [difference for difference in every if difference.n_differing]


# --- The whole job ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LockstepOutcome:
    """The outcome of a lockstep run.

    n_compared : the number of clocks in which all output pins were equal
    bits : the output bits that were compared, with those of the clock that differs
    results : the results of the experiment, None if RTL and model differ
    difference : the first difference, None if there is none
    text : the difference in words, and the commands that show it again
    """

    n_compared: int
    bits: ComparedBits
    results: DigitsResults | None
    difference: FirstDifference | None = None
    text: str = ""


def run(
    device: RtlWithMemories, experiment: DigitsExperiment, folder: Path, reproduce: str, advance: Callable[[int], None]
) -> LockstepOutcome:
    """Run an experiment on an RTL in its initial state and on the golden model, up to the first difference.

    folder : if there is a difference, it gets a folder "difference", with waveform, memory images and difference.txt
    reproduce : the command that repeats the run, for the text
    advance : it is called with 1 after each image
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    odin = ComparedOdin(device)
    try:
        results = DigitsTrainer(experiment, odin).run(advance)
    except Apart as difference:
        text = "\n".join([str(difference), f"reproduce: {reproduce}", *leave_evidence(odin, folder / FOLDER)])
        (folder / FOLDER / "difference.txt").write_text(text + "\n")
        n_compared = difference.difference.cycle or 0
        return LockstepOutcome(n_compared, difference.difference.bits, None, difference.difference, text)
    results.n_compared = odin.n_compared
    return LockstepOutcome(odin.n_compared, odin.bits, results)


def leave_evidence(odin: ComparedOdin, folder: Path) -> list[str]:
    """Write a waveform of a difference and the memory images for it, so that replay finds it. Returns lines on them.

    A second waveform has the registers of the golden model, and the RTL beside it, around the first difference.

    The waveforms come from a second run from reset, with the memories of shortly before the difference. If the RTL does
    not differ in that run, one of the pins comes from the first run, and starts when the chip was last at rest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wave = folder / "wave.fst"
    for n in range(1, len(odin.history) + 1):
        stretches = list(odin.history)[-n:]
        rows = np.concatenate([odin.setup, *(stretch.rows for stretch in stretches)])
        memories = stretches[0].memories_before
        outputs, options, difference = _run_again(odin.device, memories, rows, folder)
        if difference:
            _write_wave(wave, rows, outputs)
            pair.write(_from_power_up(memories), _trace(rows, outputs), difference, folder / "difference.fst")
            command = shlex.join(["draupnir", "replay", CHIP.name, str(wave), "--from-power-up", *options])
            around = f"waveform of model and RTL around the first difference: {folder / 'difference.fst'}"
            return [f"waveform, from a reset on: {wave}", around, f"decoded: {command}"]
    last_stretch = odin.history[-1]
    _write_wave(wave, last_stretch.rows, last_stretch.outputs)
    return [f"waveform, not from a reset on, because the RTL does not differ there: {wave}"]


def _run_again(
    device: RtlWithMemories, memories_before: Memories, rows: np.ndarray, folder: Path
) -> tuple[np.ndarray, list[str], FirstDifference | None]:
    """Run rows on model and RTL from their initial state.

    Returns the outputs of the RTL, which end soon after the first difference, options for replay, and this difference;
    None if there is none. The memory images for replay go to the folder.
    """
    device.reset()
    model = _from_power_up(memories_before)
    for name, content in memories_before.items():
        device.write_memory(name, content)
    outputs = device.run(rows, every_clock(rows))
    differing_rows = np.flatnonzero(outputs != model.drive(rows, every_clock(rows)))
    differences = [] if len(differing_rows) else memory_differences(device, model)
    if not len(differing_rows) and not differences:
        return outputs, [], None
    images = [("--load", name, "before.hex", content) for name, content in memories_before.items()]
    images += [("--expect", m.memory, "hex", device.read_memory(m.memory)) for m in differences]
    options = []
    for option, name, suffix, content in images:
        hexfile.write(folder / f"{name}.{suffix}", content, CHIP.memory(name))
        options += [option, f"{name}={folder / f'{name}.{suffix}'}"]
    if len(differing_rows):
        return outputs[: differing_rows[0] + AFTER], options, FirstDifference(int(differing_rows[0]))
    return outputs, options, FirstDifference(None, memories=tuple(differences))


def _from_power_up(memories: Memories) -> Model:
    """Return a golden model in its initial state, with these memories."""
    model = Model()
    for name, content in memories.items():
        model.memories[name][:] = content
    return model


def _write_wave(path: Path, rows: np.ndarray, outputs: np.ndarray) -> None:
    """Write an FST file of the pins, with as many rows as there are outputs."""
    wave_out.write(_trace(rows, outputs), path)


def _trace(rows: np.ndarray, outputs: np.ndarray) -> Trace:
    """Return as many rows as there are outputs, which are all known."""
    rows = rows[: len(outputs)]
    known_bits = np.full(len(rows), ALL_PINS)
    return Trace(CHIP, rows, every_clock(rows), outputs, known_bits, np.zeros(len(rows), np.int64))
