"""A chip from outside that has all at once what one chip after the other brings: each command works for it.

SystemVerilog with a package, packed structs and cores in a generate loop, each with a memory and a probe; two clocks,
one used as it falls; an asynchronous reset, active low; streams; a pin of 100 bits; a size. The chip is in ``mesh/``.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.golden import case, record, wave
from draupnir.golden.recipes import record_recipe
from draupnir.rtl import toolchain
from draupnir.tools.cli import cli

MESH = Path(__file__).parent / "mesh"
Call = Callable[..., Result]
pytestmark = [pytest.mark.verilator, pytest.mark.icarus, pytest.mark.slow]
# Each fault: the file, what is right, what is wrong, and what the first difference is in.
FAULTS = {
    "core (1, 0) has another address": ("mesh.sv", ".addr(i_req.addr)", ".addr(i_req.addr ^ 3'(ME == NX))", "last_1_0"),
    "a fall is a rise": ("mesh.sv", "negedge lnk", "posedge lnk", "i_ready"),
    "the reset of the cores is active high": (
        "mesh_core.sv", "negedge rst_n)\n        if (!rst_n)  last", "posedge rst_n)\n        if (rst_n)  last", "last",
    ),
    "the reset waits for the clock": ("mesh.sv", "(negedge lnk or negedge rst_n)", "(negedge lnk)", "i_ready"),
    "one bit of the wide pin is lost": ("mesh.sv", "^ vec;", "^ (vec & ~(100'd1 << 77));", "mix"),
    "ready is not waited for": ("mesh.sv", "o_valid & o_ready", "o_valid", "i_ready"),
    "a core adds 1 too much at address 5": ("mesh_core.sv", "<= sum;\n    always", "<= sum + (addr == 5);\n    always",
                                            "sums["),
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package in a folder of its own, which is where the commands run, beside Draupnir as if it were installed."""
    toolchain.verilator(), toolchain.icarus()
    folder = tmp_path_factory.mktemp("mesh")
    shutil.copytree(MESH, folder, dirs_exist_ok=True)
    offered = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    about = folder / "mesh_chip-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mesh-chip\nVersion: 0.1.0\n")
    groups = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in offered.items()]
    (about / "entry_points.txt").write_text("\n".join(groups))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder))
        patch.chdir(folder)
        forget()
        yield folder
    forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mesh_chip"]:
        del sys.modules[name]


def forget() -> None:
    """Look for chips anew."""
    for cached in (chips.names, chips.package, chips._offers):
        getattr(cached, "cache_clear", lambda: None)()


def call(*words: object, status: int = 0) -> str:
    """What a command says; its exit status is as said."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    assert result.exit_code == status, f"{words}\n{result.output}\n{result.exception!r}"
    return result.output


@pytest.fixture(scope="module")
def recording(home: Path) -> Path:
    """The chip's folder of golden cases, recorded from its SystemVerilog, and seen to be the same in Icarus."""
    call("record", "mesh", "--rtl", "sv", "--all", "--check-icarus", "--repository", "toy")
    return home / "mesh_chip/golden"


def test_every_edge_and_both_together_are_in_the_cases(recording: Path) -> None:
    chip = chips.declaration("mesh")
    edges = {int(edge) for one in case.of_chip("mesh") for edge in wave.read(one.wave, chip).clk}
    assert edges - {0} == {0b0001, 0b1000, 0b1001}


def test_the_model_and_both_simulators_hold(recording: Path) -> None:
    for words in (["--sim", "model"], ["--rtl", "sv"], ["--rtl", "sv/chip.f", "--sim", "icarus"]):
        output = call("regress", "mesh", *words)
        assert "2 of 2 cases hold: 1,200 clocks, 0 mismatches" in output
        assert ("47,9" if "icarus" in words else "48,000 of them of probes") in output


def test_a_case_is_replayed(recording: Path) -> None:
    output = call("replay", "mesh", "mesh_chip/golden/random")
    assert "sums: all 32 words equal" in output
    assert "96,000 of 96,000 output bits compared, 24,000 of them of probes" in output


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(recording: Path, name: str, tmp_path: Path) -> None:
    file, right, wrong, place = FAULTS[name]
    shutil.copytree(MESH / "sv", tmp_path / "sv")
    text = (tmp_path / "sv" / file).read_text()
    assert right in text
    (tmp_path / "sv" / file).write_text(text.replace(right, wrong))
    output = call("regress", "mesh", "--rtl", tmp_path / "sv", "--sim", "icarus", "--report", tmp_path, status=1)
    assert place in output


