"""The quirks of a chip: the table on its page that lists what nobody would expect."""

from __future__ import annotations

from draupnir.emulator.package import ChipPackage, place

HEADING = "## Quirks"


def quirks(chip: ChipPackage) -> list[tuple[str, str, str]]:
    """Return each quirk of a chip, where it is in the sources, and the golden cases that show it."""
    path = place(chip, "page")
    if path is None or not path.is_file():
        return []
    _, heading, rest = path.read_text(encoding="utf-8").partition(f"\n{HEADING}")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")] if heading else []
    cells = [tuple(cell.strip().replace("`", "") for cell in row.strip("|").split("|")) for row in rows[2:]]
    return [(row[0], row[1], row[2]) for row in cells if len(row) == 3]
