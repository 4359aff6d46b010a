"""SNE's own model in Python (``vsne_conv``): where it differs from the original's RTL, and why.

Each difference is a neuron's state and an event, with the state that the RTL gives and the state that SNE's model
gives. The RTL's half is checked with our neuron, which agrees with the RTL on all recorded vectors. The other half is
checked if ``SNE`` names the folder with SNE's repository.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.sne import neuron
from draupnir.emulator.sne.layout import PARAMETER, NeuronOp

PARAMETERS = encode(PARAMETER, vrest=0, vth=64, tref=2, davth=4, tscale=4)  # those of SNE's model, which are fixed


class Difference(NamedTuple):
    """A neuron that gets a weight.

    start : vmem, avth, time of the last update, time of the last spike
    rtl, shipped : vmem, avth and whether it spikes, afterwards
    """

    start: tuple[int, int, int, int]
    time: int
    weight: int
    rtl: tuple[int, int, bool]
    shipped: tuple[int, int, bool]


DIFFERENCES = {
    "rounding": Difference((-1, -1, 9, 0), 9, 0, (-1, -1, False), (0, 0, False)),
    "a potential below -128": Difference((-110, 0, 9, 0), 9, -8, (57, 4, True), (-128, 0, False)),
    "a sum of thresholds above 127": Difference((100, 127, 9, 0), 9, 0, (28, 122, True), (92, 118, False)),
    "a negative adaptive threshold": Difference((100, -100, 9, 0), 9, 0, (28, 127, True), (28, -88, True)),
    "256 timesteps": Difference((100, 0, 0, 0), 256, 0, (92, 0, False), (0, 0, False)),
    "256 timesteps since a spike": Difference((127, 0, 255, 1), 257, 7, (87, 0, False), (23, 4, True)),
}


@pytest.fixture(scope="module")
def shipped() -> Iterator[ModuleType]:
    """The neurons of SNE's model."""
    folder = Path(os.environ.get("SNE", "/nowhere")) / "vsne_conv"
    if not folder.is_dir():
        pytest.skip("SNE names no folder with SNE's repository")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("sne.neurons")
    for name in [name for name in sys.modules if name.partition(".")[0] == "sne"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", DIFFERENCES)
def test_our_neuron_does_what_the_rtl_does(name: str) -> None:
    case = DIFFERENCES[name]
    assert of_rtl(case) == case.rtl


@pytest.mark.parametrize("name", DIFFERENCES)
def test_the_shipped_model_differs_as_listed(name: str, shipped: ModuleType) -> None:
    case = DIFFERENCES[name]
    assert of_shipped(case, shipped) == case.shipped


def of_rtl(case: Difference) -> tuple[int, int, bool]:
    vmem, avth, tlupd, tlspk = case.start
    state = (vmem & 255) << 24 | (avth & 255) << 16 | tlupd << 8 | tlspk
    state, spikes = neuron.update(state, int(NeuronOp.SPIKE), case.weight & 15, case.time & 255, PARAMETERS)
    vmem, avth = ((state >> lsb & 255 ^ 128) - 128 for lsb in (24, 16))
    return vmem, avth, bool(spikes)


def of_shipped(case: Difference, shipped: ModuleType) -> tuple[int, int, bool]:
    cell = shipped.ALIF()
    cell.vmem, cell.avth, cell.tlast_update, cell.tlast_spike = case.start
    cell.time = case.time
    cell.voltagestep(1, case.weight, io.StringIO(), 1, 1)
    out = io.StringIO()
    cell.spikestep(0, 9, out, io.StringIO(), 1)
    return int(cell.vmem), int(cell.avth), bool(out.getvalue())