def test_another_size_holds(home: Path) -> None:
    """One core in a row: what the model does is what the SystemVerilog does with that parameter."""
    chip = chips.declaration("mesh", {"NX": 1})
    model = chips.model("mesh", {"NX": 1})()
    device: Any = SimpleNamespace(
        step=model.step,
        run=model.drive,
        read_memory=lambda name: model.memories[name].copy(),
        write_memory=lambda name, content: model.memories[name].__setitem__(slice(None), content),
    )
    recording = record_recipe(device, chip, "rude", seed=3)
    record.save(recording, home / "small/rude", "a size", {"kind": "model"}, "", 3)
    output = call("regress", "mesh", "--golden", "small", "--rtl", "sv", "--sim", "icarus")
    assert "1 of 1 cases hold: 600 clocks, 0 mismatches" in output
    assert "600 cycles, 5 pins, 0 mismatches" in call("replay", "mesh", "small/rude")


@pytest.mark.parametrize(("simulator", "waves"), [("verilator", "dump.vcd"), ("icarus", "dump.fst")])
def test_its_own_tests_pass_under_cocotb_and_their_waveforms_replay(home: Path, simulator: str, waves: str) -> None:
    test_name, n = ("all", 5) if simulator == "icarus" else ("python_sends_each_request_once", 1)
    output = call("sim", "mesh", "--rtl", "sv", "--sim", simulator, "--test", test_name, "--waves")
    assert f"{n} of {n} tests passed" in output and " 0 mismatches" in output
    dump = home / "build/sim" / f"{simulator}-sums.python_sends_each_request_once" / waves
    assert " 0 mismatches" in call("replay", "mesh", dump)
    if simulator == "verilator":
        (home / "faulty.vcd").write_text(faulty(dump.read_text()))
        output = call("replay", "mesh", "faulty.vcd", status=1)
        assert "mix: expected " in output


def test_a_test_of_its_own_with_parameters_is_run_for_each_of_them(home: Path) -> None:
    output = call("sim", "mesh", "--rtl", "sv", "--sim", "icarus", "--test", "a_core_adds_to_its_own_word/core=3")
    assert "1 of 1 tests passed" in output and "a_core_adds_to_its_own_word/core=3" in output


def faulty(vcd: str) -> str:
    """The waveform with the last change of the wide output pin turned in one bit."""
    variables = [words for line in vcd.splitlines() if (words := line.split())[:1] == ["$var"]]
    (mark,) = {words[3] for words in variables if words[4].startswith("mix")}
    head, separator, tail = vcd.rpartition(f" {mark}\n")
    assert separator
    return head[:-1] + str(1 - int(head[-1])) + separator + tail


def test_a_configuration_names_the_core(home: Path) -> None:
    (home / "net.toml").write_text('[[sums]]\ncopy = "1,3"\nindex = "0-1"\nn = 9\n')
    (home / "blank.toml").write_text("")
    assert "sums: {'sum': 4}" in call("config", "check", "mesh", "net.toml")
    assert "sums[3][1].n: 0 | 9" in call("config", "diff", "mesh", "blank.toml", "net.toml", status=1)
    assert 'copy = 3\nindex = "0-1"\nn = 9' in call("config", "unpack", "mesh", "net.toml")


@pytest.mark.parametrize(
    "words",
    [
        "regress mesh", "sim mesh", "rtl mesh", "area mesh", "bitstream mesh --board ulx3s-25f", "bench mesh",
        "run mesh --config blank.toml --events events.csv", "config pack mesh blank.toml",
    ],
)  # fmt: skip
def test_what_it_lacks_is_told_in_one_line(home: Path, recording: Path, words: str) -> None:
    (home / "blank.toml").write_text("")
    (home / "events.csv").write_text("addr\n")
    output = call(*words.split(), status=2).splitlines()
    assert len([line for line in output if line.startswith("error: mesh has no ")]) == 1
    assert output[-1].endswith("emulator/ADDING_A_CHIP.md shows how to add one")


def test_a_bridge_for_its_clocks_does_not_exist(home: Path) -> None:
    (home / "blank.toml").write_text("")
    (home / "events.csv").write_text("addr\n")
    words = "host mesh --simulate model --config blank.toml --events events.csv"
    line = "error: the bridge drives one clock, of which the chip uses the rise; mesh has clk (rising), lnk (falling)\n"
    assert call(*words.split(), status=2) == line
