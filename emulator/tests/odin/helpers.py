"""The common part of ODIN's tests: a bench around the model, and updates of both neurons for arrays of stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from draupnir.emulator.codec import decode, encode, to_limbs, update
from draupnir.emulator.declare import Word
from draupnir.emulator.kernel.jit import outlined
from draupnir.emulator.odin import izh, lif
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.layout import (
    CHIP,
    IZH,
    NEURONS,
    SPI_ADDR,
    SPI_DATA,
    SPI_NEURON_ADDR,
    SPI_SYNAPSE_ADDR,
    SpiCmd,
    State,
)
from draupnir.emulator.trace import pack, unpack

SCK_HALF = 3  # clocks of half an SCK cycle; SCK must be at least 4 times slower than CLK (doc 2.1)
EVENTS = {event.name: event for event in CHIP.events}


@dataclass
class Bench:
    """A model, and the pins that drive it; every clock goes through ``clock``, ``clock_until`` or ``spi``."""

    seed: int | None = None
    pins: dict[str, int] = field(default_factory=lambda: {pin.name: 0 for pin in CHIP.inputs})

    def __post_init__(self) -> None:
        self.model = Model(self.seed)

    @property
    def r(self) -> Any:
        """Return the model's record of registers."""
        return self.model.registers[0]

    @property
    def outputs(self) -> dict[str, int]:
        """Return name -> present level of each output pin."""
        return unpack(CHIP.output_word, self.model.outputs)

    def clock(self, n: int = 1, **pins: int) -> dict[str, int]:
        """Set pins, and then clock n times. Return the output pins before the last edge."""
        self.pins |= pins
        row = pack(CHIP.input_word, self.pins)
        out = self.model.drive(np.full(n, row), np.ones(n, np.uint8))
        return unpack(CHIP.output_word, int(out[-1]))

    def set(self, **pins: int) -> None:
        """Set pins between two clock edges."""
        self.pins |= pins
        self.model.drive(np.array([pack(CHIP.input_word, self.pins)]), np.zeros(1, np.uint8))

    def clock_until(self, register: str, content: int, limit: int = 40_000) -> int:
        """Clock until a register of the model has this content. Return the number of clocks."""
        row, edge = np.array([pack(CHIP.input_word, self.pins)]), np.ones(1, np.uint8)
        for n in range(limit):
            if self.r[register] == content:
                return n
            self.model.drive(row, edge)
        raise AssertionError(f"{register} has not become {content} within {limit} clocks")

    def reset(self) -> None:
        """Reset the chip, and clock until the reset has passed the synchroniser."""
        self.clock(4, RST=1)
        self.clock(4, RST=0)

    def spi(self, addr: int, data: int = 0) -> list[int]:
        """Send a whole transaction while the clock runs. Return MISO at each of the 40 rising edges of SCK."""
        idle, mosi, sck = (pack(CHIP.input_word, pins) for pins in (self.pins, {"MOSI": 1}, {"SCK": 1}))
        rows = []
        for i in reversed(range(40)):
            low = idle | mosi * ((addr << 20 | data) >> i & 1)
            rows += [low] * SCK_HALF + [low | sck] * SCK_HALF
        rows += [idle] * SCK_HALF
        out = self.model.drive(np.array(rows), np.ones(len(rows), np.uint8))
        return [unpack(CHIP.output_word, int(o))["MISO"] for o in out[SCK_HALF :: 2 * SCK_HALF]]

    def configure(self, **registers: int) -> None:
        """Write configuration registers by SPI; their names have no SPI_, and SYN_SIGN has 256 bits."""
        for name, content in registers.items():
            register = CHIP.register(f"SPI_{name}")
            for i in range(register.n_addrs):
                part = content >> register.width * i & (1 << register.width) - 1
                self.spi(encode(SPI_ADDR, cmd=SpiCmd.CONFIG, addr=register.addr + i), part)

    def configure_all(self, **registers: int) -> None:
        """Write all configuration registers, by default 0; the burst time reference first, the gate last."""
        names = [register.name.removeprefix("SPI_") for register in CHIP.registers]
        names.sort(key=lambda name: (name == "GATE_ACTIVITY") - (name == "BURST_TIMEREF"))
        self.configure(BURST_TIMEREF=0)
        self.configure(**{name: registers.get(name, 0) for name in names})

    def start(self, **registers: int) -> None:
        """Reset the chip, and write all configuration registers, by default 0."""
        self.reset()
        self.configure_all(**registers)

    def spi_write(self, cmd: SpiCmd, word: int, byte: int, content: int, mask: int = 0) -> None:
        """Write a byte of a memory, and wait until the controller has done it; the gate must be closed."""
        frame = encode(SPI_ADDR, write=1, cmd=cmd, addr=byte_addr(cmd, word, byte))
        self.spi(frame, encode(SPI_DATA, byte=content, mask=mask))
        self.clock(6)

    def spi_read(self, cmd: SpiCmd, word: int, byte: int) -> int:
        """Read a byte of a memory; the gate must be closed."""
        miso = self.spi(encode(SPI_ADDR, read=1, cmd=cmd, addr=byte_addr(cmd, word, byte)))
        return int("".join(map(str, miso[-8:])), 2)

    def set_neuron(self, addr: int, word: Word, /, **fields: int) -> None:
        """Put a neuron directly into the memory; lif_izh_sel follows from ``word``."""
        content = encode(word, lif_izh_sel=int(word.name == "lif"), **fields)
        self.model.memories["neurons"][addr] = to_limbs(content, NEURONS.n_limbs)

    def neuron(self, addr: int) -> dict[str, int]:
        """Return name -> content of a neuron's fields."""
        content = sum(int(limb) << 32 * i for i, limb in enumerate(self.model.memories["neurons"][addr]))
        return decode(NEURONS.word_of(content), content)

    def set_synapse(self, pre: int, post: int, synapse: int) -> None:
        """Put 4 bits, of which the highest is the mapping bit, directly into the synapse memory."""
        memory, addr, shift = self.model.memories["synapses"], pre << 5 | post >> 3, 4 * (post & 7)
        memory[addr, 0] = int(memory[addr, 0]) & ~(15 << shift) | synapse << shift

    def synapse(self, pre: int, post: int) -> int:
        """Return the 4 bits of a synapse."""
        return int(self.model.memories["synapses"][pre << 5 | post >> 3, 0]) >> 4 * (post & 7) & 15

    def event(self, name: str, /, **fields: int) -> None:
        """Send an event over the input bus, and clock until the synchroniser shows that REQ has fallen."""
        self.clock(AERIN_ADDR=EVENTS[name].encode(**fields), AERIN_REQ=1)
        self.clock_until("state", State.WAIT_REQDN)
        self.clock(AERIN_REQ=0)
        self.clock_until("state", State.WAIT)

    def settle(self) -> None:
        """Clock until the scheduler is empty and the controller waits, and acknowledge all output events."""
        for _ in range(100_000):
            if (
                self.r.state == State.WAIT
                and self.r.main_empty
                and self.r.burst_empty.all()
                and not self.r.aerout_ctrl_busy
            ):
                return
            self.clock(AEROUT_ACK=self.outputs["AEROUT_REQ"])
        raise AssertionError("the chip does not come to rest")


