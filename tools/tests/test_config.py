"""Configurations in TOML: what they say is what the chip is programmed with, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from draupnir.emulator.codec import decode, from_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import CHIP, NEURONS, N
from draupnir.golden import hexfile
from draupnir.tools.compile.toml.load import dump, load
from draupnir.tools.tests.configurations import configurations

EMPTY = "[registers]\n"


def loaded(folder: Path, text: str) -> Configuration:
    (folder / "c.toml").write_text(text)
    return load(folder / "c.toml", "odin")


def neuron(c: Configuration, n: int) -> dict[str, int]:
    """A neuron's fields that are not 0."""
    content = from_limbs(c.memories["neurons"][n])
    return {name: x for name, x in decode(NEURONS.word_of(content), content).items() if x}


def synapses(c: Configuration) -> np.ndarray:
    """(N, N), 4 bits each, spread out by hand."""
    words = c.memories["synapses"][:, 0].astype(np.int64)
    return np.array([[words[pre << 5 | post >> 3] >> 4 * (post & 7) & 15 for post in range(N)] for pre in range(N)])


# --- What is right ----------------------------------------------------------------------------------------------


def test_an_empty_configuration_has_all_registers_0_and_all_neurons_disabled(tmp_path: Path) -> None:
    c = loaded(tmp_path, "")
    assert c.registers["SPI_OPEN_LOOP"] == (0,)
    assert c.registers["SPI_SYN_SIGN"] == (0,) * 16
    assert all(neuron(c, n) == {"lif_izh_sel": 1, "neur_disable": 1} for n in range(N))
    assert not c.memories["synapses"].any()


def test_registers_by_name_in_either_case(tmp_path: Path) -> None:
    c = loaded(tmp_path, "[registers]\nspi_open_loop = true\nSPI_BURST_TIMEREF = 0xFFFFF\nspi_aer_src_ctrl_nneur = 1\n")
    assert c.registers["SPI_OPEN_LOOP"] == (1,)
    assert c.registers["SPI_BURST_TIMEREF"] == (0xFFFFF,)
    assert c.registers["SPI_AER_SRC_CTRL_nNEUR"] == (1,)


@pytest.mark.parametrize(
    "setting",
    [
        '"3,16-17,255"',
        str([int(i in (3, 16, 17, 255)) for i in range(256)]),
        str([8, 3] + [0] * 13 + [0x8000]),
        str(1 << 3 | 3 << 16 | 1 << 255),
    ],
)
def test_a_wide_register_by_indices_bits_words_or_one_integer(tmp_path: Path, setting: str) -> None:
    c = loaded(tmp_path, f"[registers]\nSPI_SYN_SIGN = {setting}\n")
    assert c.registers["SPI_SYN_SIGN"] == (8, 3, *(0,) * 13, 0x8000)


