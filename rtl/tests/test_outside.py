"""A memory that was moved out of the chip is put back around it, and works in both simulators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.declare import Chip, Memory, Pin, Word
from draupnir.emulator.errors import InputError
from draupnir.rtl import icarus, outside, proposal, verilated
from draupnir.rtl.design import SourceOptions
from draupnir.rtl.foreign import NotTheChip, read
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.tests.toy_chip import write

CHIP = Chip(
    name="counts",
    title="",
    pins=(
        Pin("CLK", "in", 1, "clock", ""),
        Pin("RST", "in", 1, "reset", ""),
        Pin("ADDR", "in", 3, "control", ""),
        Pin("ADD", "in", 4, "control", ""),
        Pin("LAST", "out", 12, "status", ""),
    ),
    memories=(Memory("counts", 8, 12, (Word("count", 12, ()),)),),
    registers=(),
    blocks=(),
    events=(),
    source="",
)
# Every second clock reads a word, and the next one writes it with something added.
CORE = """
module counter #(parameter W = 8) (
    input CLK, input RST, input [2:0] ADDR, input [3:0] ADD, output [W-1:0] LAST,
    output [2:0] ram_a, input [W-1:0] ram_q, output [W-1:0] ram_d, output ram_we, output ram_cs
);
    reg writes;
    reg [2:0] at;
    always @(posedge CLK) begin
        writes <= RST ? 1'b0 : ~writes;
        at <= ADDR;
    end
    assign ram_a = writes ? at : ADDR;
    assign ram_we = writes;
    assign ram_cs = ~RST & (writes | ADD != 0);
    assign ram_d = ram_q + ADD;
    assign LAST = ram_q;
endmodule
"""
PORTS = "addr:ram_a,q:ram_q,d:ram_d,we:ram_we,cs:ram_cs"


def options(memory: str = f"counts={PORTS}") -> SourceOptions:
    return SourceOptions(memories=(memory,), settings=("W=12",))


def expected(inputs: list[tuple[int, int, int]], counts: list[int]) -> list[int]:
    """Return LAST before each clock, from the module and the RAM's two rules; ``counts`` has its last content after."""
    last, q, writes, last_addr = [], 0, 0, 0
    for rst, addr, add in inputs:
        last.append(q)
        ram_addr = last_addr if writes else addr
        if not rst and (writes or add):
            old, new = counts[ram_addr], (q + add) % (1 << 12)
            if writes:
                counts[ram_addr] = new
            q = old
        writes, last_addr = 0 if rst else 1 - writes, addr
    return last


@pytest.mark.verilator
@pytest.mark.icarus
def test_memory_outside_of_the_top_works_in_both_simulators(tmp_path: Path) -> None:
    design = read(write(tmp_path / "source", counter=CORE), CHIP, options=options())
    assert design.top == outside.TOP and list(design.memories) == ["counts"]
    rng = np.random.default_rng(4)
    levels = [(int(i < 2), int(rng.integers(8)), int(rng.integers(3)) * 5) for i in range(200)]
    word = CHIP.input_word
    rows = np.array(
        [rst << word["RST"].lsb | addr << word["ADDR"].lsb | add << word["ADD"].lsb for rst, addr, add in levels],
        np.int64,
    )
    clk, initial_counts = np.ones(len(rows), np.uint8), rng.integers(0, 1 << 12, (8, 1)).astype(np.uint32)
    counts = initial_counts[:, 0].tolist()
    right = expected(levels, counts)
    assert counts != initial_counts[:, 0].tolist() and len(set(right)) > 10
    device = verilated.build(design, CHIP, tmp_path / "build")
    device.write_memory("counts", initial_counts)
    assert device.run(rows, clk).tolist() == right
    assert device.read_memory("counts")[:, 0].tolist() == counts
    run = icarus.run(design, CHIP, rows, clk, tmp_path / "icarus", {"counts": initial_counts})
    is_known = run.known_bits == (1 << 12) - 1
    assert is_known.sum() > 150 and run.outputs[is_known].tolist() == np.array(right)[is_known].tolist()
    assert run.memories["counts"][:, 0].tolist() == counts


def problem(folder: Path, core: str) -> str:
    with pytest.raises(NotTheChip) as raised:
        read(write(folder, counter=core), CHIP, options=SourceOptions(settings=("W=12",)))
    return str(raised.value).partition("W=12): ")[2]


def test_without_it_the_option_is_shown_with_the_ports_as_they_are_called(tmp_path: Path) -> None:
    assert problem(tmp_path, CORE) == (
        f"missing memory counts (declared 8 words of 12 bits; --memory counts={PORTS} puts it there, if these are "
        "its ports)"
    )
    assert read(tmp_path, CHIP, options=options()).memories


def test_ports_that_do_not_say_what_they_are_for_are_only_pointed_at(tmp_path: Path) -> None:
    message = problem(tmp_path, CORE.replace("ram_we", "strobe"))
    assert "counts=addr:A,q:Q,d:D,we:WE,cs:CS puts it at ports of the top)" in message
    assert "extra port strobe (found out, 1 bit); extra port ram_cs" in message


def test_two_memories_of_one_shape_have_the_ports_that_are_called_like_them() -> None:
    names = {"neurons": "NEUR", "synapses": "SYN"}
    memories = [Memory(name, 8, 12, (Word("word", 12, ()),)) for name in names]
    ports = [
        ModulePort(f"{start}_{end}", "in" if end == "RDATA" else "out", width)
        for end, width in (("ADDR", 3), ("RDATA", 12), ("WDATA", 12), ("WE", 1), ("CS", 1))
        for start in reversed(names.values())
    ]
    assert proposal.proposals(memories, ports) == {
        name: {
            "addr": f"{start}_ADDR",
            "q": f"{start}_RDATA",
            "d": f"{start}_WDATA",
            "we": f"{start}_WE",
            "cs": f"{start}_CS",
        }
        for name, start in names.items()
    }


def test_what_is_wrong_beside_it_is_told_of_the_module_as_it_is_called(tmp_path: Path) -> None:
    core = CORE.replace("output ram_cs", "output ram_cs, output extra")
    with pytest.raises(NotTheChip) as raised:
        read(write(tmp_path, counter=core), CHIP, options=options())
    assert str(raised.value).endswith(
        ": module counter (counter.v, W=12) is not counts: extra port extra (found out, 1 bit)"
    )


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        ("counts", "--memory counts: right is, for instance, --memory synapses=addr:A,q:Q,d:D,we:WE,cs:CS"),
        ("counts=addr:ram_a,q:ram_q,d:ram_d", "right is, for instance"),
        (f"counts={PORTS},mask:m", "right is, for instance"),
        (f"sums={PORTS}", "--memory sums: counts has counts"),
        (f"counts={PORTS.replace('ram_cs', 'cs')}", "--memory counts: module counter has no port cs; it has CLK, RST"),
        (f"counts={PORTS.replace('addr:ram_a', 'addr:ram_d')}", "addr:ram_d is out, 12 bits; right is out, 3 bits"),
        (f"counts={PORTS.replace('q:ram_q', 'q:ram_d')}", "q:ram_d is out, 12 bits; right is in, 12 bits"),
    ],
)
def test_ports_that_do_not_fit_are_refused(tmp_path: Path, memory: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        read(write(tmp_path, counter=CORE), CHIP, options=options(memory))
    assert words in str(raised.value) and "\n" not in str(raised.value)
