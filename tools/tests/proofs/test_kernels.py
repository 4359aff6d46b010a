"""The interpreter of kernels: on unknown integers it gives what the compiled kernel gives for each content."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator.kernel.arith import add_saturate, signed
from draupnir.emulator.kernel.jit import kernel
from draupnir.emulator.odin import izh, lif, sdsp
from draupnir.emulator.odin.layout import IZH, LIF
from draupnir.emulator.reckon.learning import eprop
from draupnir.tools.proofs import words
from draupnir.tools.proofs.arithmetic import Unsupported
from draupnir.tools.proofs.heap import UnknownArray
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits, Logic
from draupnir.tools.proofs.questions import ask

N_CONTENTS = 12
INTEGERS = [0, 1, 2, 7, 8, -1, -8, 255, 1 << 31, -(1 << 40)]


def flat(result):
    """The numbers of a result of named tuples."""
    return [number for part in result for number in flat(part)] if isinstance(result, tuple) else [result]


def contents_of(function, *arguments):
    """The solver finds what a kernel returns for integers that the interpreter does not know."""
    logic, values = Logic(), []
    unknowns: dict[str, tuple[Bits, int]] = {}

    def unknown(content, width):
        name = f"a{len(unknowns)}"
        unknowns[name] = (logic.unknown(name, width), content)
        return unknowns[name][0]

    for argument in arguments:
        if isinstance(argument, list):
            values.append([unknown(limb, 32).resized(KERNEL_BITS) for limb in argument])
        else:
            values.append(unknown(argument, KERNEL_BITS))
    kernels = Kernels(logic)
    results = [kernels.bits(result) for result in flat(kernels.call(function, *values))]
    equal = [bits.equals(logic.number(content, bits.width)) for bits, content in unknowns.values()]
    vectors = {str(i): result for i, result in enumerate(results)}
    verdict = ask(logic, logic.constant(False), equal, vectors, 60)
    return [number - ((number >> 63) << 64) for number in (verdict.witness[str(i)] for i in range(len(results)))]


def compiled(function, *arguments):
    ready = [np.array(argument, np.int64) if isinstance(argument, list) else argument for argument in arguments]
    return [int(number) for number in flat(function(*ready))]


def random_limbs(rng, word):
    return [int(limb) for limb in rng.integers(0, 1 << 32, -(-word.width // 32))]


@pytest.mark.parametrize("seed", range(N_CONTENTS))
def test_the_neurons_of_odin(seed):
    rng = np.random.default_rng(seed)
    event = [int(rng.integers(8)), *map(int, rng.integers(0, 2, 3))]
    for function, word, arguments in ((lif.update, LIF, event), (izh.update, IZH, [*event, int(rng.integers(2))])):
        limbs = random_limbs(rng, word)
        assert contents_of(function, limbs, *arguments) == compiled(function, limbs, *arguments)


@pytest.mark.parametrize("seed", range(N_CONTENTS))
def test_words_of_synapses_and_updates_of_weights(seed):
    rng = np.random.default_rng(seed)
    word = int(rng.integers(1 << 32))
    flags = [int(rng.integers(256)), int(rng.integers(2)), int(rng.integers(2)), *map(int, rng.integers(0, 256, 2))]
    assert contents_of(sdsp.word_next, word, *flags) == compiled(sdsp.word_next, word, *flags)
    prob, rnd = int(rng.integers(-(1 << 31), 1 << 31)) >> int(rng.integers(32)), int(rng.integers(1 << 32))
    shifts = list(map(int, rng.integers(0, 32, 2)))
    update = (prob, rnd, *shifts, 32)
    assert contents_of(eprop.is_updated, *update) == compiled(eprop.is_updated, *update)


class Pair(NamedTuple):
    """Two numbers."""

    one: int
    other: int


@kernel
def returns_on_some_paths(x, y):
    if x > 3:
        if y < 0:
            return 10
        x = x - 1
    elif y == 2 or x == 0:
        return x + 100
    for i in range(3):
        if y == i:
            return x * 7 + i
        x += i
    return x


@kernel
def many_operators(x, y):
    bits = (x & 0xFF) | (y ^ 3)
    low, high = min(x, y), max(x, y, 5)
    inside = low <= x <= high and x not in (2, 8)
    shifted = (x << 2) >> 1 if inside else ~x
    pair = Pair(bits, -shifted if x % 8 == 7 else abs(y) // 4)
    table = (11, 22, 33, 44)
    return (
        pair.one,
        pair.other,
        int(inside),
        table[y & 3],
        signed(x & 15, 4),
        add_saturate(low, 3, 9),
        int(np.uint8(x & 0xFF)),
    )


@pytest.mark.parametrize("x", INTEGERS)
@pytest.mark.parametrize("y", INTEGERS[:7])
def test_paths_and_operators(x, y):
    functions: list[Any] = [returns_on_some_paths, many_operators]
    for function in functions:
        plain = function.py_func(x, y)
        expected = flat(plain) if isinstance(plain, tuple) else [plain]
        assert contents_of(function, x, y) == expected


@kernel
def divides(x):
    return x // -3


@kernel
def loops(x):
    while x > 0:
        x -= 1
    return x


@kernel
def has_no_content(x):
    if x > 0:
        y = 1
    return y


@pytest.mark.parametrize(
    ("function", "message"),
    [(divides, "a division by -3"), (loops, "while x > 0"), (has_no_content, "y has no content on one path")],
)
def test_what_is_not_understood_is_named(function, message):
    logic = Logic()
    with pytest.raises(Unsupported, match=message):
        Kernels(logic).call(function, logic.unknown("x", KERNEL_BITS))


@kernel
def visits(array, start, limit):
    total = 0
    for i in range(1, (limit & 3) + 1):
        if array[i] == start:
            return total
        array[(start + i * 3) % 7] = array[i] + start
        total += array[i] // 3 if array[i] < 100 else i
    return total


@pytest.mark.parametrize("seed", range(N_CONTENTS))
def test_loops_early_returns_and_stores_at_unknown_places(seed):
    rng = np.random.default_rng(seed)
    limbs = [int(limb) for limb in rng.integers(0, 120, 8)]
    arguments = [int(rng.integers(7)), int(rng.integers(4))]
    logic = Logic()
    array = UnknownArray({i: logic.unknown(f"limb{i}", KERNEL_BITS) for i in range(8)})
    contents_before = dict(array)
    unknowns = [logic.unknown(f"a{i}", KERNEL_BITS) for i in range(2)]
    kernels = Kernels(logic)
    result = kernels.bits(kernels.call(visits, array, *unknowns))
    pairs = [*zip(contents_before.values(), limbs, strict=True), *zip(unknowns, arguments, strict=True)]
    equal = [bits.equals(logic.number(content, KERNEL_BITS)) for bits, content in pairs]
    vectors = {"result": result, "met": logic.every(kernels.demands).as_bits(1)}
    vectors |= {str(i): kernels.bits(content) for i, content in array.items()}
    contents = ask(logic, logic.constant(False), equal, vectors, 60).witness
    compiled_array = np.array(limbs, np.int64)
    assert visits(compiled_array, *arguments) == contents["result"] and contents["met"] == 1
    assert [contents[str(i)] for i in range(8)] == compiled_array.tolist()


def test_an_index_that_leaves_its_array_is_demanded_not_to():
    logic = Logic()
    kernels = Kernels(logic)
    array = UnknownArray(dict.fromkeys(range(8), 5))
    kernels.call(visits, array, logic.unknown("start", KERNEL_BITS), 2)
    answer = ask(logic, logic.every(kernels.demands), [], {}, 60)
    assert answer.holds is False  # start may be negative, or too large for the division


def test_limbs_are_the_word():
    logic = Logic()
    word = logic.unknown("word", 128)
    assert [limb.width for limb in words.limbs(word)] == [KERNEL_BITS] * 4
