import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core import serialize

from draupnir.emulator import chips, codec
from draupnir.emulator.declare import Field, Word
from draupnir.emulator.kernel.bits import Position
from draupnir.emulator.odin import layout

WORDS = [word for memory in layout.CHIP.memories for word in memory.words] + [
    layout.SYN_ADDR,
    layout.SPI_ADDR,
    layout.SPI_DATA,
    layout.SPI_NEURON_ADDR,
    layout.SPI_SYNAPSE_ADDR,
    layout.VIRTS,
    layout.SCHED_EVENT,
    layout.NEUR_EVENT,
    layout.MONITOR,
    layout.BURST_WORD,
    layout.CHIP.input_word,
    layout.CHIP.output_word,
]
MIXED = Word("mixed", 12, (Field("plain", 0, 4, ""), Field("signed", 5, 4, "", signed=True)))
any_word = pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)


def values(word: Word) -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({f.name: st.integers(f.low, f.high) for f in word})


@any_word
@given(data=st.data())
def test_decoding_gives_back_what_was_encoded(word: Word, data: st.DataObject) -> None:
    fields = data.draw(values(word))
    assert codec.decode(word, codec.encode(word, **fields)) == fields


@any_word
@given(data=st.data())
def test_an_update_replaces_the_given_fields_alone(word: Word, data: st.DataObject) -> None:
    content = data.draw(st.integers(0, (1 << word.width) - 1))
    name = data.draw(st.sampled_from([f.name for f in word]))
    given_value = data.draw(st.integers(word[name].low, word[name].high))
    new_content = codec.update(word, content, **{name: given_value})
    assert codec.decode(word, new_content) == codec.decode(word, content) | {name: given_value}
    outside = ~sum(((1 << f.width) - 1) << f.lsb for f in word)
    assert new_content & outside == content & outside


@any_word
@given(data=st.data())
def test_a_field_at_its_position_is_the_field(word: Word, data: st.DataObject) -> None:
    content = data.draw(st.integers(0, (1 << word.width) - 1))
    for f, place in zip(word, codec.positions(word), strict=True):
        limbs = codec.to_limbs(content, 5)
        both = int(limbs[place.limb]) | int(limbs[place.limb + 1]) << 32
        assert both >> place.shift & place.mask == content >> f.lsb & (1 << f.width) - 1
        assert place.last_limb == f.msb // 32


@given(st.integers(0, (1 << 128) - 1))
def test_limbs_join_to_the_word_that_they_came_from(content: int) -> None:
    limbs = codec.to_limbs(content, 4)
    assert limbs.dtype == np.uint32 and limbs.shape == (4,)
    assert codec.from_limbs(limbs) == content


def test_limb_0_is_the_least_significant() -> None:
    assert codec.to_limbs(0x1_0000_0002, 2).tolist() == [2, 1]


def test_fields_not_given_are_zero() -> None:
    assert codec.encode(MIXED, signed=-1) == 0b1111 << 5


def test_signed_fields_keep_their_sign() -> None:
    assert codec.decode(MIXED, 0b1000 << 5 | 0b1000) == {"plain": 8, "signed": -8}


@pytest.mark.parametrize(("name", "low", "high"), [("plain", 0, 15), ("signed", -8, 7)])
def test_a_value_that_does_not_fit_is_refused(name: str, low: int, high: int) -> None:
    for out in (low - 1, high + 1):
        with pytest.raises(ValueError, match=rf"^mixed\.{name}: {out} is not within {low}\.\.{high}$"):
            codec.encode(MIXED, **{name: out})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(KeyError, match="mixed has no field 'other'"):
        codec.encode(MIXED, other=0)


def test_kernels_take_fields_of_at_most_63_bits() -> None:
    assert codec.position(Field("wide", 16, 63, "")) == Position(0, 2, 16, (1 << 63) - 1)
    with pytest.raises(ValueError, match=r"^field wide: 64 bits; a kernel takes fields of at most 63$"):
        codec.position(Field("wide", 0, 64, ""))


@pytest.mark.parametrize("name", chips.names())
def test_addresses_are_those_of_the_registers(name: str) -> None:
    chip = chips.declaration(name)
    assert codec.addresses(chip)._asdict() == {register.name.lower(): register.addr for register in chip.registers}


FOUND_ANEW = """
import sys, numba
from numba.core import serialize
from draupnir.emulator.codec import positions
from draupnir.emulator.declare import Field, Word
kept = serialize.pickle.loads(open(sys.argv[1], "rb").read())
other = numba.typeof(positions(Word("mixed", 12, (Field("plain", 0, 4, ""), Field("other", 5, 4, "")))))
word = Word("mixed", 12, (Field("plain", 0, 4, ""), Field("signed", 5, 4, "", signed=True)))
now = numba.typeof(positions(word))
print(kept == now, hash(kept) == hash(now), kept == other)
"""


def test_code_for_positions_is_found_again_by_another_process(tmp_path: Path) -> None:
    """Numba finds cached machine code by the pickled types of the arguments; other fields are another type."""
    (tmp_path / "type").write_bytes(serialize.dumps(numba.typeof(codec.positions(MIXED))))
    result = subprocess.run(
        [sys.executable, "-c", FOUND_ANEW, str(tmp_path / "type")], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["True", "True", "False"]
