"""Neurons of the small chips: every input, against Verilog's arithmetic of 32 bits in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.snn_accelerator import neuron as accelerator
from draupnir.emulator.wrapped_snn_network import neuron as network

BYTE = np.arange(256, dtype=np.uint32)
A, B = (each.ravel() for each in np.meshgrid(BYTE, BYTE, indexing="ij"))


def every(function, *arguments):
    """Call a kernel with each pair of bytes; other arguments are the same in all calls."""
    return [function(a, b, *arguments) for a, b in zip(A.tolist(), B.tolist(), strict=True)]


@pytest.mark.parametrize("shift", [1, 2, 3, 4])
def test_a_step_of_snn_accelerator(shift: int) -> None:
    assert every(lambda syn, state: accelerator.integrate(syn, 0, state, shift)) == ((A + (B >> shift)) & 255).tolist()
    assert every(lambda syn, state: accelerator.integrate(syn, 1, state, shift)) == A.tolist()
    assert every(accelerator.fires) == (A >= B).astype(int).tolist()


@pytest.mark.parametrize("repaired", [0, 1, 2])
def test_a_step_of_wrapped_snn_network(repaired: int) -> None:
    """Minus goes before a shift in Verilog, and NumPy's operators are written in the same order here."""
    current = A + (B - (B >> 2) if repaired else B - B >> 2)
    assert every(network.current, repaired) == (current & 255).tolist()
    assert every(lambda cur, mem: network.potential(cur, mem, 0, repaired)) == (current & 255).tolist()
    assert every(lambda cur, mem: network.potential(cur, mem, 1, repaired)) == A.tolist()
    for spk in (0, 2):
        raised = BYTE + np.uint32(spk)
        above = BYTE - np.uint32(64)
        threshold = raised - (above >> 2) if repaired == 2 else raised - above >> 2
        expected = (threshold & 255).tolist()
        assert [network.threshold(thr, spk // 2, repaired) for thr in range(256)] == expected
