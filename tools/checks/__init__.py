"""The checks that every chip must pass, as classes for pytest. Our tests run them, and so can a package with a chip.

The file of tests in such a package needs only this (``draupnir.tools.checks.chip``, ``draupnir.tools.checks.cases``):

    class TestTally(ChipChecks):
        name = "tally"

    class TestTallysCases(CaseChecks):
        name = "tally"
"""

import pytest

pytest.register_assert_rewrite("draupnir.tools.checks.chip", "draupnir.tools.checks.cases")
