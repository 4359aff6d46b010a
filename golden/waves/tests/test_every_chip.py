"""A waveform shows the same as the model does, for every chip. Another library reads it back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator import chips, state
from draupnir.emulator.codec import from_limbs
from draupnir.emulator.declare import Chip
from draupnir.emulator.trace import Trace
from draupnir.golden import case, hexfile, wave
from draupnir.golden.case import Case
from draupnir.golden.rows import cut
from draupnir.golden.wave import Enough, Reading, Wave
from draupnir.golden.wave_out import CLOCK, OUTPUT_AT
from draupnir.golden.waves.recorder import recording
from draupnir.golden.waves.sampler import StateSampler
from draupnir.golden.waves.signals import WatchedWord
from draupnir.golden.waves.tests.reading import Contents
from draupnir.golden.waves.watch import ClockWindow, WaveLevel, WaveView

WINDOW = ClockWindow(300, 340)
CHIPS = chips.names()


@cache
def sample(name: str) -> tuple[Case, Chip, Trace]:
    """A case of the chip, its declaration, and its first rows."""
    one = case.discover(chips.package(name).cases)[0]
    declaration = chips.declaration(name, one.parameters)
    pieces: list[Trace] = []

    def take(rows: Trace) -> None:
        pieces.append(rows)
        raise Enough

    Wave(one.wave, declaration).stream(take)
    ends = np.flatnonzero(pieces[0].clk)
    assert len(ends) > 400
    return one, declaration, cut(pieces[0], 0, int(ends[400]))


def model_of(name: str) -> Any:
    one, declaration, _ = sample(name)
    model = chips.model(name, declaration.sizes)()
    for memory, file in one.before.items():
        model.memories[memory][:] = hexfile.read(file, declaration.memory(memory))
    return model


def write(name: str, path: Path, view: WaveView, has_source: bool = True) -> Contents:
    with recording(model_of(name), path, view, has_source) as recorder:
        recorder.feed(sample(name)[2])
    return Contents(path)


def stepped(name: str, words: tuple[WatchedWord, ...]) -> list[tuple[Any, list[int]]]:
    """The registers, and the words, after each clock of the window, by another way: row by row from the first on."""
    model, rows, n = model_of(name), sample(name)[2], 0
    states = []
    for i in range(len(rows)):
        model.drive(rows.inputs[i : i + 1], rows.clk[i : i + 1])
        n += int(rows.clk[i] != 0)
        if rows.clk[i] and WINDOW.first < n <= (WINDOW.end or 0):
            memories = model.memories
            limbs = [
                memories[word.memory][(word.copy, word.addr) if memories[word.memory].ndim == 3 else word.addr]
                for word in words
            ]
            states.append((model.registers.copy(), [from_limbs(limb) for limb in limbs]))
    return states


def register_paths(chip: Chip, scope: str) -> list[tuple[str, str, tuple[int, ...], int]]:
    """Full name, register, elements and width of each register, from the declaration alone."""
    paths = []
    for block in chip.blocks:
        for copy in range(block.copies or 1):
            place = block.name if block.copies is None else f"{block.name}[{copy}]"
            for reg in block.regs:
                elements = list(np.ndindex(reg.shape))
                numbers = tuple(copy * len(elements) + i for i in range(len(elements)))
                if len(reg.shape) == 1 and reg.width == 1:
                    paths.append((f"{scope}.registers.{place}.{reg.name}", reg.name, numbers, 1))
                    continue
                for element, number in zip(elements, numbers, strict=True):
                    index = "".join(f"[{i}]" for i in element)
                    paths.append((f"{scope}.registers.{place}.{reg.name}{index}", reg.name, (number,), reg.width))
    return paths


@pytest.mark.parametrize("name", CHIPS)
def test_registers_and_words_are_those_of_a_model_that_runs_row_by_row(name: str, tmp_path: Path) -> None:
    _, chip, _ = sample(name)
    words = tuple(WatchedWord(memory.name, (memory.copies or 1) - 1, memory.depth - 1) for memory in chip.memories)
    contents = write(name, tmp_path / "w.fst", WaveView(window=WINDOW, words=words))
    paths = register_paths(chip, f"{name}.model")
    assert len({path for path, *_ in paths}) == len(paths) >= len(state.registers(chip))
    for i, (record, word_contents) in enumerate(stepped(name, words)):
        time = (WINDOW.first + i + 1) * CLOCK + OUTPUT_AT
        assert contents.level(f"{name}.cycle", time) == WINDOW.first + i + 1
        for path, reg, numbers, width in paths:
            levels = record[reg].reshape(-1)[list(numbers)].tolist()
            expected = sum(level << width * i for i, level in enumerate(levels))
            assert contents.level(path, time) == expected, (path, i)
        for word, content in zip(words, word_contents, strict=True):
            part = word.memory if chip.memory(word.memory).copies is None else f"{word.memory}[{word.copy}]"
            for f in chip.memory(word.memory).word_of(content):
                path = f"{name}.model.memories.{part}[{word.addr}].{f.name}"
                assert contents.level(path, time) == f.take(content) & ((1 << f.width) - 1), (path, i)


def test_a_model_without_a_compiled_loop_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where outputs are read in rows without a clock edge."""
    rows = sample("odin")[2]
    known_bits = np.full_like(rows.known_bits, (1 << rows.chip.output_word.width) - 1)
    clk = np.where(np.arange(len(rows)) % 7 == 3, 0, rows.clk).astype(np.uint8)
    read_rows = replace(rows, known_bits=known_bits, clk=clk)
    words = (WatchedWord("neurons", 0, 3), WatchedWord("synapses", 0, 5))
    changes = []
    for path in (tmp_path / "compiled.fst", tmp_path / "plain.fst"):
        with recording(model_of("odin"), path, WaveView(window=WINDOW, words=words), True) as recorder:
            recorder.feed(read_rows)
        changes.append(Contents(path).changes)
        monkeypatch.setattr(StateSampler, "_row_loop", lambda self: None)
    assert changes[0] == changes[1] and len(changes[0]) > 100


