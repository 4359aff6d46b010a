"""The greatest of the output neurons.

Source: srnn.v, Winner computation.
"""

from dataclasses import dataclass

from amaranth import Module, Mux, Signal, Value


@dataclass(frozen=True)
class _Candidate:
    """The greatest so far: its index, its size, and a bit that is 1 if it takes part."""

    label: Value
    size: Value
    valid: Value


def winner(m: Module, sizes: list[Value], last: Value) -> Value:
    """Return the index of the greatest of the first ``last`` + 1 ``sizes``; if several are equal, of the first one."""
    label_bits = (len(sizes) - 1).bit_length()
    round_of = [_Candidate(Value.cast(k), size, Value.cast(k) <= last) for k, size in enumerate(sizes)]
    while len(round_of) > 1:
        pairs = list(zip(round_of[::2], round_of[1::2], strict=False))
        unpaired = round_of[2 * len(pairs) :]
        round_of = [_greater(m, a, b, label_bits) for a, b in pairs] + unpaired
    return round_of[0].label


def _greater(m: Module, a: _Candidate, b: _Candidate, label_bits: int) -> _Candidate:
    takes_b, label, size = Signal(), Signal(label_bits), Signal.like(a.size, name="size")
    m.d.comb += [
        takes_b.eq(b.valid & (b.size > a.size)),
        label.eq(Mux(takes_b, b.label, a.label)),
        size.eq(Mux(takes_b, b.size, a.size)),
    ]
    return _Candidate(label, size, a.valid)
