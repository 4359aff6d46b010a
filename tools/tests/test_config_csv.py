"""Memories as CSV tables in a configuration, and whole configurations as folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from draupnir.emulator import chips
from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.tools.compile.toml import folder
from draupnir.tools.compile.toml.load import load
from draupnir.tools.tests.configurations import configurations


def loaded(place: Path, table: str, chip: str = "odin") -> Configuration:
    (place / "net.toml").write_text('neurons = "neurons.csv"\n')
    (place / "neurons.csv").write_text(table)
    return load(place / "net.toml", chip)


def neuron(configuration: Configuration, index: int) -> dict[str, int]:
    """A neuron's fields that are not 0."""
    memory = configuration.chip.memory("neurons")
    content = from_limbs(configuration.memories["neurons"][index])
    return {name: number for name, number in decode(memory.word_of(content), content).items() if number}


def test_a_line_is_a_word(tmp_path):
    configuration = loaded(tmp_path, "index,model,thr,core\n0,lif,100,0\n3-5, lif ,7,2\n")
    assert neuron(configuration, 0) == {"lif_izh_sel": 1, "thr": 100}
    assert [neuron(configuration, n) for n in (3, 5)] == [{"lif_izh_sel": 1, "thr": 7, "core": 2}] * 2
    assert neuron(configuration, 1)["neur_disable"] == 1  # as in a configuration that does not name it


def test_a_field_of_another_model_has_an_empty_cell(tmp_path):
    configuration = loaded(tmp_path, "index,model,thr,fi_sel\n0,lif,100,\n1,izh,,3\n")
    assert neuron(configuration, 0) == {"lif_izh_sel": 1, "thr": 100}
    assert neuron(configuration, 1) == {"fi_sel": 3}
    place = tmp_path / "again"
    place.mkdir()
    assert_equal_in_a_folder(configuration, place)


def test_signed_fields_and_empty_lines(tmp_path):
    configuration = loaded(tmp_path, "index,core,thr\n\n7,-5,9\n", "tinyodin")
    assert neuron(configuration, 7) == {"core": -5, "thr": 9}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "neurons.csv:1: '' has no column index; right is one"),
        ("thr\n1\n", "neurons.csv:1: 'thr' has no column index; right is one"),
        ("index,thr,thr\n1,2,3\n", "neurons.csv:1: 'index,thr,thr' has a column twice"),
        ("index,thr\n0,5\n1\n", "neurons.csv:3: 1 columns; the header has 2"),
        ("index,thr\n0,5\n256,5\n", "neurons.csv:3: neurons[1].index: 256 is not within 0..255"),
        ("index,thr\n0,5\n0,5\n", "neurons.csv:3: neurons[1].index: 0 is already configured in line 2"),
        ("index,thr\n0,5000\n", "neurons.csv:2: neurons[0].thr: 5000 is not within 0..4095"),
        ("index,thr\n0,x\n", "neurons.csv:2: neurons[0].thr: 'x' is not an integer"),
        ("index,threshold\n0,1\n", "neurons.csv:2: neurons[0].threshold: unknown"),
    ],
)
def test_a_mistake_names_file_line_and_field(tmp_path, table, words):
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, table, "tinyodin")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    (tmp_path / "net.toml").write_text('neurons = "none.csv"\n')
    with pytest.raises(InputError, match=r"neurons: .*none\.csv: no table: No such file"):
        load(tmp_path / "net.toml", "odin")


@given(configuration=configurations())
@settings(max_examples=10, deadline=None)
def test_a_folder_holds_any_configuration_of_odin(configuration, tmp_path_factory):
    assert_equal_in_a_folder(configuration, tmp_path_factory.mktemp("odin"))


@pytest.mark.parametrize("chip", ["reckon", "tinyodin"])
def test_a_folder_holds_any_words(chip, tmp_path):
    rng, declaration = np.random.default_rng(1), chips.declaration(chip)
    registers = {
        register.name: tuple(int(rng.integers(0, 1 << register.width)) for _ in range(register.n_addrs))
        for register in declaration.registers
    }
    memories = {memory.name: rng.integers(0, 1 << 32, memory.shape, np.uint32) for memory in declaration.memories}
    assert_equal_in_a_folder(Configuration(declaration, registers, memories), tmp_path)


def assert_equal_in_a_folder(configuration: Configuration, place: Path) -> None:
    folder.write(configuration, place)
    assert load(place / folder.NAME, configuration.chip.name) == configuration


def test_a_matrix_of_bytes_may_have_the_type_of_bytes(tmp_path):
    """A signed weight of 8 bits in a file of int8."""
    weights = np.random.default_rng(1).integers(-128, 128, (256, 256))
    np.save(tmp_path / "winp.npy", weights.astype(np.int8))
    (tmp_path / "net.toml").write_text('[winp]\nmatrix = "winp.npy"\n')
    words = load(tmp_path / "net.toml", "reckon").memories["winp"]
    assert np.ascontiguousarray(words).view(np.int8).reshape(256, 256).tolist() == weights.tolist()
