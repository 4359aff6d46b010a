"""`draupnir chips CHIP` shows all that is declared of a chip, also of one from outside: a line each in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from draupnir.cocotb_tests.tests.adders import CHIP as ADDERS
from draupnir.rtl.tests.grid.offered import offered
from draupnir.tools.cli import cli
from draupnir.tools.report import entries, tables

MESH = Path(__file__).parent / "mesh"
LINES = {
    ("size", "NX"): ["is 3", "range 1..8", "default 2", "cores in a row"],
    ("pin", "clk"): ["role clock", "edges rising"],
    ("pin", "lnk"): ["role clock", "edges falling"],
    ("pin", "rst_n"): ["role reset", "active low", "kind asynchronous"],
    ("pin", "vec"): ["bits 100", "direction in"],
    ("bus", "i"): ["kind stream", "the chip is the receiver", "clock clk", "edges rising", "Requests."],
    ("bus", "o"): ["kind stream", "the chip is the sender", "clock lnk", "edges falling", "Replies."],
    ("probe", "last_1_2"): ["bits 10", "source gen_row[1].gen_col[2].u_core.last", "Written last."],
    ("memory", "sums"): ["bits 10", "copies 6", "words 8"],
}
TABLES = """
| NX | 3 | 1..8 | 2 | cores in a row |
| lnk | in | 1 |  | clock, falling edge | Clock of the replies; they move as it falls. |
| rst_n | in | 1 |  | reset, active low, asynchronous | Reset. |
| o | stream, at lnk | sender | Replies. |
"""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mesh is installed as a package of its own."""
    monkeypatch.syspath_prepend(str(MESH))
    with offered(monkeypatch, mesh="mesh_chip.package:PACKAGE"):
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "mesh_chip"]:
        del sys.modules[name]


def output_of(*words: str) -> str:
    result = CliRunner().invoke(cli, ["chips", *words])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_each_declared_thing_is_a_line(outside: None) -> None:
    lines = {tuple(line.split()[:2]): line for line in output_of("mesh", "--set", "NX=3").splitlines()}
    for name, facts in LINES.items():
        assert [fact for fact in facts if fact not in lines[name]] == [], lines[name]
    assert "is 2, range 1..8" in output_of("mesh")


def test_sizes_clocks_resets_and_buses_are_looked_up(outside: None) -> None:
    assert output_of("mesh", "NX").splitlines() == [
        "size NX",
        "  is            2",
        "  range         1..8",
        "  default       2",
        "  meaning       cores in a row",
    ]
    entry_by_name = {entry["name"]: entry for entry in json.loads(output_of("mesh", "--json"))["entries"]}
    assert {"kind": "size", "size": 2, "low": 1, "high": 8, "default": 2}.items() <= entry_by_name["NX"].items()
    assert {"role": "clock", "edges": "falling"}.items() <= entry_by_name["lnk"].items()
    assert {"role": "reset", "active": "low", "asynchronous": True}.items() <= entry_by_name["rst_n"].items()
    assert {"bus_kind": "stream", "chip_is": "sender", "clock": "lnk", "parameters": {}}.items() <= entry_by_name[
        "o"
    ].items()


def test_the_tables_show_them(outside: None) -> None:
    rows = output_of("mesh", "--markdown", "--set", "NX=3").splitlines()
    assert [row for row in TABLES.split("\n") if row not in rows] == []


def test_a_bus_shows_the_numbers_of_its_kind() -> None:
    (q,) = [line for line in entries.lines(ADDERS) if line.split()[:2] == ["bus", "q"]]
    assert "kind FIFO pull, the chip is the reader, clock CLK, edges rising, latency 0" in q
    assert "| q | FIFO pull, latency 0, at CLK | reader | Words in. |" in tables.markdown(ADDERS)


def test_a_chip_of_one_size_has_none_to_show_and_an_spi_no_clock_of_the_chip() -> None:
    lines = output_of("odin").splitlines()
    assert not any(line.startswith("size ") for line in lines)
    (spi,) = [line for line in lines if line.split()[:2] == ["bus", "spi"]]
    assert "kind SPI, the chip is the slave" in spi and "clock" not in spi
