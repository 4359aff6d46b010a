"""The golden cases of all chips: what is in the repository, and that the golden models and our RTL do just that."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.golden import case
from draupnir.tools.checks.cases import CaseChecks, size

ALL_BYTES = 25_000_000


class TestEveryChipsCases(CaseChecks):
    """A chip after the other."""

    @pytest.fixture(scope="class", params=chips.names())
    @classmethod
    def chip(cls, request: pytest.FixtureRequest) -> Chip:
        return chips.declaration(request.param)


def test_all_cases_together_are_small() -> None:
    assert sum(size(one) for name in chips.names() for one in case.of_chip(name)) < ALL_BYTES
