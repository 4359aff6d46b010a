"""RANC in Amaranth takes the sizes of the declaration, and the order of a full buffer's edges."""

from __future__ import annotations

from pathlib import Path

import pytest

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden import case, regress
from draupnir.rtl import devices, emit, toolchain

LATE = Path(case.__file__).resolve().parent / "ranc_late_full" / "congested"


def test_the_parameters_are_the_sizes_of_the_declaration() -> None:
    sizes = {size.name: size.default for size in chips.parameters("ranc")}
    assert emit.parameters("ranc") == sizes


def test_an_unknown_size_and_sizes_that_contradict_are_errors() -> None:
    with pytest.raises(InputError, match=r"^ranc: no parameter 'NX'; there are GRID_DIMENSION_X, GRID_DIMENSION_Y"):
        emit.make("ranc", NX=3)
    with pytest.raises(InputError, match="DY_LSB=12; right is 8"):
        emit.make("ranc", NUM_AXONS=16)


def test_every_probe_and_every_copy_of_a_memory_has_a_path() -> None:
    chip, ours = chips.declaration("ranc"), emit.our_chip("ranc")
    assert sorted(ours.probe_paths(**chip.sizes)) == sorted(probe.name for probe in chip.probes)
    copies = {f"{memory.name}[{copy}]" for memory in chip.memories for copy in range(memory.copies or 1)}
    assert set(ours.paths(**chip.sizes)) == copies


@pytest.mark.icarus
@pytest.mark.slow
def test_with_late_full_it_does_what_a_plain_verilator_does(tmp_path: Path) -> None:
    try:
        toolchain.icarus()
    except InputError as error:
        pytest.skip(str(error))
    one = case.load(LATE)
    chip = chips.declaration("ranc", one.parameters)
    assert chip.sizes["late_full"] == 1
    device = devices.InIcarus(emit.design("ranc", tmp_path, **chip.sizes), chip)
    (outcome,) = regress.regress(device, chip, [one])
    assert outcome.holds, outcome.difference
