"""wrapped_snn_network with the brackets that its Verilog lacks does what the repaired original did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.emulator.trace import column
from draupnir.golden import case, regress
from draupnir.golden.case import Case
from draupnir.golden.compare.device import ModelDevice
from draupnir.golden.wave import read
from draupnir.rtl import devices, emit, toolchain

NAME = "wrapped_snn_network"
FOLDER = Path(__file__).resolve().parents[1] / f"{NAME}_repaired"


def cases(repaired: int) -> list[Case]:
    return [one for one in case.discover(FOLDER) if one.parameters == {"repaired": repaired}]


@pytest.mark.parametrize("repaired", [1, 2])
def test_the_model_does_what_the_repaired_original_did(repaired: int) -> None:
    chip = chips.declaration(NAME, {"repaired": repaired})
    outcomes = list(regress.regress(ModelDevice(chip), chip, cases(repaired)))
    assert len(outcomes) == {1: 5, 2: 3}[repaired] and all(outcome.holds for outcome in outcomes)


@pytest.mark.parametrize("size", [0, 2])
def test_another_size_does_something_else(size: int) -> None:
    chip = chips.declaration(NAME, {"repaired": size})
    assert not any(outcome.holds for outcome in regress.regress(ModelDevice(chip), chip, cases(1)))


@pytest.mark.parametrize(("repaired", "spikes"), [(1, True), (2, False)])
def test_only_the_brackets_of_the_leaks_make_it_spike(repaired: int, spikes: bool) -> None:
    """A reset is active in the first clocks of these cases."""
    chip = chips.declaration(NAME, {"repaired": repaired})
    (one,) = [one for one in cases(repaired) if one.name == f"any_input_{repaired}"]
    assert np.any(column(chip.output_word, "out_spk", read(one.wave, chip).outputs)) == spikes


@pytest.mark.icarus
@pytest.mark.parametrize("repaired", [1, 2])
def test_so_does_our_rtl(repaired: int, tmp_path: Path) -> None:
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    chip = chips.declaration(NAME, {"repaired": repaired})
    device = devices.InIcarus(emit.design(NAME, tmp_path, repaired=repaired), chip)
    (one,) = [one for one in cases(repaired) if one.name == f"often_reset_{repaired}"]
    (outcome,) = regress.regress(device, chip, [one])
    assert outcome.holds and not outcome.n_unknown
