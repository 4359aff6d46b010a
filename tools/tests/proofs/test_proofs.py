"""`draupnir prove`: every part of every chip holds, and a bug in it is found with an input that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.codec import decode
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin import izh, lif
from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.odin.planes import izh as izh_planes
from draupnir.emulator.odin.planes import lif as lif_planes
from draupnir.emulator.tinyodin.events import sweep
from draupnir.rtl import emit
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli
from draupnir.tools.proofs import claim, job, solvers, sources
from draupnir.tools.proofs.claim import Law, Leaf, prove, prove_law
from draupnir.tools.proofs.logic import Logic
from draupnir.tools.proofs.questions import SolverAnswer
from draupnir.tools.proofs.whole import ChipStep

LONG = {("odin", "clock-edge"), *(("reckon", step) for step in ("start", "clock-edge", "pin-edges"))}
# These take minutes, or need our whole ReckOn in Verilog. Other tests prove the quick ones of their questions.
CHIPS = ("gungnir", "odin", "reckon", "tinyodin")
BUGS = [  # chip, part, a piece of our Verilog, and what a bug makes of it
    ("odin", "lif", " >= ", " > "),
    ("odin", "izh", " == ", " != "),
    ("odin", "sdsp", " & ", " | "),
    ("tinyodin", "lif", " >= ", " > "),
    ("gungnir", "learning-state", " - ", " + "),
    ("gungnir", "learning-signal", " + ", " - "),
    ("gungnir", "eprop", " >> ", " << "),
    ("reckon", "update", " >> ", " << "),
    ("reckon", "wout", " - ", " + "),
    ("reckon", "penalty", " >> ", " << "),
    ("reckon", "error", " - ", " + "),
    ("reckon", "leak", " >= ", " > "),
    ("reckon", "leak-out", " >= ", " > "),
    ("reckon", "trace", " >= ", " > "),
    ("reckon", "trace-out", " >= ", " > "),
]


def leaf_of(chip, part):
    (leaf,) = job.parts(chip, [part])
    assert isinstance(leaf, Leaf)
    return leaf


def with_bug(leaf, old, new, folder):
    """The netlist of our part with one operator replaced."""
    path = emit.write_verilog(leaf.ours.make(), sources.OURS, folder)
    text = path.read_text()
    body = text.index("assign")
    assert old in text[body:]
    path.write_text(text[:body] + text[body:].replace(old, new, 1))
    return sources.of_verilog(Design(sources.OURS, (path,)), sources.OURS, {}, folder / "flat")


@pytest.mark.parametrize("chip", CHIPS)
def test_all_parts_hold(chip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = [claim.name for claim in job.parts(chip, ()) if (chip, claim.name) not in LONG]
    result = CliRunner().invoke(cli, ["prove", chip, *(word for part in parts for word in ("--of", part))])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == parts
    assert all(
        re.search(r"(our RTL|other kernels) +proved for all 2\^\d+ inputs \(\d+ results?, ", line) for line in lines
    )
    report = json.loads(Path("build/prove/prove.json").read_text())
    assert report["holds"] is True and all(proof["holds"] for proof in report["proofs"])
    assert all(proof["solver"].startswith("Bitwuzla ") for proof in report["proofs"])


@pytest.mark.smoke
@pytest.mark.parametrize(("chip", "part", "old", "new"), BUGS, ids=[f"{chip}-{part}" for chip, part, _, _ in BUGS])
def test_a_bug_is_found_with_an_input_that_shows_it(chip, part, old, new, tmp_path):
    leaf = leaf_of(chip, part)
    proof = prove(leaf, leaf.ours, with_bug(leaf, old, new, tmp_path), "bug", 60)
    assert proof.holds is False and proof.witness is not None
    assert set(proof.witness.unknowns) == set(leaf.widths)
    assert proof.witness.results
    assert all(model != rtl for model, rtl in proof.witness.results.values())


def test_the_compiled_kernel_gives_the_model_s_results_of_a_witness(tmp_path):
    leaf = leaf_of("odin", "lif")
    proof = prove(leaf, leaf.ours, with_bug(leaf, " >= ", " > ", tmp_path), "bug", 60)
    assert proof.witness is not None
    inputs = proof.witness.unknowns
    limbs = np.array([inputs["word"] >> shift & 0xFFFFFFFF for shift in range(0, 128, 32)], np.int64)
    new_state = lif.update(limbs, *(inputs[name] for name in ("syn_weight", "syn_sign", "syn_event", "time_ref")))
    assert all(getattr(new_state, name) == model for name, (model, _) in proof.witness.results.items())


def not_quite_majority(a, b, c):
    return (a & b) | (c & a)


LAW_BUGS = [  # a chip, a part, and a bug in a kernel
    ("odin", "lif-event", lif_planes, "majority", not_quite_majority),
    ("odin", "lif-tref", lif_planes, "LEAK_BITS", 6),
    ("odin", "izh-event", izh_planes, "CORE_MAX", 6),
    ("odin", "izh-tref", izh_planes, "ONE3", (0, -1, 0)),
    ("odin", "izh-stays", izh, "FI_LOWEST", 4),
    ("tinyodin", "lif-event", sweep, "CORE_MAX", 2046),
    ("tinyodin", "lif-tref", sweep, "NEVER", 2047),
]


@pytest.mark.parametrize(
    ("chip", "part", "module", "name", "content"), LAW_BUGS, ids=[f"{chip}-{part}" for chip, part, *_ in LAW_BUGS]
)
def test_a_bug_in_a_kernel_is_found(chip, part, module, name, content, monkeypatch):
    monkeypatch.setattr(module, name, content)
    (law,) = job.parts(chip, [part])
    assert isinstance(law, Law)
    proof = prove_law(law, "bug", 60)
    assert proof.holds is False and proof.witness is not None
    assert set(proof.witness.unknowns) == set(law.widths) and proof.witness.results
    assert "RTL" not in str(proof.witness) and all(way in str(proof.witness) for way in law.ways)


def test_a_witness_names_the_fields_of_its_word(tmp_path):
    leaf = leaf_of("odin", "izh")
    proof = prove(leaf, leaf.ours, with_bug(leaf, " == ", " != ", tmp_path), "bug", 60)
    assert proof.witness is not None and proof.witness.fields
    fields = decode(IZH, proof.witness.unknowns["word"])
    assert proof.witness.fields == {name: content for name, content in fields.items() if content}
    assert re.search(r"\(in the word \w+ \d+[,)]", str(proof.witness))


def test_sources_without_the_module_are_one_line(tmp_path):
    source = tmp_path / "a.v"
    source.write_text("module other; endmodule\n")
    leaf = leaf_of("odin", "lif")
    assert leaf.original is not None
    with pytest.raises(InputError) as caught:
        sources.flat_netlist(leaf.original, Design("other", (source,)), tmp_path / "build")
    assert str(caught.value) == "--rtl: no module lif_neuron in its files; right is --of with other parts"


def test_every_part_has_a_bug_that_must_be_found():
    tested = {(chip, part) for chip, part, _, _ in BUGS} | {(chip, part) for chip, part, *_ in LAW_BUGS}
    claims = {(chip, claim.name) for chip in CHIPS for claim in job.parts(chip, ()) if not isinstance(claim, ChipStep)}
    assert tested == claims  # test_whole.py has bugs for steps of whole chips


def test_a_difference_is_exit_status_1_with_a_witness(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    leaf = leaf_of("tinyodin", "lif")
    monkeypatch.setattr(sources, "flat_netlist", lambda module, design, folder: with_bug(leaf, " >= ", " > ", folder))
    result = CliRunner().invoke(cli, ["prove", "tinyodin", "--json"], standalone_mode=False)
    report = json.loads(result.stdout)
    assert report["holds"] is False
    assert set(report["proofs"][0]["witness"]["inputs"]) == set(leaf.widths)
    assert report["proofs"][0]["case"] == "build/prove/witnesses/lif_our_RTL"
    assert Path(report["proofs"][0]["case"], "case.toml").is_file()


def test_a_difference_is_one_line_for_people(tmp_path):
    leaf = leaf_of("tinyodin", "lif")
    proof = prove(leaf, leaf.ours, with_bug(leaf, " >= ", " > ", tmp_path), "bug", 60)
    line = str(job.PartProof("lif", leaf.title, job.OURS, proof))
    assert re.search(r"^they differ: \w+ 0x[0-9a-f]+ in the model, 0x[0-9a-f]+ in the RTL.* for (\w+=0x|zeros)", line)


def test_a_proof_without_time_is_undecided(tmp_path):
    leaf = leaf_of("reckon", "update")
    netlist = sources.flat_netlist(leaf.ours, None, tmp_path)
    proof = prove(leaf, leaf.ours, netlist, "", 0.001)
    assert proof.holds is None
    assert str(job.PartProof("update", leaf.title, job.OURS, proof)).startswith("undecided after ")


class SlowSolver:
    """A solver that has no answer; ``limits`` has the limit of each question that it was asked."""

    limits: ClassVar[list[float]] = []

    def __init__(self, logic: Logic, assumptions: object, seconds: float) -> None:
        self.seconds = seconds

    def ask(self, claim: object, unknowns: object, last: bool) -> SolverAnswer:
        self.limits.append(self.seconds)
        return SolverAnswer(None, {})


def test_a_claim_that_is_not_proved_any_more_gets_less_time(monkeypatch):
    """The questions that are left can only show a difference."""
    monkeypatch.setattr(solvers, "make", SlowSolver)
    logic = Logic()
    x = logic.unknown("x", 8)
    questions = [{name: (x, x)} for name in ("a", "b", "c")]
    task = claim.ProofTask(logic, {"x": x}, questions, {}, 8, ("one", "other"), alone={"c"})
    for seconds, limits in ((300.0, [300.0, 10.0, 10.0]), (2.0, [2.0, 2.0, 2.0])):
        SlowSolver.limits.clear()
        assert claim.solve(task, "x is x", seconds).undecided == ["a", "b", "c"]
        assert SlowSolver.limits == limits


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["odin", "--of", "adder"],
            "error: --of adder: right is one of lif, izh, sdsp, izh-stays, ",
        ),
        (["odin", "--of", "lif", "--limit", "0"], "--limit"),
    ],
)
def test_a_mistake_is_one_line(words, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["prove", *words])
    assert result.exit_code == 2
    assert line in result.stderr
    assert not Path("build").exists()


def test_without_the_solver_a_line_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli, ["prove", "odin"])
    assert result.exit_code == 2
    assert result.stderr == "error: draupnir prove needs the solver Bitwuzla: pip install 'draupnir[prove]'\n"
