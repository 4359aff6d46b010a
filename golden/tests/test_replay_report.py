"""A replayed recording in words and as JSON, from the library alone."""

from __future__ import annotations

import json
from pathlib import Path

from draupnir.golden import replay, replay_report, wave_out
from draupnir.golden.tests.toy import Model, recording
from draupnir.golden.wave import Reading

POWER_UP = Reading(from_power_up=True)


def replayed(folder: Path, fault_cycle: int = -1) -> replay.ReplayResult:
    wave_out.write(recording(200, 1), folder / "w.fst")
    return replay.replay(Model(fault_cycle=fault_cycle), folder / "w.fst", POWER_UP)


def test_what_holds_is_told_in_three_lines(tmp_path: Path) -> None:
    first, bits, rate = replay_report.lines(replayed(tmp_path))
    assert (first, bits) == ("200 cycles, 2 pins, 0 mismatches", "1,000 of 1,000 output bits compared")
    assert rate.endswith(" cycles/s; pins in scope toy")


def test_a_mismatch_comes_first_then_the_counts_then_what_else_may_be_at_fault(tmp_path: Path) -> None:
    result = replayed(tmp_path, fault_cycle=100)
    lines = list(replay_report.lines(result))
    (mismatch,) = result.mismatches
    assert lines[: len(list(mismatch.lines()))] == list(mismatch.lines())
    counts = lines.index("101 cycles, 2 pins, 1 mismatches")
    note = lines.index("stopped at the limit of mismatches (--max-mismatches); memories were not compared")
    assert counts < note < lines.index("memories that started at 0: ram; --load MEM=FILE starts one from an image")


def test_the_object_is_json_and_counts_the_bits(tmp_path: Path) -> None:
    report = json.loads(json.dumps(replay_report.as_object(replayed(tmp_path, fault_cycle=100))))
    assert (report["holds"], report["n_mismatches"], len(report["mismatches"])) == (False, 1, 1)
    assert report["output_bits"] == json.loads(json.dumps(replayed(tmp_path, 100).bits.as_object()))
    assert "bits" not in report
