"""`draupnir mutate`: golden cases kill mutants, proofs find the equivalent ones, and an input shows each hole."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden import case
from draupnir.golden.state import STATE
from draupnir.tools.cli import cli
from draupnir.tools.jobs import process
from draupnir.tools.mutants import campaign, report
from draupnir.tools.mutants import jobs as mutant_jobs
from draupnir.tools.mutants.campaign import MutantOutcome
from draupnir.tools.mutants.cases import GreedyCases
from draupnir.tools.mutants.mutant import Mutant
from draupnir.tools.mutants.netlist import Mutator
from draupnir.tools.mutants.replay import KillingRow, Replayer
from draupnir.tools.proofs import job
from draupnir.tools.report import schema

WORDS = ["mutate", "tinyodin", "--of", "lif_neuron", "-n", "100"]


@pytest.mark.slow
@pytest.mark.verilator
def test_a_hundred_mutants_of_the_neuron_of_tinyodin_are_killed_or_equivalent(tmp_path, monkeypatch):
    files = ["-o", str(tmp_path), "--store", str(tmp_path / "jobs.sqlite")]
    result = CliRunner().invoke(cli, [*WORDS, *files])
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "mutate.json").read_text())
    assert content["schema"] == "draupnir.mutate" and content["mutants"] == len(content["outcomes"]) == 100
    assert content["killed"] + content["equivalent"] == 100 and content["equivalent"] >= 5
    names = {one.name for one in case.of_chip("tinyodin")}
    for outcome in content["outcomes"]:
        assert (outcome["verdict"] == "killed") is (outcome["case"] in names) is (outcome["cycle"] is not None)
        assert (outcome["verdict"] == "equivalent") is bool(outcome["proof"])
        assert re.fullmatch(r"rtl/tinyodin/lif\.py:\d+|tinyODIN\.neuron_core\.lif_neuron", outcome["place"])
    *_, raw, rest = result.stdout.splitlines()
    assert raw == f"tests kill {content['killed']} of 100 mutants ({content['killed']:.1f} %)"
    assert rest.endswith("(100.0 %)")

    # The same command takes all of it from the store.
    with monkeypatch.context() as patch:
        patch.setattr(Mutator, "mutate", None)
        repeated_run = CliRunner().invoke(cli, [*WORDS, *files])
    assert repeated_run.exit_code == 0 and repeated_run.stdout == result.stdout
    assert json.loads((tmp_path / "mutate.json").read_text())["outcomes"] == content["outcomes"]

    # Jobs come to the same verdicts.
    jobs = ["-o", str(tmp_path / "jobs"), "--store", str(tmp_path / "others.sqlite"), "--workers", "2"]
    result = CliRunner().invoke(cli, [*WORDS, *jobs])
    assert result.exit_code == 0, result.output
    of_jobs = json.loads((tmp_path / "jobs" / "mutate.json").read_text())["outcomes"]
    assert [_decided(outcome) for outcome in of_jobs] == [_decided(outcome) for outcome in content["outcomes"]]
    with monkeypatch.context() as patch:  # the order of the jobs does not matter, and the store has their results
        patch.setattr(process, "perform", None)
        patch.setattr(mutant_jobs, "jobs", lambda *words, jobs=mutant_jobs.jobs: jobs(*words)[::-1])
        repeated_run = CliRunner().invoke(cli, [*WORDS, *jobs])
    assert repeated_run.exit_code == 0 and repeated_run.stdout == result.stdout

    # One case finds less. What the proofs do not rule out are holes, each with an input that shows it.
    result = CliRunner().invoke(cli, [*WORDS, *files, "--case", "unconfigured", "--json"])
    assert result.exit_code == 1
    of_one_case = json.loads(result.stdout)
    assert {o["number"] for o in of_one_case["outcomes"] if o["verdict"] == "equivalent"} >= {
        o["number"] for o in content["outcomes"] if o["verdict"] == "equivalent"
    }
    holes = [outcome for outcome in of_one_case["outcomes"] if outcome["verdict"] == "hole"]
    assert len(holes) >= 5 and all(" in the model, " in hole["proof"] for hole in holes)

    numbers = [str(hole["number"]) for hole in holes[:2]]
    words = [word for number in numbers for word in ("--number", number)]
    result = CliRunner().invoke(cli, [*WORDS, *files, *words])
    assert result.exit_code == 0 and "tests kill 2 of 2 mutants (100.0 %)" in result.stdout


def _decided(outcome):
    return outcome["number"], outcome["place"], outcome["kind"], outcome["verdict"]


class WrongReplayer(Replayer):
    """A replayer of an RTL that differs without a mutant."""

    def __init__(self):
        pass

    def first_difference(self, recording, number, n_cycles=None):
        return KillingRow(1234)


def test_an_rtl_that_differs_without_a_mutant_is_one_line():
    cases = GreedyCases(chips.declaration("tinyodin"), case.of_chip("tinyodin"), ())
    message = (
        "case lif_events: the RTL differs from clock 1,234 on without a mutant; right is an RTL for which `draupnir"
        " regress` passes"
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        cases.replay("lif_events", 1, WrongReplayer())


def test_the_folder_of_the_report_is_made(tmp_path):
    schema.write(tmp_path / "a/b/mutate.json", "mutate", report.as_json("tinyodin", "our RTL", [], [], {}))
    assert json.loads((tmp_path / "a/b/mutate.json").read_text())["mutants"] == 0


def test_mutants_that_are_equivalent_for_many_clocks_only_are_counted():
    mutant = Mutant(1, "chip", "$cell", "Y", 0, "const0", "a.v:1", "")
    outcomes = [
        MutantOutcome(mutant, "killed", "a case"),
        MutantOutcome(mutant, "equivalent", proof=campaign.FOR_EVER),
        MutantOutcome(mutant, "equivalent", proof=campaign.FOR_LONG),
    ]
    assert report.as_json("tinyodin", "our RTL", outcomes, [], {})["equivalent_for_long"] == 1
    assert [*report.lines(outcomes)][-1] == (
        "2 are proved equivalent (1 of them for 16,777,216 clocks); tests kill 1 of the other 1 (100.0 %)"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tinyodin", "--case", "none"], "error: no case 'none'; there are: "),
        (["tinyodin", "--of", "none"], "error: --of none: right is one of tinyODIN, tinyODIN.aer_out"),
        (["tinyodin", "-n", "0"], "error: Invalid value for '-n': 0 is not in the range"),
    ],
)
def test_wrong_words_are_one_line(words, message, tmp_path):
    result = CliRunner().invoke(cli, ["mutate", *words, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2 and result.stderr.startswith(message) and result.stderr.count("\n") == 1


def test_a_case_that_begins_with_contents_of_registers_is_refused_by_name(monkeypatch, tmp_path):
    one = case.discover(chips.package("tinyodin").cases)[0]
    monkeypatch.setattr(case, "discover", lambda folder: [replace(one, sha256={**one.sha256, STATE: "0"})])
    result = CliRunner().invoke(cli, ["mutate", "tinyodin", "--case", one.name, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {one.folder}: it begins with contents of registers (state.toml), which a mutant cannot be given; right"
        " is a case that begins at the power-up\n"
    )


def test_a_machine_without_the_solver_is_one_line(monkeypatch):
    monkeypatch.setattr(job, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli, ["mutate", "odin"])
    assert result.exit_code == 2
    assert result.stderr == "error: draupnir mutate needs the solver Bitwuzla: pip install 'draupnir[prove]'\n"


@pytest.mark.slow
@pytest.mark.verilator
def test_mutants_that_differ_in_no_state_of_the_chip_are_proved_equivalent(tmp_path):
    numbers = {46: "every state", 445: "every state", 821: "16,777,216 clocks", 766: ""}
    words = [word for number in numbers for word in ("--number", str(number))]
    cases = [word for name in ("lif_events", "spi_masks") for word in ("--case", name)]
    files = ["-o", str(tmp_path), "--store", str(tmp_path / "jobs.sqlite")]
    words = ["mutate", "tinyodin", "-n", "1000", *files, "--json", *words, *cases]
    content = json.loads(CliRunner().invoke(cli, words).stdout)
    outcomes = {outcome["number"]: outcome for outcome in content["outcomes"]}
    for number, reason in numbers.items():
        assert outcomes[number]["verdict"] == ("equivalent" if reason else "open")
        assert reason in (outcomes[number]["proof"] or "")
