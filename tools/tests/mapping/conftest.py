"""The reader of HDF5 in this very process, for tests of what comes after it: another process for each costs seconds."""

from __future__ import annotations

import pytest

from draupnir.tools.mapping.read import hdf, hdf_child


@pytest.fixture
def in_process(monkeypatch):
    """Let ``hdf`` read files that are sound without a process of its own."""
    monkeypatch.setattr(hdf, "answer", lambda path, _whole: hdf_child.answer(str(path), hdf.MOST_VALUES))
