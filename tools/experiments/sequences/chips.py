"""Gungnir and ODIN between a host and its spikes, as the tasks on sequences need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from draupnir.emulator import columns
from draupnir.emulator.codec import encode
from draupnir.emulator.gungnir.chip import Model as Gungnir
from draupnir.emulator.gungnir.events import engine as gungnir_engine
from draupnir.emulator.gungnir.layout import CHIP, LIF, NEURONS, N
from draupnir.emulator.odin.chip import Model as Odin
from draupnir.emulator.odin.events import engine as odin_engine
from draupnir.emulator.parts.handshake import Environment

EVENTS = {event.name: event for event in CHIP.events}
SPIKE = [EVENTS["spike"].encode(pre_neur=row) for row in range(N)]
TIME_REFERENCE = EVENTS["tref_all"].encode()
LEARN = EVENTS["learn_all"].encode()
VIRTUAL_MAX = EVENTS["virtual"]["weight"].high
AMOUNT_MAX = EVENTS["signal"]["amount"].high  # of one event
DECAY_ALL = 255  # SPI_TRACE_DECAY with which one time reference ends every trace
READOUT = encode(LIF, lif_izh_sel=1, leak_en=1, thr=LIF["thr"].high, eprop_en=1, readout=1)  # a word; without leakage
SIGN_BITS = CHIP.register("SPI_SYN_SIGN").width


class Lesson(NamedTuple):
    """A lesson by e-prop.

    amount : the learning signal for the right readout, and with a minus for the wrong one, 1..127
    margin : by how much the right readout must lead so that there is no lesson
    """

    amount: int
    margin: int


def inhibitory(rows: Iterable[int]) -> list[int]:
    """Return the contents of SPI_SYN_SIGN with which these rows inhibit, and all others excite."""
    signs = sum(1 << row for row in rows)
    return [signs >> lsb & ((1 << SIGN_BITS) - 1) for lsb in range(0, N, SIGN_BITS)]


def virtual(neur: int, sign: int = 0) -> int:
    """Return AERIN_ADDR of a virtual event of full weight to a neuron; sign : 1 inhibitory."""
    return EVENTS["virtual"].encode(neur=neur, weight=VIRTUAL_MAX, sign=sign)


class OdinHost:
    """A host of ODIN, which has the memories of a task.

    registers : name -> content, a list for a register with several addresses
    memories : name -> words
    """

    def __init__(self, registers: Mapping[str, int | list[int]], memories: Mapping[str, np.ndarray]) -> None:
        self.model: Any = self._new_model()
        self.model.reset()
        self.n_clocks = 0
        for name, content in registers.items():
            self.write(name, content)
        for name, words in memories.items():
            self.model.memories[name][:] = words

    def _new_model(self) -> Any:
        return Odin()

    def _run(self, addrs: NDArray[np.int64]) -> Any:
        return odin_engine.run(self.model, addrs, Environment())

    def write(self, register: str, content: int | list[int]) -> None:
        """Write a configuration register, as the host does over SPI; the chip must be at rest."""
        self.model.registers[0][register.lower()] = content

    def send(self, addrs: Sequence[int]) -> NDArray[np.int64]:
        """Send events until the chip is at rest; return the neurons that spiked, in order, (n,) int64 0..255."""
        ran = self._run(np.array(addrs, dtype=np.int64))
        self.n_clocks += ran.n_cycles
        spikes: NDArray[np.int64] = ran.addrs
        return spikes

    def potentials(self, neurons: Sequence[int]) -> NDArray[np.int64]:
        """The potentials of LIF neurons, as the host reads them over SPI, (n,) int64 0..255."""
        return columns.column(LIF["core"], self.model.memories[NEURONS.name])[list(neurons)]

    def sums(self, neurons: Sequence[int], spikes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum up what each of these neurons has integrated: spikes times threshold, and its potential, (n,) int64."""
        n_spikes = np.array([np.count_nonzero(spikes == neur) for neur in neurons])
        return n_spikes * LIF["thr"].high + self.potentials(neurons)

    def clear(self, neurons: Sequence[int]) -> None:
        """Bring the potentials of these neurons to 0 by virtual events."""
        self.send([virtual(neur, sign=1) for neur in neurons] * (LIF["core"].high // VIRTUAL_MAX + 1))


class GungnirHost(OdinHost):
    """A host of Gungnir, which teaches by e-prop."""

    def _new_model(self) -> Any:
        return Gungnir()

    def _run(self, addrs: NDArray[np.int64]) -> Any:
        return gungnir_engine.run(self.model, addrs, Environment())

    def teach(self, amounts: Mapping[int, int]) -> None:
        """Send learning signals, a time reference, and let all synapses learn; amounts : neuron -> -127..127."""
        events = []
        for neur, amount in amounts.items():
            whole, rest = divmod(abs(amount), AMOUNT_MAX)
            sign = 1 if amount > 0 else -1
            events += [EVENTS["signal"].encode(neur=neur, amount=sign * part) for part in [AMOUNT_MAX] * whole + [rest]]
        self.send([*events, TIME_REFERENCE, LEARN])

    def forget(self, neurons: Sequence[int]) -> None:
        """End all traces, and bring the potentials of these neurons to 0, before the next sample."""
        decay = int(self.model.registers[0].spi_trace_decay)
        self.write("SPI_TRACE_DECAY", DECAY_ALL)
        self.clear(neurons)
        self.send([TIME_REFERENCE])
        self.write("SPI_TRACE_DECAY", decay)

    def answer(self, addrs: Sequence[int], readouts: Sequence[int], label: int, lesson: Lesson | None) -> bool:
        """Show a sample, tell whether the answer is right, and forget the sample.

        The answer is the one of two readouts that has integrated more. label : the right one, 0 or 1
        lesson : is given before the chip forgets, unless the right one leads by its margin; None for no learning
        """
        sums = self.sums(readouts, self.send(addrs))
        if lesson is not None and sums[label] - sums[1 - label] < lesson.margin:
            self.teach({readouts[label]: lesson.amount, readouts[1 - label]: -lesson.amount})
        self.forget(readouts)
        return bool(np.argmax(sums) == label)
