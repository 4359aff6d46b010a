"""All chips that there are, in this tree and installed beside it, held to what every chip must pass."""

from __future__ import annotations

import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.tools.checks.chip import ChipChecks


class TestEveryChip(ChipChecks):
    """A chip after the other."""

    @pytest.fixture(scope="class", params=chips.names())
    @classmethod
    def chip(cls, request: pytest.FixtureRequest) -> Chip:
        return chips.declaration(request.param)
