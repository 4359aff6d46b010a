"""Checks of a chip's golden cases: their files, and comparisons with the golden model and the chip's RTL."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.golden import case, regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import ModelDevice
from draupnir.golden.recipes import recipes, require_book
from draupnir.golden.regress import CaseOutcome
from draupnir.rtl import devices, emit, toolchain
from draupnir.rtl.design import Design
from draupnir.tools.checks.chip import page

CASE_BYTES = 1_000_000
SHORTEST = 1_000  # clocks; a shorter case proves nothing
N_IN_ICARUS = 3  # the number of cases if the recipes do not name any
N_UNCOMPILED = 1_000  # clocks of the smallest case in that situation


class CaseChecks:
    """Checks of the golden cases of the chip ``name``. A subclass is a test class for pytest."""

    name: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def chip(cls) -> Chip:
        return chips.declaration(cls.name)

    # --- What is there ---

    def test_every_recipe_has_its_case_and_every_case_its_recipe(self, chip: Chip) -> None:
        known_recipes, cases = recipes(chip), case.of_chip(chip.name)
        assert sorted(known_recipes) == [one.name for one in cases]
        for one in cases:
            assert one.chip == chip.name
            assert one.why == known_recipes[one.name].why
            by_model = bool(chips.package(chip.name).extends)
            source = "--model" if by_model else r"--rtl DIR(/\w+\.f)?( -I INCLUDES\d*)*"
            command = rf"draupnir record {chip.name} {source} --recipe {one.name} --seed {one.seed}"
            assert re.fullmatch(command, one.command), one.command
            assert one.source["kind"] == ("model" if by_model else "recorded")

    def test_every_case_is_as_described_and_small(self, chip: Chip) -> None:
        for one in case.of_chip(chip.name):
            case.verify(one)
            assert set(one.after) == {memory.name for memory in chip.memories}, one.folder
            assert {path.name for path in one.folder.iterdir()} == {case.TOML, *one.sha256}, one.folder
            assert size(one) < CASE_BYTES, one.folder

    def test_the_quirks_name_cases_that_there_are(self, chip: Chip) -> None:
        table = section([page(chip)], "Quirks, and the case that shows each")
        rows = [line for line in table.splitlines() if line.startswith("|")][2:]
        case_names_by_row = [re.findall(r"`(\w+)`", row.split("|")[-2]) for row in rows]
        assert rows and all(case_names_by_row)
        assert {name for names in case_names_by_row for name in names} <= {one.name for one in case.of_chip(chip.name)}

    def test_every_case_is_listed_once(self, chip: Chip) -> None:
        """The list is on the chip's page, or on the page beside the folder of the cases."""
        names = chip.name, chip.title.partition(":")[0]
        pages = [page(chip), chips.package(chip.name).cases.parent / "README.md"]
        listing = section(pages, *(f"The cases of {name}" for name in names))
        assert sorted(re.findall(r"`(\w+)`", listing)) == [one.name for one in case.of_chip(chip.name)]

    # --- What it says ---

    @pytest.mark.slow
    def test_the_golden_model_does_what_the_original_did(self, chip: Chip) -> None:
        assert failures(_with_model(chip.name, case.holding_on(chip.name), stretch=True)) == []

    @pytest.mark.slow
    def test_so_does_the_plain_clock(self, chip: Chip) -> None:
        """The plain clock has no stretches, and is the reference of all speeds."""
        model = chips.model(chip.name)
        assert model.stretches_rows == (
            "self.stretch" in inspect.getsource(model._run) + inspect.getsource(model.row_loop)
        )
        if not model.stretches_rows:
            pytest.skip(f"{chip.name} runs rows clock by clock in any case")
        assert failures(_with_model(chip.name, case.of_chip(chip.name), stretch=False)) == []

    def test_so_does_the_model_uncompiled(self, chip: Chip, tmp_path: Path) -> None:
        recipe_case = require_book(chip).uncompiled
        name, n_cycles = recipe_case or (smallest(chip)[0], N_UNCOMPILED)
        words = ["regress", chip.name, "--sim", "model", "--case", name]
        words += ["--cycles", str(n_cycles), "--report", str(tmp_path)]
        call = [sys.executable, "-P", "-c", "from draupnir.tools.cli import main; main()", *words]
        environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
        process = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout + process.stderr
        assert f"1 of 1 cases hold: {n_cycles:,} clocks, 0 mismatches" in process.stdout

    @pytest.mark.verilator
    @pytest.mark.slow
    def test_our_rtl_in_verilator_does_what_the_original_did(self, chip: Chip, tmp_path: Path) -> None:
        """Each size of a chip is a compilation of its own; here only the size that most cases have is compared."""
        needs("verilator")
        groups = regress.by_sizes(chip.name, case.holding_on(chip.name))
        sized_chip, cases = max(groups, key=lambda group: len(group[1]))
        device = devices.InVerilator(_own_rtl(sized_chip, tmp_path), sized_chip, tmp_path)
        assert failures(regress.regress(device, sized_chip, cases)) == []

    @pytest.mark.icarus
    @pytest.mark.slow
    def test_our_rtl_in_icarus_does_what_the_original_did(self, chip: Chip, tmp_path: Path) -> None:
        needs("icarus")
        names = require_book(chip).in_icarus or smallest(chip)[:N_IN_ICARUS]
        cases = regress.select(case.of_chip(chip.name), names)
        for sized_chip, cases_of_size in regress.by_sizes(chip.name, cases):
            device = devices.InIcarus(_own_rtl(sized_chip, tmp_path), sized_chip)
            assert failures(regress.regress(device, sized_chip, cases_of_size)) == []


