"""Record a device under a stimulus: every pin at every clock, and the memories before and after."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import Trace, known_at_edges, to_rows
from draupnir.golden import case, hexfile, wave_out
from draupnir.golden import state as case_state
from draupnir.golden.compare import Undefined
from draupnir.golden.files import naming

REPORT_EVERY = 1024  # clocks between two reports of progress


class SteppedDevice(Protocol):
    """A device that behaves like a chip: a simulator or a model.

    absent : the names of the chip's probes that the device does not have; they are not recorded
    """

    def step(self, inputs: int, edges: int) -> int: ...

    def run(self, inputs: np.ndarray, clk: np.ndarray) -> np.ndarray: ...

    def read_memory(self, name: str) -> np.ndarray: ...

    def write_memory(self, name: str, content: np.ndarray) -> None: ...


class InputSource(Protocol):
    """The source of the inputs, clock by clock; see ``draupnir.golden.stimulus.Stimulus``.

    ``next`` gives the rows of the next clock as (inputs packed, clock edges); the last row alone has edges.
    """

    def next(self, outputs: int) -> list[tuple[int, int]]: ...


@dataclass(frozen=True)
class Recording:
    """A trace, and all memories before its first clock and after its last one: name -> uint32 of ``Memory.shape``."""

    trace: Trace
    memories_before: dict[str, np.ndarray]
    memories_after: dict[str, np.ndarray]


def record(
    device: SteppedDevice,
    chip: Chip,
    stimulus: InputSource,
    n_cycles: int,
    memories: Mapping[str, np.ndarray] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recording:
    """Drive a device for ``n_cycles`` rows with a clock edge. The device must be in its initial state.

    As in a synchronous test bench, the stimulus receives the outputs from before the last clock edge.

    memories : contents to load first; all other memories keep their content
    progress : called from time to time with the number of clocks since its last call

    Raises InputError for a stimulus whose clock does not end with the row of its edges.
    """
    for name, content in (memories or {}).items():
        device.write_memory(name, content)
    memories_before = {memory.name: device.read_memory(memory.name) for memory in chip.memories}
    inputs: list[int] = []
    clk: list[int] = []
    outputs: list[int] = []
    now = 0
    for cycle in range(1, n_cycles + 1):
        *early, (last, edges) = _checked(chip, stimulus.next(now), cycle)
        if early:
            device.run(to_rows(chip.input_word, [row for row, _ in early]), np.zeros(len(early), np.uint8))
            inputs += [row for row, _ in early]
            clk += [0] * len(early)
            outputs += [0] * len(early)
        now = device.step(last, edges)
        inputs.append(last)
        clk.append(edges)
        outputs.append(now)
        if progress and not cycle % REPORT_EVERY:
            progress(REPORT_EVERY)
    memories_after = {memory.name: device.read_memory(memory.name) for memory in chip.memories}
    absent = getattr(device, "absent", ())
    return Recording(_trace(chip, inputs, clk, outputs, absent), memories_before, memories_after)


def _checked(chip: Chip, rows: list[tuple[int, int]], cycle: int) -> list[tuple[int, int]]:
    """The rows of a clock, counted from 1. Raises InputError if they are not those of one."""
    for i, (_, edges) in enumerate(rows, start=1):
        if (edges != 0) != (i == len(rows)):
            edges_text = f"has the edges {edges:#x}" if edges else "has no clock edge"
            raise InputError(
                f"{chip.name}: the stimulus: row {i} of {len(rows)} of clock {cycle} {edges_text}; right is edges in "
                "the last row of a clock, and in no other"
            )
    return rows


def _trace(chip: Chip, inputs: list[int], clk: list[int], outputs: list[int], absent: Collection[str]) -> Trace:
    edges = np.array(clk, np.uint8)
    rows_in, rows_out = to_rows(chip.input_word, inputs), to_rows(chip.output_word, outputs)
    known_bits = known_at_edges(chip.output_word, edges, absent)
    return Trace(chip, rows_in, edges, rows_out, known_bits, wave_out.schedule(edges))


def save(
    recording: Recording,
    folder: Path,
    why: str,
    source: Mapping[str, str],
    command: str,
    seed: int | None,
    undefined: Undefined | None = None,
    state: Mapping[str, np.ndarray] | None = None,
) -> case.Case:
    """Save a recording as a golden case in ``folder``. The folder appears, or is replaced, when the case is complete.

    state : pins and registers before the first clock (see ``draupnir.golden.state``); None for the power-up

    A memory that is all 0 before the first clock needs no image, because a replay starts with zeros.
    Raises InputError as ``check_replaceable`` does.
    """
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch,
        naming(new_folder := Path(scratch) / "new", folder),
    ):
        new_folder.mkdir()
        chip = recording.trace.chip
        wave_out.write(recording.trace, new_folder / case.WAVE)
        for memory in chip.memories:
            if recording.memories_before[memory.name].any():
                hexfile.write(new_folder / f"{memory.name}.before.hex", recording.memories_before[memory.name], memory)
            hexfile.write(new_folder / f"{memory.name}.hex", recording.memories_after[memory.name], memory)
        if state is not None:
            case_state.write(new_folder / case_state.STATE, chip, state)
        case.write(new_folder, chip.name, why, source, command, seed, undefined, chip.sizes)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        new_folder.rename(folder)
    return case.load(folder)


def check_replaceable(folder: Path) -> None:
    """Raise InputError for a folder that is not empty and not a golden case, because a case would replace it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / case.TOML).is_file():
        raise InputError(f"{folder}: this folder is not a golden case, and would be replaced; right is another folder")
