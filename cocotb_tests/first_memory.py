"""The clock after which a memory of a design first differs, found by running a test again.

A bench compares memories when its test ends, since to read them costs much. A test that has found a difference is run
again, with the memories compared some hundred times; then again, with as many looks between the last one that was equal
and the first that was not, until these are a clock apart.
"""

from __future__ import annotations

from dataclasses import replace

from draupnir.cocotb_tests.runner import BenchOutcome, BuiltDesign, run
from draupnir.rtl.initial import Initial

LOOKS = 256  # at the memories, in one run
FOLDER = "memories"  # of these runs, in the test's


def located(built: BuiltDesign, outcome: BenchOutcome, seed: int, start: Initial | None = None) -> BenchOutcome:
    """Tell of a test that has found a difference where a memory first differs; the outcome as it is if none does.

    seed, start : as the test was run with
    The outcome's failure has the report of both differences, its notes "first_memory_difference".
    """
    difference = outcome.notes.get("first_difference")
    if not difference or not built.chip.memories:
        return outcome
    first, end = 0, outcome.notes["compared"] if difference["cycle"] is None else difference["cycle"] + 1
    latest: BenchOutcome | None = None
    while first < end:
        every = -(-(end - first) // LOOKS)
        folder = outcome.folder / FOLDER
        outcome_again = run(built, outcome.test, folder, seed, start=start, look_from=first, look_every=every)
        new_difference = outcome_again.notes.get("first_difference")
        if not new_difference or not new_difference["memories"] or new_difference["cycle"] is None:
            break
        latest, first, end = outcome_again, outcome_again.notes["equal_until"], new_difference["cycle"] + 1
        if every == 1:
            break
    if latest is None:
        return outcome
    text = f"{outcome.failure}\nthe same test, with its memories compared while it runs:\n{latest.failure}"
    return replace(
        outcome, failure=text, notes=outcome.notes | {"first_memory_difference": latest.notes["first_difference"]}
    )
