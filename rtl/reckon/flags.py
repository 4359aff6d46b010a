"""A flag for each neuron. One or two flags are written at a time, and a reset clears all of them.

Source: srnn.v, neur_z, neur_dirty, inp_events.
"""

from dataclasses import dataclass

from amaranth import Array, Cat, Module, Mux, Signal, Value
from amaranth.hdl import ValueLike

ROW_BITS = 32


@dataclass(frozen=True)
class Write:
    """A write: if ``en`` is 1, the ``n_bits`` (1 or 2) flags from number ``n_bits`` * ``idx`` on become ``flags``."""

    en: Value
    idx: Value
    flags: ValueLike
    n_bits: int = 1


class Flags:
    """``n`` flip-flops in rows of 32; an access is to one row. A reset of their clock domain clears them.

    An index of ``n`` or more wraps.
    """

    def __init__(self, n: int, name: str) -> None:
        self.rows = [Signal(ROW_BITS, name=f"{name}_{i}") for i in range(n // ROW_BITS)]

    def read(self, idx: Value, n_bits: int = 1) -> Value:
        """Return ``n_bits`` (1 or 2) flags, from number ``n_bits`` * ``idx`` on."""
        row, place = self._split(idx, n_bits)
        return Array(self.rows)[row].word_select(place, n_bits)

    def write(self, m: Module, domain: str, *writes: Write) -> None:
        """Carry out writes. If several write one flag in the same clock, the last one counts."""
        places = []
        for w in writes:
            row, place = self._split(w.idx, w.n_bits)
            mask, flags = Signal(ROW_BITS), Signal(ROW_BITS, name="flags")
            lsb = place << (w.n_bits - 1)
            m.d.comb += [mask.eq(((1 << w.n_bits) - 1) << lsb), flags.eq(w.flags << lsb)]
            places.append((w.en, row, mask, flags))
        for i, signal in enumerate(self.rows):
            hits, flags_next = [], signal
            for en, row, mask, flags in places:
                hit = Signal()
                m.d.comb += hit.eq(en & (row == i))
                hits.append(hit)
                flags_next = Mux(hit, (flags_next & ~mask) | flags, flags_next)
            with m.If(Cat(hits).any()):
                m.d[domain] += signal.eq(flags_next)

    def _split(self, idx: Value, n_bits: int) -> tuple[Value, Value]:
        place_bits = (ROW_BITS // n_bits - 1).bit_length()
        row_bits = (len(self.rows) - 1).bit_length()
        return idx[place_bits : place_bits + row_bits], idx[:place_bits]
