"""The chip that `draupnir bench` measures where none is named follows from the chips that there are."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.package import ChipPackage
from draupnir.tools.bench import workloads

PACKAGES = {
    "added": ChipPackage(
        name="added", extends="quick", declaration="added:CHIP", model="added:Model", workloads="added:WORKLOADS"
    ),
    "bare": ChipPackage(name="bare", declaration="bare:CHIP", model="bare:Model"),
    "quick": ChipPackage(name="quick", declaration="quick:CHIP", model="quick:Model", workloads="quick:WORKLOADS"),
    "slow": ChipPackage(name="slow", declaration="slow:CHIP", model="slow:Model", workloads="slow:WORKLOADS"),
}


def package(name: str) -> ChipPackage:
    if name not in PACKAGES:
        raise InputError(f"chip {name!r} cannot be loaded")
    return PACKAGES[name]


def with_chips(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(chips, "names", lambda: names)
    monkeypatch.setattr(chips, "package", package)


def test_it_is_the_first_that_has_workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    with_chips(monkeypatch, "bare", "broken", "slow", "quick")
    assert workloads.default_chip() == "slow"


def test_a_chip_that_extends_another_one_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    with_chips(monkeypatch, "added", "bare", "quick")
    assert workloads.default_chip() == "quick"
    with_chips(monkeypatch, "added", "bare")
    assert workloads.default_chip() == "added"


def test_without_any_workloads_it_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with_chips(monkeypatch, "bare", "broken")
    with pytest.raises(InputError, match=r"^no chip has workloads; there are: bare, broken$"):
        workloads.default_chip()


def test_a_chip_of_this_tree_is_measured_by_default() -> None:
    assert chips.package(workloads.default_chip()).workloads is not None
