"""The clock after which a memory of a design first differs; a failed test runs again to find it.

A bench compares memories only at the end of its test, because reading them takes long. If they differ, the test runs
again and compares the memories some hundred times. Another run then compares them as often between the last equal
comparison and the first different one, until these are one clock apart.
"""

from __future__ import annotations

from dataclasses import replace

from draupnir.cocotb_tests.runner import BenchOutcome, BuiltDesign, run
from draupnir.rtl.initial import Initial

LOOKS = 256  # the number of comparisons in a run
FOLDER = "memories"  # the folder of these runs, within the test's folder


def located(built: BuiltDesign, outcome: BenchOutcome, seed: int, start: Initial | None = None) -> BenchOutcome:
    """Run a failed test again, and return its outcome with the first difference of a memory added.

    If no memory differs, the outcome is returned as it is. Otherwise its failure reports both differences, and its
    notes have "first_memory_difference".

    seed, start : as in the first run of the test
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
