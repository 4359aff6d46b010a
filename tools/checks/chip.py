"""Checks that every chip must pass. No chip is named here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from draupnir.cocotb_tests.catalogue import BENCH
from draupnir.emulator import chips, state
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip, Memory
from draupnir.emulator.package import DECLARATION, MODEL, Part, place
from draupnir.emulator.speeds.levels import CLOSED_LOOP, ENGINE, HOST
from draupnir.emulator.spi import pins
from draupnir.emulator.spi.port import PORT
from draupnir.emulator.trace import Trace
from draupnir.golden import case
from draupnir.golden.recipes import BOOK
from draupnir.golden.wave import read
from draupnir.rtl.emit import RTL
from draupnir.tools.bench.contestants import Job
from draupnir.tools.bench.workloads import WORKLOADS, workloads
from draupnir.tools.compile.spi import stream
from draupnir.tools.compile.toml.load import dump, load
from draupnir.tools.experiments.main_job import MAIN_JOB
from draupnir.tools.lint.findings import RULES
from draupnir.tools.report.tables import markdown

PARTS: tuple[Part[Any], ...] = (
    *(DECLARATION, MODEL, ENGINE, CLOSED_LOOP, HOST, PORT, BOOK, RTL, BENCH, RULES, WORKLOADS, MAIN_JOB),
)
N_EVENTS = 8


class ChipChecks:
    """Checks of declaration, model and configuration of the chip ``name``. A subclass is a test class for pytest."""

    name: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def chip(cls) -> Chip:
        return chips.declaration(cls.name)

    def test_every_part_is_what_it_must_be(self, chip: Chip) -> None:
        package = chips.package(chip.name)
        assert chip.name == package.name
        for part in PARTS:
            part.load(package)  # raises InputError
        for name in ("golden", "tests", "shared_tests", "page"):
            path = place(package, name)
            assert path is None or path.exists(), path

    # --- Declarations ---

    def test_pins_are_complete(self, chip: Chip) -> None:
        roles = [pin.role for pin in chip.pins]
        assert roles.count("clock") and roles.count("reset")
        assert all(pin.meaning for pin in chip.pins) and all(bus.meaning for bus in chip.buses)

    def test_configuration_registers_do_not_overlap_and_are_state(self, chip: Chip) -> None:
        addrs = [register.addr + i for register in chip.registers for i in range(register.n_addrs)]
        assert len(addrs) == len(set(addrs))
        state_by_name = {reg.name: reg for reg in state.registers(chip)}
        for register in chip.registers:
            reg = state_by_name[register.name.lower()]
            assert (reg.width, reg.reset) == (register.width, register.reset), register.name

    def test_an_event_has_the_width_of_a_bus(self, chip: Chip) -> None:
        carriers = [bus for bus in chip.wired_buses if bus.payload and not bus.chip_sends]
        widths = {width for bus in carriers for width in (bus.payload_width, bus.pins[bus.payload][0].width)}
        assert all(len(event.pattern) in widths for event in chip.events)

    def test_memories_have_words_with_meaning(self, chip: Chip) -> None:
        for memory in chip.memories:
            assert memory.source
            assert all(field.meaning for word in memory.words for field in word)

    def test_the_page_has_the_tables_of_the_declaration(self, chip: Chip) -> None:
        readme = page(chip).read_text()
        tables = re.search(r"<!-- tables -->\n(.*?)<!-- /tables -->", readme, re.DOTALL)
        assert tables, "right are two lines, <!-- tables --> and <!-- /tables -->, between which the tables are"
        assert tables[1] == markdown(chip, chips.parameters(chip.name)), (
            f"remake them: draupnir chips {chip.name} --markdown"
        )

    # --- Model ---

    def test_a_snapshot_has_the_same_future_in_another_model(self, chip: Chip) -> None:
        trace = shortest_trace(chip)
        chip, inputs, clk = trace.chip, trace.inputs[:4000], trace.clk[:4000]
        model, second_model = chips.model(chip.name, chip.sizes)(), chips.model(chip.name, chip.sizes)(seed=3)
        model.drive(inputs[:1500], clk[:1500])
        second_model.restore(model.snapshot())
        assert np.array_equal(model.drive(inputs[1500:], clk[1500:]), second_model.drive(inputs[1500:], clk[1500:]))
        assert state.diff(model.snapshot(), second_model.snapshot()) == []
        assert state.out_of_range(chip, model.registers) == []

    def test_clock_by_clock_is_the_same_as_all_rows_at_once(self, chip: Chip) -> None:
        trace = shortest_trace(chip)
        chip, inputs, clk = trace.chip, trace.inputs[:3000], trace.clk[:3000]
        model, second_model = chips.model(chip.name, chip.sizes)(), chips.model(chip.name, chip.sizes)()
        one_by_one = [second_model.drive(inputs[i : i + 1], clk[i : i + 1])[0] for i in range(len(inputs))]
        assert np.array_equal(model.drive(inputs, clk), one_by_one)
        assert state.diff(model.snapshot(), second_model.snapshot()) == []

    def test_event_level_is_clock_level_on_every_workload(self, chip: Chip) -> None:
        package = chips.package(chip.name)
        if package.workloads is None or package.engine is None:
            pytest.skip(f"{chip.name} has no workloads, or no event level")
        for make in workloads(chip).makers:
            contestants = Job(make(N_EVENTS), N_EVENTS).models()  # raises Disagreement
            assert len({c.n_clocks for c in contestants}) == 1

    # --- Configuration ---

    def test_a_configuration_is_written_and_read_back(self, chip: Chip, tmp_path: Path) -> None:
        rng = np.random.default_rng(5)
        registers = {r.name: tuple(rng.integers(1 << r.width, size=r.n_addrs).tolist()) for r in chip.registers}
        configuration = Configuration(chip, registers, {m.name: random_words(m, rng) for m in chip.memories})
        (tmp_path / "c.toml").write_text(dump(configuration))
        assert load(tmp_path / "c.toml", chip.name) == configuration

    def test_a_configuration_is_in_the_model_once_applied(self, chip: Chip, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text("")
        configuration = load(tmp_path / "c.toml", chip.name)
        model = chips.model(chip.name, chip.sizes)()
        configuration.apply(model)
        for register in chip.registers:
            contents = np.atleast_1d(model.registers[0][register.name.lower()])
            assert tuple(contents) == (register.fallback,) * register.n_addrs

    def test_the_spi_stream_programs_what_the_back_door_does(self, chip: Chip) -> None:
        if not chip.registers or chips.package(chip.name).port is None:
            pytest.skip(f"{chip.name} has no configuration registers, or no SPI port")
        configuration = small_configuration(chip)
        blank = {m.name: state.new_memory(m) for m in chip.memories}
        transactions = stream.pack(configuration, blank)
        assert stream.unpack(chip, (("", content) for content in transactions), blank) == configuration
        spi_model, expected_model = chips.model(chip.name, chip.sizes)(), chips.model(chip.name, chip.sizes)()
        spi_model.reset()
        rows = pins.rows(chip, transactions, gap=8)
        spi_model.drive(rows, np.ones(len(rows), np.uint8))
        configuration.apply(expected_model)
        for memory in chip.memories:
            assert np.array_equal(spi_model.memories[memory.name], expected_model.memories[memory.name]), memory.name
        for reg in (reg for block in chip.blocks for reg in block.regs if block.name in ("spi_slave", "lfsr")):
            if reg.name.upper() in {r.name.upper() for r in chip.registers} or reg.name.startswith("lfsr"):
                name = reg.name
                assert np.array_equal(spi_model.registers[0][name], expected_model.registers[0][name]), name


def page(chip: Chip) -> Path:
    """The chip's page. The test is skipped if there is none."""
    path = place(chips.package(chip.name), "page")
    if path is None:
        pytest.skip(f"{chip.name} has no page")
    return path


def shortest_trace(chip: Chip) -> Trace:
    """The rows of the case with the smallest waveform, with the declaration of its sizes."""
    one = min(case.of_chip(chip.name), key=lambda one: one.wave.stat().st_size)
    return read(one.wave, chips.declaration(chip.name, one.parameters))


def random_words(memory: Memory, rng: np.random.Generator) -> np.ndarray:
    words = state.new_memory(memory)
    of_all_copies = words.reshape(-1, memory.n_limbs)
    some = rng.integers(len(of_all_copies), size=5)
    for index in some:
        content = int.from_bytes(rng.bytes(-(-memory.width // 8)), "little") & (1 << memory.width) - 1
        of_all_copies[index] = [content >> 32 * i & 0xFFFFFFFF for i in range(memory.n_limbs)]
    return words


def small_configuration(chip: Chip) -> Configuration:
    """A configuration with default registers except one, and a few random words in each memory."""
    rng = np.random.default_rng(6)
    registers = {r.name: (r.fallback,) * r.n_addrs for r in chip.registers}
    some = chip.registers[-1]
    registers[some.name] = (1,) * some.n_addrs
    return Configuration(chip, registers, {m.name: random_words(m, rng) for m in chip.memories})
