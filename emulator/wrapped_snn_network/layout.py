"""wrapped_snn_network, declared: its pins, its flip-flops, and the neurons inside that are compared.

Source: pengzhouzp/wrapped_snn_network, src/snn_network.v and the modules in it.
"""

from __future__ import annotations

from enum import IntEnum

from draupnir.emulator.declare import Block, Chip, Parameter, Pin, Probe, Reg, sized

BITS = 8  # of a current, a potential and a threshold
N_IN, N_HIDDEN, N_OUT = 16, 64, 8
THRESHOLD = 64  # ori_thr
ADAPTATION = 2  # adp_thr
SHIFT = 2  # decay_shift_cur, decay_shift_mem, decay_shift_thr


class Repair(IntEnum):
    """The brackets that the published Verilog lacks, and that a repaired one has."""

    NONE = 0
    LEAKS = 1
    ALL = 2


REPAIRED = Parameter(
    "repaired",
    Repair.NONE,
    Repair.NONE,
    Repair.ALL,
    "brackets that the Verilog lacks, repaired: 0 none, 1 of current and potential, 2 of the threshold, too",
)
PINS = (
    Pin("clk", "in", 1, "clock", "Clock; everything runs on its rising edge."),
    Pin("reset", "in", 1, "reset", "Reset, synchronous; it reaches all flip-flops."),
    Pin("in_signal", "in", N_IN, "control", "Input current of the input neurons, one bit each."),
    Pin("out_spk", "out", N_OUT, "status", "Spikes of the output neurons; all always do the same."),
    Pin("io_oeb", "out", N_OUT, "status", "Output enable of eight pads, active low; always 0."),
)


def path(n: int) -> str:
    """Return the path of neuron ``n`` in the original: 0..15 input, 16..79 hidden, 80..87 output."""
    if n < N_IN:
        return f"genblk1[{n}].in0"
    return f"genblk2[{n}].hid0" if n < N_IN + N_HIDDEN else f"genblk3[{n}].out0"


def _neuron(n: int, name: str, title: str) -> tuple[Probe, ...]:
    """The probes of one neuron; the prefix of their names is ``name``."""
    return (
        Probe(f"{name}_cur", BITS, f"{path(n)}.cur", f"Current of {title}."),
        Probe(f"{name}_mem", BITS, f"{path(n)}.mem", f"Potential of {title}."),
        Probe(f"{name}_thr", BITS, f"{path(n)}.thr", f"Threshold of {title}."),
    )


PROBES = (
    Probe("inp_spk", N_IN, "inp_spk", "Spikes of the input neurons."),
    Probe("hid_spk", N_HIDDEN, "hid_spk", "Spikes of the hidden neurons."),
    *(probe for n in range(N_IN) for probe in _neuron(n, f"in{n}", f"input neuron {n}")),
    *_neuron(N_IN, "hid0", "the first hidden neuron"),
    *_neuron(N_IN + N_HIDDEN, "out0", "the first output neuron"),
)


def _block(name: str, prefix: str, copies: int) -> Block:
    """The flip-flops of a layer of neurons; the prefix of their names is ``prefix``."""
    return Block(
        name,
        (
            Reg(f"{prefix}_cur", BITS),
            Reg(f"{prefix}_mem", BITS, curve=True),
            Reg(f"{prefix}_thr", BITS, reset=THRESHOLD),
            Reg(f"{prefix}_spk", 1),
        ),
        f"{name}.v",
        copies=copies,
    )


@sized(REPAIRED)
def declare(repaired: int) -> Chip:
    """The chip as it was published, or with the brackets that its authors probably meant."""
    return Chip(
        name="wrapped_snn_network",
        title="wrapped_snn_network: a recurrent network of 16, 64 and 8 neurons that never spikes",
        pins=PINS,
        memories=(),
        registers=(),
        blocks=(
            _block("input_neuron", "in", N_IN),
            _block("hidden_neuron", "hid", N_HIDDEN),
            _block("output_neuron", "out", N_OUT),
        ),
        events=(),
        source="pengzhouzp/wrapped_snn_network, src/snn_network.v",
        probes=PROBES,
    )


CHIP = declare()
