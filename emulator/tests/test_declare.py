"""A declaration that contradicts itself is refused when it is built, with a message that names the contradiction."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.declare import (
    Block,
    Chip,
    DeclarationError,
    Event,
    Field,
    Matrix,
    Memory,
    Pin,
    Reg,
    Register,
    Word,
    pin_word,
)

LOW = Field("low", 0, 4, "")
HIGH = Field("high", 4, 4, "")
WORD = Word("word", 8, (LOW, HIGH))
CLK = Pin("CLK", "in", 1, "clock", "")
OUT = Pin("OUT", "out", 3, "status", "")
TOY = Chip(
    "toy",
    "",
    (CLK, OUT),
    (Memory("mem", 2, 8, (WORD,)),),
    (Register("R", 0, 1, ""),),
    (Block("b", (Reg("r", 1),)),),
    (),
    "",
)


@pytest.mark.parametrize(
    ("width", "signed", "low", "high"),
    [(1, False, 0, 1), (4, False, 0, 15), (4, True, -8, 7), (1, True, -1, 0), (8, True, -128, 127)],
)
def test_a_fields_range_follows_from_its_width_and_sign(width: int, signed: bool, low: int, high: int) -> None:
    f = Field("f", 3, width, "", signed=signed)
    assert (f.low, f.high) == (low, high)
    assert f.msb == 3 + width - 1


def test_overlapping_fields_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^word\.high: bit 3 already belongs to 'low'$"):
        Word("word", 8, (LOW, Field("high", 3, 4, "")))


@pytest.mark.parametrize(("lsb", "width", "bits"), [(5, 4, "8..5"), (-1, 2, "0..-1"), (3, 0, "2..3")])
def test_a_field_outside_of_its_word_is_refused(lsb: int, width: int, bits: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^word\.f: bits {bits} are not within 0\.\.7$"):
        Word("word", 8, (Field("f", lsb, width, ""),))


def test_a_field_may_end_at_its_words_last_bit() -> None:
    assert Word("word", 8, (Field("f", 5, 3, ""),))["f"].msb == 7


def test_two_fields_of_one_name_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^word: field 'low' is declared twice; each name must be unique$"):
        Word("word", 8, (LOW, replace(HIGH, name="low")))


def test_an_unknown_field_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(KeyError, match=r"word has no field 'middle'; it has low, high"):
        WORD["middle"]
    assert "middle" not in WORD and "low" in WORD


def test_a_pin_without_bits_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^pin P: width 0; a pin has at least 1 bit$"):
        Pin("P", "in", 0, "control", "")


def test_a_role_that_there_is_not_is_refused_and_the_others_named() -> None:
    with pytest.raises(DeclarationError, match=r"^pin P: role 'addr'; right is clock, reset, control, status, or bus$"):
        Pin("P", "in", 1, "addr", "")


def test_pins_side_by_side_take_the_lowest_bits_first() -> None:
    word = pin_word("pins", (OUT, CLK))
    assert [(f.name, f.lsb, f.width) for f in word] == [("OUT", 0, 3), ("CLK", 3, 1)]
    assert word.width == 4


def test_a_memory_and_its_views_have_one_width() -> None:
    with pytest.raises(DeclarationError, match=r"^memory mem: view word has 8 bits, the memory 16$"):
        Memory("mem", 4, 16, (WORD,))


def test_a_matrix_fills_its_memory() -> None:
    matrix = Matrix(("pre", 4), ("post", 8), Word("entry", 4, (Field("weight", 0, 4, "Weight."),)))
    word = Word("word", 16, (Field("all", 0, 16, "Four entries."),))
    assert Memory("mem", 8, 16, (word,), matrix=matrix).matrix is matrix
    with pytest.raises(DeclarationError, match=r"^memory mem: 4 x 8 entries of 4 bits are not 9 words of 16$"):
        Memory("mem", 9, 16, (word,), matrix=matrix)


def test_entries_of_a_matrix_do_not_cross_limbs() -> None:
    with pytest.raises(DeclarationError, match=r"^entry: 5 bits do not divide 32$"):
        Matrix(("pre", 4), ("post", 8), Word("entry", 5, ()))


def test_a_register_has_a_range() -> None:
    assert (Register("r", 0, 5, "").low, Register("r", 0, 5, "").high) == (0, 31)
    assert (Register("r", 0, 5, "", signed=True).low, Register("r", 0, 5, "", signed=True).high) == (-16, 15)


def test_an_unused_word_has_fields_that_there_are() -> None:
    word = Word("word", 16, (Field("all", 0, 16, "All bits."),))
    with pytest.raises(DeclarationError, match=r"^memory mem: unused\.off is not a field of word$"):
        Memory("mem", 8, 16, (word,), unused={"off": 1})


@pytest.mark.parametrize(("width", "n_limbs"), [(1, 1), (32, 1), (33, 2), (128, 4)])
def test_a_memory_word_takes_as_many_limbs_as_it_needs(width: int, n_limbs: int) -> None:
    assert Memory("mem", 1, width, (Word("w", width, ()),)).n_limbs == n_limbs


def test_a_words_own_content_tells_its_view() -> None:
    other = Word("other", 8, (Field("all", 0, 8, ""),))
    memory = Memory(
        "mem", 1, 8, (WORD, other), view={i: "other" if i == 5 else "word" for i in range(16)}, view_field="high"
    )
    assert memory.word_of(0x4F) is WORD
    assert memory.word_of(0x50) is other
    assert Memory("mem", 1, 8, (WORD, other)).word_of(0x50) is WORD
    with pytest.raises(KeyError, match=r"memory mem has no view 'third'"):
        memory.word("third")


EVENT = Event("e", "01--1", (Field("x", 1, 2, ""),), 2, "")


@pytest.mark.parametrize(
    ("addr", "matches"), [(0b01001, True), (0b01111, True), (0b01000, False), (0b11001, False), (0b101001, False)]
)
def test_an_event_matches_where_all_of_its_fixed_bits_agree(addr: int, matches: bool) -> None:
    assert EVENT.matches(addr) == matches


@pytest.mark.parametrize("x", range(4))
def test_an_encoded_event_matches_and_decodes_to_its_fields(x: int) -> None:
    addr = EVENT.encode(x=x)
    assert EVENT.matches(addr)
    assert EVENT.decode(addr) == {"x": x}


def test_an_events_fields_not_given_are_zero() -> None:
    assert EVENT.encode() == 0b01001


@pytest.mark.parametrize("x", [-1, 4])
def test_an_event_field_that_does_not_fit_is_refused(x: int) -> None:
    with pytest.raises(ValueError, match=rf"^event e\.x: {x} is not within 0\.\.3$"):
        EVENT.encode(x=x)


def test_an_unknown_event_field_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ValueError, match=r"^event e: no field 'y'; it has x$"):
        EVENT.encode(y=0)
    with pytest.raises(ValueError, match=r"^event bare: no field 'y'; it has none$"):
        Event("bare", "--", (), 1, "").encode(y=0)


@pytest.mark.parametrize(
    ("part", "kind", "name"),
    [
        ({"pins": (CLK, OUT, OUT)}, "pin", "OUT"),
        ({"memories": TOY.memories * 2}, "memory", "mem"),
        ({"registers": TOY.registers * 2}, "register", "R"),
        ({"blocks": (TOY.blocks[0], Block("c", (Reg("r", 2),)))}, "state register", "r"),
    ],
)
def test_no_name_is_declared_twice_in_a_chip(part: dict, kind: str, name: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^toy: {kind} '{name}' is declared twice; each name must be unique$"):
        replace(TOY, **part)


@pytest.mark.parametrize(
    ("name", "near"),
    [("snn-accelerator", "snn_accelerator"), ("64 neurons", "chip_64_neurons"), ("class", "chip_class"), ("", "chip_")],
)
def test_a_chip_s_name_is_one_that_python_can_import(name: str, near: str) -> None:
    message = (
        f"^chip '{name}': its folders have this name, so it must be a Python identifier, for instance '{near}'; the"
    )
    with pytest.raises(DeclarationError, match=message):
        replace(TOY, name=name)
    assert replace(TOY, name=near).name == near


def test_parts_of_a_chip_are_found_by_name() -> None:
    assert TOY.clock is CLK and TOY.pin("OUT") is OUT
    assert TOY.memory("mem") is TOY.memories[0] and TOY.register("R") is TOY.registers[0]
    assert TOY.inputs == () and TOY.outputs == (OUT,)
    with pytest.raises(KeyError, match=r"toy has no memory 'ram'; it has mem"):
        TOY.memory("ram")
    with pytest.raises(KeyError, match=r"toy has no register 'Q'"):
        TOY.register("Q")


def test_the_first_event_that_matches_is_taken() -> None:
    narrow, wide = Event("narrow", "1-", (), 1, ""), Event("wide", "--", (), 1, "")
    assert replace(TOY, events=(narrow, wide)).event_of(0b10) is narrow
    assert replace(TOY, events=(narrow, wide)).event_of(0b01) is wide
    assert replace(TOY, events=(narrow,)).event_of(0b01) is None


def test_a_declaration_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        LOW.width = 5  # type: ignore[misc]


def test_copies_give_every_register_and_memory_a_leading_axis():
    memory = Memory("ram", 4, 40, (Word("ram", 40, ()),), copies=3)
    assert memory.shape == (3, 4, 2) and memory.parts == ("ram[0]", "ram[1]", "ram[2]")
    assert memory.part.shape == (4, 2) and memory.part.parts == ("ram",)
    block = Block("core", (Reg("acc", 8, None), Reg("taps", 4, None, (5,))), copies=3)
    record = state.new_registers(replace(TOY, blocks=(block,), memories=(memory,)), seed=1)
    assert record[0].acc.shape == (3,) and record[0].taps.shape == (3, 5)
    assert [reg.shape for reg in block.state] == [(3,), (3, 5)]
    assert record[0].taps.any() and state.out_of_range(replace(TOY, blocks=(block,)), record) == []
    record[0].taps[2, 4] = 16
    assert state.out_of_range(replace(TOY, blocks=(block,)), record) == ["taps"]


@pytest.mark.parametrize("copies", [0, -1])
def test_a_number_of_copies_is_at_least_one(copies):
    with pytest.raises(DeclarationError, match=f"block core: copies {copies}; right is at least 1"):
        Block("core", (), copies=copies)
    with pytest.raises(DeclarationError, match=f"memory ram: copies {copies}; right is at least 1"):
        Memory("ram", 4, 8, (Word("ram", 8, ()),), copies=copies)


@pytest.mark.parametrize("name", [*(n for n in dir(np.record) if not n.startswith("_")), "class", "a b", "2nd", ""])
def test_a_state_register_has_a_name_that_a_record_can_have(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"^state register .*right is another name, '\w+_reg' for instance$"):
        Reg(name, 1)


def test_a_register_with_a_word_has_its_width() -> None:
    word = Word("pair", 4, (Field("low", 0, 2, ""), Field("high", 2, 2, "")))
    assert Reg("pair_reg", 4, word=word).word is word
    with pytest.raises(DeclarationError, match=r"^state register pair_reg: width 5, and its word pair has 4$"):
        Reg("pair_reg", 5, word=word)


@pytest.mark.parametrize("name", ["inputs", "cycle"])
def test_a_state_register_is_not_called_as_one_of_the_model(name: str) -> None:
    with pytest.raises(DeclarationError, match=rf"^toy: state register '{name}' is declared twice"):
        replace(TOY, blocks=(Block("c", (Reg(name, 2),)),))
