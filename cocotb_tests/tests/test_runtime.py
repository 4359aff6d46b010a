"""Verilator's runtime is compiled for the first design only, and a bench of the second is linked with it."""

from pathlib import Path

import pytest

from draupnir.cocotb_tests import runner, runtime
from draupnir.cocotb_tests.tests import toy
from draupnir.emulator.errors import InputError
from draupnir.rtl import processes, toolchain

OBJECTS = {"verilated.o", "verilated_dpi.o", "verilated_vpi.o", "verilated_timing.o", "verilated_threads.o"}


@pytest.mark.verilator
def test_the_runtime_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    built = runner.build(toy.design(tmp_path, toy.VERILOG), toy.CHIP, "verilator", tmp_path / "first")
    assert {path.name for path in built.folder.glob("*.o")} >= OBJECTS
    objects = {name: (built.folder / name).read_bytes() for name in OBJECTS}
    for name in OBJECTS:
        (built.folder / name).unlink()
    monkeypatch.setattr(processes, "run", lambda command, **_: pytest.fail(f"compiled again: {command}"))
    env = toolchain.verilator().environment()
    env["MAKEFLAGS"] = f"{env.get('MAKEFLAGS', '')} {runner._OPTIMISED}"
    runtime.put(built.folder, ["make", "-C", str(built.folder), "-f", "Vtop.mk", "VM_TRACE=0"], env, None)
    assert {name: (built.folder / name).read_bytes() for name in OBJECTS} == objects


def test_what_the_makefiles_do_not_tell_is_left_to_make(tmp_path: Path) -> None:
    (tmp_path / "Vtop_classes.mk").write_text("VM_GLOBAL_FAST += \\\n  verilated \\\n\n")
    (tmp_path / "Vtop.mk").write_text("all:\n")
    runtime.put(tmp_path, ["make", "-C", str(tmp_path), "-f", "Vtop.mk"], {"PATH": "/bin:/usr/bin"}, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Vtop.mk", "Vtop_classes.mk"]
