"""A random network for ReckOn, from ranges that a recipe names: contents of the memories, and a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.reckon import layout
from draupnir.golden.ranges import Range, draw

# All registers, with contents for a network that spikes and learns within some timesteps. NUM_*_NEUR: see Network.
BASE: Mapping[str, Range] = {
    "SPI_RO_STAGE_SEL": (0, 511),
    "SPI_GET_CLKINT_OUT": (0, 1),
    "SPI_GET_TAR_REQ_OUT": 1,
    "SPI_RST_MODE": 0,
    "SPI_DO_EPROP": 0b111,
    "SPI_LOCAL_TICK": 0,
    "SPI_ERROR_HALT": 0,
    "SPI_FP_LOC_WINP": 3,
    "SPI_FP_LOC_WREC": 3,
    "SPI_FP_LOC_WOUT": 3,
    "SPI_FP_LOC_TINP": (3, 5),
    "SPI_FP_LOC_TREC": (3, 5),
    "SPI_FP_LOC_TOUT": (4, 6),
    "SPI_LEARN_SIG_SCALE": (4, 6),
    "SPI_REGUL_MODE": 0,
    "SPI_REGUL_W": 0,
    "SPI_EN_STOCH_ROUND": 1,
    "SPI_SRAM_SPEEDMODE": (0, 255),
    "SPI_TIMING_MODE": 0,
    "SPI_REGRESSION": 0,
    "SPI_SINGLE_LABEL": 1,
    "SPI_NO_OUT_ACT": 0,
    "SPI_SEND_PER_TIMESTEP": 0,
    "SPI_SEND_LABEL_ONLY": 1,
    "SPI_NOISE_EN": 0,
    "SPI_FORCE_TRACES": 0,
    "SPI_CYCLES_PER_TICK": (600, 1500),
    "SPI_ALPHA_CONF": 0,
    "SPI_KAPPA": (0x60, 0x7F),
    "SPI_THR_H_0": (-200, 0),
    "SPI_THR_H_1": (0, 200),
    "SPI_THR_H_2": (200, 400),
    "SPI_THR_H_3": (400, 700),
    "SPI_H_0": 0,
    "SPI_H_1": (0, 3),
    "SPI_H_2": (1, 7),
    "SPI_H_3": (1, 15),
    "SPI_H_4": (0, 7),
    "SPI_LR_R_WINP": (0, 2),
    "SPI_LR_P_WINP": (8, 12),
    "SPI_LR_R_WREC": (0, 2),
    "SPI_LR_P_WREC": (8, 12),
    "SPI_LR_R_WOUT": (0, 2),
    "SPI_LR_P_WOUT": (10, 14),
    **{r.name: (0, (1 << r.width) - 1) for r in layout.CHIP.registers if r.name.startswith("SPI_SEED_")},
    "SPI_REGUL_F0": (4, 40),
    "SPI_REGUL_K_INP_R": (0, 3),
    "SPI_REGUL_K_INP_P": (10, 16),
    "SPI_REGUL_K_REC_R": (0, 3),
    "SPI_REGUL_K_REC_P": (10, 16),
    "SPI_REGUL_K_MUL": (0, 4),
    "SPI_NOISE_STR": (4, 8),
}


@dataclass(frozen=True)
class Network:
    """A network's size and contents.

    n_inp, n_rec, n_out : the numbers of input, recurrent and output neurons
    winp, wrec, wout : ranges of the weights, -128..127; the weights of neurons that do not exist are 0
    each : only the pre-synaptic neurons whose number is a multiple of this have weights
    thr : the range of the firing thresholds; alpha : the range of the 12 lowest bits of the leakage decay factors
    """

    n_inp: Range = (12, 20)
    n_rec: Range = (16, 24)
    n_out: Range = (2, 4)
    winp: Range = (-30, 100)
    wrec: Range = (-45, 45)
    wout: Range = (-80, 80)
    each: int = 1
    thr: Range = (300, 900)
    alpha: Range = (0xC00, 0xFFF)

    def registers(self, rng: np.random.Generator) -> dict[str, int]:
        """Return the registers with the three numbers of neurons, which the chip takes minus 1."""
        return {
            "SPI_NUM_INP_NEUR": draw(self.n_inp, rng) - 1,
            "SPI_NUM_REC_NEUR": draw(self.n_rec, rng) - 1,
            "SPI_NUM_OUT_NEUR": draw(self.n_out, rng) - 1,
        }

    def memories(self, registers: Mapping[str, int], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return memory -> its content, (depth, limbs) uint32."""
        n_inp, n_rec, n_out = (registers[f"SPI_NUM_{kind}_NEUR"] + 1 for kind in ("INP", "REC", "OUT"))
        neurons = np.zeros((layout.NEURONS.depth, layout.NEURONS.n_limbs), np.uint32)
        for i in range((n_rec + 1) // 2):
            neurons[i] = to_limbs(self.neuron_word(rng), layout.NEURONS.n_limbs)
        return {
            layout.NEURONS.name: neurons,
            layout.WINP.name: self._weights(self.winp, (n_inp, n_rec), (layout.N, layout.N), rng),
            layout.WREC.name: self._weights(self.wrec, (n_rec, n_rec), (layout.N, layout.N), rng),
            layout.WOUT.name: self._weights(self.wout, (n_rec, n_out), (layout.WOUT.depth, layout.N_OUT), rng),
        }

    def _weights(
        self, span: Range, counts: tuple[int, int], shape: tuple[int, int], rng: np.random.Generator
    ) -> np.ndarray:
        """Return random weights as a memory's content; the least significant byte of a word has the lowest neuron.

        counts : the numbers of pre- and post-synaptic neurons; shape : (pre, post) of the whole memory
        """
        lo, hi = (span, span) if isinstance(span, int) else span
        weights = np.zeros(shape, np.int8)
        weights[: counts[0], : counts[1]] = rng.integers(lo, hi + 1, size=counts)
        weights[np.arange(shape[0]) % self.each != 0] = 0
        return weights.reshape(-1, layout.N_WEIGHTS).view("<u4").astype(np.uint32)

    def neuron_word(self, rng: np.random.Generator) -> int:
        """Return the word of a random pair of neurons; it may have any state, because the state starts as 0."""
        state = int.from_bytes(rng.bytes(layout.NEURONS.width // 8), "little")
        parameters = encode(layout.PAIR, thr=draw(self.thr, rng), alpha=draw(self.alpha, rng))
        free = (1 << layout.PAIR["thr"].lsb) - 1
        return state & free | parameters

    def chunk(self, memory: str, addr: int, rng: np.random.Generator) -> int:
        """Return 32 random bits of a memory's word; for a neuron's word, the 32 bits at this address."""
        if memory == layout.NEURONS.name:
            return int(to_limbs(self.neuron_word(rng), layout.NEURONS.n_limbs)[addr % layout.NEURONS.n_limbs])
        span = {layout.WINP.name: self.winp, layout.WREC.name: self.wrec, layout.WOUT.name: self.wout}[memory]
        return int.from_bytes(bytes(draw(span, rng) & 0xFF for _ in range(4)), "little")
