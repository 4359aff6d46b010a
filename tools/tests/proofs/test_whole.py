"""Proofs of whole chips: a bug in a line of the RTL is found from some state, and the compiled model confirms it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.codec import decode
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin import scheduler
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP
from draupnir.golden.replay import replay_recording
from draupnir.rtl import emit, foreign
from draupnir.tools.cli import cli
from draupnir.tools.proofs import job
from draupnir.tools.proofs.claim import ProofTask, Witness, solve
from draupnir.tools.proofs.repeat import put_into
from draupnir.tools.proofs.whole import ChipStep, Setting

BUGS = [  # a step, a line of our tinyODIN in Verilog, and what a bug makes of it
    ("clock-edge", r"= & fill_cnt;", "= & fill_cnt[5:0];"),
    ("clock-edge", r"= fill_cnt \+ 1'h1;", "= fill_cnt + 2'h2;"),
    ("clock-edge", r"ack_sync_del <= ", "ack_sync_del <= 1'h1 | "),
    ("clock-edge", r"(_ctrl_cnt <= )", r"\1 32'h80000000 ^ "),
    ("pin-edges", r"(_spi_cnt <= )", r"\1 6'h20 ^ "),
    ("pin-edges", r"(_shift_in <= )", r"\1 20'h80000 ^ "),
]


@pytest.fixture(scope="module")
def verilog(tmp_path_factory):
    """Our tinyODIN in Verilog."""
    return emit.emit("tinyodin", tmp_path_factory.mktemp("tinyodin")).read_text()


def with_bug(verilog, old, new, folder):
    """A folder with our tinyODIN, in which one line has a bug."""
    text, n = re.subn(old, new, verilog, count=1)
    assert n == 1, f"no line has {old}"
    (folder / "rtl").mkdir()
    (folder / "rtl" / "tinyODIN.v").write_text(text)
    return folder / "rtl"


def witness_of(verilog, old, new, step, folder):
    """Prove a step of a design with a bug; returns the witness as prove.json has it."""
    design = foreign.read(with_bug(verilog, old, new, folder), CHIP)
    (claim,) = job.parts("tinyodin", [step])
    proof = job.Designs("tinyodin", design, folder / "out").prove(claim, job.ORIGINAL, 300).as_json()
    assert proof["holds"] is False
    return proof["witness"]


def after_step(witness, step):
    """The compiled model one step after the state of a witness, and its output pins before."""
    model = Model()
    pins = put_into(model, witness["inputs"], " afterwards" if step == "pin-edges" else "")
    return model, decode(CHIP.output_word, model.step(pins, step == "clock-edge"))


@pytest.mark.parametrize(("step", "old", "new"), BUGS, ids=[old for _, old, _ in BUGS])
def test_a_bug_in_one_line_is_found_and_the_compiled_model_confirms_the_witness(step, old, new, verilog, tmp_path):
    witness = witness_of(verilog, old, new, step, tmp_path)
    model_after, outputs = after_step(witness, step)
    assert witness["results"]
    for name, (model, rtl) in witness["results"].items():
        register, _, element = name.rstrip("]").partition("[")
        assert model == (outputs[name] if name in outputs else model_after.peek(register, int(element or 0))) != rtl


def test_a_witness_has_as_few_contents_as_it_needs(verilog, tmp_path):
    witness = witness_of(verilog, r"= & fill_cnt;", "= & fill_cnt[5:0];", "clock-edge", tmp_path)
    rest = {reg.name: int(reg.reset or 0) for block in CHIP.blocks for reg in block.regs}
    contents = {name: content for name, content in witness["inputs"].items() if content != rest.get(name, 0)}
    assert "main_fill_cnt" in contents and len(contents) <= 4


def test_a_difference_is_a_line_and_exit_status_1(verilog, tmp_path):
    rtl = with_bug(verilog, r"(_spi_cnt <= )", r"\1 6'h20 ^ ", tmp_path)
    arguments = ["prove", "tinyodin", "--rtl", str(rtl), "--of", "pin-edges", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    theirs, ours = result.stdout.splitlines()
    assert re.match(r"pin-edges   our RTL         proved for all 2\^\d+ inputs", ours)
    difference = r"they differ: spi_cnt 0x\w+ in the model, 0x\w+ in the RTL for \w+.*"
    assert re.match(rf"pin-edges   tinyODIN        {difference}; golden case \S+/pin-edges_tinyODIN$", theirs)
    assert replay_recording(Model(), tmp_path / "out" / "witnesses" / "pin-edges_tinyODIN").holds
    proofs = json.loads((tmp_path / "out" / "prove.json").read_text())["proofs"]
    assert [proof["holds"] for proof in proofs] == [False, True]


def test_a_chip_with_other_names_is_one_line(tmp_path):
    (tmp_path / "rtl").mkdir()
    text = emit.emit("tinyodin", tmp_path).read_text()
    (tmp_path / "rtl" / "tinyODIN.v").write_text(re.sub(r"\bfill_cnt\b", "level", text))
    arguments = ["prove", "tinyodin", "--rtl", str(tmp_path / "rtl"), "--of", "clock-edge", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert re.fullmatch(
        r"error: a proof finds no signal \S+; right is a design with the chip's own names\n", result.output
    )


# --- ODIN, whose whole proof takes minutes: all but the words and counters of the burst queues


def setting_of(chip: str, name: str, folder: Path) -> tuple[ChipStep, Setting]:
    """A step of a chip, with our RTL."""
    (step,) = job.parts(chip, [name])
    assert isinstance(step, ChipStep)
    netlist, places = job.Designs(chip, None, folder).whole(step, job.OURS)
    return step, Setting(step.whole, netlist, places, ("in the model", "in the RTL"))


def odin_edge(tmp_path: Path) -> ProofTask:
    """The claim about ODIN's clock, without the questions that take long."""
    step, setting = setting_of("odin", "clock-edge", tmp_path)
    problem = step.problem(setting)
    quick = [pairs for pairs in problem.questions if not re.match(r"burst_\w+\[", next(iter(pairs)))]
    assert len(problem.questions) - len(quick) == 4 + 57
    return ProofTask(**{**vars(problem), "questions": quick})


