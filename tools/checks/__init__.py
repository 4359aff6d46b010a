"""The checks that every chip is held to, as classes for pytest: our tests run them, and so can a chip's own package.

Its file of tests has no more than this (``draupnir.tools.checks.chip``, ``draupnir.tools.checks.cases``):

    class TestTally(ChipChecks):
        name = "tally"

    class TestTallysCases(CaseChecks):
        name = "tally"
"""

import pytest

pytest.register_assert_rewrite("draupnir.tools.checks.chip", "draupnir.tools.checks.cases")
