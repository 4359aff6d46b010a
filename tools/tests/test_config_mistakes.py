"""Mistakes in configurations: one line each, with file, line and field, what was given, and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import N
from draupnir.tools.compile.toml.load import load

LIF = '[[neurons]]\nindex = "0-9"\nmodel = "lif"\n'
SYN = '[[synapses]]\npre = "0-63"\npost = "0-9"\n'
INDICES = 'right is, for instance, "0-9,12"'
BITS = 'right is "0x" and up to 32 hexadecimal digits'
DOWN = "[registers]\n# a comment with = and [brackets]\nSPI_OPEN_LOOP = 1\n\n"  # what stands below begins in line 5


def mistake(folder: Path, text: str | bytes) -> str:
    """The error's text without the configuration's path."""
    path = folder / "c.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as error:
        load(path, "odin")
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:").replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # The file as a whole
        ("[registers]\nSPI_OPEN_LOOP 1\n", "2: not TOML: Expected '=' after a key in a key/value pair"),
        ("[registers]\nSPI_OPEN_LOOP = ", "2: not TOML: Invalid value"),
        ('a = "x', "1: not TOML: Unterminated string"),
        ("[registers]\nA = 1\nA = 2\n", "3: not TOML: Cannot overwrite a value"),
        (b"\xff\xfe", " not a configuration: not a text file"),
        # Tables
        (DOWN + '[[neuron]]\nindex = "0"\n', "5: neuron: unknown: did you mean 'neurons'?"),
        ("chip = 'odin'\n", "1: chip: unknown: there are registers, neurons, synapses"),
        ("registers = 3\n", "1: registers: 3 is not a table; right is [registers]"),
        ("neurons = 3\n", "1: neurons: 3 is neither tables nor the name of an image; right is [[neurons]]"),
        (
            "[neurons]\nindex = 1\n",
            "1: neurons: a table is neither tables nor the name of an image; right is [[neurons]]",
        ),
        (
            "synapses = [1]\n",
            "1: synapses: a list of 1 is neither tables nor the name of an image; right is [[synapses]]",
        ),
        # Registers
        (DOWN.replace("= 1", "= 2"), "3: registers.SPI_OPEN_LOOP: 2 is not within 0..1"),
        (DOWN.replace("= 1", "= -1"), "3: registers.SPI_OPEN_LOOP: -1 is not within 0..1"),
        (DOWN.replace("= 1", "= 1.0"), "3: registers.SPI_OPEN_LOOP: 1.0 is not an integer; right is 0..1"),
        (DOWN.replace("= 1", "= '1'"), "3: registers.SPI_OPEN_LOOP: '1' is not an integer; right is 0..1"),
        ("[registers]\nSPI_OPENLOOP = 1\n", "2: registers.SPI_OPENLOOP: unknown: did you mean 'SPI_OPEN_LOOP'?"),
        (
            DOWN + "spi_open_loop = 1\n",
            "5: registers.spi_open_loop: it is the same register as SPI_OPEN_LOOP; right is one of the two",
        ),
        (
            "[registers]\nSPI_MONITOR_NEUR_ADDR = true\n",
            "2: registers.SPI_MONITOR_NEUR_ADDR: true is not an integer; right is 0..255",
        ),
        (
            "[registers]\nSPI_BURST_TIMEREF = 1048576\n",
            "2: registers.SPI_BURST_TIMEREF: 1048576 is not within 0..1048575",
        ),
        (
            "[registers]\nSPI_SYN_SIGN = [1, 2, 3]\n",
            '2: registers.SPI_SYN_SIGN: a list of 3; right is 256 bits, 16 words, or the bits that are 1 as "0-9,12"',
        ),
        ("registers.SPI_SYN_SIGN = '256'\n", "1: registers.SPI_SYN_SIGN: 256 is not within 0..255"),
        (
            f"[registers]\nSPI_SYN_SIGN = {[65536] + [0] * 15}\n",
            "2: registers.SPI_SYN_SIGN[0]: 65536 is not within 0..65535",
        ),
        (f"[registers]\nSPI_SYN_SIGN = {[0] * 255 + [2]}\n", "2: registers.SPI_SYN_SIGN[255]: 2 is not within 0..1"),
        # Neurons
        (DOWN + LIF + "thr = 256\n", "8: neurons[0].thr: 256 is not within 0..255"),
        (DOWN + LIF + "thr = 25.5\n", "8: neurons[0].thr: 25.5 is not an integer; right is 0..255"),
        (DOWN + LIF + "thr = nan\n", "8: neurons[0].thr: nan is not an integer; right is 0..255"),
        (DOWN + LIF + "thr = -inf\n", "8: neurons[0].thr: -inf is not an integer; right is 0..255"),
        (DOWN + LIF + "thr = 1e3\n", "8: neurons[0].thr: 1000.0 is not an integer; right is 0..255"),
        (DOWN + LIF + "thr = {}\n", "8: neurons[0].thr: a table is not an integer; right is 0..255"),
        (DOWN + LIF + f"thr = {1 << 62}\n", f"8: neurons[0].thr: {1 << 62} is not within 0..255"),
        (LIF + "leakstr = 1\n", "4: neurons[0].leakstr: unknown: did you mean 'leak_str'?"),
        (LIF + "spk_ref = 1\n", "4: neurons[0].spk_ref: unknown: lif has no such field, izh has"),
        (LIF + "lif_izh_sel = 1\n", "4: neurons[0].lif_izh_sel: follows from model; right is to leave it out"),
        (LIF.replace("lif", "izh") + "core = -9\n", "4: neurons[0].core: -9 is not within -8..7"),
        (LIF.replace("lif", "lia"), '3: neurons[0].model: \'lia\' is unknown; right is "lif" or "izh"'),
        ('[[neurons]]\nindex = "0"\n', '1: neurons[0]: model is missing; right is model = "lif" or "izh"'),
        ('[[neurons]]\nmodel = "lif"\n', '1: neurons[0]: index is missing; right is, for instance, index = "0-9,12"'),
        (LIF + LIF.replace("0-9", "12,9"), "5: neurons[1].index: 9 is already configured in line 1"),
        (LIF.replace("0-9", "0-256"), "2: neurons[0].index: 256 is not within 0..255"),
        (LIF.replace("0-9", "-1"), "2: neurons[0].index: -1 is not within 0..255"),
        (LIF.replace("0-9", "9-0"), "2: neurons[0].index: range 9-0 runs backwards; right is 0-9"),
        (LIF.replace("0-9", "0-9,5"), "2: neurons[0].index: 5 stands twice"),
        (LIF.replace("0-9", "0,,1"), f"2: neurons[0].index: '' is not an index or a range; {INDICES}"),
        (LIF.replace("0-9", "a"), f"2: neurons[0].index: 'a' is not an index or a range; {INDICES}"),
        (LIF.replace('"0-9"', "1.5"), f"2: neurons[0].index: 1.5 is not a set of indices; {INDICES}"),
        (LIF.replace('"0-9"', "[1, 2]"), f"2: neurons[0].index: a list of 2 is not a set of indices; {INDICES}"),
        (
            '[[neurons]]\nindex=1\nword="0x0"\nthr=1\n',
            "4: neurons[0].thr: word already gives all bits; right is one of the two",
        ),
        ('[[neurons]]\nindex=1\nword="12"\n', f"3: neurons[0].word: '12' is not a word of 128 bits; {BITS}"),
        (
            f'[[neurons]]\nindex=1\nword="0x1{"0" * 32}"\n',
            f"3: neurons[0].word: '0x1{'0' * 32}' is not a word of 128 bits; {BITS}",
        ),
        ('neurons = "n.hex"\n', "1: neurons: n.hex: no memory image of neurons: No such file or directory"),
        ('neurons = ""\n', "1: neurons: '' is not the name of a file"),
        # Synapses
        (DOWN + SYN + "weight = 8\n", "8: synapses[0].weight: 8 is not within 0..7"),
        (SYN, "1: synapses[0]: weight is missing; right is pre, post and weight, or a matrix"),
        (SYN + "weight = 1\nmapped = 2\n", "5: synapses[0].mapped: 2 is not within 0..1"),
        (SYN + "weigth = 1\n", "4: synapses[0].weigth: unknown: did you mean 'weight'?"),
        (SYN.replace("0-63", "0-256") + "weight = 1\n", "2: synapses[0].pre: 256 is not within 0..255"),
        (SYN.replace("0-9", "x") + "weight = 1\n", f"3: synapses[0].post: 'x' is not an index or a range; {INDICES}"),
        ('[synapses]\nmatrix = "w.npy"\npre = 1\n', "3: synapses.pre: unknown: there are matrix, mapping, mapped"),
        (
            '[synapses]\nmatrix = "w.npy"\nmapping = "m.npy"\nmapped = true\n',
            "4: synapses.mapped: mapping already gives it for each synapse; right is one of the two",
        ),
        ('[synapses]\nmatrix = "w.npy"\n', "2: synapses.matrix: w.npy: No such file or directory"),
        ('[synapses]\nmatrix = "w.csv"\n', "2: synapses.matrix: w.csv: No such file or directory"),
        ('[synapses]\nmatrix = "w.txt"\n', "2: synapses.matrix: 'w.txt' is neither .npy nor .csv"),
        ("[synapses]\nmatrix = 7\n", "2: synapses.matrix: 7 is not the name of a file"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert mistake(tmp_path, text) == message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=re.escape(f"{tmp_path}/c.toml: not a configuration: No such file or directory")
    ):
        load(tmp_path / "c.toml", "odin")


def test_an_unknown_chip(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no chip 'loihi'"):
        load(tmp_path / "c.toml", "loihi")


WEIGHTS = np.zeros((N, N), np.int64)
WEIGHTS[3, 4] = 8


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((256, 10), int), "256 x 10; right is 256 x 256, a row for each pre"),
        (np.zeros(65536, int), "65536; right is 256 x 256, a row for each pre"),
        (np.array(3), "a single number; right is 256 x 256, a row for each pre"),
        (np.full((256, 256), np.nan), "float64; right is an array of integers"),
        (np.zeros((256, 256)), "float64; right is an array of integers"),
        (WEIGHTS, "8 at pre 3, post 4 is not within 0..7"),
        (-WEIGHTS, "-8 at pre 3, post 4 is not within 0..7"),
    ],
)
def test_each_wrong_matrix(tmp_path: Path, matrix: np.ndarray, message: str) -> None:
    np.save(tmp_path / "w.npy", matrix)
    assert mistake(tmp_path, '[synapses]\nmatrix = "w.npy"\n') == f"2: synapses.matrix: w.npy: {message}"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x80\x04K\x01."])
def test_no_npy_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npy").write_bytes(content)
    message = mistake(tmp_path, '[synapses]\nmatrix = "w.npy"\n')
    assert message == "2: synapses.matrix: w.npy: not a .npy file"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0," * 255 + "x", f":2: not integers separated by commas: '{'0,' * 18}..."),
        ("0," * 255 + "1.5", f":2: not integers separated by commas: '{'0,' * 18}..."),
        ("0," * 255 + "nan", f":2: not integers separated by commas: '{'0,' * 18}..."),
        ("0,1", ":2: 2 numbers; right is 256, one for each post"),
        ("9" + ",0" * 255, ": 9 at pre 1, post 0 is not within 0..7"),
        (None, ": 255 x 256; right is 256 x 256, a row for each pre"),
    ],
)
def test_each_wrong_csv(tmp_path: Path, line: str | None, message: str) -> None:
    rows = [",".join(["0"] * N)] * 255
    (tmp_path / "w.csv").write_text("\n".join(rows if line is None else [rows[0], line, *rows[1:]]))
    assert mistake(tmp_path, '[synapses]\nmatrix = "w.csv"\n') == f"2: synapses.matrix: w.csv{message}"


def test_lines_are_counted_through_strings_and_lists_of_several_lines(tmp_path: Path) -> None:
    text = (
        '# [registers]\n[registers] # [[x]]\n"SPI_SYN_SIGN" = [ # ]\n  1,\n  0, 0, 0, 0, 0, 0, 0,\n'
        "  0, 0, 0, 0, 0, 0, 0, 0 ]\n"
        '[[neurons]]\nindex = """\\\n  0-3"""\nmodel = \'lif\'\n[[neurons]]\nindex = "4" # ""\n'
        'model = "lif"\nthr = 999\n'
    )
    assert mistake(tmp_path, text) == "14: neurons[1].thr: 999 is not within 0..255"


# --- Files that are made to be wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"# a\na = {'[' * 2000}{']' * 2000}\n",
            "2: brackets are nested more than 64 deep, deeper than in any configuration",
        ),
        (
            f"a = {'{a = ' * 2000}1{'}' * 2000}\n",
            "1: brackets are nested more than 64 deep, deeper than in any configuration",
        ),
        (f"a = {'[' * 100_000}", "1: brackets are nested more than 64 deep, deeper than in any configuration"),
        (
            f"[registers]\nSPI_OPEN_LOOP = {'9' * 5000}\n",
            "2: a number of 5000 digits, longer than in any configuration",
        ),
        (
            f"[registers]\nSPI_OPEN_LOOP = 0x{'f' * 5000}\n",
            "2: registers.SPI_OPEN_LOOP: a number of 20000 bits is not within 0..1",
        ),
        ("[registers]\nSPI_OPEN_LOOP = nan\n", "2: registers.SPI_OPEN_LOOP: nan is not an integer; right is 0..1"),
        (
            "[registers]\nSPI_OPEN_LOOP = 2020-01-01\n",
            "2: registers.SPI_OPEN_LOOP: 2020-01-01 is not an integer; right is 0..1",
        ),
        (
            '[[neurons]]\nindex = "٣"\nmodel = "lif"\n',
            f"2: neurons[0].index: '٣' is not an index or a range; {INDICES}",
        ),
        (
            f'[[neurons]]\nindex = "{"9" * 500}"\nmodel = "lif"\n',
            f"2: neurons[0].index: '{'9' * 36}... is not an index or a range; {INDICES}",
        ),
        ('synapses = "a\\u0000b"\n', r"1: synapses: 'a\x00b' is not the name of a file"),
        ('"a\\nb" = 1\n', r"1: 'a\nb': unknown: there are registers, neurons, synapses"),
    ],
)
def test_what_python_s_reader_would_give_up_on(tmp_path: Path, text: str, message: str) -> None:
    assert mistake(tmp_path, text) == message


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "c.toml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InputError, match="50,000,000 bytes; the limit is 33,554,432; right is to keep matrices in"):
        load(tmp_path / "c.toml", "odin")


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + (len(text) + 1).to_bytes(2, "little") + text.encode() + b"\n"


SHAPE = "{{'descr': '<i8', 'fortran_order': False, 'shape': {}, }}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header(SHAPE.format("(99999999, 99999)")), "ends after 0 of 79,999,199,200,008 bytes"),
        (header(SHAPE.format("(256, 256)")) + b"\0" * 80, "ends after 80 of 524,288 bytes"),
        (header(SHAPE.format("(-1, 256)")), "not a .npy file: a shape of -1 x 256"),
        (header(SHAPE.format("((((((((")), "not a .npy file"),
        (header("(" * 5000), "not a .npy file"),
        (b"", "not a .npy file"),
    ],
)
def test_a_header_that_is_made_to_be_wrong(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "w.npy").write_bytes(content)
    assert mistake(tmp_path, '[synapses]\nmatrix = "w.npy"\n') == f"2: synapses.matrix: w.npy: {message}"


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[object()]]), allow_pickle=True)
    message = mistake(tmp_path, '[synapses]\nmatrix = "w.npy"\n')
    assert message == "2: synapses.matrix: w.npy: objects; right is an array of integers"


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<i8", ">i2", "u1", "?"])
def test_a_matrix_in_any_order_and_integer_type(tmp_path: Path, order: str, kind: str) -> None:
    entries = np.arange(N * N).reshape(N, N) % (2 if kind == "?" else 8)
    np.save(tmp_path / "w.npy", (np.asfortranarray if order == "F" else np.ascontiguousarray)(entries.astype(kind)))
    (tmp_path / "c.toml").write_text('[synapses]\nmatrix = "w.npy"\nmapped = false\n', encoding="utf-8-sig")
    words = load(tmp_path / "c.toml", "odin").memories["synapses"][:, 0].astype(np.int64)
    weights = words[:, None] >> 4 * np.arange(8) & 7
    assert np.array_equal(weights.reshape(N, N), entries)


def test_a_csv_with_a_byte_order_mark_and_blank_lines_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text((",".join("1" * N) + "\n") * N + "\n\n", encoding="utf-8-sig")
    (tmp_path / "c.toml").write_text('[synapses]\nmatrix = "w.csv"\n')
    assert (load(tmp_path / "c.toml", "odin").memories["synapses"] == 0x99999999).all()
