"""Spike samples: read whole and in pieces, packed and not, and refused with the place of the first wrong number."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.samples import read_samples

SPIKES = np.random.default_rng(0).integers(0, 2, (7, 5, 12)).astype(np.uint8)


def saved(folder, **arrays):
    path = folder / "samples.npz"
    np.savez_compressed(path, **arrays)
    return path


def refusal(path, n_inputs=12):
    with pytest.raises(InputError) as caught:
        read_samples(path, n_inputs)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.int64, np.float32])
def test_samples_of_any_type_of_number(tmp_path, dtype):
    samples = read_samples(saved(tmp_path, spikes=SPIKES.astype(dtype), labels=np.arange(7)), 12)
    assert (samples.n, samples.n_timesteps, samples.n_inputs, samples.notes) == (7, 5, 12, ())
    assert samples.labels is not None and samples.labels.tolist() == list(range(7))
    assert samples.all().dtype == np.uint8
    np.testing.assert_array_equal(samples.all(), SPIKES)


def test_samples_come_in_pieces_again_and_again(tmp_path):
    samples = read_samples(saved(tmp_path, spikes=SPIKES), 12)
    for _ in range(2):
        pieces = list(samples.batches(3))
        assert [len(piece) for piece in pieces] == [3, 3, 1]
        np.testing.assert_array_equal(np.concatenate(pieces), SPIKES)
    assert samples.labels is None


def test_packed_samples(tmp_path):
    path = saved(tmp_path, spikes=np.packbits(SPIKES, axis=-1))
    samples = read_samples(path, 12)
    np.testing.assert_array_equal(samples.all(), SPIKES)
    assert samples.notes == (f"{path}: spikes of shape (7, 5, 2) is read as packed bits: 12 inputs",)


def test_images_are_numbered_row_by_row(tmp_path):
    samples = read_samples(saved(tmp_path, spikes=SPIKES.reshape(7, 5, 1, 3, 4)), 12)
    np.testing.assert_array_equal(samples.all(), SPIKES)


def test_a_npy_file_has_no_labels(tmp_path):
    np.save(tmp_path / "s.npy", SPIKES)
    samples = read_samples(tmp_path / "s.npy", 12)
    assert samples.labels is None
    np.testing.assert_array_equal(samples.all(), SPIKES)


def test_a_nir_data_file(tmp_path):
    nir = pytest.importorskip("nir", reason="needs the extra [nir]: pip install 'draupnir[nir]'")
    path = tmp_path / "s.nird"
    data = nir.TimeGriddedData(SPIKES.astype(bool), 1e-3)
    other = nir.TimeGriddedData(np.zeros((7, 5, 3), bool), 1e-3)
    nodes = {"input": nir.NIRNodeData({"spikes": data}), "lif": nir.NIRNodeData({"spikes": other})}
    nir.write_data(path, nir.NIRGraphData(nodes))
    np.testing.assert_array_equal(read_samples(path, 12).all(), SPIKES)
    nodes = {"a": nodes["input"], "b": nodes["lif"]}
    nir.write_data(path, nir.NIRGraphData(nodes))
    assert refusal(path) == ": it has data of a, b; right is one node with the name 'input'"
    nir.write_data(path, nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": data.to_event(60)})}))
    assert refusal(path) == ": node 'input' has events; right is TimeGriddedData: nir's to_time_gridded(dt) gives it"
    nir.write_data(path, nir.NIRGraphData({}))
    assert refusal(path) == ": it is not a NIR data file with spikes of a node"


def change(index, value):
    spikes = SPIKES.astype(float)
    spikes[index] = value
    return spikes


ANALOGUE = "right is 0 or 1 (an analogue current cannot be given to a chip: encode it as spikes)"


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"spikes": change((4, 2, 11), 0.5)}, f": spikes[4, 2, 11] is 0.5; {ANALOGUE}"),
        ({"spikes": change((0, 0, 0), np.nan)}, f": spikes[0, 0, 0] is nan; {ANALOGUE}"),
        ({"spikes": change((6, 4, 1), -1)}, f": spikes[6, 4, 1] is -1; {ANALOGUE}"),
        (
            {"spikes": change((1, 2, 3), 3)},
            ": spikes[1, 2, 3] is 3; right is 0 or 1 (a neuron of a chip spikes once in a timestep: take shorter "
            "timesteps)",
        ),
        (
            {"spikes": SPIKES[..., :2]},
            ": spikes has shape (7, 5, 2), and the network has 12 inputs; right is (samples, timesteps, 12)",
        ),
        (
            {"spikes": SPIKES[..., :11]},
            ": spikes has shape (7, 5, 11), and the network has 12 inputs; right is (samples, timesteps, 12)",
        ),
        ({"spikes": SPIKES[0]}, ": spikes has shape (5, 12); right is (samples, timesteps, 12)"),
        ({"spikes": SPIKES[:0]}, ": spikes has shape (0, 5, 12); right is (samples, timesteps, 12)"),
        ({"spikes": SPIKES.astype(str)}, ": spikes holds <U3; right is 0 and 1"),
        ({"images": SPIKES}, ": there is no array 'spikes', only images"),
        (
            {"spikes": SPIKES, "labels": np.arange(6)},
            ": labels: int64 of shape (6,); right is a whole number a sample, (7,)",
        ),
        ({"spikes": SPIKES, "labels": np.arange(7) - 2}, ": labels[0] is -2; right is a whole number from 0 on"),
        ({"spikes": SPIKES, "labels": np.arange(7) / 2}, ": labels[1] is 0.5; right is a whole number from 0 on"),
        (
            {"spikes": np.array([[[object()]]])},
            ": spikes: it holds Python objects, which are never unpickled; right is numbers",
        ),
    ],
)
def test_samples_that_are_refused(tmp_path, arrays, line):
    assert refusal(saved(tmp_path, **arrays)) == line


def test_samples_in_the_order_of_fortran_cannot_come_in_pieces(tmp_path):
    path = saved(tmp_path, spikes=np.asfortranarray(SPIKES))
    right = "right is the order of C: save np.ascontiguousarray of it"
    assert refusal(path) == f": spikes: it is in the order of Fortran; {right}"


def test_a_suffix_that_is_not_known(tmp_path):
    right = "right is one of .npz, .npy, .nird; draupnir convert makes samples of other recordings"
    assert refusal(tmp_path / "s.txt") == f": its suffix is '.txt'; {right}"
