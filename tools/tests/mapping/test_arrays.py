"""Networks as NumPy and text have them: .npz, .npy, .csv and folders, read and refused."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.conventions import Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.network import NeuronKind
from draupnir.tools.mapping.violations import BrokenRules

W1 = np.arange(1.0, 13).reshape(4, 3)
W2 = np.arange(1.0, 7).reshape(3, 2)


def saved(folder, **arrays):
    path = folder / "net.npz"
    np.savez(path, **arrays)
    return path


def read(path):
    return load(path, None, Reset.ZERO).network


def refusal(path, dt=None):
    with pytest.raises(InputError) as caught:
        load(path, dt, Reset.ZERO)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(path))


def test_weights_alone_are_neurons_without_a_leak(tmp_path):
    network = read(saved(tmp_path, w1=W1, w2=W2))
    assert [(one.name, one.kind, one.size) for one in network.populations] == [
        ("layer1", NeuronKind.IF, 3),
        ("layer2", NeuronKind.IF, 2),
    ]
    assert (network.n_inputs, network.output, network.dt) == (4, "layer2", 1.0)
    np.testing.assert_array_equal(network.connections[0].weights, W1.T)
    assert network.populations[0].threshold.tolist() == [1, 1, 1]
    assert network.populations[0].r.tolist() == [1, 1, 1]


def test_all_arrays_of_a_layer(tmp_path):
    rec = np.arange(9.0).reshape(3, 3)
    path = saved(tmp_path, w1=W1, rec1=rec, thr1=[1.0, 2, 3], beta1=0.5, bias1=[0, 0, 4.0], w2=W2, readout="potential")
    network = read(path)
    first, last = network.populations
    assert (first.kind, first.tau.tolist(), first.r.tolist()) == (NeuronKind.LIF, [2, 2, 2], [2, 2, 2])
    assert (first.threshold.tolist(), first.bias.tolist()) == ([1, 2, 3], [0, 0, 4])
    assert (last.kind, last.spikes) == (NeuronKind.INTEGRATOR, False)
    (loop,) = [one for one in network.connections if one.recurrent]
    np.testing.assert_array_equal(loop.weights, rec.T)


def test_an_array_in_the_order_of_fortran(tmp_path):
    np.testing.assert_array_equal(read(saved(tmp_path, w1=np.asfortranarray(W1))).connections[0].weights, W1.T)


def test_a_single_matrix_as_npy_and_as_text(tmp_path):
    np.save(tmp_path / "w.npy", W1)
    (tmp_path / "w.csv").write_text("# sources in lines\n1, 2, 3\n4;5;6\n\n7 8 9\n10,11,12\n")
    for name in ("w.npy", "w.csv"):
        np.testing.assert_array_equal(read(tmp_path / name).connections[0].weights, W1.T)


def test_a_folder_of_text_files(tmp_path):
    for name, text in {"w1": "1,2\n3,4\n5,6\n", "thr1": "7\n8\n", "w2": "1\n2\n", "beta2": "0.75\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    network = read(tmp_path)
    assert (network.n_inputs, network.populations[0].threshold.tolist()) == (3, [7, 8])
    assert network.populations[1].tau.tolist() == [4]


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({}, ": there is no w1; right is w1 of shape (inputs, neurons), w2, ..."),
        ({"w2": W2}, ": there is no w1, only w2; right is w1, w2, ... without a gap"),
        ({"w1": W1, "thr2": 1.0}, ": there is no w2, only w1, thr2; right is w1, w2, ... without a gap"),
        ({"weights": W1}, ": weights is no array of a network; right is w1, rec1, thr1, beta1, bias1"),
        ({"w1": W1[0]}, ": w1 has shape (3,); right is (sources, neurons)"),
        ({"w1": W1, "thr1": W1}, ": thr1 has shape (4, 3); right is (neurons,)"),
        ({"w1": W1, "thr1": [1.0, 2]}, ": thr1 has 2 numbers, and w1 has 3 columns; right is (3,)"),
        ({"w1": W1, "beta1": [0.5, 1, 0.5]}, ": beta1[1] is 1; right is 0 to below 1, or 1 for all neurons of a layer"),
        ({"w1": W1, "beta1": np.nan}, ": beta1[0] is nan; right is 0 to below 1, or 1 for all neurons of a layer"),
        ({"w1": W1, "readout": "label"}, ": readout is 'label'; right is 'spikes' or 'potential'"),
        ({"w1": W1.astype(str)}, ": w1 holds <U32; right is numbers"),
        ({"w1": W1.astype(complex)}, ": w1: it holds complex128 of shape (4, 3); right is numbers"),
        (
            {"w1": W1, "w2": W1},
            ": edge 'layer1' -> 'w2': 'layer1' gives 3 values, 'w2' takes 4 values",
        ),
        ({"w1": W1, "rec1": W2}, ": edge 'rec1' -> 'layer1': 'rec1' gives 2 values, 'layer1' takes 3 values"),
        ({"w1": W1 * np.nan}, ": node 'w1': weight[0, 0] is nan (and 11 more); right is a finite number"),
    ],
)
def test_arrays_that_are_no_network(tmp_path, arrays, line):
    assert refusal(saved(tmp_path, **arrays)) == line


def test_what_is_pickled_is_never_read(tmp_path):
    path = saved(tmp_path, w1=np.array([[object()]]))
    assert refusal(path) == ": w1: it holds Python objects, which are never unpickled; right is numbers"


def test_a_timestep_means_nothing_where_time_is_counted_in_timesteps(tmp_path):
    path = saved(tmp_path, w1=W1)
    assert refusal(path, 1e-3) == ": its time is counted in timesteps, so --dt 0.001 means nothing; leave it out"


def test_an_array_that_claims_more_than_memory_has(tmp_path):
    path = tmp_path / "net.npz"
    header = (
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999999), }".ljust(117)
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("w1.npy", header + b"\n")
    right = "right is at most 67,108,864"
    assert refusal(path) == f": w1: it has 9,999,999,800,000,001 values, shape (99999999, 99999999); {right}"


def test_an_array_that_is_cut(tmp_path):
    path, whole = tmp_path / "net.npz", tmp_path / "w.npy"
    np.save(whole, W1)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("w1.npy", whole.read_bytes()[:-1])
    assert refusal(path) == ": w1: it is cut: 95 bytes of 96"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04"], ids=["empty", "text", "begun"])
def test_what_is_no_npz(tmp_path, content):
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    assert refusal(path).startswith(": it is not a whole .npz file: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0.1,0.2\n0.3\n", ":2: 1 column; the first line has 2"),
        ("1\n1,2,3\n", ":2: 3 columns; the first line has 1"),
        ("1,2\n3,x\n", ":2: column 2 is 'x'; right is a number"),
        ("1,,2\n", ":1: column 2 is ''; right is a number"),
        ("", ": it has no numbers; right is a line of numbers a source"),
        ("1,nan\n", ": node 'w1': weight[0, 1] is nan; right is a finite number"),
    ],
)
def test_text_that_is_no_matrix(tmp_path, text, line):
    path = tmp_path / "w.csv"
    path.write_text(text)
    assert refusal(path) == line


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "w.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert refusal(path) == ": it is no text; right is a line of numbers a source"


def test_a_suffix_that_is_not_known(tmp_path):
    line = ": its suffix is '.onnx'; right is one of .nir, .h5, .hdf5, .npz, .npy, .csv, .txt, or a folder"
    assert refusal(tmp_path / "net.onnx") == line


def test_a_file_that_is_not_there_stays_an_error_of_the_system(tmp_path):
    for name in ("net.nir", "net.npz", "net.npy", "net.csv"):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / name, None, Reset.ZERO)


def test_broken_rules_can_be_told_line_by_line(tmp_path):
    path = saved(tmp_path, w1=W1 * np.inf, w2=W2 * 0)
    with pytest.raises(BrokenRules) as caught:
        load(path, None, Reset.ZERO)
    assert caught.value.lines == (
        f"{path}: node 'w1': weight[0, 0] is inf (and 11 more); right is a finite number",
        f"{path}: node 'w2': weight: all 6 are 0, so nothing passes; right is a trained network",
    )