def test_no_bit_of_a_wide_register(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[registers]\nSPI_SYN_SIGN = ""\n').registers["SPI_SYN_SIGN"] == (0,) * 16


def test_neurons_by_ranges(tmp_path: Path) -> None:
    c = loaded(
        tmp_path,
        '[[neurons]]\nindex = "0-9, 12"\nmodel = "lif"\nthr = 100\nleak_en = true\ncore = 7\n'
        '[[neurons]]\nindex = 11\nmodel = "izh"\ncore = -8\nthr = 7\n',
    )
    for n in (*range(10), 12):
        assert neuron(c, n) == {"lif_izh_sel": 1, "thr": 100, "leak_en": 1, "core": 7}
    assert neuron(c, 11) == {"core": -8, "thr": 7}
    assert neuron(c, 10) == neuron(c, 13) == {"lif_izh_sel": 1, "neur_disable": 1}


def test_a_neuron_as_a_word(tmp_path: Path) -> None:
    c = loaded(tmp_path, '[[neurons]]\nindex = 5\nword = "0x80000000000000000000000000000001"\n')
    assert from_limbs(c.memories["neurons"][5]) == 1 << 127 | 1


def test_synapses_by_ranges_and_the_later_holds(tmp_path: Path) -> None:
    c = loaded(
        tmp_path,
        '[[synapses]]\npre = "0-63"\npost = "0-9"\nweight = 3\n'
        "[[synapses]]\npre = 5\npost = 7\nweight = 6\nmapped = false\n",
    )
    expected = np.zeros((N, N), int)
    expected[:64, :10] = 0b1011
    expected[5, 7] = 6
    assert np.array_equal(synapses(c), expected)


@pytest.mark.parametrize("name", ["w.npy", "w.csv"])
def test_a_matrix_has_a_row_for_each_pre_synaptic_neuron(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    weights, mapping = rng.integers(0, 8, (N, N)), rng.integers(0, 2, (N, N))
    if name == "w.npy":
        np.save(tmp_path / name, weights.astype(np.uint8))
    else:
        np.savetxt(tmp_path / name, weights, fmt="%d", delimiter=",")
    np.save(tmp_path / "m.npy", mapping.astype(bool))
    line = f'[synapses]\nmatrix = "{name}"\n'
    assert np.array_equal(synapses(loaded(tmp_path, line)), weights | 8)
    assert np.array_equal(synapses(loaded(tmp_path, line + "mapped = false\n")), weights)
    assert np.array_equal(synapses(loaded(tmp_path, line + 'mapping = "m.npy"\n')), weights | mapping << 3)


def test_a_matrix_and_exceptions_from_it(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.full((N, N), 2))
    text = '[[synapses]]\nmatrix = "w.npy"\n[[synapses]]\npre = 0\npost = 1\nweight = 0\n'
    entries = synapses(loaded(tmp_path, text))
    assert (entries[0, 0], entries[0, 1], entries[255, 255]) == (10, 8, 10)


def test_memory_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    images = {m.name: rng.integers(0, 1 << 32, (m.depth, m.n_limbs), dtype=np.uint32) for m in CHIP.memories}
    for memory in CHIP.memories:
        hexfile.write(tmp_path / f"{memory.name}.hex", images[memory.name], memory)
    c = loaded(tmp_path, 'neurons = "neurons.hex"\nsynapses = "synapses.hex"\n')
    assert all(np.array_equal(c.memories[name], words) for name, words in images.items())


def test_files_are_relative_to_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "sub" / "w.npy", np.ones((N, N), int))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub" / "c.toml").write_text('[synapses]\nmatrix = "w.npy"\n')
    assert synapses(load(Path("sub/c.toml"), "odin")).min() == 9


def test_apply_programs_a_model_and_resets_it(tmp_path: Path) -> None:
    c = loaded(
        tmp_path,
        '[registers]\nSPI_SYN_SIGN = "17"\nSPI_MONITOR_NEUR_ADDR = 99\n'
        '[[neurons]]\nindex = 3\nmodel = "lif"\nthr = 9\n',
    )
    model = Model(seed=3)
    c.apply(model)
    r = model.registers[0]
    assert (r.spi_syn_sign[1], r.spi_monitor_neur_addr, r.spi_open_loop) == (2, 99, 0)
    assert all(np.array_equal(model.memories[name], words) for name, words in c.memories.items())
    assert (r.rst_sync, r.state, r.cycle) == (0, 0, 8)


# --- There and back ---------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(configurations())
def test_what_is_dumped_is_loaded_again(tmp_path_factory: pytest.TempPathFactory, c: Configuration) -> None:
    assert loaded(tmp_path_factory.mktemp("c"), dump(c)) == c


def test_an_empty_configuration_is_dumped_as_nothing(tmp_path: Path) -> None:
    assert dump(loaded(tmp_path, "")) == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "[registers]\nSPI_OPEN_LOOP = 1\n",
        "[[neurons]]\nindex=1\nmodel='izh'\n",
        "[[synapses]]\npre=1\npost=1\nweight=1\n",
    ],
)
def test_another_configuration_is_not_equal(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) != loaded(tmp_path, "")