def byte_addr(cmd: SpiCmd, word: int, byte: int) -> int:
    """Return the lower 16 bits of the SPI's address field for a memory."""
    return encode(SPI_NEURON_ADDR if cmd == SpiCmd.NEURONS else SPI_SYNAPSE_ADDR, word=word, byte=byte)


def neuron_words(word: Word, n: int, /, **fields: np.ndarray | int) -> np.ndarray:
    """Return n words of the neuron memory, (n, 4) uint32; fields : name -> (n,) column; all others are 0."""
    memory = np.zeros((n, NEURONS.n_limbs), np.int64)
    for name, column in fields.items():
        f = word[name]
        for limb in range(f.lsb // 32, f.msb // 32 + 1):
            shift = f.lsb - 32 * limb
            bits = np.asarray(column, np.int64) & (1 << f.width) - 1
            memory[:, limb] |= (bits << shift if shift >= 0 else bits >> -shift) & 0xFFFFFFFF
    return memory.astype(np.uint32)


@outlined
def lif_updates(neurons: np.ndarray, word: np.ndarray, stimuli: np.ndarray, out: np.ndarray) -> None:
    """Update each neuron by one event: write its state into ``neurons``, (spike, v_up, v_down) into ``out``.

    word : (4,) int64, scratch; stimuli : (n, 4) int64: syn_weight, syn_sign, syn_event, time_ref
    """
    for i in range(len(neurons)):
        s = stimuli[i]
        for limb in range(len(word)):
            word[limb] = np.int64(neurons[i, limb])
        n = lif.update(word, s[0], s[1], s[2], s[3])
        lif.store(neurons, i, n)
        out[i, 0], out[i, 1], out[i, 2] = n.spike, n.v_up, n.v_down


@outlined
def izh_updates(neurons: np.ndarray, word: np.ndarray, stimuli: np.ndarray, out: np.ndarray) -> None:
    """Update each neuron by one event. ``neurons`` gets its state, ``out`` (spike, v_up, v_down, spk_ref, isi_ref).

    word : (4,) int64, scratch; stimuli : (n, 5) int64: syn_weight, syn_sign, syn_event, time_ref, burst_end
    """
    for i in range(len(neurons)):
        s = stimuli[i]
        for limb in range(len(word)):
            word[limb] = np.int64(neurons[i, limb])
        n = izh.update(word, s[0], s[1], s[2], s[3], s[4])
        izh.store(neurons, i, n)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = n.spike, n.v_up, n.v_down, n.spk_ref, n.isi_ref


class IzhResult(NamedTuple):
    """The outputs of an Izhikevich neuron to the rest of the core."""

    spike: int
    v_up: int
    v_down: int
    spk_ref: int
    isi_ref: int


def izh_update(
    content: int, syn_weight: int, syn_sign: int, syn_event: int, time_ref: int, burst_end: int
) -> tuple[int, IzhResult]:
    """Return the model's neuron word after an event, and the neuron's outputs."""
    neurons = to_limbs(content, NEURONS.n_limbs)[np.newaxis, :]
    out = np.zeros((1, 5), np.int64)
    izh_updates(neurons, np.zeros(4, np.int64), np.array([[syn_weight, syn_sign, syn_event, time_ref, burst_end]]), out)
    return sum(int(limb) << 32 * i for i, limb in enumerate(neurons[0])), IzhResult(*map(int, out[0]))


class IzhNeuron:
    """An Izhikevich neuron in which each stimulation moves the membrane by a step."""

    def __init__(self, **fields: int) -> None:
        self.content = encode(IZH, **fields)

    @property
    def state(self) -> Mapping[str, int]:
        return decode(IZH, self.content)

    def event(self, *stimulus: int) -> IzhResult:
        self.content, result = izh_update(self.content, *stimulus)
        return result

    def excite(self) -> IzhResult:
        """Send an excitatory event that changes bit 3 of the accumulator (fi_sel 0): one step up."""
        self.content = update(IZH, self.content, inacc=7)
        return self.event(1, 0, 1, 0, 0)

    def inhibit(self) -> IzhResult:
        """Send such an event, but inhibitory: one step down."""
        self.content = update(IZH, self.content, inacc=8)
        return self.event(1, 1, 1, 0, 0)

    def tref(self) -> IzhResult:
        """Send a time reference."""
        return self.event(0, 0, 1, 1, 0)

    def idle(self, burst_end: int = 0) -> IzhResult:
        """Send an event with weight 0, which may be that of the neuron's own last burst spike."""
        return self.event(0, 0, 1, 0, burst_end)
