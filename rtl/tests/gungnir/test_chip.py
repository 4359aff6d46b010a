"""Gungnir without some of its features: the parts that are left out are not there, and the others are."""

from collections.abc import Iterator

import pytest
from amaranth.hdl import Fragment

from draupnir.rtl import emit
from draupnir.rtl.fpga import survey

PARTS = {"izh": "izh_neuron", "bursts": "burst_clock", "sdsp": "sdsp_0"}
VARIANTS = survey.variants("gungnir")


def names(fragment: Fragment) -> Iterator[str]:
    """Yield the names of all instances below a part."""
    for part, name, _ in fragment.subfragments:
        yield name or ""
        yield from names(part)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_feature_that_is_left_out_has_no_parts(variant: str) -> None:
    settings = VARIANTS[variant]
    instances = set(names(Fragment.get(emit.make("gungnir", **settings), None)))
    assert {feature for feature, part in PARTS.items() if part not in instances} == set(settings)
    assert {"learning_state", "word_update", "errors", "fractions"} <= instances
