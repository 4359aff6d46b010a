"""SNE's neuron: the golden model gives what the original gave, vector by vector.

``neuron.npz`` has inputs and outputs of the original in Verilator, and ``digests.toml`` the sha256 of its outputs for
sets of all combinations. With ``SNE_NEURON``, a list of files with the original's neuron below ``sne_neuron.sv``, the
original is asked again.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest

from draupnir.rtl import foreign, verilated
from draupnir.rtl.tests.sne.neuron_design import NEURON, answers, digest, of_kernel, sets, vectors

ROOM = Path(__file__).parent
RECORDED = np.load(ROOM / "neuron.npz")
DIGESTS = tomllib.loads((ROOM / "digests.toml").read_text())["sha256"]


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name in ("state_next", "spike"):
        assert np.array_equal(one[name], other[name]), f"{name} differs at {np.flatnonzero(one[name] != other[name])}"


def test_recorded_vectors() -> None:
    golden = {name: RECORDED[name].astype(np.int64) for name in RECORDED.files}
    assert len(golden["op"]) == 24_576 and 1_000 < golden["spike"].sum() < 10_000
    same(of_kernel(golden), golden)


def test_the_vectors_are_those_of_their_seed() -> None:
    for name, pins in vectors(24_576, seed=1).items():
        assert np.array_equal(RECORDED[name], pins), name


def test_all_combinations() -> None:
    assert {name: digest(of_kernel(pins)) for name, pins in sets().items()} == DIGESTS


def test_a_wrong_bit_is_seen() -> None:
    pins = sets()["decay"]
    outputs = of_kernel(pins)
    outputs["state_next"][12_345] ^= 1
    assert digest(outputs) != DIGESTS["decay"]


@pytest.mark.verilator
@pytest.mark.slow
def test_the_original_still_gives_them(tmp_path: Path) -> None:
    if "SNE_NEURON" not in os.environ:
        pytest.skip("SNE_NEURON names no list of files with the original's neuron")
    device = verilated.build(foreign.read(Path(os.environ["SNE_NEURON"]), NEURON), NEURON, tmp_path)
    for seed in range(1, 9):
        pins = vectors(24_576, seed)
        same(of_kernel(pins), answers(device, pins))
    assert {name: digest(answers(device, pins)) for name, pins in sets().items()} == DIGESTS
