"""ReckOn's integer network: inference, timestep by timestep, in plain NumPy and without clocks.

Read ``Network`` first, then ``Network.run``. It is equal to the chip bit for bit: spikes and their order, potentials,
synaptic operations. Nothing here is compiled, and nothing of the models is used, so that it is a second way to the same
numbers. It has no random numbers and does not learn; a configuration that needs either is refused.

Three counts decide who takes part, and as on the chip they need not agree (``Network`` says how): nothing here is right
for even counts of neurons alone.

Source: ReckOn doc v1.0, 1 and 3; srnn.v.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from draupnir.emulator import columns
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Memory
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import (
    ALPHA_MSB,
    CHIP,
    N_OUT,
    NEURONS,
    PAIR,
    U_BITS,
    WEIGHT,
    WINP,
    WOUT,
    WREC,
    N,
)

Integers = NDArray[np.int64]

U_MIN, U_MAX = -(1 << (U_BITS - 1)), (1 << (U_BITS - 1)) - 1
ALPHA_FRACTION, KAPPA_FRACTION = 15, 7  # bits
ALPHA_CONF_BITS = CHIP.register("SPI_ALPHA_CONF").width
ALPHA_LSBS = PAIR["alpha"].width
ALPHA_MIN, ALPHA_MAX = ALPHA_MSB[0] << ALPHA_LSBS, (ALPHA_MSB[1] + 1 << ALPHA_LSBS) - 1
ALWAYS_REGUL = 0b110  # SPI_REGUL_MODE: learns also without TARGET_VALID
INPUT_TRACES = 0b001  # SPI_DO_EPROP


@dataclass(frozen=True)
class SampleOutcome:
    """The outcome of a sample of T timesteps.

    timesteps, neurons : (m,) int64, the recurrent neurons' spikes in order: the timestep at whose end each arises, and
        the neuron; it stimulates in the timestep after
    outputs : (T, n_out) int64, potentials of the output neurons at the end of each timestep, as the chip sends them
    u : (T, 256) int64, potentials of the recurrent neurons at the end of each timestep
    synaptic_operations : weights that were added to a potential, of recurrent and of output neurons
    """

    timesteps: Integers
    neurons: Integers
    outputs: Integers
    u: Integers
    synaptic_operations: int

    def winners(self) -> Integers:
        """(T,) int64, the first of the output neurons with the highest potential, in each timestep."""
        winners: Integers = self.outputs.argmax(axis=1)
        return winners

    def label(self, counts: ArrayLike | None = None) -> int:
        """The label that the chip sends: the first of the output neurons that won most often.

        counts : (T,) bool, timesteps with INFER_ACC high; None: all
        """
        winners = self.winners() if counts is None else self.winners()[np.asarray(counts, bool)]
        return int(np.bincount(winners, minlength=1).argmax())


@dataclass(frozen=True, eq=False)
class Network:
    """A network on ReckOn. Arrays are of all 256 neurons, since also those beyond the counts may take part.

    winp, wrec : (256, 256) int64, pre- by post-synaptic neuron, -128..127; wout : (256, 16) int64, likewise
    fp_loc_winp, fp_loc_wrec, fp_loc_wout : 0..7, left shift of these weights as they are added to a potential
    thr : (256,) int64, -32768..32767, the same for neurons 2 k and 2 k + 1, in LSB of the potential
    alpha : (256,) int64, 0x7000..0x8fff, decay of a potential in a timestep in 1/32768, likewise the same for two
    kappa : 0..255, decay of the output neurons' potentials in a timestep, in 1/128
    rst_mode : after a spike the potential is 0 reduced by the threshold, 1 set to 0
    n_inp, n_rec, n_out : input, recurrent and output neurons, 1..256, 1..256, 1..16

    A spike is looked for among neurons 0 to max(n_inp, n_rec) - 1, input and recurrent neurons alike. It stimulates an
    even number of neurons: with an odd n_rec also the one after the last. A timestep ends for an even number, too:
    neurons 0 to max(n_inp, n_rec, n_out) - 1, but with an odd number not the last of them.
    Raises InputError for what the chip cannot hold.
    """

    winp: Integers
    wrec: Integers
    wout: Integers
    fp_loc_winp: int
    fp_loc_wrec: int
    fp_loc_wout: int
    thr: Integers
    alpha: Integers
    kappa: int
    rst_mode: int
    n_inp: int
    n_rec: int
    n_out: int

    def __post_init__(self) -> None:
        shapes = {"winp": (N, N), "wrec": (N, N), "wout": (N, N_OUT), "thr": (N,), "alpha": (N,)}
        lows_and_highs = {
            **dict.fromkeys(("winp", "wrec", "wout"), (WEIGHT["w"].low, WEIGHT["w"].high)),
            "thr": (U_MIN, U_MAX),
            "alpha": (ALPHA_MIN, ALPHA_MAX),
            **dict.fromkeys(("fp_loc_winp", "fp_loc_wrec", "fp_loc_wout"), (0, 7)),
            "kappa": (0, 0xFF),
            "rst_mode": (0, 1),
            **dict.fromkeys(("n_inp", "n_rec"), (1, N)),
            "n_out": (1, N_OUT),
        }
        for name, (low, high) in lows_and_highs.items():
            numbers = np.asarray(getattr(self, name))
            if numbers.shape != shapes.get(name, ()):
                raise InputError(f"{name}: shape {numbers.shape}; right is {shapes.get(name, ())}")
            _check(name, numbers, low, high)
        for name in ("thr", "alpha"):
            odd = np.flatnonzero(getattr(self, name)[0::2] != getattr(self, name)[1::2])
            if len(odd):
                raise InputError(
                    f"{name} of neurons {2 * odd[0]} and {2 * odd[0] + 1} differs; on ReckOn they share one"
                )

    # --- Who takes part ---

    @property
    def n_searched(self) -> int:
        """Neurons among which spikes are looked for."""
        return max(self.n_inp, self.n_rec)

    @property
    def n_stimulated(self) -> int:
        """Neurons that a spike stimulates."""
        return self.n_rec + self.n_rec % 2

    @property
    def n_stepped(self) -> int:
        """Neurons that leak and spike at the end of a timestep."""
        n = max(self.n_searched, self.n_out)
        return n - n % 2

    # --- A sample ---

    def run(self, spikes: ArrayLike) -> SampleOutcome:
        """Run a sample, which begins with all potentials 0.

        spikes : (T, up to 256) bool or 0 and 1, input neurons that spike in each timestep; those that are sent before a
            tick count in the timestep that the tick begins
        Raises InputError for another shape, or other numbers.
        """
        u, oneur_u, z = np.zeros(N, np.int64), np.zeros(self.n_out, np.int64), np.zeros(N, bool)
        all_u, all_oneur_u, all_z, n_operations = [], [], [], 0
        for inp in _inputs(spikes):
            u, oneur_u = self.propagated(u, oneur_u, inp, z)
            n_operations += self._operations(inp, z)
            u, z = self.stepped(u)
            oneur_u = _wrapped(oneur_u * self.kappa >> KAPPA_FRACTION)
            all_u.append(u)
            all_oneur_u.append(oneur_u)
            all_z.append(z)
        timesteps, neurons = np.nonzero(np.reshape(all_z, (-1, N)))
        outputs = np.reshape(all_oneur_u, (-1, self.n_out))
        return SampleOutcome(timesteps, neurons, outputs, np.reshape(all_u, (-1, N)), n_operations)

    def propagated(
        self, u: Integers, oneur_u: Integers, inp: NDArray[np.bool_], z: NDArray[np.bool_]
    ) -> tuple[Integers, Integers]:
        """The potentials with the weights of all spikes, added neuron by neuron; they saturate after each.

        inp, z : (256,) bool, the input and the recurrent neurons that spike
        """
        beyond = u[self.n_stimulated :]
        u = u[: self.n_stimulated]
        for n in np.flatnonzero((inp | z)[: self.n_searched]):
            weights = inp[n] * (self.winp[n] << self.fp_loc_winp) + z[n] * (self.wrec[n] << self.fp_loc_wrec)
            u = _saturated(u + weights[: self.n_stimulated])  # the two weights always fit
            if z[n]:
                oneur_u = _saturated(oneur_u + (self.wout[n, : self.n_out] << self.fp_loc_wout))
        return np.concatenate((u, beyond)), oneur_u

    def _operations(self, inp: NDArray[np.bool_], z: NDArray[np.bool_]) -> int:
        """The number of weights that are added to a potential."""
        n_inp, n_rec = (int(np.count_nonzero(spikes[: self.n_searched])) for spikes in (inp, z))
        return (n_inp + n_rec) * self.n_stimulated + n_rec * self.n_out

    def stepped(self, u: Integers) -> tuple[Integers, NDArray[np.bool_]]:
        """End a timestep; returns the potentials after it, and who spikes."""
        z = u >= self.thr
        leaked = _wrapped(u * self.alpha >> ALPHA_FRACTION)
        after_spike = np.zeros(N, np.int64) if self.rst_mode else _wrapped(leaked - self.thr)
        steps = np.arange(N) < self.n_stepped
        return np.where(steps, np.where(z, after_spike, leaked), u), z & steps


# --- Configurations ---------------------------------------------------------------------------------------------


def network(configuration: Configuration) -> Network:
    """The network that a configuration of ReckOn is, while TARGET_VALID is low.

    Raises InputError for what the integer network is not for: noise, stochastic rounding, learning without
    TARGET_VALID, SPI_EN_CONF = 1, traces that bring back what the memory holds (see ``_refuse_traces``).
    """
    registers = {name: contents[0] for name, contents in configuration.registers.items()}
    for name in ("SPI_EN_CONF", "SPI_NOISE_EN", "SPI_EN_STOCH_ROUND"):
        if registers[name]:
            raise InputError(f"{name} is {registers[name]}; the integer network is only for 0")
    if registers["SPI_DO_EPROP"] and registers["SPI_REGUL_MODE"] & ALWAYS_REGUL == ALWAYS_REGUL:
        mode, learns = registers["SPI_REGUL_MODE"], registers["SPI_DO_EPROP"]
        raise InputError(f"SPI_REGUL_MODE is {mode} with SPI_DO_EPROP {learns}, which learns at each timestep")
    _refuse_traces(registers)
    words = configuration.memories[NEURONS.name]
    weights = {m.name: columns.entries(WEIGHT["w"], m, configuration.memories[m.name]) for m in (WINP, WREC, WOUT)}
    ones = np.array(configuration.registers["SPI_ALPHA_CONF"])[:, np.newaxis] >> np.arange(ALPHA_CONF_BITS) & 1
    alpha = np.array(ALPHA_MSB)[ones.ravel()] << ALPHA_LSBS | columns.column(PAIR["alpha"], words)
    return Network(
        winp=weights[WINP.name],
        wrec=weights[WREC.name],
        wout=weights[WOUT.name][:N],
        thr=np.repeat(columns.column(PAIR["thr"], words), 2),
        alpha=np.repeat(alpha, 2),
        **{name: registers[f"SPI_{name.upper()}"] for name in ("fp_loc_winp", "fp_loc_wrec", "fp_loc_wout")},
        kappa=registers["SPI_KAPPA"],
        rst_mode=registers["SPI_RST_MODE"],
        n_inp=registers["SPI_NUM_INP_NEUR"] + 1,
        n_rec=registers["SPI_NUM_REC_NEUR"] + 1,
        n_out=registers["SPI_NUM_OUT_NEUR"] + 1,
    )


def _refuse_traces(registers: Mapping[str, int]) -> None:
    """Raise InputError if input traces are kept, and there are more input than recurrent neurons.

    The trace of an input neuron beyond the recurrent ones makes its word of the memory count, and with it potentials
    that were left there by somebody else.
    """
    traces = registers["SPI_DO_EPROP"] & INPUT_TRACES or registers["SPI_FORCE_TRACES"]
    if traces and registers["SPI_NUM_INP_NEUR"] > registers["SPI_NUM_REC_NEUR"]:
        raise InputError(
            "there are more input than recurrent neurons, whose traces bring back potentials that the memory holds;"
            " right is SPI_DO_EPROP = 0 and SPI_FORCE_TRACES = 0"
        )


def configuration(network: Network, **registers: int) -> Configuration:
    """The configuration that makes ReckOn this network, for inference: it runs, does not learn, and keeps no traces.

    registers : other contents of registers of one address, by name
    """
    contents = {
        "SPI_EN_CONF": 0,
        "SPI_DO_EPROP": 0,
        **{f"SPI_{name.upper()}": getattr(network, name) for name in ("fp_loc_winp", "fp_loc_wrec", "fp_loc_wout")},
        "SPI_KAPPA": network.kappa,
        "SPI_RST_MODE": network.rst_mode,
        "SPI_NUM_INP_NEUR": network.n_inp - 1,
        "SPI_NUM_REC_NEUR": network.n_rec - 1,
        "SPI_NUM_OUT_NEUR": network.n_out - 1,
        **registers,
    }
    words = np.zeros((NEURONS.depth, NEURONS.n_limbs), np.uint32)
    columns.put(PAIR["thr"], words, network.thr[::2])
    columns.put(PAIR["alpha"], words, network.alpha[::2] & ((1 << ALPHA_LSBS) - 1))
    ones = (network.alpha[::2] >> ALPHA_LSBS == ALPHA_MSB[1]).astype(np.int64).reshape(-1, ALPHA_CONF_BITS)
    return Configuration(
        CHIP,
        {r.name: (r.fallback,) * r.n_addrs for r in CHIP.registers}
        | {name: (content,) for name, content in contents.items()}
        | {"SPI_ALPHA_CONF": tuple((ones << np.arange(ALPHA_CONF_BITS)).sum(axis=1).tolist())},
        {
            NEURONS.name: words,
            WINP.name: _memory_words(network.winp, WINP),
            WREC.name: _memory_words(network.wrec, WREC),
        }
        | {WOUT.name: _memory_words(network.wout, WOUT)},
    )


def _memory_words(weights: Integers, memory: Memory) -> NDArray[np.uint32]:
    """A memory's words; rows that the chip has and does not use are 0."""
    entries = np.zeros(columns.matrix_of(memory).shape, np.uint32)
    entries[: len(weights)] = weights & ((1 << WEIGHT.width) - 1)
    return columns.pack(entries, memory)


