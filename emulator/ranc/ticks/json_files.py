"""The files of RANC's simulator: a configuration and an input, both in JSON, read and written.

Every message says which file, where in it, what is wrong and what would be right. What the simulator accepts has the
same meaning here: a core may describe fewer neurons, axons and weights than it has, of two cores at one place the
second counts, and of two equal keys the first. Source: RANC simulator, README.md, config.hpp, decode.hpp.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from draupnir.emulator.errors import InputError
from draupnir.emulator.ranc.ticks.network import NEURON, PACKET, CoreGrid, CoreNetwork, empty

SIZES = {  # our name -> the configuration's
    "n_x": "num_cores_x",
    "n_y": "num_cores_y",
    "n_axons": "num_axons",
    "n_neurons": "num_neurons",
    "n_weights": "num_weights",
    "n_ticks": "max_tick_offset",
}
RESET_TYPE = "neuron_reset_type"
TRACES = ("neuron_block_trace_verbosity", "core_controller_trace_verbosity", "scheduler_trace_verbosity")
PLAIN_FIELDS = tuple(name for name in NEURON.names or () if name not in ("dx", "dy"))
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1  # an int of the simulator


class JsonNode:
    """A part of a JSON file, and where it is in the file, for messages."""

    def __init__(self, content: Any, place: str) -> None:
        self.content, self.place = content, place

    def fail(self, message: str) -> NoReturn:
        raise InputError(f"{self.place}: {message}")

    def __getitem__(self, name: str) -> JsonNode:
        if not isinstance(self.content, dict):
            self.fail(f"is {_kind(self.content)}; right is an object with {name}")
        if name not in self.content:
            self.fail(f"{name} is missing")
        return JsonNode(self.content[name], f"{self.place}: {name}")

    def items(self, noun: str, most: int | None = None) -> list[JsonNode]:
        """The elements of a list, of which there are at most ``most``; noun : the name of an element."""
        if not isinstance(self.content, list):
            self.fail(f"is {_kind(self.content)}; right is a list")
        if most is not None and len(self.content) > most:
            self.fail(f"has {len(self.content)} elements; right is at most {most}")
        return [JsonNode(element, f"{self.place}: {noun} {i}") for i, element in enumerate(self.content)]

    def integer(self, low: int = LOWEST, high: int = HIGHEST) -> int:
        """The integer, which must be in low..high."""
        if type(self.content) is not int or not low <= self.content <= high:
            self.fail(f"is {_as_text(self.content)}; right is an integer, {low}..{high}")
        return self.content

    def integers(self, low: int, high: int, most: int) -> list[int]:
        """A list of at most ``most`` integers in low..high."""
        numbers = self.content
        if not isinstance(numbers, list) or len(numbers) > most or not set(map(type, numbers)) <= {int}:
            return [node.integer(low, high) for node in self.items("element", most)]
        if numbers and not (low <= min(numbers) and max(numbers) <= high):
            return [node.integer(low, high) for node in self.items("element", most)]
        return numbers

    def pair(self, highest: tuple[int, int]) -> tuple[int, int]:
        """Two integers, x and y, each at most the one in ``highest``."""
        nodes = self.items("element")
        if len(nodes) != 2:
            self.fail(f"has {len(nodes)} elements; right are two, x and y")
        x, y = (node.integer(high=most) for node, most in zip(nodes, highest, strict=True))
        return x, y


def read(config: Path, network: Path) -> CoreNetwork:
    """Read a network from the two files of the simulator. Raises InputError with one line that says what is wrong."""
    root = _load(config)
    sizes = {name: root[key].integer(1, 1 << 20) for name, key in SIZES.items()}
    return _network(_load(network), CoreGrid(**sizes), root[RESET_TYPE].integer(0, 1))


def write(network: CoreNetwork, config: Path, network_file: Path) -> None:
    """Write a network as the two files of the simulator."""
    sizes = {key: getattr(network.grid, name) for name, key in SIZES.items()}
    settings = {**sizes, **dict.fromkeys(TRACES, 0), RESET_TYPE: network.reset_type}
    config.write_text(json.dumps(settings, indent=4) + "\n", "utf-8")
    grid = network.grid
    contents = {
        "packets": _packets_as_json(network),
        "output_bus": {
            "coordinates": [network.output % grid.n_x, network.output // grid.n_x],
            "num_outputs": network.n_outputs,
        },
        "cores": [_core_as_json(network, int(core)) for core in np.flatnonzero(network.is_core)],
    }
    network_file.write_text(json.dumps(contents) + "\n", "utf-8")


def _load(path: Path) -> JsonNode:
    try:
        text = path.read_text("utf-8")
        content = json.loads(text, object_pairs_hook=lambda pairs: dict(reversed(pairs)), parse_constant=_no_number)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except RecursionError as error:
        raise InputError(f"{path}: is nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{path}: is not JSON: {error}") from error
    return JsonNode(content, str(path))


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _network(root: JsonNode, grid: CoreGrid, reset_type: int) -> CoreNetwork:
    bus = root["output_bus"]
    x, y = _place(bus["coordinates"], grid)
    network = empty(grid, reset_type, x + grid.n_x * y, bus["num_outputs"].integer(0))
    _read_packets(root["packets"], network)
    for core in root["cores"].items("core"):
        _read_core(core, network)
    return network


def _place(node: JsonNode, grid: CoreGrid) -> tuple[int, int]:
    """Coordinates in the grid."""
    x, y = node.pair((grid.n_x - 1, grid.n_y - 1))
    if x < 0 or y < 0:
        node.fail(f"is [{x}, {y}]; right are coordinates in the grid, 0..{grid.n_x - 1} and 0..{grid.n_y - 1}")
    return x, y


def _read_packets(node: JsonNode, network: CoreNetwork) -> None:
    grid = network.grid
    rows, starts = [], [0]
    for tick in node.items("tick"):
        for packet in tick.items("packet"):
            x, y = packet["destination_core"].pair((grid.n_x - 1, grid.n_y - 1))
            axon = packet["destination_axon"].integer(high=grid.n_axons - 1)
            rows.append((x, y, axon, packet["destination_tick"].integer(high=grid.n_ticks - 1)))
        starts.append(len(rows))
    network.packets = np.array(rows, PACKET)
    network.packet_starts = np.array(starts, np.int64)


def _read_core(node: JsonNode, network: CoreNetwork) -> None:
    grid = network.grid
    x, y = _place(node["coordinates"], grid)
    core = x + grid.n_x * y
    _clear(network, core)
    node = JsonNode(node.content, f"{node.place} at ({x}, {y})")
    types = node["axons"].integers(0, grid.n_weights - 1, grid.n_axons)
    network.axons[core, : len(types)] = types
    neurons = node["neurons"].items("neuron", grid.n_neurons)
    synapses = node["connections"].items("neuron", grid.n_neurons)
    if len(synapses) < len(neurons):
        node["connections"].fail(f"has {len(synapses)} lists; right is one for each of the {len(neurons)} neurons")
    for n, (neuron, connections) in enumerate(zip(neurons, synapses, strict=False)):
        row = connections.integers(0, 1, grid.n_axons)
        network.connections[core, n, : len(row)] = row
        weights = neuron["weights"].integers(LOWEST, HIGHEST, grid.n_weights)
        network.weights[core, n, : len(weights)] = weights
        _read_neuron(neuron, network, core, n)


def _read_neuron(node: JsonNode, network: CoreNetwork, core: int, n: int) -> None:
    grid, q = network.grid, network.neurons[core, n]
    x, y = core % grid.n_x, core // grid.n_x
    q["dx"], q["dy"] = node["destination_core_offset"].pair((grid.n_x - 1 - x, grid.n_y - 1 - y))
    to_output = x + q["dx"] + grid.n_x * (y + q["dy"]) == network.output
    highest = {
        "destination_axon": (network.n_outputs if to_output else grid.n_axons) - 1,
        "destination_tick": grid.n_ticks - 1,
    }
    for name in PLAIN_FIELDS:
        q[name] = node[name].integer(high=highest.get(name, HIGHEST))


def _clear(network: CoreNetwork, core: int) -> None:
    """Give a core the simulator's default neurons, because a later core at the same place counts."""
    plain = empty(network.grid._replace(n_x=1, n_y=1), 0, 0, 0)
    for name in ("axons", "connections", "weights", "neurons"):
        getattr(network, name)[core] = getattr(plain, name)[0]
    network.is_core[core] = True


def _packets_as_json(network: CoreNetwork) -> list[list[dict[str, Any]]]:
    rows = [
        {"destination_core": [x, y], "destination_axon": axon, "destination_tick": tick}
        for x, y, axon, tick in network.packets.tolist()
    ]
    starts = network.packet_starts.tolist()
    return [rows[first:last] for first, last in pairwise(starts)]


def _core_as_json(network: CoreNetwork, core: int) -> dict[str, Any]:
    neurons = []
    for weights, q in zip(network.weights[core].tolist(), network.neurons[core], strict=True):
        fields = {name: int(q[name]) for name in PLAIN_FIELDS}
        neurons.append({"weights": weights, "destination_core_offset": [int(q["dx"]), int(q["dy"])], **fields})
    return {
        "axons": network.axons[core].tolist(),
        "neurons": neurons,
        "connections": network.connections[core].astype(int).tolist(),
        "coordinates": [core % network.grid.n_x, core // network.grid.n_x],
    }


def _kind(content: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(content), "a number")


def _as_text(content: Any) -> str:
    return str(content) if type(content) in (int, float) else _kind(content)
