"""`draupnir config` and `draupnir run` of SNE: a layer in TOML, the files that program an engine, events in and out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import draupnir as api
from draupnir.emulator.sne.layer import EngineLayer, new_contents
from draupnir.emulator.sne.layout import LayerKind
from draupnir.emulator.sne.registers import REGISTERS
from draupnir.emulator.trace import unpack
from draupnir.tools.cli import cli
from draupnir.tools.layers import sne_files, sne_toml

NET = """\
groups = "square"

[cfg_slice_i]
layer = 1
channel = 8

[cfg_parameter_i]
vth = 20

[[cfg_filter_main_i]]
index = "12-15"
filter_en = 0

[[kernels]]
kernel = "0-7"
place = "0-8"
weight = 7

[[kernels]]
kernel = 3
place = 4
weight = -8
"""
DENSE = """\
groups = "square"
inputs = 2

[cfg_slice_i]
layer = 2

[cfg_parameter_i]
vth = 27

[[weights]]
input = 1
neuron = "9,73"
weight = 7
"""
EVENTS = "time,channel,row,column\n0,0,3,3\n4,1,3,3\n"
SPIKES = """\
cycle,op,time,channel,row,column
19,TIME,0,,,
24,SPIKE,0,1,2,2
"""


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(NET)
    (tmp_path / "dense.toml").write_text(DENSE)
    (tmp_path / "events.csv").write_text(EVENTS)
    return tmp_path


# --- Configuration ----------------------------------------------------------------------------------------------


def test_a_layer_is_packed_and_unpacked(folder: Path) -> None:
    net, pack_folder, back = folder / "net.toml", folder / "packed", folder / "back.toml"
    result = draupnir("config", "pack", "sne", net, "-o", pack_folder, "--json")
    assert sorted(map(Path, json.loads(result.stdout)["files"])) == sorted(pack_folder.iterdir())
    assert draupnir("config", "unpack", "sne", pack_folder, "-o", back).exit_code == 0
    for path in (pack_folder, back):
        result = draupnir("config", "diff", "sne", net, path)
        assert (result.exit_code, result.stdout) == (0, "0 differences\n")


def test_the_files_have_the_words_that_a_host_sends(folder: Path) -> None:
    draupnir("config", "pack", "sne", folder / "net.toml", "-o", folder / "packed")
    kernels = (folder / "packed/sne_kernels.txt").read_text().split("\n")
    assert kernels[:2] == ["01000009  // header: 8 kernels", "77777777"]
    assert kernels[4] == "77778777", "kernel 3 has -8 in the middle"
    lines = (folder / "packed/sne_registers.txt").read_text().split("\n")
    assert "0x960 0x00001400  // cfg_parameter_i: vth = 20" in lines
    assert "0x504 0x00000006  // cfg_filter_lbound_i[1]: xid = 6" in lines
    assert (folder / "packed/weight_mem_3.hex").read_text().startswith("77778777\n77777777\n0\n")


def test_a_model_is_programmed_as_a_host_does_it(folder: Path) -> None:
    model = api.model("sne", folder / "net.toml")
    assert model.memories["weight_mem"][3, 0, 0] == 0x77778777
    assert model.memories["weight_sram_o"][:2, 0].tolist() == [0x77777777, 0]
    assert unpack(model.chip.input_word, model.inputs)["cfg_parameter_i"] == 20 << 8


def test_any_layer_is_written_and_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    contents = {r.name: tuple(rng.integers(1 << r.word.width, size=r.n).tolist()) for r in REGISTERS}
    contents["cfg_slice_i"] = (int(LayerKind.FC) | 16 << 3,)
    layer = sne_files.configuration_of(
        EngineLayer(contents, rng.integers(-8, 8, (16, 3, 3)), rng.integers(-8, 8, (2, 1024)))
    )
    (tmp_path / "net.toml").write_text(sne_toml.text(layer))
    assert sne_toml.load(tmp_path / "net.toml") == layer
    sne_files.write(layer, tmp_path)
    assert sne_files.read(tmp_path) == layer
    assert np.array_equal(sne_files.layer_of(layer).weights, sne_files.layer_of(sne_files.read(tmp_path)).weights)


def test_a_matrix_in_a_file_gives_the_kernels(folder: Path) -> None:
    numbers = np.arange(72).reshape(8, 9) % 16 - 8
    np.savetxt(folder / "k.csv", numbers, fmt="%d", delimiter=",")
    (folder / "net.toml").write_text('[cfg_slice_i]\nchannel = 8\n[kernels]\nmatrix = "k.csv"\n')
    layer = sne_files.layer_of(sne_toml.load(folder / "net.toml"))
    assert np.array_equal(layer.kernels.reshape(8, 9), numbers)
    assert layer.contents == new_contents(cfg_slice_i=(64,))


def test_another_number_of_kernels_is_a_difference(folder: Path) -> None:
    (folder / "more.toml").write_text(NET.replace("channel = 8", "channel = 16"))
    result = draupnir("config", "diff", "sne", folder / "net.toml", folder / "more.toml")
    lines = ["cfg_slice_i[0].channel: 8 | 16", "kernels.words: 72 | 144", "2 differences"]
    assert (result.exit_code, result.stdout.splitlines()) == (1, lines)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("vth = 20", "vth = 200"), "net.toml:8: cfg_parameter_i[0].vth: 200 is not within -128..127"),
        (("vth", "vht"), "net.toml:8: cfg_parameter_i[0].vht: unknown: did you mean 'vth'?"),
        (("[cfg_parameter_i]", "[cfg_parameter]"), "cfg_parameter: unknown: did you mean 'cfg_parameter_i'?"),
        (('"square"', '"round"'), "net.toml:1: groups: 'round' is unknown; right is \"square\", or to leave it out"),
        (("channel = 8", "channel = 12"), "cfg_slice_i.channel: 12 kernels; right is 16: eight of them share a word"),
        (("channel = 8", "channel = 300"), "300 kernels; right is 256: eight of them share a word, and 256 fit"),
        (("channel = 8", "channel = 0"), "net.toml:14: kernels: cfg_slice_i.channel is 0; right is the number of rows"),
        (('"12-15"', '"12-16"'), "cfg_filter_main_i[0].index: 16 is not within 0..15"),
        (("[[cfg_filter_main_i]]", "[[cfg_filter_main]]"), "net.toml:10: cfg_filter_main: unknown: did you mean"),
        (("layer = 1", "layer = 1\ninputs = 2"), "cfg_slice_i[0].inputs: unknown: there are index, layer"),
        (
            ('groups = "square"', "inputs = 2"),
            "only a fully connected layer has weights; right is cfg_slice_i.layer = 2",
        ),
        (('groups = "square"', "cfg_error_i = 3"), "cfg_error_i: 3 is not a table; right is [cfg_error_i] or"),
        (('place = "0-8"', 'place = "0-9"'), "kernels[0].place: 9 is not within 0..8"),
    ],
)
def test_a_mistake_in_toml_is_one_line(folder: Path, change: tuple[str, str], message: str) -> None:
    (folder / "net.toml").write_text(NET.replace(*change))
    result = draupnir("config", "pack", "sne", folder / "net.toml", "-o", folder / "packed")
    assert result.exit_code == 2 and result.stdout == "" and not (folder / "packed").exists()
    assert message in result.stderr and result.stderr.count("\n") == 1, result.stderr


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("sne_registers.txt", "0x960", "sne_registers.txt:1: '0x960'; right is an address and a word of 32 bits"),
        ("sne_registers.txt", "0x962 1", "sne_registers.txt:1: 0x962 is no register of the engine"),
        ("sne_registers.txt", "0x900 40", "0x40 does not fit cfg_addr_step_i, which has 6 bits"),
        ("sne_registers.txt", "0x984 0", "packed: 8 kernels, and cfg_slice_i.channel is 0; right is the same number"),
        ("sne_kernels.txt", "77777777", "sne_kernels.txt:1: 77777777 is no header of a packet for the memories"),
        ("sne_kernels.txt", "01000009\n0", "sne_kernels.txt:1: the packet ends after 1 of 9 words"),
        ("sne_kernels.txt", "01000001\n0", "sne_kernels.txt:1: 1 words; right are 9 for each eight kernels"),
        ("sne_kernels.txt", "", "sne_kernels.txt: 0 packets; right is one with all kernels"),
        ("sne_weights.txt", "01000001\n0", "sne_weights.txt:1: 1 words; the weights of an input have 128"),
        ("weight_sram_o.hex", "0\n" * 32, "weight_sram_o.hex and"),
    ],
)
def test_a_mistake_in_packed_files_is_one_line(folder: Path, file: str, text: str, message: str) -> None:
    pack_folder = folder / "packed"
    draupnir("config", "pack", "sne", folder / "net.toml", "-o", pack_folder)
    (pack_folder / file).write_text(text)
    result = draupnir("config", "unpack", "sne", pack_folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and result.stderr.count("\n") == 1, result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("unpack", "sne", "."), "no sne_registers.txt; right is a TOML file, or a folder of draupnir config pack sne"),
        (("pack", "sne", "net.toml", "--onto", "blank"), "--onto blank: sne is programmed whole; right is to leave it"),
    ],
)
def test_what_config_cannot_do_is_one_line(
    folder: Path, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = draupnir("config", *words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


# --- Runs -------------------------------------------------------------------------------------------------------


def run(folder: Path, config: str, *words: object) -> Result:
    files = ("--config", folder / config, "--events", folder / "events.csv", "-o", folder / "out.csv")
    return draupnir("run", "sne", *files, *words)


def test_events_come_out_with_their_clock_and_timestep(folder: Path) -> None:
    """The first spike makes 28 of nine potentials, which is above 20; the second one finds 8 * 221 >> 8 = 6."""
    result = run(folder, "net.toml", "--gap", 0, "--ack-delay", 0, "--json")
    report = json.loads(result.stdout)
    counts = {"n_events": 2, "n_words": 8, "n_sent": 8, "n_spikes": 18, "n_timesteps": 2, "done": True}
    assert counts.items() <= report.items()
    lines = (folder / "out.csv").read_text().splitlines()
    assert lines[:3] == SPIKES.splitlines()
    rows = [line.split(",")[1:] for line in lines[1:]]
    nine = [[str(row), str(column)] for row in (2, 3, 4) for column in (2, 3, 4)]
    assert [row[3:] for row in rows if row[0] == "SPIKE"] == nine * 2
    assert [row[1] for row in rows] == ["0"] * 10 + ["4"] * 10


def test_the_output_of_a_layer_is_the_input_of_the_next(folder: Path) -> None:
    assert run(folder, "net.toml").exit_code == 0
    (folder / "out.csv").rename(folder / "events.csv")
    result = run(folder, "net.toml", "--json")
    report = json.loads(result.stdout)
    assert report["n_events"] == 18 and report["n_timesteps"] == 2 and report["done"]


def test_an_event_of_a_fully_connected_layer_has_its_weights(folder: Path) -> None:
    """Input 1 is column 1. Neuron 9 of groups 0 and 1 gets 28, which is above 27."""
    (folder / "events.csv").write_text("time,channel,row,column,op\n1,0,0,0,\n1,0,0,1,spike\n2,,,,wipe\n3,,,,time\n")
    assert run(folder, "dense.toml").exit_code == 0
    spikes = [line.partition(",")[2] for line in (folder / "out.csv").read_text().splitlines()[1:]]
    assert spikes == ["TIME,1,,,", "SPIKE,1,1,1,1", "SPIKE,1,1,1,7", "TIME,2,,,", "TIME,3,,,"]


def test_an_engine_that_is_stuck_is_told(folder: Path) -> None:
    """All neurons spike at once, so a spike waits when the event ends: the page's quirk of the weights."""
    (folder / "dense.toml").write_text(DENSE.replace('"9,73"', '"0-1023"'))
    (folder / "events.csv").write_text("time,channel,row,column\n1,0,0,1\n2,0,0,1\n")
    result = run(folder, "dense.toml")
    assert result.exit_code == 0
    assert "words are sent: the chip takes no further word, however long one waits" in result.stderr


