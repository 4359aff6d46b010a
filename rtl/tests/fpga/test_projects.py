import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP
from draupnir.emulator.ranc.sizes import grid
from draupnir.rtl import toolchain
from draupnir.rtl.fpga import projects

SMALL: dict[str, Any] = {"n_neurons": 64, "izh": False, "bursts": False, "sdsp": False}


def _words() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    shapes = {"neurons": (64, 4), "synapses": (512, 1)}
    return {name: rng.integers(0, 1 << 32, shape, dtype=np.uint32) for name, shape in shapes.items()}


def test_a_vivado_project_is_complete_and_its_constraints_are_of_its_own_ports(tmp_path: Path) -> None:
    files = projects.write("vivado", "odin", tmp_path, _words(), **SMALL)
    assert {path.name for path in files} == {
        "top.v", "top.xdc", "top.tcl", "neurons.mem", "synapses.mem", "project.json",
    }  # fmt: skip
    _constraints_name_ports(tmp_path, "top.xdc", r'get_ports "(\w+)"')
    script = (tmp_path / "top.tcl").read_text()
    assert "-part xc7a35ticsg324-1L" in script
    assert script.index("read_mem {neurons.mem synapses.mem}") < script.index("synth_design")
    assert all(projects.NOTE in (tmp_path / f"top.{suffix}").read_text() for suffix in ("v", "xdc", "tcl"))


def test_a_vivado_project_reads_a_file_for_each_copy_of_a_memory(tmp_path: Path) -> None:
    sizes: dict[str, Any] = grid(3, 1, (2, 0), 4, 4)
    words = np.arange(8, dtype=np.uint32).reshape(2, 4, 1) & 3
    projects.write("vivado", "ranc", tmp_path, {"neuron_instructions": words}, **sizes)
    (names,) = re.findall(r"read_mem \{(.*)\}", (tmp_path / "top.tcl").read_text())
    stems = ("csram", "neuron_instructions", "scheduler_sram")
    assert names.split() == [f"{stem}_{copy}.mem" for stem in stems for copy in range(2)]
    assert all((tmp_path / name).is_file() for name in names.split())
    assert (tmp_path / "neuron_instructions_1.mem").read_text().split() == ["0", "1", "2", "3"]
    verilog = (tmp_path / "top.v").read_text()
    assert all(f'$readmemh("{name}"' in verilog for name in names.split())


def test_a_zynq_board_has_its_line_to_the_host_on_a_connector(tmp_path: Path) -> None:
    projects.write("vivado", "odin", tmp_path, {}, "arty-z7-20", **SMALL)
    _constraints_name_ports(tmp_path, "top.xdc", r'get_ports "(\w+)"')
    assert "xc7z020clg400-1" in (tmp_path / "top.tcl").read_text()


def test_a_gowin_project_is_complete_and_its_constraints_are_of_its_own_ports(tmp_path: Path) -> None:
    files = projects.write("gowin", "odin", tmp_path, {}, **SMALL)
    assert {path.name for path in files} == {
        "top.v", "top.cst", "top.sdc", "top.tcl", "neurons.mem", "synapses.mem", "project.json",
    }  # fmt: skip
    _constraints_name_ports(tmp_path, "top.cst", r'IO_LOC "(\w+)"')
    assert "add_file -type cst top.cst" in (tmp_path / "top.tcl").read_text()


def _constraints_name_ports(folder: Path, constraints: str, pattern: str) -> None:
    top = (folder / "top.v").read_text()
    ports = re.findall(r"^  (?:input|output|inout) (?:\[.*\] )?(\w+);", top[top.index("module top(") :], re.MULTILINE)
    constrained_ports = set(re.findall(pattern, (folder / constraints).read_text()))
    assert constrained_ports and constrained_ports == set(ports[: len(constrained_ports)])


def test_a_fusesoc_core_names_files_that_are_there(tmp_path: Path) -> None:
    projects.write("fusesoc", "odin", tmp_path, {}, **SMALL)
    core = (tmp_path / "odin.core").read_text()
    assert core.startswith("CAPI=2:\n")
    for names in re.findall(r"files: \[(.*)\]", core):
        assert all((tmp_path / name).is_file() for name in names.split(", "))


@pytest.mark.icarus
@pytest.mark.parametrize("kind", ["vivado", "gowin", "fusesoc"])
def test_memory_files_are_loaded_by_the_verilog(kind: projects.Kind, tmp_path: Path) -> None:
    words = _words()
    projects.write(kind, "odin", tmp_path, words, **SMALL)
    verilog, chip = ("ODIN.v", "ODIN") if kind == "fusesoc" else ("top.v", "top.chip")
    dumps = "".join(f'$writememh("{m.name}.out", dut.{_array(m.name)});' for m in CHIP.memories)
    (tmp_path / "bench.v").write_text(f"module bench; \\{chip} dut(); initial begin #1; {dumps} end endmodule\n")
    tool = toolchain.icarus()
    toolchain.call(
        [str(tool.iverilog), "-g2005", "-s", "bench", "-o", "b", "bench.v", verilog], "refused", cwd=tmp_path
    )
    toolchain.call([str(tool.vvp), "-n", "b"], "stopped", cwd=tmp_path)
    for memory in CHIP.memories:
        lines = [line for line in (tmp_path / f"{memory.name}.out").read_text().splitlines() if line[0] not in "/@"]
        assert lines == (tmp_path / f"{memory.name}.mem").read_text().split()
        first = words[memory.name][0].astype("<u4").tobytes()
        assert int(lines[0], 16) == int.from_bytes(first, "little")


def _array(memory: str) -> str:
    from draupnir.rtl.odin.chip import RTL

    return RTL.paths()[memory]


def test_a_board_of_another_vendor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--board ulx3s-25f: no such board; there are arty-a7-35, arty-z7-20"):
        projects.write("vivado", "odin", tmp_path / "out", {}, "ulx3s-25f")
    assert not (tmp_path / "out").exists()


def test_a_memory_that_is_not_in_the_verilog_is_an_error() -> None:
    with pytest.raises(InputError, match="neurons: 0 modules end in neurons, and there should be one"):
        projects.read_from_file("module top; endmodule", "neurons.words", "neurons")
