"""The files of RANC's simulator: networks that come back, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks import json_files
from draupnir.emulator.ranc.ticks.network import CoreNetwork
from draupnir.emulator.tests.ranc.ticks import recorded

ARRAYS = ("is_core", "axons", "connections", "weights", "neurons", "packets", "packet_starts")


def is_same(a: CoreNetwork, b: CoreNetwork) -> bool:
    """True if two networks are equal in everything."""
    plain = ("grid", "reset_type", "output", "n_outputs")
    return all(getattr(a, name) == getattr(b, name) for name in plain) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAYS
    )


@pytest.mark.parametrize("case", recorded.SIMULATOR_CASES)
def test_a_network_comes_back_as_it_was_written(case: str, tmp_path: Path) -> None:
    network = recorded.network_of(case)
    json_files.write(network, tmp_path / "config.json", tmp_path / "input.json")
    assert is_same(json_files.read(tmp_path / "config.json", tmp_path / "input.json"), network)


def read_changed(folder: Path, path: list[Any], content: Any, file: str = "input.json") -> CoreNetwork:
    """Read a small network after one change. path : keys and indices; content : the new one, or None to delete it"""
    texts = {name: (recorded.FOLDER / "few_words" / name).read_text() for name in ("config.json", "input.json")}
    root = json.loads(texts[file])
    node = root
    for key in path[:-1]:
        node = node[key]
    if content is None:
        del node[path[-1]]
    else:
        node[path[-1]] = content
    texts[file] = json.dumps(root)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return json_files.read(folder / "config.json", folder / "input.json")


NEURON = ["cores", 0, "neurons", 1]
PACKET = ["packets", 0, 0]
MISTAKES: list[tuple[list[Any], Any, str]] = [
    (["packets"], None, "input.json: packets is missing"),
    (["packets"], 3, "packets: is a number; right is a list"),
    (["packets", 0], {}, "packets: tick 0: is an object; right is a list"),
    (PACKET, [], "tick 0: packet 0: is a list; right is an object with destination_core"),
    ([*PACKET, "destination_axon"], 10, "destination_axon: is 10; right is an integer, -2147483648..9"),
    ([*PACKET, "destination_tick"], 3, "destination_tick: is 3; right is an integer, -2147483648..2"),
    ([*PACKET, "destination_core"], [2, 0], "element 0: is 2; right is an integer, -2147483648..1"),
    ([*PACKET, "destination_core"], [0], "destination_core: has 1 elements; right are two, x and y"),
    (["output_bus"], None, "output_bus is missing"),
    (["output_bus", "coordinates"], [-1, 0], "is [-1, 0]; right are coordinates in the grid, 0..1 and 0..2"),
    (["output_bus", "num_outputs"], -1, "num_outputs: is -1; right is an integer, 0..2147483647"),
    (["cores"], None, "cores is missing"),
    (["cores", 0, "axons"], [0] * 11, "axons: has 11 elements; right is at most 10"),
    (["cores", 0, "axons", 3], 3, "axons: element 3: is 3; right is an integer, 0..2"),
    (["cores", 0, "axons", 3], True, "axons: element 3: is true or false; right is an integer, 0..2"),
    (["cores", 0, "connections", 2, 1], 2, "connections: neuron 2: element 1: is 2; right is an integer, 0..1"),
    (["cores", 0, "connections", 5], None, "connections: has 5 lists; right is one for each of the 6 neurons"),
    (["cores", 0, "neurons"], [{}] * 7, "neurons: has 7 elements; right is at most 6"),
    ([*NEURON, "leak"], 1.5, "neuron 1: leak: is 1.5; right is an integer, -2147483648..2147483647"),
    ([*NEURON, "leak"], 1 << 31, "leak: is 2147483648; right is an integer"),
    ([*NEURON, "leak"], "1", "leak: is text; right is an integer"),
    ([*NEURON, "leak"], None, "neuron 1: leak is missing"),
    ([*NEURON, "weights"], [1] * 4, "weights: has 4 elements; right is at most 3"),
    ([*NEURON, "destination_core_offset"], [2, 0], "destination_core_offset: element 0: is 2; right is an integer"),
    ([*NEURON, "destination_tick"], 3, "destination_tick: is 3; right is an integer, -2147483648..2"),
]
CONFIG_MISTAKES: list[tuple[list[Any], Any, str]] = [
    (["num_axons"], None, "config.json: num_axons is missing"),
    (["num_axons"], 0, "config.json: num_axons: is 0; right is an integer, 1..1048576"),
    (["max_tick_offset"], "16", "max_tick_offset: is text; right is an integer"),
    (["neuron_reset_type"], 2, "neuron_reset_type: is 2; right is an integer, 0..1"),
]


@pytest.mark.parametrize(("path", "content", "message"), MISTAKES)
def test_each_mistake_has_one_line(path: list[Any], content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_changed(tmp_path, path, content)
    assert message in str(error.value)
    assert str(error.value).startswith(str(tmp_path)) and "\n" not in str(error.value)


@pytest.mark.parametrize(("path", "content", "message"), CONFIG_MISTAKES)
def test_each_mistake_in_the_configuration_has_one_line(
    path: list[Any], content: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        read_changed(tmp_path, path, content, "config.json")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{} {}", "is not JSON"),
        ('{"num_axons": NaN}', "NaN is not a number"),
        ("\ufeff{}", "is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("3", "is a number; right is an object"),
    ],
)
def test_a_file_that_is_no_json_object_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        json_files.read(tmp_path / "config.json", tmp_path / "input.json")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config.json: No such file or directory"):
        json_files.read(tmp_path / "config.json", tmp_path / "input.json")


def test_of_two_equal_keys_the_first_counts_as_in_the_simulator(tmp_path: Path) -> None:
    text = (recorded.FOLDER / "few_words" / "config.json").read_text()
    (tmp_path / "config.json").write_text(text.replace("}", ', "neuron_reset_type": 7}'))
    network = json_files.read(tmp_path / "config.json", recorded.FOLDER / "few_words" / "input.json")
    assert network.reset_type in (0, 1)
