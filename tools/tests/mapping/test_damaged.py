"""Damaged files of every kind: each is read or refused with one line, and nothing else ever comes out."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.front import front, load
from draupnir.tools.mapping.graph import PARAMETERS, Graph, Node
from draupnir.tools.mapping.read import hdf
from draupnir.tools.mapping.samples import read_samples


def damaged(whole: bytes, seed: int) -> bytes:
    """A file with some bytes changed, or its end cut off, or both."""
    source = random.Random(seed)
    content = bytearray(whole)
    for _ in range(source.choice([0, 1, 1, 2, 8, 64])):
        content[source.randrange(source.choice([len(content), min(512, len(content))]))] = source.randrange(256)
    return bytes(content[: source.randrange(len(content))] if source.random() < 0.3 else content)


def read_or_refused(path: Path) -> str:
    """The line with which a file is refused, "" if it is read."""
    try:
        load(path, 1e-4 if path.suffix == ".nir" else None, Reset.ZERO)
    except InputError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)
        return str(error)
    return ""


def test_damaged_nir_files(tmp_path, monkeypatch):
    graphs = pytest.importorskip("draupnir.tools.tests.mapping.graphs")
    monkeypatch.setattr(hdf, "SECONDS", 3)
    path = graphs.write(tmp_path, graphs.small())
    whole = path.read_bytes()
    lines = []
    for seed in range(16):
        path.write_bytes(damaged(whole, seed))
        lines.append(read_or_refused(path))
    assert sum(line != "" for line in lines) > 4


def test_damaged_npz_files_and_text(tmp_path):
    rng = np.random.default_rng(0)
    whole, text = tmp_path / "net.npz", tmp_path / "w.csv"
    np.savez_compressed(whole, w1=rng.normal(size=(6, 4)), thr1=np.ones(4), beta1=np.float64(0.9))
    np.savetxt(text, rng.normal(size=(6, 4)), delimiter=",")
    for path in (whole, text):
        content, lines = path.read_bytes(), []
        for seed in range(150):
            path.write_bytes(damaged(content, seed))
            lines.append(read_or_refused(path))
        assert sum(line != "" for line in lines) > 50


def test_damaged_samples(tmp_path):
    path, n_refused = tmp_path / "s.npz", 0
    np.savez(path, spikes=np.random.default_rng(0).integers(0, 2, (5, 4, 16)).astype(np.uint8), labels=np.arange(5))
    whole = path.read_bytes()
    for seed in range(150):
        path.write_bytes(damaged(whole, seed))
        try:
            read_samples(path, 16)
        except InputError as error:
            assert "\n" not in str(error)
            n_refused += 1
    assert n_refused > 50


NAMES = ("a", "b", "c", "d", "e")
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 3.0, np.nan, np.inf, 1e300, 0.5]),
    st.floats(allow_nan=True, allow_infinity=True),
)
ARRAYS = st.lists(st.integers(0, 3), max_size=4).flatmap(
    lambda shape: st.builds(
        lambda numbers: np.array(numbers, np.float64).reshape(shape),
        st.lists(NUMBERS, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))),
    )
)


@st.composite
def nodes(draw, path):
    """A node of any kind with any parameters, some of them missing, some of them words."""
    kind = draw(st.sampled_from([*PARAMETERS, "Izhikevich", ""]))
    names = (*PARAMETERS.get(kind, ("x",)), "input_shape", "v_reset")
    words = draw(st.dictionaries(st.sampled_from(names), st.sampled_from(["same", "valid", "x"]), max_size=1))
    numbers = {name: draw(ARRAYS) for name in names if name not in words and draw(st.integers(0, 9))}
    return Node(path, kind, numbers, words)


def sound() -> dict[str, Node]:
    """A small network with an image: nodes that can be exchanged one by one."""
    ones = np.ones
    window = {"stride": np.array(1.0), "padding": np.array(0.0)}
    conv = {"weight": ones((2, 1, 2, 2)), "bias": ones(2), "dilation": np.array(1.0), "groups": np.array(1.0)} | window
    neurons = {"tau": ones(()), "r": ones(()), "v_leak": np.zeros(()), "v_threshold": ones(())}
    model = [
        Node("a", "Input", {"shape": np.array([1.0, 4, 4])}, {}),
        Node("b", "Conv2d", conv, {}),
        Node("c", "SumPool2d", {"kernel_size": np.array([2.0, 2.0])} | window, {}),
        Node("d", "LIF", neurons, {}),
        Node("e", "Output", {"shape": np.array([2.0, 2, 2])}, {}),
    ]
    return {node.path: node for node in model}


ROW = (("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"))


def builds(model: dict[str, Node], edges: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether a graph becomes a network; if not, it is refused by lines."""
    try:
        network = front(Graph(model, edges), Conventions(1e-4, Reset.ZERO), "net").network
    except InputError as error:
        assert str(error).startswith("net: ")
        return False
    assert network.populations
    return True


def test_the_network_of_which_parts_are_exchanged_is_sound() -> None:
    assert builds(sound(), ROW)


@settings(max_examples=150)
@given(st.data())
def test_graphs_with_nodes_and_edges_of_anything(data):
    model = sound()
    for path in data.draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        model[path] = data.draw(nodes(path))
    more = data.draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=2))
    edges = data.draw(st.lists(st.sampled_from(ROW), min_size=3, max_size=4, unique=True)) + more
    builds(model, tuple(edges))


@settings(max_examples=150)
@given(st.data())
def test_numbers_of_anything_in_a_sound_network(data):
    model = sound()
    path = data.draw(st.sampled_from(NAMES))
    name = data.draw(st.sampled_from(sorted(model[path].numbers) or ["x"]))
    model[path] = Node(path, model[path].kind, {**model[path].numbers, name: data.draw(ARRAYS)}, {})
    builds(model, ROW)