def test_a_run_stops_at_a_limit(folder: Path) -> None:
    result = run(folder, "net.toml", "--max-cycles", 30, "--json")
    assert json.loads(result.stdout)["n_cycles"] == 30
    assert "stopped after 30 clocks" in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "events.csv:1: header ''; right is time,channel,row,column, and perhaps op and cycle"),
        ("cycle,addr\n", "events.csv:1: header 'cycle,addr'; right is time,channel,row,column"),
        ("time,channel,row,column\n0,0,3\n", "events.csv:2: 3 columns; the header has 4"),
        ("time,channel,row,column\n0,0,3,x\n", "events.csv:2: column: 'x' is not an integer; right is 0..255"),
        ("time,channel,row,column\n0,0,3,256\n", "events.csv:2: column: 256 is not within 0..255"),
        ("time,channel,row,column\n-1,0,3,2\n", "events.csv:2: time: -1 is not within 0..268435455"),
        ("time,channel,row,column\n5,0,3,2\n4,0,3,2\n", "events.csv:3: time 4 comes after 5; right is ascending"),
        ("time,channel,row,column,op\n5,0,3,2,synch\n", "op: 'synch' is unknown; right is one of SPIKE, ACCUMULATE"),
        ("time,channel,row,column,op\n5,0,3,2,wipe\n", "events.csv:2: row: '3'; WIPE has no place"),
    ],
)
def test_a_mistake_in_events_is_one_line(folder: Path, text: str, message: str) -> None:
    (folder / "events.csv").write_text(text)
    result = run(folder, "net.toml")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr and not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--hold", "3"), "--hold: sne has streams, whose words have no second phase; right is to leave it out"),
        (("--seed", "3"), "a run of sne layer by layer and --seed: right is one of the two"),
        (("--timesteps", "3"), "a run of sne layer by layer and --timesteps: right is one of the two"),
        (("-o", "out.npy"), "out.npy: the events of sne are written to .csv"),
        (("--events", "events.npy"), "events.npy: the events of sne are read from .csv, with the columns time,"),
        (("--events", "none.csv"), "none.csv: no events: No such file or directory"),
    ],
)
def test_an_option_that_does_not_apply_is_one_line(folder: Path, words: tuple[str, str], message: str) -> None:
    result = run(folder, "net.toml", *words)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr


def test_an_input_without_weights_is_one_line(folder: Path) -> None:
    (folder / "events.csv").write_text("time,channel,row,column\n0,0,0,1\n0,1,0,0\n")
    result = run(folder, "dense.toml")
    line = "events.csv:3: channel, row and column are input 65536; the layer has weights for 2\n"
    assert result.exit_code == 2 and result.stderr.endswith(line)


def test_a_simulation_without_the_original_says_what_is_missing(tmp_path: Path) -> None:
    result = draupnir("sim", "sne", "--report", tmp_path / "report")
    line = "error: sne has no RTL of its own (rtl= of its ChipPackage): only somebody's Verilog can be run"
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(line)
