"""Our RTL after synthesis does what it does before: pins at every clock, and the memories."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events import closed_loop
from draupnir.emulator.odin.layout import CHIP, LIF
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import MemoryWrite, RegisterWrite, Write, port
from draupnir.emulator.trace import Trace, pack
from draupnir.rtl import devices, emit
from draupnir.rtl.fpga import netlist
from draupnir.rtl.fpga.boards import Family
from draupnir.rtl.fpga.netlist import Netlist
from draupnir.tools.cli import cli

LIF_ONLY: dict[str, Any] = {"izh": False, "bursts": False}
N_ALTERED = 2
READY = (7, 199)  # neurons about to spike
LUTS = {"ecp5": ("LUT4", "INIT", "Z"), "ice40": ("SB_LUT4", "LUT_INIT", "O")}  # cell, its content, its output
CHIP_TOP = emit.our_chip("odin").top


@pytest.fixture(scope="module", params=["ecp5", "ice40"])
def synthesised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Netlist:
    family: Family = request.param
    return netlist.synthesise("odin", family, tmp_path_factory.mktemp(family), **LIF_ONLY)


@dataclass(frozen=True)
class Lively:
    """A run in which as much as possible happens in few clocks; memories_before, memories_after : the memories."""

    trace: Trace
    memories_before: dict[str, np.ndarray]
    memories_after: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def lively() -> Lively:
    """Reset, SPI writes and reads of everything, then events of every kind to neurons that are about to spike."""
    rng, model = np.random.default_rng(1), Model()
    memories_before = {"neurons": _neurons(rng), "synapses": rng.integers(0, 1 << 32, (8192, 1), dtype=np.uint32)}
    for name, words in memories_before.items():
        model.memories[name][:] = words
    rst = pack(CHIP.input_word, {"RST": 1})
    row_blocks = [np.array([rst] * 4 + [0] * 4), pins.rows(CHIP, _transactions(), gap=8)]
    for rows in row_blocks:
        model.drive(rows, np.ones(len(rows), np.uint8))
    ran = closed_loop.run(model, _events(rng), Environment(0, 0, 0, 0), 10_000, record_rows=True)
    assert ran.done and len(ran.addrs) == len(READY)
    inputs = np.concatenate([*row_blocks, ran.rows])
    second_model, clk = Model(), np.ones(len(inputs), np.uint8)
    for name, words in memories_before.items():
        second_model.memories[name][:] = words
    outputs = second_model.drive(inputs, clk)
    known_bits = np.full(len(inputs), (1 << CHIP.output_word.width) - 1)
    return Lively(
        Trace(CHIP, inputs, clk, outputs, known_bits, np.arange(len(inputs))),
        memories_before,
        dict(second_model.memories),
    )


def _neurons(rng: np.random.Generator) -> np.ndarray:
    """LIF neurons at random, with SDSP; two of them are about to spike."""
    words = []
    for n in range(256):
        fields = {f.name: int(rng.integers(f.low, f.high + 1)) for f in LIF if f.name != "neur_disable"}
        fields |= {"lif_izh_sel": 1, "ca_en": 1, "thr": (thr := int(rng.integers(100, 256)))}
        fields["core"] = thr - (1 if n in READY else int(rng.integers(50, 100)))
        words.append(to_limbs(encode(LIF, **fields), 4))
    return np.array(words, np.uint32)


def _transactions() -> list[int]:
    spi_port = port(CHIP)
    writes: list[Write] = [RegisterWrite("SPI_GATE_ACTIVITY", 0, 1), RegisterWrite("SPI_SYN_SIGN", 3, 0xA5C3)]
    writes += [RegisterWrite("SPI_SDSP_ON_SYN_STIM", 0, 1), RegisterWrite("SPI_UPDATE_UNMAPPED_SYN", 0, 1)]
    some: list[Write] = [MemoryWrite("neurons", 0xA5, 6, 0x3C, 0xF0), MemoryWrite("synapses", 0x15A5, 2, 0xC3)]
    reads = [
        spi_port.encode_read("neurons", 0x5A, 9),
        spi_port.encode_read("synapses", 0x0A5A, 1),
        spi_port.encode_read("neurons", 0, 0),
    ]
    return [
        *(spi_port.encode(write) for write in (*writes, *some)),
        *reads,
        spi_port.encode(RegisterWrite("SPI_GATE_ACTIVITY", 0, 0)),
    ]


def _events(rng: np.random.Generator) -> np.ndarray:
    kinds = {event.name: event for event in CHIP.events}
    addrs = []
    for neur in READY:
        pre = int(rng.integers(256))
        addrs += [kinds["virtual"].encode(neur=neur, weight=7), kinds["tref"].encode(neur=neur)]
        addrs += [kinds["synapse"].encode(pre_neur=pre, post_neur=neur)]
    addrs += [kinds["spike"].encode(pre_neur=0x3A), kinds["bist"].encode(neur=0x35)]
    return np.array(addrs)


def _differences(synthesised: Netlist, lively: Lively) -> tuple[int, int]:
    """Clocks at which pins differ from the golden model's, and words that differ at the end."""
    device = devices.OfNetlist(synthesised, devices.InIcarus(synthesised.design, synthesised.cells_chip))
    did = device.run(lively.trace, lively.memories_before)
    clocks = np.count_nonzero((did.outputs ^ lively.trace.outputs) & did.known_bits)
    words = sum(
        np.count_nonzero((did.memories[m] != lively.memories_after[m]).any(axis=1)) for m in lively.memories_after
    )
    return int(clocks), int(words)


