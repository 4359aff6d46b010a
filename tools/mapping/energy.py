"""The energy of a chip's synaptic operations, as a paper gives it: the base of an estimate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Energy:
    """The energy of a synaptic operation, as a paper gives it.

    picojoules : of one operation; volts : at this supply; megahertz : the chip's clock at this supply, None if unknown
    chip : the chip that was measured; source : the paper
    """

    picojoules: float
    volts: float
    megahertz: float | None
    chip: str
    source: str

    def __str__(self) -> str:
        return f"estimate: {self.picojoules:g} pJ an operation, {self.chip} at {self.volts:g} V, {self.source}"


ODIN = Energy(12.7, 0.55, 75, "ODIN", "C. Frenkel et al., IEEE TBioCAS 13(1), 2019")
RECKON = Energy(5.3, 0.5, None, "ReckOn", "C. Frenkel and G. Indiveri, ISSCC 2022")