@pytest.mark.parametrize("name", CHIPS)
def test_states_have_their_names(name: str, tmp_path: Path) -> None:
    _, chip, _ = sample(name)
    names = write(name, tmp_path / "w.fst", WaveView(window=WINDOW)).names
    for block in chip.blocks:
        place = block.name if block.copies is None else f"{block.name}[0]"
        for reg in block.regs:
            if reg.states and not reg.shape:
                expected = {state.value: state.name for state in reg.states}
                assert names[f"{name}.model.registers.{place}.{reg.name}"] == expected
    n_declared = sum(1 for block in chip.blocks for reg in block.regs if reg.states)
    assert sum(1 for levels in names.values() if levels) >= n_declared


@pytest.mark.parametrize("scope", ["model", "rtl"])
@pytest.mark.parametrize("name", CHIPS)
def test_pins_are_those_of_the_recording(name: str, scope: str, tmp_path: Path) -> None:
    _, chip, rows = sample(name)
    contents = write(name, tmp_path / "w.fst", WaveView(WaveLevel.PINS, WINDOW))
    trace = wave.read(tmp_path / "w.fst", chip, Reading(scope=f"{name}.{scope}"))
    theirs, ours = np.flatnonzero(rows.clk)[WINDOW.first : WINDOW.end], np.flatnonzero(trace.clk)
    assert np.array_equal(trace.clk[ours], rows.clk[theirs])
    assert np.array_equal(trace.inputs[ours], rows.inputs[theirs])
    assert np.array_equal(trace.outputs[ours] & rows.known_bits[theirs], rows.outputs[theirs])
    assert contents.changes[f"{name}.differs.any"] == [(WINDOW.first * CLOCK, 0)]


@pytest.mark.parametrize("name", CHIPS)
def test_a_waveform_of_the_model_alone_is_a_recording_of_it(name: str, tmp_path: Path) -> None:
    _, chip, rows = sample(name)
    contents = write(name, tmp_path / "w.fst", WaveView(WaveLevel.PINS), has_source=False)
    trace = wave.read(tmp_path / "w.fst", chip)
    edges = np.flatnonzero(rows.clk)
    assert np.array_equal(trace.inputs[trace.clk != 0], rows.inputs[edges])
    assert np.array_equal(trace.outputs[trace.clk != 0] & rows.known_bits[edges], rows.outputs[edges])
    assert not any(path.startswith(f"{name}.rtl") or ".registers." in path for path in contents.changes)
