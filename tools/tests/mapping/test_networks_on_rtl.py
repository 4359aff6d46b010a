"""Samples of random networks on our RTL: every pin at every clock, and what the event level says of them."""

from __future__ import annotations

import pytest

from draupnir.tools.mapping.choices import Choices
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.tests.mapping.networks import random_network, random_samples
from draupnir.tools.tests.mapping.on_rtl import OnRtl

SEED = 12  # both samples reach the output on all three chips; there is a loop, and a bias


@pytest.mark.parametrize("chip", ["odin", "reckon", "tinyodin"])
def test_samples_are_the_same_on_our_rtl(chip, tmp_path):
    net = random_network(SEED, one_sign=True)
    mapped = mapper_of(chip).map(net, Conventions(1.0, Reset.ZERO), Choices(split_signs=True))
    on_rtl, expected = OnRtl(mapped, tmp_path), mapper_of(chip).chip_run(mapped)
    for sample in random_samples(SEED, net, 2):
        outcome, answer = on_rtl.run(sample), expected(sample)
        assert len(outcome.rows) == answer.n_cycles
        if chip == "reckon":
            assert outcome.received.astype("u1").view("<i2").tolist() == answer.potentials.tolist()
            assert answer.potentials.any()
        else:
            assert outcome.addrs.tolist() == answer.spikes.tolist() != []
