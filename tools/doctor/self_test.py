"""A self-test of about a minute: small commands, each of which must succeed. A user can repeat each one."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from draupnir.tools.doctor.finding import Health

CHIP = "tinyodin"
CASE = f"{CHIP} --case unconfigured --cycles 500 --sim"
_PROGRAM = "from draupnir.tools.cli import main; main()"


@dataclass(frozen=True)
class SmallTest:
    """A command that must succeed.

    part : what it tests
    words : the command line after ``draupnir``
    needs : the parts without which it is left out
    """

    part: str
    words: str
    needs: tuple[str, ...] = ()


SMALL_TESTS = (
    SmallTest("golden model", f"regress {CASE} model"),
    SmallTest("our RTL in Verilator", f"regress {CASE} verilator", ("Verilator", "C++ compiler", "make")),
    SmallTest("our RTL in Icarus", f"regress {CASE} icarus", ("Icarus Verilog",)),
    SmallTest(
        "a cocotb test",
        f"sim {CHIP} --sim icarus --test neurons.potential_saturates",
        ("Icarus Verilog", "Python's shared library"),
    ),
    SmallTest("Yosys", f"regress {CHIP} --netlist ice40 --case unconfigured --cycles 200 --sim icarus", ("yosys",)),
)


def healths(absent: frozenset[str]) -> Iterator[Health]:
    """Run one command after the other; absent : the parts that this machine lacks"""
    for test in SMALL_TESTS:
        lacks = [need for need in test.needs if need in absent]
        part = f"test: {test.part}"
        yield Health(part, "absent", f"left out: no {lacks[0]}") if lacks else _health(part, test.words)


def _health(part: str, words: str) -> Health:
    with tempfile.TemporaryDirectory(prefix="draupnir-doctor-") as folder:
        command = [sys.executable, "-P", "-c", _PROGRAM, *shlex.split(words)]
        process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if process.returncode == 0:
        return Health(part, "ok", f"draupnir {words}")
    lines = (process.stderr or process.stdout).strip().splitlines()
    return Health(part, "fault", lines[-1] if lines else f"exit status {process.returncode}", f"`draupnir {words}`")
