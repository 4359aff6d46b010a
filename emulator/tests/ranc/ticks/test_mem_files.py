"""The files of RANC's hardware: as RANC's own Python package writes them, and one line for each mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import mem_files
from draupnir.emulator.ranc.ticks.hardware import Hardware, sizes_for
from draupnir.emulator.ranc.ticks.network import CoreNetwork
from draupnir.emulator.tests.ranc.ticks import recorded
from draupnir.emulator.tests.ranc.ticks.test_json_files import ARRAYS

FOLDER = recorded.FOLDER / "rancutils"
NETWORK = recorded.network_of("rancutils")
SIZES = sizes_for(NETWORK.grid, NETWORK.output, Hardware())


def write_to(folder: Path) -> Path:
    mem_files.write(NETWORK, folder, SIZES)
    return folder


def read(folder: Path) -> CoreNetwork:
    return mem_files.read(folder, SIZES, NETWORK.n_outputs)


@pytest.mark.parametrize("name", ["csram_000.mem", "tc_000.mem", "csram_004.mem", "tc_004.mem"])
def test_images_are_those_of_rancs_own_package(name: str, tmp_path: Path) -> None:
    assert (write_to(tmp_path) / name).read_text() == (FOLDER / name).read_text()


@pytest.mark.parametrize("name", ["tb_input.txt", "tb_num_inputs.txt"])
def test_packets_are_those_of_rancs_own_package(name: str, tmp_path: Path) -> None:
    assert (write_to(tmp_path) / name).read_text().split() == (FOLDER / name).read_text().split()


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_network_comes_back_with_its_packets(is_stream: bool, tmp_path: Path) -> None:
    write_to(tmp_path)
    if is_stream:
        (tmp_path / "tb_input.txt").unlink()
        for name in ("data.bin", "count.bin"):
            shutil.copy(FOLDER / name, tmp_path / name)
    network = read(tmp_path)
    is_core = np.arange(NETWORK.grid.n_cores) != NETWORK.output
    assert np.array_equal(network.is_core, is_core)
    for name in ARRAYS[1:5]:
        assert np.array_equal(getattr(network, name)[is_core], getattr(NETWORK, name)[is_core])
    for name in ARRAYS[5:]:
        assert np.array_equal(getattr(network, name), getattr(NETWORK, name))
    assert network.reset_type == 0  # the hardware resets below the threshold only


def test_a_folder_without_packets_has_none(tmp_path: Path) -> None:
    (write_to(tmp_path) / "tb_input.txt").unlink()
    assert (len(read(tmp_path).packets), read(tmp_path).n_input_ticks) == (0, 0)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tc_001.mem", "00\n" * 15, "tc_001.mem: has 15 words; right are 16"),
        ("tc_001.mem", "00\n" * 15 + "000\n", "tc_001.mem: word 15: has 3 characters; right are 2 bits, each 0 or 1"),
        ("tc_001.mem", "00\n" * 15 + "0x\n", "word 15: has other characters than 0 and 1; right are 2 bits"),
        ("csram_004.mem", "", "csram_004.mem: has 0 words; right are 16"),
        ("csram_004.mem", "\xff", "csram_004.mem: is not text"),
        ("tb_input.txt", "01\n", "tb_input.txt: packet 0: has 2 characters; right are 26 bits"),
        ("tb_num_inputs.txt", "x\n", "tb_num_inputs.txt: 'x' is not a number of packets"),
        ("tb_num_inputs.txt", "1\n", "tb_num_inputs.txt: the numbers add up to 1; there are"),
    ],
)
def test_each_mistake_has_one_line(name: str, text: str, message: str, tmp_path: Path) -> None:
    (write_to(tmp_path) / name).write_text(text, "latin-1")
    with pytest.raises(InputError) as error:
        read(tmp_path)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_missing_files_and_odd_streams_are_refused(tmp_path: Path) -> None:
    write_to(tmp_path)
    (tmp_path / "tb_input.txt").unlink()
    (tmp_path / "data.bin").write_bytes(b"12345")
    (tmp_path / "count.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"data.bin: has 5 bytes; right is a multiple of 4"):
        read(tmp_path)
    (tmp_path / "tc_000.mem").unlink()
    with pytest.raises(InputError, match=r"tc_000.mem: No such file or directory"):
        read(tmp_path)


def test_a_network_that_does_not_fit_leaves_no_file(tmp_path: Path) -> None:
    network = recorded.network_of("rancutils")
    network.weights[4, 3, 2] = 300
    with pytest.raises(
        InputError, match=r"core \(1, 1\) neuron 3: weight_2 is 300; the hardware has 9 bits: -256..255"
    ):
        mem_files.write(network, tmp_path / "new", SIZES)
    assert not (tmp_path / "new").exists()
