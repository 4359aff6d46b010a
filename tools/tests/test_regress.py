"""`draupnir regress`: a difference in one bit of a pin, a memory or a line of Verilog is found, and said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import MemoryMoment, Observed
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.trace import Trace
from draupnir.golden import case, hexfile, regress, wave, wave_out
from draupnir.golden.case import Case
from draupnir.golden.compare import Undefined
from draupnir.golden.compare.memories import Memories
from draupnir.golden.wave_out import CLOCK
from draupnir.rtl import emit, toolchain
from draupnir.tools.cli import cli

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


def rewritten_case(one: Case) -> Case:
    """The case with its files as they are now."""
    return case.write(one.folder, one.chip, one.why, one.source, one.command, one.seed)


def flip_pin(one: Case, cycle: int, pin: str) -> Case:
    trace = wave.read(one.wave, CHIP)
    trace.outputs[np.flatnonzero(trace.clk)[cycle]] ^= 1 << CHIP.output_word[pin].lsb
    wave_out.write(trace, one.wave)
    return rewritten_case(one)


def flip_field(one: Case, memory_name: str, addr: int, field: str) -> Case:
    memory = CHIP.memory(memory_name)
    content = hexfile.read(one.after[memory_name], memory)
    lsb = memory.words[0][field].lsb
    content[addr, lsb // 32] ^= 1 << lsb % 32
    hexfile.write(one.after[memory_name], content, memory)
    return rewritten_case(one)


def on_model(one: Case, *words: object) -> Result:
    folder = one.folder.parent
    report = folder.parent / "report"
    return draupnir("odin", "--sim", "model", "--golden", folder, "--report", report, *words)


# --- What is found ------------------------------------------------------------------------------------------------


def test_what_holds(copy: Case) -> None:
    result = on_model(copy)
    assert result.exit_code == 0
    title, head, row, total, report_line = result.stdout.splitlines()
    report = copy.folder.parents[1] / "report"
    assert report_line == f"report: {report / 'report.html'}"
    assert {path.name for path in report.iterdir()} == {"report.html", "report.json", "results.xml"}
    assert total in (report / "report.html").read_text()
    report_object = json.loads((report / "report.json").read_text())
    assert (report_object["holds"], report_object["cases"][0]["case"], report_object["origin"]["seeds"]) == (
        True,
        NAME,
        [],
    )
    assert report_object["origin"]["command"].startswith("draupnir regress odin --sim model --golden ")
    assert title == "odin: golden model"
    assert head.split() == ["case", "clocks", "mismatches", "words", "X", "bits", "first", "difference"]
    assert row.split() == [NAME, "20,000", "0", "0", "0", "none"]
    assert total.startswith("1 of 1 cases hold: 20,000 clocks, 0 mismatches, 220,000 of 220,000 output bits compared, ")


@pytest.mark.parametrize("cycle", [0, 12_345, N_CYCLES - 1])
def test_one_bit_of_a_pin_at_one_clock(copy: Case, cycle: int) -> None:
    result = on_model(flip_pin(copy, cycle, "AEROUT_REQ"))
    assert result.exit_code == 1
    _, _, row, mismatch, pin, counts, decoded, waveform, total, _ = result.stdout.splitlines()
    assert row.split()[:5] == [NAME, "20,000", "1", "0", "0"]
    assert f"  cycle {cycle}: AEROUT_REQ expected 0x" in row
    assert mismatch.startswith(f"{NAME}: mismatch at ") and mismatch.endswith(f" ps, cycle {cycle}:")
    assert pin.startswith("  AEROUT_REQ: expected 0x")
    n_bits = 11 * (cycle + 1)
    assert counts == f"  up to there: {n_bits:,} of {n_bits:,} output bits compared, 0 unknown"
    assert total.startswith("0 of 1 cases hold: 20,000 clocks, 1 mismatches, ")
    wave_file = copy.folder.parents[1] / "report" / f"{NAME}.fst"
    assert decoded.startswith(f"decoded: draupnir replay odin {wave_file} --from-power-up")
    assert wave.read(wave_file, CHIP).n_cycles == N_CYCLES
    pair_file = wave_file.with_name(f"{NAME}.difference.fst")
    assert waveform == f"waveform around it, beside the golden model: {pair_file}"
    pair = wave.read(pair_file, CHIP, wave.Reading(scope="odin.rtl"))
    assert pair.n_cycles == min(cycle, 64) + min(N_CYCLES - cycle, 16)
    marker = (cycle + 1) * CLOCK
    assert f" {marker} {marker} -1" in pair_file.with_suffix(".gtkw").read_text()


def test_one_bit_of_a_word(copy: Case) -> None:
    result = on_model(flip_field(copy, "neurons", 0x12, "leak_en"), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    [outcome] = report["cases"]
    assert not report["holds"] and not outcome["holds"]
    assert (outcome["mismatches"], outcome["words"], outcome["first_memory_difference"]) == (0, 1, None)
    bits = {"total": 220_000, "compared": 220_000, "unknown": {}}
    assert report["output_bits"] == bits
    assert outcome["output_bits"] == {**bits, "before_reset": 0, "never_known": []}
    difference = outcome["first_difference"]
    assert (difference["cycle"], difference["pins"], difference["bits"]) == (None, [], bits)
    [memory] = difference["memories"]
    [word] = memory["words"]
    [field] = word["fields"]
    assert (memory["memory"], word["addr"], field["name"]) == ("neurons", 0x12, "leak_en")
    assert field["expected"] == 1 - field["got"]
    assert difference["text"] == f"after the last clock: neurons[0x12].leak_en expected {field['expected']}, " + (
        f"got {field['got']}"
    )


def test_the_first_clocks_alone(copy: Case) -> None:
    wrong = flip_field(flip_pin(copy, 4_000, "MISO"), "synapses", 0, "mapping0")
    short_result = on_model(wrong, "--cycles", 4_000)
    assert short_result.exit_code == 0
    assert short_result.stdout.splitlines()[2].split() == [NAME, "4,000", "0", "-", "0", "none"]
    assert "\nmemories not compared in 1 of 1 cases, which were not run to their end\n" in short_result.stdout
    assert on_model(wrong, "--cycles", 4_001).exit_code == 1
    for cycles, words in ((N_CYCLES - 1, None), (N_CYCLES, 1)):
        report = json.loads(on_model(wrong, "--json", "--cycles", cycles).stdout)
        assert report["cases"][0]["words"] == words


def test_a_changed_file_is_no_case(copy: Case) -> None:
    copy.after["neurons"].write_text("0\n")
    result = on_model(copy)
    assert result.exit_code == 2
    assert "changed since it was described" in result.stderr and result.stderr.count("\n") == 1


# --- What a simulator does not know -------------------------------------------------------------------------------


def without_reset(one: Case) -> Case:
    """The case, recorded as if its reset had never been active."""
    trace = wave.read(one.wave, CHIP)
    rst = CHIP.input_word["RST"]
    wave_out.write(replace(trace, inputs=trace.inputs & ~(rst.high << rst.lsb)), one.wave)
    return rewritten_case(one)


class Seen:
    """A device that did something once."""

    n_parallel, n_moments, is_random, can_follow = 1, 2, False, False

    def __init__(self, observation: Observed) -> None:
        self._observation = observation

    def run(self, trace: Trace, memories: Memories) -> Observed:
        return self._observation

    def follow(self, trace: Trace, memories: Memories, rows: Sequence[int]) -> Iterator[MemoryMoment]:
        raise NotImplementedError


def outcome_of(
    one: Case, n_lost: int, lost_in_word: int = 0, wrong_at: int | None = 7, lost_at: int = 5
) -> regress.CaseOutcome:
    """The case on its own recording, but AEROUT_REQ is inverted at a cycle; what is lost is wrong and unknown.

    n_lost : output bits at a cycle; lost_in_word : bits of the lowest limb of the last neuron's word
    """
    trace = wave.read(one.wave, CHIP)
    rows = np.flatnonzero(trace.clk)
    outputs, known_bits = trace.outputs.copy(), trace.known_bits.copy()
    if wrong_at is not None:
        outputs[rows[wrong_at]] ^= 1 << CHIP.output_word["AEROUT_REQ"].lsb
    outputs[rows[lost_at]] ^= n_lost
    known_bits[rows[lost_at]] &= ~n_lost
    memories = {name: hexfile.read(file, CHIP.memory(name)) for name, file in one.after.items()}
    masks = {name: np.full_like(content, 0xFFFFFFFF) for name, content in memories.items()}
    memories["neurons"][-1, 0] ^= lost_in_word
    masks["neurons"][-1, 0] ^= lost_in_word
    return regress.hold(Seen(Observed(outputs, known_bits, memories, masks)), CHIP, one)


def test_unknown_bits_are_counted_and_not_compared(copy: Case) -> None:
    outcome = outcome_of(copy, 0b11)
    assert (outcome.n_unknown, outcome.n_mismatches, outcome.n_words) == (2, 1, 0)
    assert outcome.difference is not None and outcome.difference.cycle == 7
    outcome = outcome_of(copy, 0b1, 0xF0)
    assert (outcome.n_unknown, outcome.n_mismatches, outcome.n_words) == (5, 1, 0)


REQ = {"AEROUT_REQ": 1}


@pytest.mark.parametrize(
    ("undefined", "holds"),
    [
        (Undefined(5, {"MISO": 1}, REQ), True),
        (Undefined(4, {"MISO": 2, "AEROUT_ADDR": 3}, {**REQ, "neurons": 7}), True),
        (None, False),
        (Undefined(6, {"MISO": 1}, REQ), False),
        (Undefined(5, {}, REQ), False),
        (Undefined(5, {"MISO": 1}, {}), False),
        (Undefined(5, {"AEROUT_ADDR": 9}, {"AERIN_ACK": 9}), False),
    ],
    ids=["just so", "less", "nothing", "earlier", "more unknown", "more differs", "elsewhere"],
)
def test_no_more_than_the_case_leaves_open_may_be_unknown_or_differ(
    copy: Case, undefined: Undefined | None, holds: bool
) -> None:
    unreset = without_reset(copy)
    outcome = outcome_of(replace(unreset, undefined=undefined), 1 << CHIP.output_word["MISO"].lsb)
    assert (outcome.holds, outcome.undefined, outcome.equal) == (holds, holds, False)


def test_what_a_case_leaves_open_excuses_nobody_who_knows_everything(copy: Case) -> None:
    assert not outcome_of(replace(copy, undefined=Undefined(0, {"MISO": 9}, REQ)), 0).holds


def test_unknown_bits_are_a_failure_only_after_the_first_reset(copy: Case) -> None:
    outcome = outcome_of(copy, 1 << CHIP.output_word["MISO"].lsb, wrong_at=None)
    rst = wave.read(copy.wave, CHIP).inputs >> CHIP.input_word["RST"].lsb & 1
    assert rst[:9].tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert not outcome.holds and outcome.undeclared == {"MISO": 1} and outcome.agreement.n_before == 0
    earlier = outcome_of(copy, 1 << CHIP.output_word["MISO"].lsb, wrong_at=None, lost_at=4)
    assert earlier.holds and not earlier.undefined and earlier.agreement.n_before == 1
    assert str(earlier.agreement.bits) == "219,999 of 220,000 output bits compared"


def test_unknown_bits_of_a_memory_are_a_failure(copy: Case) -> None:
    outcome = outcome_of(replace(copy, undefined=None), 0, 0xF0, wrong_at=None)
    assert not outcome.holds and outcome.undeclared == {"neurons": 4}


def test_where_nothing_was_compared_nothing_holds(copy: Case) -> None:
    trace = wave.read(copy.wave, CHIP)
    memories = {name: hexfile.read(file, CHIP.memory(name)) for name, file in copy.after.items()}
    masks = {name: np.full_like(content, 0xFFFFFFFF) for name, content in memories.items()}
    nothing = Observed(trace.outputs, np.zeros_like(trace.known_bits), memories, masks)
    open_for_all = Undefined(0, {pin.name: 1 << 40 for pin in CHIP.outputs}, {})
    outcome = regress.hold(Seen(nothing), CHIP, replace(copy, undefined=open_for_all))
    assert not outcome.holds
    assert outcome.agreement.never == tuple(pin.name for pin in CHIP.outputs)


def test_a_case_recorded_from_unknowns_does_not_hold(copy: Case) -> None:
    trace = wave.read(copy.wave, CHIP)
    wave_out.write(replace(trace, known_bits=np.zeros_like(trace.known_bits)), copy.wave)
    result = on_model(rewritten_case(copy))
    assert result.exit_code == 1
    assert f"{NAME}: nothing was compared: 0 of 220,000 output bits compared\n" in result.stdout


def test_what_a_case_leaves_open_names_what_the_chip_has(copy: Case) -> None:
    text = (copy.folder / case.TOML).read_text().replace("AEROUT_ADDR", "AEROUT_ADDRESS")
    (copy.folder / case.TOML).write_text(text)
    result = on_model(copy)
    assert result.exit_code == 2
    assert "case.toml: undefined.different.AEROUT_ADDRESS: odin has no such output or memory" in result.stderr


def test_what_is_undefined_is_said(copy: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    undefined = outcome_of(replace(copy, undefined=Undefined(0, {"MISO": 1}, REQ)), 1 << CHIP.output_word["MISO"].lsb)
    monkeypatch.setattr(regress, "regress", lambda *_: iter([undefined]))
    result = on_model(copy)
    assert result.exit_code == 0
    _, _, row, total, _ = result.stdout.splitlines()
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
    head, separator, tail = path.read_text().partition("assign spike = potential >= ")
    assert separator and separator not in tail
    path.write_text(head + separator.replace(">=", ">") + tail)
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
        (["odin", "--golden", "nowhere"], "no golden cases in nowhere"),
        (["odin", "--rtl", "x", "--sim", "model"], "--rtl x: not with --sim model"),
        (["odin", "--top", "x"], "--top x: only with --rtl"),
        (["odin", "--top", "x", "--sim", "model"], "--top x: only with --rtl"),
        (["odin", "--report", "/dev/full"], "--report /dev/full: /dev/full is not a folder"),
        (["odin", "--golden", ".", "--report", "."], "--report .: it is the input --golden .; an output needs"),
        (["odin", "--rtl", "nowhere"], "nowhere: not a folder, and no list of files (.f, "),
        (["odin", "--rtl", "nowhere.f"], "nowhere.f: the list of files cannot be read: No such file"),
        (["odin", "-f", "nowhere.f"], "nowhere.f: the list of files cannot be read: No such file"),
        (["odin", "-f", "x.f", "--rtl", "x"], "-f x.f: not with --rtl x"),
        (["odin", "--cycles", "0"], "--cycles"),
        (["odin", "--sim", "spice"], "--sim"),
        (["odin", "--initial", "unknown"], "--initial unknown: only with --sim icarus; verilator has only 0 and 1"),
        (["odin", "--initial", "one"], "--initial"),
        (["odin", "--seed", "3"], "--seed 3: only with --initial random"),
        (["odin", "--initial", "random", "--seed", "0"], "--seed"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], complaint: str, tmp_path: Path) -> None:
    result = draupnir("--report", tmp_path, *words)
    assert result.exit_code == 2
    assert complaint in result.stderr and result.stderr.count("\n") == 1
