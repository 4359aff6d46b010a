"""Golden cases that begin with contents of registers: their file, and devices that take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.errors import InputError
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP
from draupnir.emulator.trace import Trace, known_at_edges, to_row, to_rows
from draupnir.golden import case, regress, state, wave_out
from draupnir.golden.compare.device import ModelDevice
from draupnir.golden.record import Recording, save
from draupnir.golden.replay import replay_recording

N = 20


def odd_model() -> Model:
    """A model in a state that is no power-up: a full FIFO, a word of it, and SCK high."""
    model = Model()
    model.poke("main_fill_cnt", 127)
    model.poke("main_mem", 0x123, 5)
    model.registers[0]["inputs"] = to_row(CHIP.input_word, encode(CHIP.input_word, SCK=1))
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case that begins in this state."""
    model = odd_model()
    contents, memories = state.of_model(model), {name: words.copy() for name, words in model.memories.items()}
    rows, clk = to_rows(CHIP.input_word, [encode(CHIP.input_word, SCK=1)] * N), np.ones(N, np.uint8)
    outputs = model.drive(rows, clk)
    trace = Trace(CHIP, rows, clk, outputs, known_at_edges(CHIP.output_word, clk), wave_out.schedule(clk))
    recording = Recording(trace, memories, model.memories)
    save(recording, tmp_path / "full", "A full FIFO.", {"kind": "model"}, "", None, state=contents)
    return tmp_path / "full"


def test_a_state_reads_back(tmp_path: Path) -> None:
    contents = state.of_model(odd_model())
    assert set(contents) == {"main_fill_cnt", "main_mem", "inputs"}
    state.write(tmp_path / "state.toml", CHIP, contents)
    state_read = state.read(tmp_path / "state.toml", CHIP)
    model = Model()
    state.put_into(model, state_read)
    assert model.peek("main_fill_cnt") == 127 and model.peek("main_mem", 5) == 0x123
    assert model.inputs == odd_model().inputs


def test_a_case_begins_with_its_state(folder: Path) -> None:
    one = case.load(folder)
    assert one.state == folder / "state.toml"
    assert replay_recording(Model(), folder).holds
    (outcome,) = regress.regress(ModelDevice(CHIP), CHIP, [one])
    assert outcome.holds


def test_without_its_state_the_same_case_does_not_hold(folder: Path) -> None:
    (folder / "state.toml").unlink()
    case.write(folder, "tinyodin", "A full FIFO.", {"kind": "model"})
    assert not replay_recording(Model(), folder).holds


def test_a_device_that_cannot_begin_with_a_state_is_one_line(folder: Path) -> None:
    class OtherDevice(ModelDevice):
        takes_state = False

    with pytest.raises(InputError, match="which this device cannot be given; right is the golden model, or an RTL"):
        next(regress.regress(OtherDevice(CHIP), CHIP, [case.load(folder)]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pins", "no state of tinyodin: "),
        ("[pins]\n", "right are the tables [pins] and [registers], and nothing else"),
        ("[pins]\n[registers]\nfill = 1\n", "no fill; right is one of "),
        ("[pins]\nCLK = 1\n[registers]\n", "no CLK; right is one of "),
        ("[pins]\n[registers]\nmain_fill_cnt = 128\n", "main_fill_cnt: 128 is no number of 7 bits"),
        ('[pins]\n[registers]\nmain_fill_cnt = "1"\n', "main_fill_cnt: '1' is no number of 7 bits"),
        ("[pins]\n[registers]\nmain_mem = [1, 2]\n", "main_mem has 2 numbers; right are 128"),
    ],
)
def test_a_wrong_state_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        state.read(path, CHIP)
    assert str(caught.value).startswith(f"{path}: {message}")