def _own_rtl(chip: Chip, folder: Path) -> Design:
    """Write the chip's own RTL into a folder. The test is skipped if there is none."""
    if chips.package(chip.name).rtl is None:
        pytest.skip(f"{chip.name} has no RTL of its own")
    return emit.design(chip.name, folder / "rtl", **chip.sizes)


def _with_model(name: str, cases: Sequence[Case], stretch: bool) -> Iterator[CaseOutcome]:
    """Compare a chip's golden model with cases, each with the declaration of its sizes."""
    for sized_chip, group in regress.by_sizes(name, cases):
        yield from regress.regress(ModelDevice(sized_chip, stretch=stretch), sized_chip, group)


def size(one: Case) -> int:
    """The size of all files of a case, in bytes."""
    return sum(path.stat().st_size for path in one.folder.iterdir())


def smallest(chip: Chip) -> list[str]:
    """The names of the cases, the smallest case first."""
    return [one.name for one in sorted(case.of_chip(chip.name), key=size)]


def failures(outcomes: Iterable[CaseOutcome]) -> list[str]:
    """The cases that fail, in words. An unknown bit is a failure."""
    all_outcomes = list(outcomes)
    assert all_outcomes and all(o.n_words is not None and o.n_cycles >= SHORTEST for o in all_outcomes)
    return [
        f"{o.case.name}: {o.difference}, {o.n_unknown} bits unknown"
        for o in all_outcomes
        if o.difference or o.n_unknown
    ]


def needs(tool: str) -> None:
    """Skip the test where a simulator is missing."""
    try:
        getattr(toolchain, tool)()
    except InputError as error:
        pytest.skip(str(error))


def section(pages: Iterable[Path], *headings: str) -> str:
    """The text below one of these headings, up to the next heading, on the first page that has one of them."""
    existing_pages = [path for path in pages if path.is_file()]
    for path in existing_pages:
        for heading in headings:
            _, separator, text = path.read_text().partition(f"\n## {heading}\n")
            if separator:
                return text.partition("\n## ")[0]
    raise AssertionError(f"{', '.join(map(str, existing_pages))}: no heading {' or '.join(map(repr, headings))}")
