"""The first tests to run, ``pytest -m smoke``: each chip against what its original did, and an example of each door.

The other tests with this mark are beside what they test. Together they take less than a minute.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.golden import case, regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import ModelDevice
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl import devices, emit
from draupnir.tools.checks.cases import failures, needs, smallest

ROOT = Path(__file__).resolve().parents[2]
NAMES = chips.names()
WITH_RTL = [name for name in NAMES if chips.package(name).rtl is not None]
N_IN_ICARUS = 1_000
# The selection tests every chip, and also cocotb, a proof and a netlist, in these files.
DOORS = ("cocotb_tests/tests/test_standbys.py::", "proofs/test_proofs.py::", "rtl/tests/reckon/test_synthesis.py::")


def smallest_case(name: str) -> Case:
    (one,) = regress.select(case.of_chip(name), smallest(chips.declaration(name))[:1])
    return one


def outcome(device: str, name: str, tmp_path: Path) -> CaseOutcome:
    """Compare the golden model or our RTL in Icarus with the smallest case of a chip, in the size of this case."""
    ((chip, cases),) = regress.by_sizes(name, [smallest_case(name)])
    if device == "model":
        (result,) = regress.regress(ModelDevice(chip), chip, cases)
    else:
        design = emit.design(name, tmp_path, **chip.sizes)
        (result,) = regress.regress(devices.InIcarus(design, chip), chip, cases, N_IN_ICARUS)
    return result


@pytest.mark.smoke
@pytest.mark.parametrize("name", NAMES)
def test_the_golden_model_does_what_the_original_did_in_the_smallest_case(name: str, tmp_path: Path) -> None:
    assert failures([outcome("model", name, tmp_path)]) == []


@pytest.mark.smoke
@pytest.mark.icarus
@pytest.mark.parametrize("name", WITH_RTL)
def test_our_rtl_in_icarus_does_the_first_clocks_of_the_smallest_case(name: str, tmp_path: Path) -> None:
    needs("icarus")
    result = outcome("icarus", name, tmp_path)
    assert result.n_cycles == N_IN_ICARUS
    assert not result.difference and result.n_unknown == 0


def test_the_selection_has_every_chip_and_every_door() -> None:
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--collect-only", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line for line in result.stdout.splitlines() if "::" in line]
    for name in NAMES:
        assert any("[" in line and name in line.partition("[")[2] for line in lines), name
    for door in DOORS:
        assert any(door in line for line in lines), door
    assert f"{len(lines)}/" in result.stdout  # pytest says how many of how many it has selected
