"""Lines and branches in the form that lcov, genhtml and many editors read.

Source: the manual page geninfo(1), section FILES.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from draupnir.tools.coverage.points import Hits, Point


def info(hits: Hits, title: str) -> str:
    """Return the text of an .info file. Expressions and toggles have no form there, so they are left out."""
    of_file: defaultdict[str, dict[Point, int]] = defaultdict(dict)
    for point, n in hits.items():
        of_file[point.file][point] = n
    return "".join(f"{line}\n" for file in sorted(of_file) for line in _record(file, of_file[file], title))


def _record(file: str, hits: Hits, title: str) -> Iterator[str]:
    n_of_line: dict[int, int] = {}
    branches: defaultdict[int, list[int]] = defaultdict(list)
    for point, n in hits.items():
        if point.kind in ("line", "branch"):
            for line in point.lines or (() if point.kind == "branch" else (point.line,)):
                n_of_line[line] = max(n, n_of_line.get(line, 0))
        if point.kind == "branch":
            branches[point.line].append(n)
    yield f"TN:{title}"
    yield f"SF:{file}"
    for line, counts in sorted(branches.items()):
        yield from (f"BRDA:{line},0,{branch},{n}" for branch, n in enumerate(counts))
    all_branches = [n for counts in branches.values() for n in counts]
    yield f"BRF:{len(all_branches)}"
    yield f"BRH:{sum(n > 0 for n in all_branches)}"
    yield from (f"DA:{line},{n}" for line, n in sorted(n_of_line.items()))
    yield f"LF:{len(n_of_line)}"
    yield f"LH:{sum(n > 0 for n in n_of_line.values())}"
    yield "end_of_record"
