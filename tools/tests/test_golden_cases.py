"""The golden cases of ODIN: what is in the repository, and that the golden model and our RTL do just that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.odin.layout import CHIP
from golden import case
from golden.case import Case
from golden.recipes.odin_table import RECIPES
from rtl import emit, toolchain
from rtl.design import Design
from tools import regress
from tools.regress import Outcome

ROOT = Path(__file__).parents[2]
CASES = case.discover(ROOT / "golden", "odin")
CASE_BYTES, ALL_BYTES = 1_000_000, 15_000_000
# Of every part of the chip one, among those with fewer clocks: Icarus is slow.
IN_ICARUS = ("unconfigured", "virtual_events", "lif_extremes", "izh_mixed", "monitor_lif", "req_dropped", "spi_fast")


def size(one: Case) -> int:
    return sum(path.stat().st_size for path in one.folder.iterdir())


def differing(outcomes: Iterable[Outcome]) -> list[str]:
    """What does not hold, in words; every bit has to be known."""
    found = list(outcomes)
    assert all(o.n_words is not None and o.n_cycles >= 20_000 for o in found)
    return [
        f"{o.case.name}: {o.differences[:1]}, {o.n_unknown} bits unknown" for o in found if o.differences or o.n_unknown
    ]


def needs(tool: str) -> None:
    try:
        getattr(toolchain, tool)()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Our RTL."""
    return emit.design("odin", tmp_path_factory.mktemp("rtl"))


# --- What is there -------------------------------------------------------------------------------------------------


def test_every_recipe_has_its_case_and_every_case_its_recipe() -> None:
    assert sorted(RECIPES) == [one.name for one in CASES]
    for one in CASES:
        assert one.why == RECIPES[one.name].why
        assert one.command == f"draupnir record odin --rtl DIR --recipe {one.name} --seed {one.seed}"
        assert one.source["kind"] == "recorded"


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_a_case_is_as_described_and_small(one: Case) -> None:
    case.verify(one)
    assert set(one.after) == {memory.name for memory in CHIP.memories}
    assert {path.name for path in one.folder.iterdir()} == {case.TOML, *one.sha256}
    assert size(one) < CASE_BYTES


def test_all_cases_together_are_small() -> None:
    assert sum(map(size, CASES)) < ALL_BYTES


def test_the_quirks_name_cases_that_there_are() -> None:
    _, _, rest = (ROOT / "emulator/odin/README.md").read_text().partition("\n## Quirks")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")][2:]
    shown = [re.findall(r"`(\w+)`", row.split("|")[-2]) for row in rows]
    assert len(rows) >= 20 and all(shown)
    assert {name for names in shown for name in names} <= {one.name for one in CASES}


def test_every_case_is_listed_once() -> None:
    _, _, rest = (ROOT / "golden/README.md").read_text().partition("\n## The cases of ODIN")
    assert sorted(re.findall(r"`(\w+)`", rest.partition("\n## ")[0])) == [one.name for one in CASES]


# --- What it says --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_golden_model_does_what_the_original_did() -> None:
    assert differing(regress.regress(regress.model(CHIP), CHIP, CASES)) == []


def test_so_does_the_model_uncompiled(tmp_path: Path) -> None:
    words = [
        "regress",
        "odin",
        "--sim",
        "model",
        "--case",
        "unconfigured",
        "--cycles",
        "4000",
        "--report",
        str(tmp_path),
    ]
    call = [sys.executable, "-c", "from tools.cli import main; main()", *words]
    done = subprocess.run(
        call, cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 cases hold: 4,000 clocks, 0 mismatches" in done.stdout


@pytest.mark.verilator
@pytest.mark.slow
def test_our_rtl_in_verilator_does_what_the_original_did(design: Design, tmp_path: Path) -> None:
    needs("verilator")
    device = regress.in_verilator(design, CHIP, tmp_path)
    assert differing(regress.regress(device, CHIP, CASES)) == []


@pytest.mark.icarus
@pytest.mark.slow
def test_our_rtl_in_icarus_does_what_the_original_did(design: Design) -> None:
    needs("icarus")
    device = regress.in_icarus(design, CHIP)
    assert differing(regress.regress(device, CHIP, regress.select(CASES, IN_ICARUS))) == []
