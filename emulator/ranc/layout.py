"""RANC, declared for any of its sizes: pins, memories, flip-flops, and the signals inside that are compared.

Source: UA-RCL/RANC, hardware/IP/RANCNetwork/src/sources, top RANCNetworkGrid.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from draupnir.emulator.buses.fifo_pull import FIFO_PULL
from draupnir.emulator.declare import Block, Bus, Chip, Memory, Pin, Probe, Reg, sized
from draupnir.emulator.ranc.sizes import PARAMETERS, Sizes, clog2, sizes_of
from draupnir.emulator.ranc.words import instruction_word, neuron_word, spikes_word


class State(IntEnum):
    """The states of a token controller."""

    IDLE = 0
    SET_SCHED_INIT_CSRAM = 1
    FIRST_AXON = 2
    SPIKE_IN = 3
    WRITE_CSRAM = 4
    NEURON_CHECK = 5
    CLR_SCHED = 6


class Merge(IntEnum):
    """The merges of a router."""

    EAST = 0
    WEST = 1
    NORTH = 2
    SOUTH = 3
    LOCAL = 4


class Buffer(IntEnum):
    """The buffers of a router, in the order in which the merges read them.

    The name begins with the part that holds the buffer. A merge reads its routing buffer in the router before it.
    """

    EAST_ROUTING = 0
    LOCAL_EAST = 1
    WEST_ROUTING = 2
    LOCAL_WEST = 3
    NORTH_ROUTING = 4
    EAST_NORTH = 5
    WEST_NORTH = 6
    SOUTH_ROUTING = 7
    EAST_SOUTH = 8
    WEST_SOUTH = 9
    NORTH_LOCAL = 10
    SOUTH_LOCAL = 11


# Each merge reads its buffers in this order: the first one that is not empty.
SOURCES = {
    Merge.EAST: (Buffer.EAST_ROUTING, Buffer.LOCAL_EAST),
    Merge.WEST: (Buffer.WEST_ROUTING, Buffer.LOCAL_WEST),
    Merge.NORTH: (Buffer.NORTH_ROUTING, Buffer.EAST_NORTH, Buffer.WEST_NORTH),
    Merge.SOUTH: (Buffer.SOUTH_ROUTING, Buffer.EAST_SOUTH, Buffer.WEST_SOUTH),
    Merge.LOCAL: (Buffer.NORTH_LOCAL, Buffer.SOUTH_LOCAL),
}
BUFFER_PATHS = {
    Buffer.EAST_ROUTING: "forward_east.routing_buffer",
    Buffer.LOCAL_EAST: "from_local.buffer_east",
    Buffer.WEST_ROUTING: "forward_west.routing_buffer",
    Buffer.LOCAL_WEST: "from_local.buffer_west",
    Buffer.NORTH_ROUTING: "forward_north.routing_buffer",
    Buffer.EAST_NORTH: "forward_east.north_buffer",
    Buffer.WEST_NORTH: "forward_west.north_buffer",
    Buffer.SOUTH_ROUTING: "forward_south.routing_buffer",
    Buffer.EAST_SOUTH: "forward_east.south_buffer",
    Buffer.WEST_SOUTH: "forward_west.south_buffer",
    Buffer.NORTH_LOCAL: "forward_north.local_buffer",
    Buffer.SOUTH_LOCAL: "forward_south.local_buffer",
}
N_BUFFERS, N_MERGES = len(Buffer), len(Merge)


class CoreProbe(NamedTuple):
    """A signal that is compared in each core; ``width`` is a field of ``Sizes`` or a number of bits."""

    name: str
    width: str | int
    path: str
    meaning: str


CORE_PROBES = (
    CoreProbe("state", 4, "TokenController.state", "State of the token controller of core {}."),
    CoreProbe("neuron", "neuron_width", "CSRAM_addr", "Neuron at which core {} is."),
    CoreProbe("potential", "potential_width", "neuron_potential", "Potential to be written in core {}."),
    CoreProbe("write", 1, "CSRAM_write", "The potential is written at the next fall in core {}."),
    CoreProbe("spike", 1, "router_spike", "The neuron of core {} sends a packet at the next rise."),
    CoreProbe("clear", 1, "scheduler_clr", "The present tick is cleared at the next rise in core {}."),
    CoreProbe("tick", "tick_width", "Scheduler.read_address", "Present tick of core {}."),
    CoreProbe("error", 1, "token_controller_error", "A tick has come while core {} was busy."),
)
PACKET_MEANING = "Packet for the axons at place {}."
VALID_MEANING = "The packet is taken at the next rise at place {}."


def path_of(s: Sizes, router: int) -> str:
    """Return the path of a core, or of the output bus, in the original."""
    return f"gencore[{router}].genblk1.{'OutputBus' if router == s.output else 'Core'}"


def _core_probes(s: Sizes, router: int) -> list[Probe]:
    """The probes of a core, without those of its router."""
    return [
        Probe(
            f"{probe.name}_{router}",
            getattr(s, probe.width) if isinstance(probe.width, str) else probe.width,
            f"{path_of(s, router)}.{probe.path}",
            probe.meaning.format(router),
        )
        for probe in CORE_PROBES
    ]


def _router_probes(s: Sizes, router: int) -> list[Probe]:
    """The probes of a router: the packet that leaves the mesh here, and the packets in each buffer."""
    path, is_output = path_of(s, router), router == s.output
    packet, valid, name = (
        ("router_packet", "router_packet_valid", "Router_tb")
        if is_output
        else ("scheduler_packet", "scheduler_wen", "Router")
    )
    counts = [
        Probe(
            f"n_{buffer.name.lower()}_{router}",
            clog2(s.depth) + 1,
            f"{path}.{name}.{BUFFER_PATHS[buffer]}.genblk1.status_counter",
            f"Packets in {BUFFER_PATHS[buffer]} at place {router}.",
        )
        for buffer in Buffer
    ]
    return [
        Probe(f"packet_{router}", s.axon_width + s.tick_width, f"{path}.{packet}", PACKET_MEANING.format(router)),
        Probe(f"valid_{router}", 1, f"{path}.{valid}", VALID_MEANING.format(router)),
        *counts,
    ]


def probes(s: Sizes) -> tuple[Probe, ...]:
    """All probes, first those of all cores, then those of all routers."""
    cores = [router for router in range(s.n_routers) if router != s.output]
    return (
        *(probe for router in cores for probe in _core_probes(s, router)),
        *(probe for router in range(s.n_routers) for probe in _router_probes(s, router)),
    )


def _pins(s: Sizes) -> tuple[Pin, ...]:
    return (
        Pin("clk", "in", 1, "clock", "Clock; controllers and buffers use its rise, the rest its fall.", edges="both"),
        Pin("rst", "in", 1, "reset", "Reset, synchronous; it does not stop a core that is busy."),
        Pin("tick", "in", 1, "control", "A tick begins, in every core that is idle."),
        Pin("input_buffer_empty", "in", 1, "bus", "There is no packet for the grid."),
        Pin("packet_in", "in", s.packet_width, "bus", "Packet: distances, axon, tick."),
        Pin("packet_out", "out", s.output_width, "status", "Output of a packet for the output bus: its axon."),
        Pin("packet_out_valid", "out", 1, "status", "There is a packet for the output bus, for one clock."),
        Pin("ren_to_input_buffer", "out", 1, "bus", "The grid takes a packet at the rise of clk."),
        Pin("token_controller_error", "out", 1, "status", "A tick has come while a core was busy."),
        Pin("scheduler_error", "out", 1, "status", "Always 0."),
    )


def _core_blocks(s: Sizes) -> tuple[Block, ...]:
    """The flip-flops of a core. No reset reaches any but ``error``."""
    n_limbs, word = -(-neuron_word(s).width // 32), neuron_word(s).width
    free = [
        Reg("state", 4, None, states=State),
        Reg("row_count", s.axon_width + 1, None),
        Reg("error", 1),
        *(Reg(name, 1, None) for name in ("scheduler_set", "scheduler_clr", "csram_write")),
        Reg("csram_addr", s.neuron_width, None),
        Reg("neuron_instruction", s.instruction_width, None),
        *(Reg(name, 1, None) for name in ("spike_out", "neuron_reg_en", "next_neuron", "write_current_potential")),
    ]
    return (
        Block("token_controller", tuple(free), "TokenController.v", copies=s.n_cores),
        Block("csram", (Reg("data_out", min(word, 32), None, (n_limbs,)),), "CSRAM.v", copies=s.n_cores),
        Block(
            "neuron_block",
            (Reg("integrator_potential", s.potential_width, None, signed=True, curve=True),),
            "EnReg.v",
            copies=s.n_cores,
        ),
        Block("scheduler", (Reg("read_address", s.tick_width, None),), "Counter.v", copies=s.n_cores),
    )


def _router_blocks(s: Sizes) -> tuple[Block, ...]:
    """The flip-flops of a router. A reset clears only the first entry of a buffer."""
    buffers = (N_BUFFERS,)
    pointer = max(1, clog2(s.depth))
    return (
        Block(
            "buffers",
            (
                Reg("entries", s.packet_width, None, (N_BUFFERS, s.depth)),
                Reg("read_pointer", pointer, shape=buffers),
                Reg("write_pointer", pointer, shape=buffers),
                Reg("status_counter", clog2(s.depth) + 1, shape=buffers),
                Reg("output_data", s.packet_width, shape=buffers),
            ),
            "Buffer.v",
            copies=s.n_routers,
        ),
        Block(
            "merges",
            (
                Reg("read_en", 1, shape=buffers, meaning="Read enable of the merge that reads this buffer."),
                Reg("merge_dout", s.packet_width, shape=(N_MERGES,)),
                Reg("wen", 1, shape=(N_MERGES,)),
            ),
            "Merge2.v, Merge3.v",
            copies=s.n_routers,
        ),
    )


@sized(*PARAMETERS)
def declare(**parameters: int) -> Chip:
    """The grid with these parameters of RANCNetworkGrid.v."""
    s = sizes_of(parameters)
    neuron, instruction, spikes = neuron_word(s), instruction_word(s), spikes_word(s)
    return Chip(
        name="ranc",
        title="RANC: a grid of spiking cores with a network of routers",
        pins=_pins(s),
        memories=(
            Memory("csram", s.n_neurons, neuron.width, (neuron,), "CSRAM.v, memory", copies=s.n_cores),
            Memory(
                "neuron_instructions",
                s.n_axons,
                instruction.width,
                (instruction,),
                "TokenController.v, neuron_instructions",
                copies=s.n_cores,
            ),
            Memory("scheduler_sram", s.n_ticks, spikes.width, (spikes,), "SchedulerSRAM.v, memory", copies=s.n_cores),
        ),
        registers=(),
        blocks=(*_core_blocks(s), *_router_blocks(s)),
        events=(),
        buses=(
            Bus(
                "packets",
                FIFO_PULL,
                {"data": "packet_in", "empty": "input_buffer_empty", "pull": "ren_to_input_buffer"},
                "Packets into the grid, at the west of core 0.",
                {"latency": 1},
                clock="clk",
            ),
        ),
        source="UA-RCL/RANC, hardware/IP/RANCNetwork/src/sources, top RANCNetworkGrid",
        probes=probes(s),
    )


CHIP = declare()
