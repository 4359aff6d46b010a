"""Fixtures of all tests of recordings."""

from __future__ import annotations

import pytest

from draupnir.tools.events import library


@pytest.fixture(autouse=True, scope="module")
def no_process_left():
    """End the process that reads files with libraries, which a command ends itself."""
    yield
    library.end()