# --- Numbers ----------------------------------------------------------------------------------------------------


def _saturated(u: Integers) -> Integers:
    """The potentials, held within 16 bits."""
    return np.minimum(np.maximum(u, U_MIN), U_MAX)


def _wrapped(u: Integers) -> Integers:
    """The lower 16 bits, with their sign."""
    return (u - U_MIN & (1 << U_BITS) - 1) + U_MIN


def _inputs(spikes: ArrayLike) -> NDArray[np.bool_]:
    """(T, 256) bool. Raises InputError for another shape, or a number that is neither 0 nor 1."""
    spike_rows = np.asarray(spikes)
    if spike_rows.ndim != 2 or spike_rows.shape[1] > N:
        raise InputError(f"spikes: shape {spike_rows.shape}; right is a row of at most {N} for each timestep")
    wrong = np.argwhere((spike_rows != 0) & (spike_rows != 1))
    if len(wrong):
        timestep, neuron = wrong[0]
        raise InputError(f"spikes[{timestep}, {neuron}] is {spike_rows[timestep, neuron]}; right is 0 or 1")
    inputs = np.zeros((len(spike_rows), N), bool)
    inputs[:, : spike_rows.shape[1]] = spike_rows
    return inputs


def _check(name: str, numbers: NDArray[Any], low: int, high: int) -> None:
    """Raise InputError, with the first place, if a number is out of range."""
    wrong = np.argwhere((numbers < low) | (numbers > high))
    if len(wrong):
        place = f"[{', '.join(map(str, wrong[0]))}]" if numbers.ndim else ""
        raise InputError(f"{name}{place} is {numbers[tuple(wrong[0])]}; right is {low}..{high}")
