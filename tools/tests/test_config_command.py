"""`draupnir config`: words and exit status; what it does is tested with the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from draupnir.tools.cli import cli

NET = """
[registers]
SPI_OPEN_LOOP = 1
SPI_SYN_SIGN = "3"
[[neurons]]
index = "0-9"
model = "izh"
thr = 3
[[synapses]]
pre = "3"
post = "0-9"
weight = 3
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(NET)
    return tmp_path / "net.toml"


def config(*words: object) -> Result:
    return CliRunner().invoke(cli, ["config", *map(str, words)])


def test_check_says_what_is_in_it(net: Path) -> None:
    report = json.loads(config("check", "odin", net, "--json").stdout)
    assert report["registers"] == {"SPI_OPEN_LOOP": 1, "SPI_SYN_SIGN": [8] + [0] * 15}
    assert report["neurons"] == {"izh": 10, "lif": 246}
    lines = config("check", "odin", net).stdout.splitlines()
    assert lines[1:] == ["neurons: {'izh': 10, 'lif': 246}", "synapses: {'syn': 2}", "spi transactions: 37148"]


def test_check_names_a_mistake(net: Path) -> None:
    net.write_text(NET.replace("thr = 3", "thr = 300"))
    result = config("check", "odin", net)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {net}:8: neurons[0].thr: 300 is not within 0..7\n"


def test_pack_and_unpack(net: Path, tmp_path: Path) -> None:
    folder, back = tmp_path / "packed", tmp_path / "back.toml"
    result = config("pack", "odin", net, "-o", folder, "--json")
    assert result.exit_code == 0
    assert sorted(map(Path, json.loads(result.stdout)["files"])) == sorted(folder.iterdir())
    assert {path.name for path in folder.iterdir()} == {
        *(f"odin_spi.{suffix}" for suffix in ("txt", "bin", "h", "py")),
        *(f"{name}.{suffix}" for name in ("neurons", "synapses") for suffix in ("hex", "mem")),
    }
    assert config("unpack", "odin", folder, "-o", back).exit_code == 0
    assert config("diff", "odin", net, back).stdout == "0 differences\n"
    assert config("unpack", "odin", folder / "odin_spi.bin").stdout == back.read_text()


def test_a_partial_stream(net: Path, tmp_path: Path) -> None:
    assert config("pack", "odin", net, "-o", tmp_path / "p", "--onto", "blank").exit_code == 0
    assert config("unpack", "odin", tmp_path / "p").exit_code == 2
    assert 'model = "izh"' in config("unpack", "odin", tmp_path / "p", "--onto", "blank").stdout


DRIVER = "0x1\n0x100001\n0x300009\n0xd000000000  # a read bit too many\n0x5010000050\n0x0\n"


def test_a_driver_s_stream_is_unpacked_with_what_is_odd_in_it(tmp_path: Path) -> None:
    log = tmp_path / "driver.log"
    log.write_text(DRIVER)
    result = config("unpack", "tinyodin", log, "--onto", "blank")
    assert result.exit_code == 0
    assert "SPI_MAX_NEUR = 9" in result.stdout and 'index = "0"\nthr = 5\n' in result.stdout
    both = "has the read bit and the write bit set: the chip reads and writes"
    assert result.stderr.splitlines() == [
        f"warning: {log}:4: d000000000 {both}",
        f"warning: {log}: never written, and it has no reset, so its value is unknown: SPI_AER_SRC_CTRL_nNEUR",
    ]
    report = json.loads(config("unpack", "tinyodin", log, "--onto", "blank", "--json").stdout)
    assert (report["schema"], report["never_written"]) == ("draupnir.config.unpack", ["SPI_AER_SRC_CTRL_nNEUR"])
    assert [(odd["kind"], odd["n"]) for odd in report["remarks"]] == [("read and write", 1)]
    (tmp_path / "net.toml").write_text(result.stdout)
    assert config("diff", "tinyodin", tmp_path / "net.toml", log, "--onto", "blank").exit_code == 0


def test_check_takes_a_stream_too_and_toml_by_any_name(tmp_path: Path) -> None:
    log = tmp_path / "driver.log"
    log.write_text(DRIVER)
    result = config("check", "tinyodin", log, "--onto", "blank", "--json")
    assert [one["name"] for one in json.loads(result.stdout)["findings"]] == ["neuron-never-visited", "zero-threshold"]
    assert len(result.stderr.splitlines()) == 2
    for text in ("# a network\n[registers]\nSPI_MAX_NEUR = 3\n", "registers.SPI_MAX_NEUR = 3\n"):
        (tmp_path / "net.txt").write_text(text)
        assert config("check", "tinyodin", tmp_path / "net.txt").stdout.startswith("registers: {'SPI_MAX_NEUR': 3}")


