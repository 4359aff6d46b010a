"""The integer network of ODIN and tinyODIN: a network's arithmetic, event by event, in plain NumPy and without clocks.

Read ``CrossbarNetwork`` first, then its ``run``. It is equal to the chip bit for bit: spikes and their order,
potentials, spikes that a full FIFO drops, synaptic operations. Nothing here is compiled, and nothing of the models is
used, so that it is a second way to the same numbers.

An input is the number of a row of the crossbar, 0..255, whose neuron is told to have spiked, or TIME_REFERENCE, at
which all neurons leak. ``addresses`` gives the events of a chip for them.

Source: ODIN doc v0.1, 2.2.1 and 3.3.2; tinyODIN doc v1.0, 2.2.1 and 3.1; controller.v, scheduler.v, fifo.v of both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from draupnir.emulator import columns
from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.layout import N
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.speeds.limits import NotAtRest

Integers = NDArray[np.int64]

TIME_REFERENCE = -1
MOST, MOST_PER_INPUT = 20_000, 200  # spike events that a run may take without a word


class Schedule(Enum):
    """The moment at which the sender gives the chip its next input.

    BACK_TO_BACK : as soon as the chip takes it. Then inputs and events of the FIFO take turns: one is taken, one is
    processed. A time reference so overtakes what is still in the FIFO. It holds for a sender whose gap between two
    handshakes is at most two clocks for each neuron that an event visits.
    AT_REST : when all that the input before has led to is done.
    """

    BACK_TO_BACK = "back to back"
    AT_REST = "at rest"


@dataclass(frozen=True)
class Limits:
    """The ranges of a chip's numbers.

    core_min, core_max : potentials, which saturate there; depth : events that the FIFO holds
    weight_min, weight_max, thr_max, leak_max : of what is configured
    """

    core_min: int
    core_max: int
    weight_min: int
    weight_max: int
    thr_max: int
    leak_max: int
    depth: int


@dataclass(frozen=True)
class NetworkOutcome:
    """The outcome of a run.

    neurons : (m,) int64, the spikes that leave the chip, in order
    inputs : (m,) int64, for each of them the input that was the last to be taken when it arises, 0 for the first
    timesteps : (m,) int64, the number of time references before it; one that arises in a time reference belongs to the
        timestep that this one ends
    core : (n,) int64, potentials at the end, in LSB
    lowest, highest : (n,) int64, ends of all potentials in the run, each before it is compared with the threshold
    dropped_spikes : spikes that found the FIFO full; they leave the chip, but stimulate nobody
    synaptic_operations : updates of a neuron by a spike event
    done : all inputs were taken and the FIFO is empty; False: ``most`` events were processed first
    """

    neurons: Integers
    inputs: Integers
    timesteps: Integers
    core: Integers
    lowest: Integers
    highest: Integers
    dropped_spikes: int
    synaptic_operations: int
    done: bool


@dataclass(frozen=True, eq=False)
class CrossbarNetwork:
    """A network on the crossbar. n is the number of neurons that an event visits, 1..256: 256 on ODIN.

    weights : (256, n) int64, pre- by post-synaptic neuron, in LSB of the potential, within the chip's range, which on
        ODIN is -7..7 with one sign a row
    thr : (n,) int64, in LSB; a neuron spikes when its next potential is at or above, and its potential becomes 0
    leak : (n,) int64, in LSB; moves a potential towards 0, and not past it, at a time reference
    enabled : (n,) bool; a neuron that is not enabled goes back to 0 at its threshold, but its spike stays inside
    core : (n,) int64, potentials at the start, in LSB
    closed_loop : whether a neuron's spikes go into the FIFO, to stimulate others
    limits : the chip's ranges, of which all of these are

    Raises InputError for what the chip cannot hold.
    """

    weights: Integers
    thr: Integers
    leak: Integers
    enabled: NDArray[np.bool_]
    core: Integers
    closed_loop: bool
    limits: Limits

    def __post_init__(self) -> None:
        n, most = self.n_neurons, self.limits
        if not 1 <= n <= N:
            raise InputError(f"{n} neurons; right is 1..{N}")
        if self.weights.shape != (N, n):
            raise InputError(f"weights: shape {self.weights.shape}; right is {(N, n)}")
        for name, of_neurons in (("leak", self.leak), ("enabled", self.enabled), ("core", self.core)):
            if of_neurons.shape != (n,):
                raise InputError(f"{name}: shape {of_neurons.shape}; right is {(n,)}, as thr has it")
        _check("weights", self.weights, most.weight_min, most.weight_max)
        _check("thr", self.thr, 0, most.thr_max)
        _check("leak", self.leak, 0, most.leak_max)
        _check("core", self.core, most.core_min, most.core_max)

    @property
    def n_neurons(self) -> int:
        """The number of neurons that an event visits."""
        return len(self.thr)

    # --- What an event does to the neurons ---

    def stimulated(self, core: Integers, pre: int) -> Integers:
        """Potentials after a spike of neuron ``pre``, before the threshold; they saturate."""
        potentials: Integers = np.minimum(
            np.maximum(core + self.weights[pre], self.limits.core_min), self.limits.core_max
        )
        return potentials

    def leaked(self, core: Integers) -> Integers:
        """Potentials after a time reference, before the threshold."""
        potentials: Integers = np.where(core < 0, np.minimum(core + self.leak, 0), np.maximum(core - self.leak, 0))
        return potentials

    # --- A run ---

    def run(self, inputs: ArrayLike, schedule: Schedule, most: int | None = None) -> NetworkOutcome:
        """Take all inputs, and process all that they lead to.

        inputs : (k,) integers, rows 0..255 or TIME_REFERENCE, in the order in which they are sent
        most : spike events to be processed; None: as many as should do (MOST, and MOST_PER_INPUT for each input), and
            NotAtRest is raised if they do not
        Raises InputError for an input that does not exist, and where the delays of the buses decide (``check_turns``).
        """
        numbers = _checked_inputs(inputs)
        limit = MOST + MOST_PER_INPUT * len(numbers) if most is None else most
        run = _NetworkRun(self, limit)
        for number in numbers:
            if run.is_stopped:
                break
            run.take(number)
            if schedule is Schedule.BACK_TO_BACK and run.n_taken < len(numbers):
                run.check_turns()
                run.process(1)
            else:
                run.process(limit)
        if most is None and run.is_stopped:
            raise NotAtRest(f"stopped after {limit:,} spike events: the network has not come to rest; most= gives more")
        return run.outcome(done=run.n_taken == len(numbers) and not run.fifo)


class _NetworkRun:
    """A run under way.

    fifo : neurons whose spikes wait; the one that is being processed is still there
    n_taken : inputs so far; n_left : spike events that may still be processed
    """

    def __init__(self, network: CrossbarNetwork, most: int) -> None:
        self.network, self.n_left = network, most
        self.core = self.lowest = self.highest = network.core
        self.fifo: deque[int] = deque()
        self.n_taken = self.n_time_references = self.n_processed = self.dropped_spikes = 0
        self.spikes = [np.zeros((0, 3), np.int64)]  # neuron, input, timestep
        self.last_spiked = False

    @property
    def is_stopped(self) -> bool:
        """Events wait that may no longer be processed."""
        return bool(self.fifo) and self.n_left == 0

    def take(self, number: int) -> None:
        """Take an input: a spike waits in the FIFO, where there is always room for it; all neurons leak at once."""
        self.n_taken += 1
        self.last_spiked = False
        if number == TIME_REFERENCE:
            self._fire(self.network.leaked(self.core))
            self.n_time_references += 1
        else:
            self.fifo.append(number)

    def process(self, n_events: int) -> None:
        """Process so many events of the FIFO, or all that there are; each leaves it when all neurons were visited."""
        while self.fifo and self.n_left and n_events:
            self._fire(self.network.stimulated(self.core, self.fifo[0]))
            self.fifo.popleft()
            self.n_processed += 1
            self.n_left -= 1
            n_events -= 1

    def _fire(self, core: Integers) -> None:
        """Compare the potentials with the thresholds: the spikes leave, and wait in the FIFO as far as it has room."""
        self.lowest, self.highest = np.minimum(self.lowest, core), np.maximum(self.highest, core)
        spikes = core >= self.network.thr
        self.core = np.where(spikes, 0, core)
        spikes &= self.network.enabled
        self.last_spiked = bool(spikes[-1])
        neurons = np.flatnonzero(spikes)
        if len(neurons):
            now = np.full((len(neurons), 2), (self.n_taken - 1, self.n_time_references))
            self.spikes.append(np.column_stack((neurons, now)))
        if self.network.closed_loop:
            room = self.network.limits.depth - len(self.fifo)
            self.fifo.extend(neurons[:room].tolist())
            self.dropped_spikes += max(len(neurons) - room, 0)

    def check_turns(self) -> None:
        """Raise InputError if the bus's delays decide what comes next: the next input, or an event of the FIFO.

        They do where the last neuron spikes at a time reference: its spike keeps the output bus, and with it the
        FIFO's next event, for as long as the receiver takes, and the next input may be there first.
        """
        if self.last_spiked and self.fifo:
            raise InputError(
                f"input {self.n_taken - 1}: neuron {self.network.n_neurons - 1}, the last one, spikes at a time"
                " reference while events wait in the FIFO, so that the delays of the buses decide what comes next;"
                " right is to send inputs at rest"
            )

    def outcome(self, done: bool) -> NetworkOutcome:
        """The outcome so far."""
        neurons, inputs, timesteps = np.concatenate(self.spikes).T
        return NetworkOutcome(
            neurons,
            inputs,
            timesteps,
            self.core,
            self.lowest,
            self.highest,
            self.dropped_spikes,
            self.n_processed * self.network.n_neurons,
            done,
        )


# --- Configurations ---------------------------------------------------------------------------------------------


def refuse_registers(configuration: Configuration, *names: str) -> None:
    """Raise InputError if one of these registers, of one address each, is not 0."""
    for name in names:
        (content,) = configuration.registers[name]
        if content:
            raise InputError(f"{name} is {content}; the integer network is only for 0")


def configured(
    chip: Chip,
    registers: Mapping[str, tuple[int, ...]],
    neurons: Mapping[str, Integers | NDArray[np.bool_] | int],
    synapses: Integers,
) -> Configuration:
    """A configuration in which the first n neurons are as told, and the others as if nobody had configured them.

    registers : those that are told, by name; neurons : (n,) integers, or one for all, by field of the default word
    synapses : (256, 256) integers, the bits of each
    """
    memory, matrix = chip.memory("neurons"), chip.memory("synapses")
    word = memory.words[0]
    words = np.tile(to_limbs(encode(word, **memory.unused), memory.n_limbs), (memory.depth, 1))
    n = max(len(column) for column in neurons.values() if not isinstance(column, int))
    words[:n] = 0
    for name, column in neurons.items():
        columns.put(word[name], words[:n], np.broadcast_to(column, n).astype(np.int64))
    return Configuration(
        chip,
        {r.name: (r.fallback,) * r.n_addrs for r in chip.registers} | dict(registers),
        {memory.name: words, matrix.name: columns.pack(synapses.astype(np.uint32), matrix)},
    )


# --- Inputs -----------------------------------------------------------------------------------------------------


def addresses(chip: Chip, inputs: ArrayLike) -> Integers:
    """The chip's events, (k,) int64 AERIN_ADDR, for (k,) inputs. Raises InputError for one that does not exist."""
    events = {event.name: event for event in chip.events}
    table = [events["spike"].encode(pre_neur=row) for row in range(N)] + [events["tref_all"].encode()]
    return np.array(table, np.int64)[_checked_inputs(inputs)]  # the last of the table is that of TIME_REFERENCE


def _checked_inputs(inputs: ArrayLike) -> Integers:
    """The inputs as integers. Raises InputError for one that does not exist."""
    numbers = np.asarray(inputs)
    if numbers.ndim != 1 or (len(numbers) and numbers.dtype.kind not in "iu"):
        raise InputError(f"inputs: {numbers.dtype} of shape {numbers.shape}; right is a column of integers")
    numbers = numbers.astype(np.int64)
    _check("inputs", numbers, TIME_REFERENCE, N - 1)
    return numbers


def _check(name: str, numbers: Integers, low: int, high: int) -> None:
    """Raise InputError, with the first place, if a number is out of range."""
    wrong = np.argwhere((numbers < low) | (numbers > high))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        raise InputError(f"{name}[{place}] is {numbers[tuple(wrong[0])]}; right is {low}..{high}")
