import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError


@pytest.mark.parametrize("name", chips.names())
def test_every_chip_has_a_declaration_of_its_own_name(name: str) -> None:
    assert chips.declaration(name).name == name


def test_a_package_with_a_layout_and_a_model_is_a_chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("half", "toy", "kernel"):
        (tmp_path / name).mkdir()
    for file in ("half/chip.py", "toy/chip.py", "toy/layout.py", "kernel/bits.py"):
        (tmp_path / file).touch()
    monkeypatch.setattr(chips, "FOLDER", tmp_path)
    assert chips.names.__wrapped__() == ("toy",)
    assert "odin" in chips.names()


def test_the_model_is_the_class_model_of_the_chips_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("draupnir.emulator.odin.chip")
    module.Model = type("Model", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "draupnir.emulator.odin.chip", module)
    assert chips.model("odin") is module.Model


@pytest.mark.parametrize("lookup", [chips.declaration, chips.model])
@pytest.mark.parametrize("name", ["loihi", "", "odin.layout", "ODIN"])
def test_an_unknown_chip_is_an_input_error_that_names_the_known_ones(
    lookup: Callable[[str], object], name: str
) -> None:
    with pytest.raises(InputError, match=rf"^no chip '{name}'; there are: {', '.join(chips.names())}$"):
        lookup(name)
