"""``draupnir decode`` on streams: the table, the configuration, the mistakes, and each message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import SPI_HEADER, SpiCode
from draupnir.tools.cli import cli
from draupnir.tools.compile import packed
from draupnir.tools.compile.spi import reading
from draupnir.tools.decode.job import WavePins, decode
from draupnir.tools.tests.test_config_command import DRIVER

TINY, ODIN, RECKON = (chips.declaration(name) for name in ("tinyodin", "odin", "reckon"))


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in ("decode", *words)])


def driver(folder: Path, text: str = DRIVER, name: str = "driver.log") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# --- What the command prints ------------------------------------------------------------------------------------


def test_the_table_the_configuration_and_the_mistakes(tmp_path: Path) -> None:
    log = driver(tmp_path)
    result = draupnir("tinyodin", log, "--onto", "blank")
    assert result.exit_code == 0
    table, toml, mistakes = result.stdout.split("\n\n", 1)[0], result.stdout, result.stdout.splitlines()[-2:]
    assert table.splitlines()[2:] == [
        "3  SPI_MAX_NEUR = 9: The last neuron that events to all neurons visit.",
        "4  neurons[0]: core = 0, thr = 5",
        "   ! has the read bit and the write bit set: the chip reads and writes",
        "6  SPI_GATE_ACTIVITY = 0: Stops the network and lets the SPI reach the memories.",
    ]
    assert "\n[registers]\nSPI_OPEN_LOOP = 1\nSPI_MAX_NEUR = 9\n" in toml
    both = "d000000000 has the read bit and the write bit set: the chip reads and writes"
    assert mistakes == [f"{log}:4: {both}; right is read = 0", "1 mistake"]
    unknown = "never written, and it has no reset, so its value is unknown: SPI_AER_SRC_CTRL_nNEUR"
    assert result.stderr == f"warning: {log}: {unknown}\n"


def test_the_configuration_packs_to_the_state_of_the_chip(tmp_path: Path) -> None:
    log, toml = driver(tmp_path), tmp_path / "net.toml"
    result = draupnir("tinyodin", log, "-o", toml, "--max", 2)
    assert result.exit_code == 0 and "[registers]" not in result.stdout
    assert "\n... and 3 more (--max)\n" in result.stdout
    blank = packed.memories_before("blank", TINY)
    (state,) = {
        decode(log, TINY, present).contents.configuration.registers["SPI_MAX_NEUR"] for present in (None, blank)
    }
    assert state == (9,)
    assert packed.read(toml, TINY) == decode(log, TINY, blank).contents.configuration
    folder = tmp_path / "packed"
    packed.pack(packed.read(toml, TINY), folder, blank)
    repacked = decode(folder / "tinyodin_spi.bin", TINY, blank)
    assert repacked.contents.configuration == packed.read(toml, TINY) and repacked.n_mistakes == 0


def test_json_has_the_same(tmp_path: Path) -> None:
    log = driver(tmp_path)
    report = json.loads(draupnir("tinyodin", log, "--json", "--max", 4).stdout)
    assert (report["schema"], report["n_entries"], report["n_mistakes"]) == ("draupnir.decode", 5, 1)
    word = report["entries"][3]
    assert (word["kind"], word["memory"], word["word"], word["fields"]) == ("word", "neurons", 0, {"core": 0, "thr": 5})
    assert [one["kind"] for one in word["remarks"]] == ["read and write"]
    assert (report["mistakes"][0]["where"], report["mistakes"][0]["right"]) == (f"{log}:4", "read = 0")
    assert report["unknown_parts"] == {"neurons": 1022, "synapses": 32768} and "[registers]" in report["toml"]
    assert json.loads(draupnir("tinyodin", log, "--json", "-o", tmp_path / "n.toml").stdout)["files"]


def test_a_mistake_is_an_error_only_with_strict(tmp_path: Path) -> None:
    log = driver(tmp_path)
    result = draupnir("tinyodin", log, "--strict", "-o", tmp_path / "net.toml")
    message = f"error: {log}: it has 1 mistake, and --strict is given: read and write\n"
    assert (result.exit_code, result.stderr.splitlines(keepends=True)[-1]) == (2, message)
    assert not (tmp_path / "net.toml").exists()
    clean = driver(tmp_path, DRIVER.replace("0xd", "0x5"), "clean.log")
    assert draupnir("tinyodin", clean, "--strict").exit_code == 0
    assert draupnir("tinyodin", clean).stdout.endswith("\n0 mistakes\n")


# --- What the chip accepts is accepted --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Time [s],Address,Data,note\n0.1,0x0,0x1,gate\n\n0.2,0x3,0x9,\n"),
        ("b.csv", 'time;"MOSI";MISO\n1;0x0000000001;0\n2;0x0000300009;0\n'),
        ("c.csv", "0000000001,0000300009\n"),
        ("d.c", "uint16_t words[] = {0x0000, 0x0000, 0x0100, 0x0030, 0x0009};"),
        ("e.txt", "00 00 00 00 01\n00 00 30 00 09\n"),
    ],
)
def test_these_forms_are_read_alike(tmp_path: Path, name: str, text: str) -> None:
    segment = reading.read(driver(tmp_path, text, name), TINY)
    assert [content for _, content in segment] == [0, 1, 3, 9] and segment.rest is None
    if name == "a.csv":
        assert [place for place, _ in segment] == [f"{tmp_path}/a.csv:{line}" for line in (2, 2, 4, 4)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "time,miso\n1,0\n", ":1: the columns are time, miso; right is a column mosi, or address and data"),
        ("a.csv", "addr,data\n0,1\n3\n", ":3: 1 cells; right is 2, one for each column"),
        ("a.txt", "", ": no SPI transactions"),
    ],
)
def test_each_wrong_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = driver(tmp_path, text, name)
    result = draupnir("tinyodin", path)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {path}{message}\n")


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (bytes(5) + bytes(2), "word 1: a transaction is cut off after 16 bits: nothing is written"),
        (bytes(5) + bytes(4), "word 1: a transaction is cut off after 32 bits: nothing is written"),
    ],
)
def test_a_stream_that_ends_in_the_middle_is_read_up_to_there(tmp_path: Path, content: bytes, remark: str) -> None:
    (tmp_path / "x.bin").write_bytes(content)
    result = decode(tmp_path / "x.bin", TINY)
    assert [entry.kind for entry in result.entries] == ["register", "transaction"]
    assert [str(odd) for odd in result.mistakes] == [f"{tmp_path / 'x.bin'}: {remark}"]


def test_a_read_is_no_mistake(tmp_path: Path) -> None:
    log = driver(tmp_path, "0000000001\n9000500000\n")
    result = decode(log, TINY)
    assert (result.entries[1].text, result.n_mistakes) == ("9000500000 reads neurons[5]: nothing is written", 0)
    assert len(result.contents.remarks) == 1


# --- Mistakes ---------------------------------------------------------------------------------------------------


def header(code: int, addr: int = 0, n: int = 1, read: int = 0) -> str:
    return f"{encode(SPI_HEADER, code=code, addr=addr, num_write=n, read=read):08x}"


@pytest.mark.parametrize(
    ("chip", "text", "kind", "right"),
    [
        (TINY, "8000100001", "read register", "read = 0"),
        (TINY, "0000000002", "too wide", "0..0x1"),
        (TINY, "00fff00001", "no register", "an address that draupnir chips tinyodin lists"),
        (TINY, "7000000001", "no command", "cmd = 0 registers, 1 neurons, 2 synapses"),
        (TINY, "1000000001", "neither", "write = 1"),
        (TINY, "0000000001\n50f0000001", "beyond", "byte = 0..3"),
        (TINY, "5000000001", "lost", "SPI_GATE_ACTIVITY = 1 before it"),
        (ODIN, "0000000001\n5000000001", "loud", "SPI_OPEN_LOOP = 1 before it"),
        (TINY, "00000", "cut", "an address field of 20 bits and one data field of 20 bits"),
        (
            TINY,
            "00000 00001\n50000 00005 00006\n50001 00007\n",
            "out of step",
            "an address field of 20 bits and one data field of 20 bits in each transaction",
        ),
        (RECKON, header(SpiCode.CONFIG, n=0), "empty", "num_write = 1..4095"),
        (RECKON, f"{header(SpiCode.CONFIG, 70, 2)} 0000000a 0000000b", "again", "num_write = 1"),
        (RECKON, f"{header(6)} 0000000a", "no code", "code = 0 registers, 1 neurons, 3 winp, 4 wrec, 5 wout"),
        (RECKON, f"{header(SpiCode.NEUR, 0xFFFC)} 0000000a", "beyond", "word = 0..127"),
        (
            RECKON,
            f"{header(SpiCode.WINP, 4, 3)} 0000000a",
            "cut",
            "an address field of 32 bits and as many data fields of 32 bits as its num_write says",
        ),
    ],
)
def test_each_mistake_says_what_would_be_right(tmp_path: Path, chip: Chip, text: str, kind: str, right: str) -> None:
    result = decode(driver(tmp_path, text), chip)
    assert {odd.kind: odd.right for odd in result.mistakes}[kind] == right


def test_a_block_that_the_chip_does_not_know_is_named_with_its_line(tmp_path: Path) -> None:
    log = driver(tmp_path, "00000 00001\n50000 00005 00006\n50001 00007\n")
    (odd,) = (odd for odd in decode(log, TINY).mistakes if odd.kind == "out of step")
    assert str(odd) == (
        f"{log}:2: 60 bits together end 20 bits into a transaction: the chip takes what follows as the rest of it"
    )
    whole = driver(tmp_path, "00000 00001 00003\n00009 00001 00001\n", "chopped.log")
    assert decode(whole, TINY).mistakes == ()


def test_a_block_of_reckon_is_no_mistake(tmp_path: Path) -> None:
    log = driver(tmp_path, f"{header(SpiCode.WINP, 4, 2)} 0000000a\n0000000b\n")
    result = decode(log, RECKON)
    assert result.mistakes == () and len(result.entries) == 1
    assert result.entries[0].text.startswith("winp[1] (pre 0, post 16-31): w0 = 10, w1 = 0, w2 = 0, w3 = 0, w4 = 11")


# --- Messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--pin", "SCK=D0"), "--pin: {} is not a waveform, which alone has pins; right is a VCD or FST"),
        (("--scope", "tb"), "--scope: {} is not a waveform, which alone has pins; right is a VCD or FST"),
        (("--pin", "SCK"), "--pin SCK: right is PIN=NAME, for instance --pin SCK=tb.dut.spi_clk"),
        (("--pin", "SCK=a", "--pin", "SCK=b"), "--pin SCK=b: SCK is given twice"),
    ],
)
def test_options_of_a_waveform(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    log = driver(tmp_path)
    result = draupnir("tinyodin", log, *words)
    assert (result.exit_code, result.stderr) == (2, f"error: {message.format(log)}\n")


def test_a_chip_without_an_spi_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sne has no SPI port .*: nothing can be written through its SPI"):
        decode(driver(tmp_path), chips.declaration("sne"), pins=WavePins())


def test_no_input_is_overwritten(tmp_path: Path) -> None:
    log = driver(tmp_path)
    result = draupnir("tinyodin", log, "-o", log)
    assert result.exit_code == 2 and "which must not be overwritten" in result.stderr


def test_help_has_an_example() -> None:
    assert "Example: draupnir decode odin driver.log -o net.toml" in draupnir("--help").stdout