def test_most_of_odin_and_our_rtl_do_the_same_at_an_edge_of_the_clock(tmp_path):
    assert solve(odin_edge(tmp_path), "ODIN", 300).holds


def test_a_bug_in_odin_s_model_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "FILL_FULL", 30)
    proof = solve(odin_edge(tmp_path), "bug", 300)
    assert proof.holds is False and isinstance(proof.witness, Witness)
    assert proof.witness.unknowns["main_fill_cnt"] in (30, 31)


def test_names_of_signals(tmp_path):
    _, setting = setting_of("tinyodin", "pin-edges", tmp_path)
    assert setting.module.has("scheduler.main_fifo.events[127]") and not setting.module.has("events[128]")
    with pytest.raises(InputError, match="several signals stage0"):
        setting.module.bits_of("stage0")
    with pytest.raises(InputError, match="no memory words"):
        setting.module.memory_of("words")


# --- One block


def test_a_bug_is_found_in_its_block_and_in_no_other(verilog, tmp_path):
    """A FIFO that is full too early drops an event; the controller does not see this at the edge."""
    rtl = with_bug(verilog, r"= & fill_cnt;", "= & fill_cnt[6:1];", tmp_path)
    words = [
        "prove",
        "tinyodin",
        "--rtl",
        str(rtl),
        "--of",
        "scheduler",
        "--of",
        "spi_slave",
        "-o",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1
    outcomes = {tuple(line.split()[:2]): "proved for all" in line for line in result.stdout.splitlines()}
    assert [name for name, holds in outcomes.items() if not holds] == [("scheduler-clock", "tinyODIN")]
    assert {part for part, _ in outcomes} == {
        f"{one}-{end}" for one in ("scheduler", "spi_slave") for end in ("clock", "pins")
    }
    assert (tmp_path / "out" / "witnesses" / "scheduler-clock_tinyODIN" / "state.toml").is_file()


def test_blocks_of_whole_odin_have_the_registers_of_the_declaration(tmp_path):
    step, _ = job.parts("odin", ["controller"])
    assert isinstance(step, ChipStep)
    netlist, places = job.Designs("odin", None, tmp_path).whole(step, job.OURS)
    questions = step.problem(Setting(step.whole, netlist, places, ("in the model", "in the RTL"))).questions
    registers = {name for pairs in questions for name in pairs}
    assert (
        {"state", "ctrl_cnt", "neur_cnt"} < registers == {reg.name for reg in step.whole.chip.block("controller").regs}
    )
