"""The golden cases of all chips: what is in the repository, and that the golden models and our RTL do just that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import case
from draupnir.golden.case import Case
from draupnir.golden.recipes import BOOK, recipes
from draupnir.rtl import emit, toolchain
from draupnir.rtl.design import Design
from draupnir.tools import devices, regress
from draupnir.tools.regress import Outcome

ROOT = Path(__file__).parents[2]
CASES = {name: case.of_chip(name) for name in chips.names()}
EACH = [pytest.param(one, id=f"{name}-{one.name}") for name, cases in CASES.items() for one in cases]
CASE_BYTES, ALL_BYTES = 1_000_000, 25_000_000
SHORTEST = 1_000  # clocks; a case of fewer shows nothing
N_IN_ICARUS = 3  # of a chip whose recipes do not say which
N_UNCOMPILED = 1_000  # clocks of such a chip's smallest case


@pytest.fixture(scope="module", params=chips.names())
def chip(request: pytest.FixtureRequest) -> Chip:
    return chips.declaration(request.param)


def size(one: Case) -> int:
    return sum(path.stat().st_size for path in one.folder.iterdir())


def smallest(chip: Chip) -> list[str]:
    """Names of the cases, the smallest first."""
    return [one.name for one in sorted(CASES[chip.name], key=size)]


def differing(outcomes: Iterable[Outcome]) -> list[str]:
    """What does not hold, in words; every bit has to be known."""
    found = list(outcomes)
    assert all(o.n_words is not None and o.n_cycles >= SHORTEST for o in found)
    return [
        f"{o.case.name}: {o.differences[:1]}, {o.n_unknown} bits unknown" for o in found if o.differences or o.n_unknown
    ]


def needs(tool: str) -> None:
    try:
        getattr(toolchain, tool)()
    except InputError as error:
        pytest.skip(str(error))


def section(page: Path, *headings: str) -> str:
    """What stands below a heading, one of these, up to the next one."""
    for heading in headings:
        _, found, rest = page.read_text().partition(f"\n## {heading}\n")
        if found:
            return rest.partition("\n## ")[0]
    raise AssertionError(f"{page} has no heading {' or '.join(map(repr, headings))}")


@pytest.fixture(scope="module")
def design(chip: Chip, tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Our RTL."""
    if chips.package(chip.name).rtl is None:
        pytest.skip(f"there is no RTL of our own for {chip.name} yet")
    return emit.design(chip.name, tmp_path_factory.mktemp("rtl"))


# --- What is there -------------------------------------------------------------------------------------------------


def test_every_recipe_has_its_case_and_every_case_its_recipe(chip: Chip) -> None:
    known = recipes(chip)
    assert sorted(known) == [one.name for one in CASES[chip.name]]
    for one in CASES[chip.name]:
        assert one.why == known[one.name].why
        assert one.command == f"draupnir record {chip.name} --rtl DIR --recipe {one.name} --seed {one.seed}"
        assert one.source["kind"] == "recorded"


@pytest.mark.parametrize("one", EACH)
def test_a_case_is_as_described_and_small(one: Case) -> None:
    case.verify(one)
    assert set(one.after) == {memory.name for memory in chips.declaration(one.chip).memories}
    assert {path.name for path in one.folder.iterdir()} == {case.TOML, *one.sha256}
    assert size(one) < CASE_BYTES


def test_all_cases_together_are_small() -> None:
    assert sum(size(one) for cases in CASES.values() for one in cases) < ALL_BYTES


def test_the_quirks_name_cases_that_there_are(chip: Chip) -> None:
    found = section(ROOT / "emulator" / chip.name / "README.md", "Quirks, and the case that shows each")
    rows = [line for line in found.splitlines() if line.startswith("|")][2:]
    shown = [re.findall(r"`(\w+)`", row.split("|")[-2]) for row in rows]
    assert rows and all(shown)
    assert {name for names in shown for name in names} <= {one.name for one in CASES[chip.name]}


def test_every_case_is_listed_once(chip: Chip) -> None:
    names = chip.name, chip.title.partition(":")[0]
    found = section(ROOT / "golden/README.md", *(f"The cases of {name}" for name in names))
    assert sorted(re.findall(r"`(\w+)`", found)) == [one.name for one in CASES[chip.name]]


# --- What it says --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_golden_model_does_what_the_original_did(chip: Chip) -> None:
    assert differing(regress.regress(devices.model(chip), chip, CASES[chip.name])) == []


def test_so_does_the_model_uncompiled(chip: Chip, tmp_path: Path) -> None:
    name, n_cycles = BOOK.needed(chips.package(chip.name)).uncompiled or (smallest(chip)[0], N_UNCOMPILED)
    words = ["regress", chip.name, "--sim", "model", "--case", name]
    words += ["--cycles", str(n_cycles), "--report", str(tmp_path)]
    call = [sys.executable, "-c", "from draupnir.tools.cli import main; main()", *words]
    done = subprocess.run(
        call, cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"1 of 1 cases hold: {n_cycles:,} clocks, 0 mismatches" in done.stdout


@pytest.mark.verilator
@pytest.mark.slow
def test_our_rtl_in_verilator_does_what_the_original_did(chip: Chip, design: Design, tmp_path: Path) -> None:
    needs("verilator")
    device = devices.in_verilator(design, chip, tmp_path)
    assert differing(regress.regress(device, chip, CASES[chip.name])) == []


@pytest.mark.icarus
@pytest.mark.slow
def test_our_rtl_in_icarus_does_what_the_original_did(chip: Chip, design: Design) -> None:
    needs("icarus")
    device = devices.in_icarus(design, chip)
    names = BOOK.needed(chips.package(chip.name)).in_icarus or smallest(chip)[:N_IN_ICARUS]
    assert differing(regress.regress(device, chip, regress.select(CASES[chip.name], names))) == []