def test_a_partial_stream_counts_what_is_unknown_as_zero_but_is_no_configuration_to_check(tmp_path: Path) -> None:
    (tmp_path / "driver.log").write_text(DRIVER)
    result = config("unpack", "tinyodin", tmp_path / "driver.log", "-o", tmp_path / "net.toml")
    warnings = result.stderr.splitlines()
    assert result.exit_code == 0 and len(warnings) == 4
    assert warnings[2].endswith(
        "1022 parts of neurons are not written; the first are bits 16..23 of word 0: they count as 0;"
        " --onto gives the earlier contents of the memories"
    )
    assert 'index = "0"\nthr = 5\n' in (tmp_path / "net.toml").read_text()
    result = config("check", "tinyodin", tmp_path / "driver.log")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "a partial stream needs --onto, the earlier contents of the memories (blank: all 0)\n"
    )


def test_diff_names_registers_and_fields(net: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(
        NET.replace("OPEN_LOOP = 1", "OPEN_LOOP = 0").replace('"3"\n[[n', '"3,17"\n[[n').replace("thr = 3", "thr = 2")
        + '[[synapses]]\npre = "3"\npost = "2"\nweight = 1\nmapped = false\n'
    )
    result = config("diff", "odin", net, other)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "SPI_OPEN_LOOP: 1 | 0",
        "SPI_SYN_SIGN[1]: 0 | 2",
        *(f"neurons[{n}].thr: 3 | 2" for n in range(10)),
        "synapses[pre 3, post 2].syn_weight: 3 | 1",
        "synapses[pre 3, post 2].mapping: 1 | 0",
        "14 differences",
    ]
    report = json.loads(config("diff", "odin", net, other, "--json", "--max", 2).stdout)
    assert report["n_differences"] == 14
    assert report["differences"] == [
        {"place": "SPI_OPEN_LOOP", "field": "", "first": 1, "second": 0},
        {"place": "SPI_SYN_SIGN[1]", "field": "", "first": 0, "second": 2},
    ]
    assert config("diff", "odin", net, other, "--max", 2).stdout.splitlines()[2:] == [
        "... and 12 more (--max)",
        "14 differences",
    ]


@pytest.mark.parametrize("words", [("pack", "odin", "nowhere.toml"), ("diff", "odin", "nowhere.toml", "x.toml")])
def test_a_file_that_is_not_there(words: tuple[str, ...]) -> None:
    result = config(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: nowhere.toml: not a configuration: No such file or directory\n"


def test_pack_needs_a_folder(net: Path) -> None:
    result = config("pack", "odin", net, "-o", net)
    assert (result.exit_code, result.stderr) == (2, f"error: -o {net}: {net} is not a folder\n")


def test_pack_overwrites_no_file_that_the_configuration_names(net: Path, tmp_path: Path) -> None:
    assert config("pack", "odin", net, "-o", tmp_path / "p").exit_code == 0
    (tmp_path / "p" / "net.toml").write_text('neurons = "neurons.hex"\n')
    image = (tmp_path / "p" / "neurons.hex").read_text()
    for other, message in (
        ("net.toml", f"p/neurons.hex: the input CONFIG {tmp_path}/p/net.toml names it"),
        ("odin_spi.txt", f"p/odin_spi.txt: it is the input CONFIG {tmp_path}/p/odin_spi.txt, which must not"),
        ("", f"p: it is the input CONFIG {tmp_path}/p; an output needs a folder of its own"),
    ):
        result = config("pack", "odin", tmp_path / "p" / other, "-o", tmp_path / "p")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"error: -o {tmp_path}/{message}")
    assert (tmp_path / "p" / "neurons.hex").read_text() == image


def test_pack_leaves_all_files_or_none(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("draupnir.golden.hexfile.write", full)
    result = config("pack", "odin", net, "-o", tmp_path / "p")
    assert (result.exit_code, result.stderr) == (2, f"error: {tmp_path}/p: No space left on device\n")
    assert not (tmp_path / "p").exists()


def test_unpack_overwrites_no_input_and_says_what_it_wrote(net: Path, tmp_path: Path) -> None:
    assert config("pack", "odin", net, "-o", tmp_path / "p").exit_code == 0
    stream = tmp_path / "p" / "odin_spi.txt"
    result = config("unpack", "odin", stream, "-o", stream)
    message = f"error: -o {stream}: it is the input PACKED {stream}, which must not be overwritten\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)
    report = json.loads(config("unpack", "odin", stream, "-o", tmp_path / "back.toml", "--json").stdout)
    assert report == {
        "schema": "draupnir.config.unpack",
        "version": 1,
        "chip": "odin",
        "files": [str(tmp_path / "back.toml")],
        "remarks": [],
        "never_written": [],
        "unknown_parts": {},
    }
    report = json.loads(config("unpack", "odin", stream, "--json").stdout)
    assert report["toml"] == (tmp_path / "back.toml").read_text()


@pytest.mark.parametrize("name", ["check", "pack", "unpack", "diff"])
def test_each_has_help_with_an_example(name: str) -> None:
    assert f"Example: draupnir config {name} odin" in config(name, "--help").stdout
