"""A design that cannot be built is refused before a compiler is started."""

from pathlib import Path

import pytest

from draupnir.cocotb_tests import runner
from draupnir.cocotb_tests.tests import toy
from draupnir.emulator.errors import InputError
from draupnir.rtl import toolchain


@pytest.mark.verilator
def test_verilator_refuses_a_folder_with_blanks_in_its_path(tmp_path: Path) -> None:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    with pytest.raises(InputError) as refusal:
        runner.build(toy.design(tmp_path, toy.VERILOG), toy.CHIP, "verilator", tmp_path / "a b")
    assert str(refusal.value).startswith(f"{tmp_path}/a b/verilator-")
    assert str(refusal.value).endswith(
        ": make, which Verilator needs, cannot build in a folder with blanks in its path; use one without, or Icarus"
    )
    assert not list(tmp_path.glob("a b/verilator-*/*"))
