"""Tables say what the declaration says, in each of their forms."""

import io

import pytest
from rich.console import Console

from emulator import chips
from emulator.declare import Chip
from tools import tables


@pytest.fixture(params=chips.names())
def chip(request: pytest.FixtureRequest) -> Chip:
    return chips.declaration(request.param)


def test_every_row_is_as_long_as_its_header(chip: Chip) -> None:
    for table in tables.tables(chip):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_markdown_has_a_line_for_every_pin_register_field_and_event(chip: Chip) -> None:
    rows = [line for line in tables.markdown(chip).splitlines() if line.startswith("| ") and " --- " not in line]
    fields = [f for memory in chip.memories for word in memory.words for f in word]
    declared = len(chip.pins) + len(chip.registers) + len(fields) + len(chip.events)
    assert len(rows) == declared + len(tables.tables(chip))  # a header each


def test_a_fields_bits_run_from_the_highest_to_the_lowest() -> None:
    lines = tables.markdown(chips.declaration("odin")).splitlines()
    assert any(line.startswith("| 77..70 | core | state | 0..255 |") for line in lines)
    assert any(line.startswith("| 127 | neur_disable | parameter | 0..1 |") for line in lines)


def test_a_signed_fields_range_is_signed() -> None:
    assert "| 85..82 | core | state | -8..7 |" in tables.markdown(chips.declaration("odin"))


def test_a_register_over_several_addresses_gives_them_all() -> None:
    assert "| 2..17 | SPI_SYN_SIGN | 16 |" in tables.markdown(chips.declaration("odin"))


def test_a_terminal_shows_the_same_cells(chip: Chip) -> None:
    out = io.StringIO()
    Console(file=out, width=400).print(*tables.rich_tables(chip))
    for table in tables.tables(chip):
        for row in table.rows:
            assert all(cell in out.getvalue() for cell in row)