@pytest.mark.slow
@pytest.mark.icarus
def test_a_netlist_does_what_the_chip_does_and_each_altered_lut_shows(synthesised: Netlist, lively: Lively) -> None:
    """LUTs at random, one at a time, of those whose output nothing can hide: it goes into a memory or out of the chip.

    Of LUTs anywhere most do nothing in so short a run: they choose among 256 signs, of which one is looked at.
    """
    assert _differences(synthesised, lively) == (0, 0)
    luts = _luts_at_the_end(synthesised)
    assert len(luts) > 50
    for name in np.random.default_rng(1).choice(luts, N_ALTERED, replace=False).tolist():
        assert _differences(_with_altered_lut(synthesised, name), lively) > (0, 0), name


@pytest.mark.slow
def test_block_rams_show_the_word_before_it_is_overwritten(synthesised: Netlist) -> None:
    """An ECP5's do so by themselves; what the iCE40's would show is undefined, so Yosys goes round them."""
    text = synthesised.design.files[0].read_text()
    if synthesised.family == "ecp5":
        assert text.count('.WRITEMODE_A("READBEFOREWRITE")') == text.count("DP16KD #(") == 24
    else:
        assert text.count("SB_SPRAM256KA ") == 2 and text.count("SB_RAM40_4K #(") == 8


def _luts_at_the_end(synthesised: Netlist) -> list[str]:
    """Names of the LUTs that drive an input of a memory, or an output pin."""
    module = json.loads(synthesised.design.files[0].with_name("netlist.json").read_text())["modules"][CHIP_TOP]
    memories = {memory.name for memory in synthesised.cells_chip.memories}
    ends = {bit for port in module["ports"].values() if port["direction"] == "output" for bit in port["bits"]}
    luts = {}
    for name, cell in module["cells"].items():
        if name in memories:
            ends.update(bit for port, bits in cell["connections"].items() if _is_input(cell, port) for bit in bits)
        elif cell["type"] == LUTS[synthesised.family][0]:
            luts[name] = cell["connections"][LUTS[synthesised.family][2]][0]
    return sorted(name for name, output in luts.items() if output in ends)


def _is_input(cell: dict[str, Any], port: str) -> bool:
    return bool(cell["port_directions"][port] == "input")


def _with_altered_lut(synthesised: Netlist, name: str) -> Netlist:
    """The netlist with the content of a LUT inverted."""
    cell, content, _ = LUTS[synthesised.family]
    pattern = rf"({cell} #\(\s*\.{content}\(16'h)(\w{{4}})(\)\s*\) \\?{re.escape(name)}\s)"
    verilog, *models = synthesised.design.files
    altered, n = re.subn(pattern, lambda m: f"{m[1]}{int(m[2], 16) ^ 0xFFFF:04x}{m[3]}", verilog.read_text())
    assert n == 1
    path = verilog.with_name("altered.v")
    path.write_text(altered)
    return replace(synthesised, design=replace(synthesised.design, files=(path, *models)))


def test_a_netlist_is_of_our_rtl_only(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["regress", "odin", "--netlist", "ecp5", "--rtl", str(tmp_path)])
    assert (result.exit_code, result.stderr) == (
        2,
        "error: --netlist: only for our RTL, in verilator or icarus\n",
    )


def test_a_reduced_chip_is_compared_only_as_a_netlist() -> None:
    result = CliRunner().invoke(cli, ["regress", "odin", "--set", "izh=no"])
    assert (result.exit_code, result.stderr) == (
        2,
        "error: --set izh=no: only with --netlist; a reduced chip does not do what was recorded\n",
    )


def test_a_chip_whose_memories_have_copies_is_refused() -> None:
    result = CliRunner().invoke(cli, ["regress", "ranc", "--netlist", "ecp5"])
    assert (result.exit_code, result.stderr) == (
        2,
        "error: ranc: csram has copies, which are not told apart in a netlist yet\n",
    )
