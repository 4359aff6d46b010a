"""snn-accelerator, declared: its pins, its flip-flops, and the signals inside that are compared.

Source: jeshraghian/snn-accelerator, src/wrapped_snn.v and the modules in it.
"""

from __future__ import annotations

from typing import NamedTuple

from draupnir.emulator.declare import Block, Chip, Pin, Probe, Reg

BITS = 8  # of a potential, a threshold and the input
THRESHOLD = 32  # after a reset
COPIES = 16  # neurons of each group
N_OUT = 2
DIVIDERS = ("clk2", "clk3", "clk4", "clk5")


class NeuronGroup(NamedTuple):
    """A group of 16 neurons.

    letter : of the instance in wrapped_snn.v
    module : of its neurons
    shift : the potential loses all but 1 / 2**shift of itself at each step
    divider : the divided clock at whose rise the neurons take a step; "" for those that do so at each rise of clk
    """

    letter: str
    module: str
    shift: int
    divider: str = ""


GROUPS = (
    NeuronGroup("a", "neuron", 1),
    *(NeuronGroup(letter, "neuron_slow", 1, divider) for letter, divider in zip("bcde", DIVIDERS, strict=True)),
    NeuronGroup("f", "neuron_2x", 2),
    NeuronGroup("g", "neuron_4x", 3),
    NeuronGroup("h", "neuron_8x", 4),
)
QUICK = tuple(i for i, group in enumerate(GROUPS) if not group.divider)
SLOW = tuple(i for i, group in enumerate(GROUPS) if group.divider)
N = COPIES * len(GROUPS)


def path(n: int) -> str:
    """Return the path of hidden neuron ``n``, 0..127, in the original."""
    return f"genblk{n // COPIES + 1}[{n}].{GROUPS[n // COPIES].letter}0"


PINS = (
    Pin("clk", "in", 1, "clock", "Clock; four divided clocks are made of it."),
    Pin("reset", "in", 1, "reset", "Reset, synchronous; it does not reach the potentials of the slow neurons."),
    Pin("in1", "in", BITS, "control", "Input current of all 128 hidden neurons."),
    Pin("spike_out", "out", N_OUT, "status", "Spikes of the output neurons; both always do the same."),
    Pin("state1", "out", BITS, "status", "Potential of output neuron 0."),
    Pin("io_oeb", "out", 10, "status", "Output enable of ten pads, active low; always 0."),
)
PROBES = (
    Probe("spike", N, "spike", "Spikes of the hidden neurons."),
    Probe("state2", BITS, "state2", "Potential of output neuron 1."),
    Probe("clk2", 1, "clk2", "Divided clock of group b, half as fast as clk."),
    Probe("clk3", 1, "clk3", "Divided clock of group c, half as fast as clk2."),
    Probe("clk4", 1, "clk4", "Divided clock of group d, half as fast as clk3."),
    Probe("clk5", 1, "clk5", "Divided clock of group e, half as fast as clk4."),
    *(
        Probe(
            f"{group.letter}0_state",
            BITS,
            f"{path(COPIES * i)}.state",
            f"Potential of neuron {COPIES * i}, the first of group {group.letter}.",
        )
        for i, group in enumerate(GROUPS)
    ),
)
BLOCKS = (
    Block("clk_div", tuple(Reg(divider, 1, reset=None if i else 0) for i, divider in enumerate(DIVIDERS)), "clk_div.v"),
    Block(
        "neuron",
        (Reg("state", BITS, curve=True), Reg("threshold", BITS, reset=THRESHOLD), Reg("spike", 1)),
        "neuron.v, neuron_2x.v, neuron_4x.v, neuron_8x.v",
        copies=COPIES * len(QUICK),
    ),
    Block(
        "neuron_slow",
        (
            Reg("slow_state", BITS, reset=None, curve=True),
            Reg("slow_threshold", BITS, reset=THRESHOLD),
            Reg("slow_spike", 1),
        ),
        "neuron_slow.v",
        copies=COPIES * len(SLOW),
    ),
    Block(
        "out_neuron",
        (Reg("out_state", BITS, curve=True), Reg("out_threshold", BITS, reset=THRESHOLD), Reg("out_spike", 1)),
        "out_neuron.v",
        copies=N_OUT,
    ),
)

CHIP = Chip(
    name="snn_accelerator",
    title="snn-accelerator: 128 neurons of eight time constants behind one input, and two that count their spikes",
    pins=PINS,
    memories=(),
    registers=(),
    blocks=BLOCKS,
    events=(),
    source="jeshraghian/snn-accelerator, src/wrapped_snn.v",
    probes=PROBES,
)
