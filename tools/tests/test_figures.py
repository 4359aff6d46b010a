"""Figures on the terminal."""

from __future__ import annotations

import pytest

from draupnir.tools.report import figures


def test_numbers_stand_below_each_other_and_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    figures.show([("chip", "odin"), ("events", "20"), ("clocks", "1,234, then stopped"), ("difference", "x" * 200)])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "chip        odin",
        "events                       20",
        "clocks      1,234, then stopped",
        f"difference  {'x' * 200}",
    ]


def test_names_are_for_people() -> None:
    assert figures.words("n_input_events") == "input events"
