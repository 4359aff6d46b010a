"""ODIN's workloads.

Each is held to be ordinary traffic for the chip: random spikes at a random neuron's synapses as fast as the handshake
allows, now and then a time reference to all, and the network's own spikes back into it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emulator.codec import encode
from emulator.odin.layout import CHIP, NEURONS, SPI_ADDR, SPI_DATA, SPI_FRAME, SYNAPSES, N, SpiCmd
from emulator.trace import pack
from golden.ranges import Range
from golden.recipes.odin_contents import Group, Synapses, neurons, synapses
from tools.bench.workloads import Silicon, Workload

RESET_CLOCKS = 4
EVENTS = {event.name: event for event in CHIP.events}
# 75 MHz at 0.55 V, a synaptic operation in two clocks (C. Frenkel et al., IEEE TBioCAS 13(1), 2019).
SILICON = Silicon(75e6, 37.5e6, {"lif": "#1b6ca8", "izh": "#c8553d", "bursts": "#588157"})


def lif(n_events: int) -> Workload:
    """256 LIF neurons that learn by SDSP; half of them inhibitory, so that the network's own spikes do not flood it."""
    learning: dict[str, Range] = {
        "ca_en": 1,
        "thetamem": (10, 40),
        "ca_theta1": (0, 1),
        "ca_theta2": (3, 5),
        "ca_theta3": (4, 7),
        "caleak": (1, 4),
    }
    group = Group("lif", {"thr": (24, 100), "leak_str": (2, 8), "leak_en": 1, **learning})
    rng = np.random.default_rng(1)
    registers = {"SPI_SYN_SIGN": _half_inhibitory(rng)}
    return _workload("lif", "LIF neurons that learn (SDSP)", (group,), Synapses(mapped=0.6), registers, n_events, rng)


def izhikevich(n_events: int) -> Workload:
    """256 Izhikevich neurons of five behaviours, single spikes."""
    base: dict[str, Range] = {"leak_str": (0, 20), "leak_en": 1, "fi_sel": (0, 2), "thr": (3, 7), "stim_thr": (1, 3)}
    groups = (
        Group("izh", {**base, "rfr": (0, 4)}),
        Group("izh", {**base, "spklat_en": 1, "dapdel": (0, 7), "rfr": (0, 3)}),
        Group("izh", {**base, "phasic_en": 1, "rfr": (0, 2)}),
        Group("izh", {**base, "thrvar_en": 1, "thr_sel_of": 1, "thrleak": (1, 15), "rfr": (0, 3)}),
        Group("izh", {**base, "acc_en": 1, "thrleak": (0, 4), "neg_en": 1}),
    )
    rng = np.random.default_rng(2)
    registers = {"SPI_SYN_SIGN": _half_inhibitory(rng)}
    return _workload("izh", "Izhikevich neurons", groups, Synapses(mapped=0.5), registers, n_events, rng)


def bursts(n_events: int) -> Workload:
    """256 Izhikevich neurons, one in sixteen of which answers with bursts: more would overrun the burst FIFOs."""
    base: dict[str, Range] = {"leak_str": (0, 20), "leak_en": 1, "fi_sel": (1, 3), "thr": (3, 7), "rfr": (1, 3)}
    groups = (Group("izh", base, 15), Group("izh", {**base, "spk_ref": (1, 2), "isi_ref": (0, 7)}))
    rng = np.random.default_rng(3)
    registers = {"SPI_SYN_SIGN": _half_inhibitory(rng), "SPI_BURST_TIMEREF": 50}
    what = "Izhikevich neurons with bursts"
    return _workload("bursts", what, groups, Synapses(mapped=0.5), registers, n_events, rng)


WORKLOADS: tuple[Callable[[int], Workload], ...] = (lif, izhikevich, bursts)


def _half_inhibitory(rng: np.random.Generator) -> int:
    """SPI_SYN_SIGN, all 256 bits."""
    return sum(1 << int(neur) for neur in rng.permutation(N)[: N // 2])


def _workload(
    name: str,
    what: str,
    groups: tuple[Group, ...],
    connected: Synapses,
    registers: dict[str, int],
    n_events: int,
    rng: np.random.Generator,
) -> Workload:
    memories = {NEURONS.name: neurons(groups, rng), SYNAPSES.name: synapses(connected, rng)}
    events = np.array([EVENTS["spike"].encode(pre_neur=pre) for pre in range(N)])[rng.integers(N, size=n_events)]
    events[rng.random(n_events) < 1 / 16] = EVENTS["tref_all"].encode()
    return Workload(CHIP, name, what, memories, *_configure(registers), events)


def _configure(registers: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows: a reset, then every configuration register by SPI, those not named 0, SCK quicker than the clock."""
    reset, rest = pack(CHIP.input_word, {"RST": 1}), 0
    inputs = [reset] * RESET_CLOCKS + [rest] * RESET_CLOCKS
    clk = [1] * len(inputs)
    for register in CHIP.registers:
        content = registers.get(register.name, 0)
        for i in range(register.n_addrs):
            part = content >> register.width * i & (1 << register.width) - 1
            inputs += _frame(encode(SPI_ADDR, cmd=SpiCmd.CONFIG, addr=register.addr + i), part)
            clk += [0] * (len(inputs) - len(clk))
    inputs += [rest] * RESET_CLOCKS
    return np.array(inputs, dtype=np.int64), np.array(clk + [1] * RESET_CLOCKS, dtype=np.uint8)


def _frame(addr: int, content: int) -> list[int]:
    """Rows of an SPI transaction: each bit with SCK low, then high; SCK low at the end."""
    bits = [(addr << SPI_DATA.width | content) >> i & 1 for i in reversed(range(SPI_FRAME))]
    return [pack(CHIP.input_word, {"MOSI": bit, "SCK": sck}) for bit in bits for sck in (0, 1)] + [0]
