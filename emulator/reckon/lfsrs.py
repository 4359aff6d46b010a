"""ReckOn's linear feedback shift registers: taps, unfolding, seeds.

Each yields one sequence of bits y. When it is enabled, it advances by ``unfold`` bits, which are all on its output.

Source: lfsr/*.v; srnn.v for the values after a reset.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lfsr:
    """An unfolded LFSR.

    width, lag : the number of flip-flops, and the shorter lag: y[t] = y[t - lag] ^ y[t - width]
    unfold : the number of bits of an advance; bit i of the output is y[i], where y[0] is the present bit
    reset : the flip-flops after a reset, flip-flop 0 in bit 0
    seed : the configuration register that seeds it, and the register's bit in which the seed begins
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
        """The number of 32-bit words of an output; 0 if the model keeps the sequence in bits."""
        return self.unfold // 32 if self.unfold % 32 == 0 else 0

    def in_time(self, flip_flops: int) -> int:
        """Return the content of the flip-flops in time order, the oldest bit in bit 0."""
        oldest = self.lag - self.width
        return sum((flip_flops >> i & 1) << (t - oldest) for i, t in enumerate(self.order))

    @property
    def order(self) -> tuple[int, ...]:
        """The time of the bit in each flip-flop: flip-flop i holds y[order[i]]; y[0] is bit 0 of the output."""
        oldest = self.lag - self.width
        chains = (t for i in range(self.unfold) for t in range(oldest + i, 0, self.unfold))
        return (*range(self.lag), *chains)


def _weights(name: str, reset: int, register: str) -> Lfsr:
    return Lfsr(name, 25, 3, 512, reset, (register, 0), "lfsr_winp_wrec.v")


def _pair(name: str, even: int, odd: int, register: str, unfold: int, source: str) -> tuple[Lfsr, Lfsr]:
    """Return the LFSRs of the even neuron (0) and of the odd neuron (1) of a word; even, odd : their reset values."""
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
