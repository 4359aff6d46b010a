"""`draupnir regress`: a difference in one bit of a pin, a memory or a line of Verilog is found, and said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from emulator.errors import InputError
from emulator.odin.layout import CHIP
from golden import case, hexfile, wave, wave_out
from golden.case import Case
from rtl import emit, toolchain
from rtl.icarus import Run
from tools import regress
from tools.cli import cli

GOLDEN = Path(__file__).parents[2] / "golden" / "odin"
NAME = "unconfigured"
N_CYCLES = 20_000


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, ["regress", *map(str, words)])


@pytest.fixture
def copy(tmp_path: Path) -> Case:
    """A golden case, to be changed."""
    folder = tmp_path / "cases" / "odin" / NAME
    shutil.copytree(GOLDEN / NAME, folder)
    return case.load(folder)


def described(one: Case) -> Case:
    """The case with its files as they are now."""
    return case.write(one.folder, one.chip, one.why, one.source, one.command, one.seed)


def flip_pin(one: Case, cycle: int, pin: str) -> Case:
    trace = wave.read(one.wave, CHIP)
    trace.outputs[np.flatnonzero(trace.clk)[cycle]] ^= 1 << CHIP.output_word[pin].lsb
    wave_out.write(trace, one.wave)
    return described(one)


def flip_field(one: Case, memory_name: str, addr: int, field: str) -> Case:
    memory = CHIP.memory(memory_name)
    content = hexfile.read(one.after[memory_name], memory)
    lsb = memory.words[0][field].lsb
    content[addr, lsb // 32] ^= 1 << lsb % 32
    hexfile.write(one.after[memory_name], content, memory)
    return described(one)


def on_model(one: Case, *words: object) -> Result:
    folder = one.folder.parent
    report = folder.parent / "report"
    return draupnir("odin", "--sim", "model", "--golden", folder, "--report", report, *words)


# --- What is found ------------------------------------------------------------------------------------------------


def test_what_holds(copy: Case) -> None:
    result = on_model(copy)
    assert result.exit_code == 0
    what, head, row, total = result.stdout.splitlines()
    assert what == "odin: golden model"
    assert head.split() == ["case", "clocks", "mismatches", "words", "X", "bits", "first", "difference"]
    assert row.split() == [NAME, "20,000", "0", "0", "0", "none"]
    assert total.startswith("1 of 1 cases hold: 20,000 clocks, 0 mismatches, ")


@pytest.mark.parametrize("cycle", [0, 12_345, N_CYCLES - 1])
def test_one_bit_of_a_pin_at_one_clock(copy: Case, cycle: int) -> None:
    result = on_model(flip_pin(copy, cycle, "AEROUT_REQ"))
    assert result.exit_code == 1
    _, _, row, decoded, total = result.stdout.splitlines()
    assert row.split()[:5] == [NAME, "20,000", "1", "0", "0"]
    assert f"  cycle {cycle}: AEROUT_REQ expected 0x" in row
    assert total.startswith("0 of 1 cases hold: 20,000 clocks, 1 mismatches, ")
    left = copy.folder.parents[1] / "report" / f"{NAME}.fst"
    assert decoded.startswith(f"decoded: draupnir replay odin {left}")
    assert wave.read(left, CHIP).n_cycles == N_CYCLES


def test_one_bit_of_a_word(copy: Case) -> None:
    result = on_model(flip_field(copy, "neurons", 0x12, "leak_en"), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    [outcome] = found["cases"]
    assert not found["holds"] and not outcome["holds"]
    assert (outcome["mismatches"], outcome["words"]) == (0, 1)
    [difference] = outcome["differences"]
    assert (difference["cycle"], difference["place"]) == (None, "neurons[0x12].leak_en")
    assert difference["expected"] == 1 - difference["got"]


def test_the_first_clocks_alone(copy: Case) -> None:
    wrong = flip_field(flip_pin(copy, 4_000, "MISO"), "synapses", 0, "mapping0")
    before = on_model(wrong, "--cycles", 4_000)
    assert before.exit_code == 0
    assert before.stdout.splitlines()[2].split() == [NAME, "4,000", "0", "-", "0", "none"]
    assert on_model(wrong, "--cycles", 4_001).exit_code == 1
    for cycles, words in ((N_CYCLES - 1, None), (N_CYCLES, 1)):
        found = json.loads(on_model(wrong, "--json", "--cycles", cycles).stdout)
        assert found["cases"][0]["words"] == words


def test_a_changed_file_is_no_case(copy: Case) -> None:
    copy.after["neurons"].write_text("0\n")
    result = on_model(copy)
    assert result.exit_code == 2
    assert "changed since it was described" in result.stderr and result.stderr.count("\n") == 1


# --- What a simulator does not know -------------------------------------------------------------------------------


def held(one: Case, lost: int, lost_in_word: int = 0) -> regress.Outcome:
    """The case on its own recording, but AEROUT_REQ is inverted at cycle 7; what is lost is wrong and unknown.

    lost : output bits at cycle 5; lost_in_word : bits of the lowest limb of the last neuron's word
    """
    trace = wave.read(one.wave, CHIP)
    rows = np.flatnonzero(trace.clk)
    outputs, known = trace.outputs.copy(), trace.known.copy()
    outputs[rows[7]] ^= 1 << CHIP.output_word["AEROUT_REQ"].lsb
    outputs[rows[5]] ^= lost
    known[rows[5]] &= ~lost
    memories = {name: hexfile.read(file, CHIP.memory(name)) for name, file in one.after.items()}
    masks = {name: np.full_like(content, 0xFFFFFFFF) for name, content in memories.items()}
    memories["neurons"][-1, 0] ^= lost_in_word
    masks["neurons"][-1, 0] ^= lost_in_word
    return regress.hold(regress.Device(lambda *_: Run(outputs, known, memories, masks)), CHIP, one)


def test_unknown_bits_are_counted_and_not_compared(copy: Case) -> None:
    outcome = held(copy, 0b11)
    assert (outcome.n_unknown, outcome.n_mismatches, outcome.n_words) == (2, 1, 0)
    assert outcome.differences[0].cycle == 7
    outcome = held(copy, 0b1, 0xF0)
    assert (outcome.n_unknown, outcome.n_mismatches, outcome.n_words) == (5, 1, 0)


def test_only_what_is_undefined_and_unknown_may_differ(copy: Case) -> None:
    assert held(copy, 0b11).holds and not held(copy, 0b11).equal
    assert not held(copy, 0).holds
    defined = replace(copy, folder=copy.folder.with_name("lif_events"))
    shutil.copytree(copy.folder, defined.folder)
    assert not held(defined, 0b11).holds


def test_what_is_undefined_is_said(copy: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    undefined = held(copy, 0b11)
    monkeypatch.setattr(regress, "regress", lambda *_: iter([undefined]))
    result = on_model(copy)
    assert result.exit_code == 0
    _, _, row, total = result.stdout.splitlines()
    assert row.endswith(" (undefined in the source)")
    assert total.startswith("1 of 1 cases hold, 1 undefined in the source: 20,000 clocks, 0 mismatches, ")


# --- An RTL --------------------------------------------------------------------------------------------------------


@pytest.mark.icarus
def test_one_line_of_verilog(tmp_path: Path) -> None:
    """A LIF neuron that spikes above its threshold, no longer at it."""
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    path = emit.emit("odin", tmp_path / "rtl")
    head, found, tail = path.read_text().partition("assign spike = potential >= ")
    assert found and found not in tail
    path.write_text(head + found.replace(">=", ">") + tail)
    words = ["--sim", "icarus", "--case", NAME, "--report", tmp_path / "report"]
    faulty = draupnir("odin", "--rtl", path.parent, *words)
    assert faulty.exit_code == 1, faulty.stderr
    assert faulty.stdout.splitlines()[1].startswith("case ") and ": AEROUT_" in faulty.stdout.splitlines()[2]
    assert (tmp_path / "report" / f"{NAME}.fst").is_file()


# --- What is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["loki"], "no chip 'loki'"),
        (["odin", "--case", "lif_event"], "no case 'lif_event'; there are: ack_glitches, "),
        (["odin", "--golden", "nowhere"], "nowhere: no golden cases"),
        (["odin", "--rtl", "x", "--sim", "model"], "--rtl x: not with --sim model"),
        (["odin", "--top", "x"], "--top x: only with --rtl"),
        (["odin", "--top", "x", "--sim", "model"], "--top x: only with --rtl"),
        (["odin", "--report", "/dev/full"], "--report /dev/full: /dev/full is not a folder"),
        (["odin", "--golden", ".", "--report", "."], "--report .: it is the input --golden .; an output needs"),
        (["odin", "--rtl", "nowhere"], "nowhere"),
        (["odin", "--cycles", "0"], "--cycles"),
        (["odin", "--sim", "spice"], "--sim"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], complaint: str, tmp_path: Path) -> None:
    result = draupnir("--report", tmp_path, *words)
    assert result.exit_code == 2
    assert complaint in result.stderr and result.stderr.count("\n") == 1
