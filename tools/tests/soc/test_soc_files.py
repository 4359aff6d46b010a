"""`draupnir soc` writes what a processor needs: map, driver, image; all of it from the declarations."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.spi.port import decode, port
from draupnir.rtl.soc import peripheral
from draupnir.rtl.soc.address_map import AddressMap, address_map
from draupnir.rtl.soc.windows import Coding
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml import load
from draupnir.tools.soc import files, page
from draupnir.tools.soc.image import BusWrite, image

ROOT = Path(__file__).resolve().parents[3]
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


def on_a_bus() -> list[str]:
    """The chips with an address map."""
    names = []
    for name in chips.names():
        try:
            address_map(chips.declaration(name))
        except InputError:
            continue
        names.append(name)
    return names


@pytest.fixture(params=on_a_bus())
def the_map(request: pytest.FixtureRequest) -> AddressMap:
    return address_map(chips.declaration(request.param))


def test_chips_with_the_buses_of_a_bridge_have_a_map() -> None:
    assert {"odin", "tinyodin", "gungnir", "reckon", "ranc"} <= set(on_a_bus())


def test_no_two_things_share_an_address(the_map: AddressMap) -> None:
    places = [(register.offset, 4) for register in the_map.registers]
    places += [(window.base, window.n_bytes) for window in the_map.windows]
    ends = 0
    for base, n_bytes in sorted(places):
        assert base >= ends
        ends = base + n_bytes
    assert ends <= 1 << the_map.addr_bits
    assert all(window.base % window.n_bytes == 0 for window in the_map.memories)


def test_a_window_codes_what_the_port_of_the_chip_decodes(the_map: AddressMap) -> None:
    rng = np.random.default_rng(1)
    for window in the_map.memories:
        for _ in range(20):
            word, chunk = int(rng.integers(window.memory.depth)), int(rng.integers(window.n_chunks))
            content = int(rng.integers(1 << min(window.port.chunk_bits, 31)))
            bits = (word << window.chunk_addr_bits | chunk) << window.port.chunk_bits | content
            write = decode(window.port, window.write_coding(bits))
            assert (write.memory, write.word, write.chunk, write.content, write.keep) == (  # type: ignore[union-attr]
                window.name, word, chunk, content, 0,
            )  # fmt: skip


def test_a_function_that_is_no_coding_is_refused() -> None:
    with pytest.raises(InputError, match="the sum: its bits do not act on fixed bits of the SPI, so it has no window"):
        Coding.of_function(lambda bits: (bits & 3) + (bits >> 2), 4, "the sum")


def test_the_identity_depends_on_the_parameters() -> None:
    assert peripheral.map_of("odin").identity != peripheral.map_of("odin", izh=False).identity


def replayed(the_map: AddressMap, writes: list[BusWrite], memory: str) -> np.ndarray:
    """The content of a memory after writes of the bus, from zeros."""
    (window,) = (each for each in the_map.memories if each.name == memory)
    image_bytes = np.zeros(window.n_bytes, np.uint8)
    for write in writes:
        for i in range(4):
            place = write.offset + i - window.base
            if write.strb >> i & 1 and 0 <= place < window.n_bytes:
                image_bytes[place] = write.content >> 8 * i & 0xFF
    words: np.ndarray = image_bytes.view("<u4").reshape(window.memory.depth, -1)
    return words


@pytest.mark.parametrize("chip", ["odin", "tinyodin", "gungnir"])
def test_an_image_is_the_configuration(chip: str) -> None:
    example = ROOT / f"examples/{chip}/net.toml"
    configuration = load.load(example, chip)
    the_map = peripheral.map_of(chip)
    writes = image(the_map, configuration, is_zeroed=True)
    for memory in the_map.chip.memories:
        assert np.array_equal(replayed(the_map, writes, memory.name), configuration.memories[memory.name])
    registers = the_map.chip_registers
    assert registers is not None
    last = {write.offset: write.content for write in writes}
    for offset, register, i in registers.rows:
        assert last[offset] == configuration.registers[register.name][i], register.name
    assert len(image(the_map, configuration)) > len(writes)


def test_an_image_keeps_the_order_in_which_odin_wants_a_word() -> None:
    """The byte with ca_en is 0 before all other bytes, and has its content after them."""
    the_map = peripheral.map_of("odin")
    configuration = load.load(ROOT / "examples/odin/net.toml", "odin")
    (window,) = (each for each in the_map.memories if each.name == "neurons")
    of_word = [w for w in image(the_map, configuration) if window.base <= w.offset < window.base + window.stride]
    ca_en = the_map.chip.memory("neurons").words[0]["ca_en"].lsb
    place = window.base + ca_en // 32 * 4, 1 << ca_en % 32 // 8
    assert of_word[0] == BusWrite(*place, 0) and (of_word[-1].offset, of_word[-1].strb) == place
    assert port(the_map.chip) is window.port


@pytest.mark.parametrize("bus", list(peripheral.FACES))
def test_the_driver_compiles_without_a_warning(the_map: AddressMap, bus: str, tmp_path: Path) -> None:
    name = f"{the_map.chip.name}_soc"
    for template, suffix in (("header.h.jinja", "h"), ("driver.c.jinja", "c")):
        (tmp_path / f"{name}.{suffix}").write_text(files.render(template, name, bus, the_map))
    compiler = shutil.which("gcc")
    assert compiler
    for extra in ((), (f"-D{name.upper()}_BUS_FUNCTIONS",)):
        command = [compiler, *STRICT, *extra, "-c", f"{name}.c", "-o", "driver.o"]
        process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (process.returncode, process.stderr) == (0, "")


def test_header_and_page_have_every_register_and_window(the_map: AddressMap) -> None:
    header = files.render("header.h.jinja", "x", "wishbone", the_map)
    text = page.markdown("wishbone", the_map)
    defines = {name: int(number, 0) for name, number in re.findall(r"#define (X_\w+) (0x\w+|\d+)", header)}
    for register in the_map.registers:
        assert defines[f"X_{register.name}"] == register.offset
        assert f"| {register.offset:#x} | `{register.name}` |" in text
        for f in register.word:
            assert defines[f"X_{register.name}_{f.name.upper()}_SHIFT"] == f.lsb
    for window in the_map.memories:
        assert defines[f"X_{window.name.upper()}"] == window.base and f"`{window.name}`" in text


def declaration_without_buses() -> Chip:
    return chips.declaration("snn_accelerator")


def test_a_chip_without_a_bridge_is_refused() -> None:
    with pytest.raises(InputError, match="snn_accelerator: the bridge needs an SPI, one event bus in and one out"):
        address_map(declaration_without_buses())


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words, message in (
        ("soc odin --zeroed", "error: --zeroed: only with --config"),
        ("soc odin --bus ahb", "error: Invalid value for '--bus'"),
        ("soc odin --set nothing=1", "error: --set nothing=1: right is NAME=N, and odin has n_neurons"),
        ("soc snn_accelerator", "error: snn_accelerator: the bridge needs an SPI"),
    ):
        result = CliRunner().invoke(cli, words.split())
        assert result.exit_code == 2 and result.stderr.startswith(message), (words, result.stderr)
        assert result.stderr.count("\n") == 1 and not list(tmp_path.iterdir())


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(InputError, match="bus 'ahb': there are axi4-lite, wishbone"):
        peripheral.face("ahb")
