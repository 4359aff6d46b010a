"""The table of graphs to accept and to refuse that lies beside the checkout, for what holds on every chip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.choices import Choices, Decision
from draupnir.tools.mapping.conventions import Conventions, Reset
from draupnir.tools.mapping.front import load
from draupnir.tools.mapping.mapper import mapper_of
from draupnir.tools.mapping.reference import compare, run
from draupnir.tools.mapping.samples import read_samples
from draupnir.tools.mapping.violations import BrokenRules
from draupnir.tools.tests.mapping.test_reference import RECORDING

FOLDERS = [parent / "shared/data/nir" for parent in Path(__file__).resolve().parents]
FOLDER = next((folder for folder in FOLDERS if (folder / "expected.tsv").is_file()), FOLDERS[-1])
if not FOLDER.is_dir():
    pytest.skip("there is no ../shared/data/nir", allow_module_level=True)

TABLE = [line.split("\t") for line in (FOLDER / "expected.tsv").read_text().splitlines()[1:]]
# These break a limit of a chip, so that what is held here is only that they are read.
OF_A_CHIP = {
    "no_conv_large": "4,608 neurons",
    "no_dead_after_quantisation": "4 bits a weight",
    "no_too_many_inputs": "784 inputs",
    "no_too_many_neurons": "310 neurons",
    "no_too_many_outputs": "20 outputs",
}
WORDS = {  # what the line of a refusal must have
    "no_all_zero_weights": "node 'fc': weight: all 640 are 0",
    "no_cubalif": "node 'lif': CubaLIF has a synaptic current (tau_syn 0.0005 s)",
    "no_delay": "node 'd': delay[0] is 0.002 s",
    "no_edge_to_nowhere": "an edge from 'ghost', which is no node",
    "no_empty_graph": "it has no nodes",
    "no_inf_weight": "node 'fc': weight[0, 0] is inf",
    "no_nan_weight": "node 'fc': weight[3, 5] is nan",
    "no_negative_tau": "node 'lif': tau[0] is -0.001",
    "no_not_hdf5": "not a NIR file (HDF5)",
    "no_only_io": "no neurons between input and output",
    "no_ragged.csv": ":2: 1 column; the first line has 2",
    "no_samples_analogue.npz": "is 0.5; right is 0 or 1 (an analogue current cannot be given to a chip",
    "no_shape_mismatch": "'fc1' gives 50 values, 'lif1' takes 40 values",
    "no_tau_below_dt": "node 'lif': tau[0] is 5e-05 s (and 9 more), shorter than a timestep of 0.0001 s",
    "no_threshold_node": "node 't': a Threshold has no memory, and neurons have; right is IF or LIF",
    "no_truncated": "not a whole NIR file",
    "no_two_outputs": "output 'output': it is fed by 'lif2' and 'lif1'",
    "no_v_reset": "node 'lif': v_reset[0] is -0.5",
}
# Refused, or accepted with what the table says.
REFUSED_BY_A_CHIP = [
    *(("no_conv_large", chip, "4,608") for chip in ("odin", "reckon", "tinyodin")),
    ("no_too_many_inputs", "tinyodin", "784 rows of inputs"),
    ("no_too_many_inputs", "odin", "784 rows of inputs"),
    ("no_too_many_inputs", "reckon", "784 inputs, and reckon has 256 input neurons; right is at most 256"),
    ("no_too_many_neurons", "tinyodin", "64 rows of inputs + 300 + 10 neurons = 374, and tinyodin has 256 rows"),
    ("no_too_many_neurons", "odin", "= 374, and odin has 256 rows"),
    ("no_too_many_neurons", "reckon", "300 + 10 recurrent neurons, and reckon has 256; right is at most 256"),
    ("no_too_many_outputs", "reckon", "20 outputs, and reckon has 16; right is at most 16"),
    ("ok_ff_lif", "odin", "weights of both signs, and a row of odin has one; right is --split-signs"),
    ("ok_ff_li", "tinyodin", "node 'out': LI neurons do not spike, and tinyodin sends spikes; right is LIF or IF"),
]
ON_A_CHIP = {
    "ok_ff_lif": "tinyodin reckon",
    "ok_ff_if": "tinyodin",
    "ok_ff_li": "reckon",
    "ok_dale_odin": "odin tinyodin",
    "ok_one_layer": "tinyodin",
    "ok_recurrent_subgraph": "reckon",
    "ok_flatten": "tinyodin",
    "ok_batch_dim": "tinyodin",
    "ok_affine_zero_bias": "tinyodin",
    "ok_numpy.npz": "tinyodin",
    "ok_weights.csv": "tinyodin",
    "ok_trained_digits": "tinyodin",
    "no_neuron_first": "tinyodin",
}
ACCEPTED = {"no_neuron_first": "node 'lif' takes the input directly"}


def path_of(case: str) -> Path:
    return FOLDER / (case if Path(case).suffix else f"{case}.nir")


def read(case):
    """Read a case as its name says."""
    path = path_of(case)
    if path.suffix in (".nir", ".hdf5"):
        pytest.importorskip("h5py", reason="needs the extra [nir]: pip install 'draupnir[nir]'")
    if "samples" in case:
        return read_samples(path, 64)
    return load(path, 1e-4 if path.suffix == ".nir" else None, Reset.SUBTRACT_AFTER_LEAK)


def on_chip(case, chip):
    """A case on a chip, by its usual decision."""
    front = read(case)
    return mapper_of(chip).map(front.network, front.conventions, Choices())


def test_each_case_is_held_by_one_of_the_tests_below() -> None:
    cases = {case for case, *_ in TABLE}
    refusals = {case for case in cases if case.startswith("no_")}
    assert refusals == OF_A_CHIP.keys() | WORDS.keys() | ACCEPTED.keys()
    assert len(cases) > 35


@pytest.mark.parametrize("case", [case for case, *_ in TABLE if case.startswith("ok_")])
def test_what_is_accepted(case):
    assert read(case) is not None


@pytest.mark.parametrize("case", OF_A_CHIP)
def test_what_only_a_chip_refuses_is_read(case):
    assert read(case).network.populations


@pytest.mark.parametrize(("case", "chip", "words"), REFUSED_BY_A_CHIP)
def test_what_a_chip_refuses_is_one_line(case, chip, words):
    with pytest.raises(BrokenRules) as caught:
        on_chip(case, chip)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("case", "chips"), ON_A_CHIP.items())
def test_what_a_chip_accepts_answers_as_its_integer_network(case, chips):
    for chip in chips.split():
        mapped = on_chip(case, chip)
        mapper = mapper_of(chip)
        sample = (np.random.default_rng(1).random((4, mapped.network.n_inputs)) < 0.2).astype(np.uint8)
        answer, expected = mapper.chip_run(mapped)(sample), mapper.integer_run(mapped)(sample)
        assert answer.label == expected.label
        if mapped.plan.decision is not Decision.MAJORITY:  # of which the chip sends the label alone
            assert answer.potentials.tolist() == expected.potentials.tolist()


def test_one_large_weight_that_leaves_the_others_at_0_is_noted() -> None:
    (note,) = (note for note in on_chip("no_dead_after_quantisation", "tinyodin").notes if "become 0" in note)
    assert note == "node 'fc': 630 of 640 weights become 0, because one is 5"


@pytest.mark.parametrize(("case", "words"), ACCEPTED.items())
def test_what_is_accepted_with_a_note(case, words):
    assert any(words in note for note in read(case).notes)


@pytest.mark.parametrize(("case", "words"), WORDS.items())
def test_what_is_refused_is_one_line(case, words):
    with pytest.raises(InputError) as caught:
        read(case)
    assert words in str(caught.value)
    assert str(path_of(case)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_trained_digits_are_what_snntorch_computed() -> None:
    front = read("ok_trained_digits")
    samples = read_samples(FOLDER / "ok_trained_digits_samples.npz", front.network.n_inputs)
    with np.load(RECORDING, allow_pickle=False) as file:
        bits = {"lif1": file["subtract_after_leak_hidden"], "lif2": file["subtract_after_leak_output"]}
    sizes = {"lif1": 100, "lif2": 10}
    recording = {name: np.unpackbits(bits[name], axis=-1, count=size) == 1 for name, size in sizes.items()}
    right = Conventions(1e-4, Reset.SUBTRACT_AFTER_LEAK)
    agreement = compare(front.network, samples.all(), recording, right)
    assert (agreement.n_equal, agreement.n) == (360, 360)
    counts = run(front.network, samples.all(), right).spikes["lif2"].sum(axis=1)
    assert int((counts.argmax(axis=1) == samples.labels).sum()) == 351
