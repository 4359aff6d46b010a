"""Both solvers give the same answers, and z3's witness is one."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")
pytest.importorskip("z3", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.tinyodin import lif
from draupnir.rtl import emit
from draupnir.rtl.design import Design
from draupnir.tools.cli import cli
from draupnir.tools.proofs import job, solvers, sources
from draupnir.tools.proofs.claim import Leaf, prove
from draupnir.tools.proofs.logic import Logic


def leaf_of(chip, part):
    (leaf,) = job.parts(chip, [part])
    assert isinstance(leaf, Leaf)
    return leaf


def netlist_of(leaf, folder, old="", new=""):
    """The netlist of our part, with one operator replaced."""
    path = emit.write_verilog(leaf.ours.make(), sources.OURS, folder)
    text = path.read_text()
    path.write_text(text.replace(old, new, 1) if old else text)
    return sources.of_verilog(Design(sources.OURS, (path,)), sources.OURS, {}, folder / "flat")


@pytest.mark.parametrize(("chip", "part"), [("tinyodin", "lif"), ("odin", "sdsp"), ("reckon", "error")])
def test_both_solvers_prove_a_part(chip, part, tmp_path):
    leaf = leaf_of(chip, part)
    netlist = netlist_of(leaf, tmp_path)
    assert [prove(leaf, leaf.ours, netlist, "", 60, solver).holds for solver in solvers.NAMES] == [True, True]


def test_both_solvers_find_a_bug_and_the_kernel_confirms_their_witnesses(tmp_path):
    leaf = leaf_of("tinyodin", "lif")
    netlist = netlist_of(leaf, tmp_path, " >= ", " > ")
    for solver in solvers.NAMES:
        proof = prove(leaf, leaf.ours, netlist, "bug", 60, solver)
        assert proof.holds is False and proof.witness is not None and proof.witness.is_possible
        inputs = proof.witness.unknowns
        state = lif.update(*(inputs[name] for name in ("word", "syn_weight", "syn_event", "time_ref")))
        results = {"core": state.word & 0xFFF, "spike": state.spike}
        assert all(results[name] == model & 0xFFF != rtl for name, (model, rtl) in proof.witness.results.items())


def test_unknowns_of_one_name_are_two_in_the_text():
    logic = Logic(solvers.Z3)
    one, other = (logic.unknown("a|\\b", 8) for _ in range(2))
    solver = solvers.make(logic, [], 60)
    answer = solver.ask(one.equals(other), {"one": one, "other": other})
    assert answer.holds is False and answer.witness["one"] != answer.witness["other"]
    solver.add(one.equals(other))
    assert solver.ask(other.equals(one), {}).holds is True


def test_z3_without_time_is_undecided(tmp_path):
    leaf = leaf_of("reckon", "update")
    assert prove(leaf, leaf.ours, netlist_of(leaf, tmp_path), "", 0.001, solvers.Z3).holds is None


def test_the_report_names_the_solver(tmp_path):
    words = ["prove", "odin", "--of", "sdsp", "--solver", "z3", "-o", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    assert [proof["solver"] for proof in json.loads(result.stdout)["proofs"]] == [solvers.version("z3")]


def test_without_z3_a_line_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "find_spec", lambda name: None if name == "z3" else True)
    result = CliRunner().invoke(cli, ["prove", "odin", "--solver", "z3", "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr == "error: draupnir prove needs the solver z3: pip install 'draupnir[prove]'\n"
