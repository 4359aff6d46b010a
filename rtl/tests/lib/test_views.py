from amaranth import Shape, signed, unsigned

from draupnir.emulator.declare import Field, Word
from draupnir.rtl.lib.views import bits_of, layout_of, packed_fields, shape_of, state_of, state_span

WORD = Word(
    "word",
    16,
    (
        Field("gain", 1, 3, "A parameter.", kind="parameter"),
        Field("level", 5, 4, "A signed state.", signed=True, kind="state"),
        Field("count", 10, 2, "Another state.", kind="state"),
    ),
)


def test_fields_keep_their_places_and_the_word_its_width() -> None:
    layout = layout_of(WORD)
    assert layout.size == 16
    assert {name: (field.offset, field.width) for name, field in layout} == {
        "gain": (1, 3),
        "level": (5, 4),
        "count": (10, 2),
    }


def test_signed_fields_have_signed_shapes() -> None:
    assert shape_of(WORD["level"]) == signed(4)
    assert Shape.cast(layout_of(WORD)["gain"].shape) == unsigned(3)


def test_packed_fields_leave_no_gaps() -> None:
    layout = packed_fields(WORD)
    assert layout.size == 9
    assert layout["count"].offset == 7


def test_state_starts_at_bit_0_of_its_own_layout() -> None:
    assert state_span(WORD) == (5, 12)
    layout = state_of(WORD)
    assert layout.size == 7
    assert {name: field.offset for name, field in layout} == {"level": 0, "count": 5}


def test_bits_of_takes_the_field_out_of_a_value() -> None:
    assert repr(bits_of(0b1011_0000_0110, WORD["count"])) == repr(bits_of(0b1011_0000_0110, Field("x", 10, 2, "")))
    assert len(bits_of(0xFFF, WORD["count"])) == 2
