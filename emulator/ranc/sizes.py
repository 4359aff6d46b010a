"""The sizes of a RANC: the parameters of RANCNetworkGrid.v, with its names and defaults, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from draupnir.emulator.declare import Parameter
from draupnir.emulator.declare.errors import DeclarationError

MOST_PACKET_BITS = 60  # with the three other input pins in one integer of 63 bits
MOST_CORES = 999  # STRING_INDICES, the names of the memory images
LATE_FULL = "late_full"  # no parameter of the Verilog: it leaves open which of two blocks comes first at a rise of clk
PARAMETERS = (
    Parameter("GRID_DIMENSION_X", 5, 1, MOST_CORES, "cores from west to east"),
    Parameter("GRID_DIMENSION_Y", 1, 1, MOST_CORES, "cores from south to north"),
    Parameter("OUTPUT_CORE_X_COORDINATE", 4, 0, MOST_CORES - 1, "column of the output bus, which replaces a core"),
    Parameter("OUTPUT_CORE_Y_COORDINATE", 0, 0, MOST_CORES - 1, "row of the output bus"),
    Parameter("NUM_OUTPUTS", 256, 2, 1 << 16, "outputs, which give packet_out its width"),
    Parameter("NUM_NEURONS", 256, 2, 4096, "neurons of a core"),
    Parameter("NUM_AXONS", 256, 2, 4096, "axons of a core"),
    Parameter("NUM_TICKS", 16, 2, 64, "ticks of a scheduler, a power of two"),
    Parameter("NUM_WEIGHTS", 4, 2, 16, "weights of a neuron, a power of two"),
    Parameter("NUM_RESET_MODES", 2, 2, 16, "reset modes; all but the first two set a potential to 0"),
    Parameter("POTENTIAL_WIDTH", 9, 2, 32, "bits of a potential"),
    Parameter("WEIGHT_WIDTH", 9, 1, 32, "bits of a weight, not more than of a potential"),
    Parameter("LEAK_WIDTH", 9, 1, 32, "bits of a leak"),
    Parameter("THRESHOLD_WIDTH", 9, 1, 32, "bits of a threshold"),
    Parameter("DX_MSB", 29, 1, MOST_PACKET_BITS - 1, "highest bit of a packet's distance to the east"),
    Parameter("DX_LSB", 21, 1, MOST_PACKET_BITS - 1, "lowest bit of it; right is DY_MSB + 1"),
    Parameter("DY_MSB", 20, 1, MOST_PACKET_BITS - 1, "highest bit of a packet's distance to the north"),
    Parameter("DY_LSB", 12, 1, MOST_PACKET_BITS - 1, "lowest bit of it; right is the bits of an axon and a tick"),
    Parameter("ROUTER_BUFFER_DEPTH", 4, 1, 64, "packets of each buffer in a router, a power of two"),
    Parameter(LATE_FULL, 0, 0, 1, "1: a core sees at once that a full buffer is read, as in Verilator by default"),
)
_POWERS = ("NUM_TICKS", "NUM_WEIGHTS", "ROUTER_BUFFER_DEPTH")


class Sizes(NamedTuple):
    """The sizes in the form that kernels take. A width is in bits.

    n_x, n_y : cores in a row, and rows
    n_routers : routers, one in each core and one in the output bus
    output : the number of the output bus among the routers, which count from west to east, then from south to north
    instruction_width : of a neuron instruction, which selects a weight
    dx_lsb, dx_width, dy_lsb, dy_width, axon_width, tick_width : of the parts of a packet
    depth : packets of a buffer
    late_full : 1 if a core sees the counts of its buffers after the edge
    """

    n_x: int
    n_y: int
    n_routers: int
    output: int
    n_neurons: int
    n_axons: int
    n_ticks: int
    n_weights: int
    potential_width: int
    weight_width: int
    leak_width: int
    threshold_width: int
    reset_mode_width: int
    instruction_width: int
    neuron_width: int
    output_width: int
    dx_lsb: int
    dx_width: int
    dy_lsb: int
    dy_width: int
    axon_width: int
    tick_width: int
    depth: int
    late_full: int

    @property
    def packet_width(self) -> int:
        """The bits of a packet at the input."""
        return self.dx_lsb + self.dx_width

    @property
    def n_cores(self) -> int:
        """The cores, which are the routers without the output bus."""
        return self.n_routers - 1


def clog2(n: int) -> int:
    """Return the bits of the numbers 0..n - 1, as $clog2 does; n : at least 1"""
    return (n - 1).bit_length()


def sizes_of(parameters: Mapping[str, int]) -> Sizes:
    """Return the sizes for these parameters of RANCNetworkGrid.v. Raises DeclarationError if they contradict."""
    p = parameters
    _check(p)
    return Sizes(
        n_x=p["GRID_DIMENSION_X"],
        n_y=p["GRID_DIMENSION_Y"],
        n_routers=p["GRID_DIMENSION_X"] * p["GRID_DIMENSION_Y"],
        output=p["OUTPUT_CORE_X_COORDINATE"] + p["OUTPUT_CORE_Y_COORDINATE"] * p["GRID_DIMENSION_X"],
        n_neurons=p["NUM_NEURONS"],
        n_axons=p["NUM_AXONS"],
        n_ticks=p["NUM_TICKS"],
        n_weights=p["NUM_WEIGHTS"],
        potential_width=p["POTENTIAL_WIDTH"],
        weight_width=p["WEIGHT_WIDTH"],
        leak_width=p["LEAK_WIDTH"],
        threshold_width=p["THRESHOLD_WIDTH"],
        reset_mode_width=clog2(p["NUM_RESET_MODES"]),
        instruction_width=clog2(p["NUM_WEIGHTS"]),
        neuron_width=clog2(p["NUM_NEURONS"]),
        output_width=clog2(p["NUM_OUTPUTS"]),
        dx_lsb=p["DX_LSB"],
        dx_width=p["DX_MSB"] - p["DX_LSB"] + 1,
        dy_lsb=p["DY_LSB"],
        dy_width=p["DY_MSB"] - p["DY_LSB"] + 1,
        axon_width=clog2(p["NUM_AXONS"]),
        tick_width=clog2(p["NUM_TICKS"]),
        depth=p["ROUTER_BUFFER_DEPTH"],
        late_full=p[LATE_FULL],
    )


def _check(p: Mapping[str, int]) -> None:
    """Raise DeclarationError for parameters that contradict each other."""
    n_cores = p["GRID_DIMENSION_X"] * p["GRID_DIMENSION_Y"]
    if not 2 <= n_cores <= MOST_CORES:
        raise DeclarationError(f"the grid has {n_cores} cores; right is 2..{MOST_CORES}")
    for axis in ("X", "Y"):
        n, place = p[f"GRID_DIMENSION_{axis}"], p[f"OUTPUT_CORE_{axis}_COORDINATE"]
        if place >= n:
            raise DeclarationError(f"OUTPUT_CORE_{axis}_COORDINATE={place} is not in the grid; right is 0..{n - 1}")
    for name in _POWERS:
        if p[name] & (p[name] - 1):
            raise DeclarationError(f"{name}={p[name]}; right is a power of two")
    if p["WEIGHT_WIDTH"] > p["POTENTIAL_WIDTH"]:
        raise DeclarationError(f"WEIGHT_WIDTH={p['WEIGHT_WIDTH']}; right is at most POTENTIAL_WIDTH")
    target_bits = clog2(p["NUM_AXONS"]) + clog2(p["NUM_TICKS"])
    for name, right in (("DY_LSB", target_bits), ("DX_LSB", p["DY_MSB"] + 1)):
        if p[name] != right:
            raise DeclarationError(f"{name}={p[name]}; right is {right}, because a packet has no unused bits")
    for axis in ("DX", "DY"):
        if p[f"{axis}_MSB"] < p[f"{axis}_LSB"]:
            raise DeclarationError(f"{axis}_MSB={p[f'{axis}_MSB']}; right is at least {p[f'{axis}_LSB']}, {axis}_LSB")


def grid(
    x: int, y: int, output: tuple[int, int], n_axons: int = 16, n_neurons: int = 8, n_ticks: int = 16, **others: int
) -> dict[str, int]:
    """Return the sizes of a grid, those that differ from the defaults; a packet has no unused bits."""
    lsb = clog2(n_axons) + clog2(n_ticks)
    packet = {"DY_LSB": lsb, "DY_MSB": lsb + 8, "DX_LSB": lsb + 9, "DX_MSB": lsb + 17}
    sizes = {"GRID_DIMENSION_X": x, "GRID_DIMENSION_Y": y, "NUM_AXONS": n_axons, "NUM_NEURONS": n_neurons}
    sizes |= {"OUTPUT_CORE_X_COORDINATE": output[0], "OUTPUT_CORE_Y_COORDINATE": output[1], "NUM_TICKS": n_ticks}
    return sizes | packet | others
