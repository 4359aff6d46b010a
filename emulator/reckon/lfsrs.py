"""ReckOn's linear feedback shift registers: taps, unfolding, seeds.

Each yields one bit sequence y; every time that it is enabled it advances by ``unfold`` bits, and its output shows
them all at once.

Source: lfsr/*.v; srnn.v for the values after a reset.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lfsr:
    """An unfolded LFSR.

    width : flip-flops, and the longer lag; lag : the shorter: y[t] = y[t - lag] ^ y[t - width]
    unfold : bits that an advance yields; bit i of the output is y[i], counted from the state's present
    reset : flip-flops after a reset, flip-flop 0 in bit 0
    seed : configuration register that seeds it, and the bit of it in which the seed begins
    """

    name: str
    width: int
    lag: int
    unfold: int
    reset: int
    seed: tuple[str, int]
    source: str

    @property
    def words(self) -> int:
        """Words of 32 bits of an output, if the model keeps the sequence in words; else 0."""
        return self.unfold // 32 if self.unfold % 32 == 0 else 0

    def in_time(self, flip_flops: int) -> int:
        """The bits that the flip-flops hold, the oldest in bit 0."""
        first = self.lag - self.width
        return sum((flip_flops >> i & 1) << (t - first) for i, t in enumerate(self.order))

    @property
    def order(self) -> tuple[int, ...]:
        """The time of the bit that each flip-flop holds, so y[order[i]] is flip-flop i; 0 is the output's bit 0."""
        first = self.lag - self.width
        chains = (t for i in range(self.unfold) for t in range(first + i, 0, self.unfold))
        return (*range(self.lag), *chains)


def _weights(name: str, reset: int, register: str) -> Lfsr:
    return Lfsr(name, 25, 3, 512, reset, (register, 0), "lfsr_winp_wrec.v")


def _pair(name: str, even: int, odd: int, register: str, unfold: int, source: str) -> tuple[Lfsr, Lfsr]:
    """One for each neuron of a word: even (0), odd (1)."""
    return (
        Lfsr(f"{name}0", 15, 1, unfold, even, (register, 0), source),
        Lfsr(f"{name}1", 15, 1, unfold, odd, (register, 15), source),
    )


_NEUR, _ONEUR = "lfsr_neur_stochround.v", "lfsr_oneur_stochround.v"

LFSRS = (
    _weights("lfsr_winp", 0x0000001, "SPI_SEED_INP"),
    _weights("lfsr_wrec", 0x0424242, "SPI_SEED_REC"),
    Lfsr("lfsr_wout", 22, 1, 448, 0x1, ("SPI_SEED_OUT", 0), "lfsr_wout.v"),
    Lfsr("lfsr_noise_neur", 17, 3, 32, 0x1F0F1, ("SPI_SEED_NOISE_NEUR", 0), "lfsr_noise_neur.v"),
    Lfsr("lfsr_strnd_oneur_u", 15, 1, 7, 0x7ABA, ("SPI_SEED_STRND_ONEUR", 0), _ONEUR),
    *_pair("lfsr_strnd_neur_u", 0x1234, 0x70F0, "SPI_SEED_STRND_NEUR", 15, _NEUR),
    *_pair("lfsr_strnd_tinp", 0x1348, 0x7FCF, "SPI_SEED_STRND_TINP", 15, _NEUR),
    *_pair("lfsr_strnd_trec", 0x4321, 0x7BEA, "SPI_SEED_STRND_TREC", 15, _NEUR),
    *_pair("lfsr_strnd_tout", 0x3FF3, 0x7EF0, "SPI_SEED_STRND_TOUT", 7, _ONEUR),
)
