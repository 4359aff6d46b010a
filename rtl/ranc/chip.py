"""RANC's top: the two edges of the clock, and the grid of routers, all but one of which have a core.

Source: RANCNetworkGrid.v, OutputBus.v.
"""

from collections.abc import Mapping

from amaranth import Cat, ClockDomain, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from draupnir.emulator.ranc.layout import CHIP, CORE_PROBES, declare
from draupnir.emulator.ranc.layout import Buffer as BufferName
from draupnir.emulator.ranc.sizes import Sizes, grid, sizes_of
from draupnir.rtl.design import OurChip
from draupnir.rtl.lib.views import ports_of
from draupnir.rtl.ranc.core import Core
from draupnir.rtl.ranc.router import DIRECTIONS, Router

INPUT = "i_east"  # packets come into the grid as if from a router in the west of router 0
STEPS = {"east": (1, 0), "west": (-1, 0), "north": (0, 1), "south": (0, -1)}
PLACES = {  # a probe of a core -> its path
    "state": "token_controller.state",
    "neuron": "token_controller.csram_addr",
    "potential": "neuron_block.potential",
    "write": "token_controller.csram_write",
    "spike": "token_controller.spike_out",
    "clear": "token_controller.scheduler_clr",
    "tick": "scheduler.read_address",
    "error": "token_controller.error",
}


class Ranc(wiring.Component):
    """A grid with these sizes, which ``declare`` has; with the pins that are declared for them."""

    def __init__(self, **sizes: int) -> None:
        chip = declare(**sizes)
        super().__init__(ports_of(chip.pins))
        self._sizes = s = sizes_of(chip.sizes)
        self.routers = [Router(s) for _ in range(s.n_routers)]
        self.cores = {n: Core(s, k) for k, n in enumerate(_cores(s))}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.sync = rise = ClockDomain()
        m.domains.fall = fall = ClockDomain(clk_edge="neg")
        m.domains.unreset = unreset = ClockDomain(reset_less=True)
        m.d.comb += [domain.clk.eq(self.clk) for domain in (rise, fall, unreset)]
        m.d.comb += [domain.rst.eq(self.rst) for domain in (rise, fall)]
        for n, router in enumerate(self.routers):
            m.submodules[f"router_{n}"] = router
            self._connect_neighbours(m, n)
        for n, core in self.cores.items():
            m.submodules[f"core_{n}"] = core
            self._connect_core(m, core, self.routers[n])
        s, output = self._sizes, self.routers[self._sizes.output]
        m.d.comb += [
            self.packet_out.eq(output.packet[s.tick_width :]),
            self.packet_out_valid.eq(output.valid),
            self.token_controller_error.eq(Cat(core.error for core in self.cores.values()).any()),
        ]
        return m

    def _connect_neighbours(self, m: Module, n: int) -> None:
        """Connect a router with those before it in each direction. At an edge of the grid no packet comes."""
        s, router = self._sizes, self.routers[n]
        for name in DIRECTIONS:
            x, y = n % s.n_x - STEPS[name][0], n // s.n_x - STEPS[name][1]
            i = getattr(router, f"i_{name}")
            if 0 <= x < s.n_x and 0 <= y < s.n_y:
                connect(m, getattr(self.routers[x + y * s.n_x], f"o_{name}"), i)
            elif n == 0 and f"i_{name}" == INPUT:
                m.d.comb += [i.packet.eq(self.packet_in), i.empty.eq(self.input_buffer_empty)]
                m.d.comb += self.ren_to_input_buffer.eq(i.read_en)
            else:
                m.d.comb += i.empty.eq(1)

    def _connect_core(self, m: Module, core: Core, router: Router) -> None:
        m.d.comb += [
            core.tick.eq(self.tick),
            core.packet.eq(router.packet),
            core.valid.eq(router.valid),
            core.packet_next.eq(router.packet_next),
            core.reading.eq(router.reading),
            core.full.eq(router.core_full),
            router.from_core.eq(core.packet_out),
            router.from_core_valid.eq(core.spike),
        ]


def _cores(s: Sizes) -> list[int]:
    return [n for n in range(s.n_routers) if n != s.output]


def memories(**sizes: int) -> dict[str, str]:
    """Return each copy of a memory -> the path of its array."""
    places = {"csram": "csram.words", "neuron_instructions": "token_controller.neuron_instructions.words"}
    places["scheduler_sram"] = "scheduler.sram"
    cores = _cores(sizes_of(declare(**sizes).sizes))
    return {f"{name}[{k}]": f"core_{n}.{path}" for name, path in places.items() for k, n in enumerate(cores)}


def probes(**sizes: int) -> dict[str, str]:
    """Return each probe -> its path."""
    s = sizes_of(declare(**sizes).sizes)
    of_cores = {f"{one.name}_{n}": f"core_{n}.{PLACES[one.name]}" for n in _cores(s) for one in CORE_PROBES}
    of_routers: dict[str, str] = {}
    for n in range(s.n_routers):
        of_routers |= {f"packet_{n}": f"router_{n}.packet", f"valid_{n}": f"router_{n}.valid"}
        names = [one.name.lower() for one in BufferName]
        of_routers |= {f"n_{name}_{n}": f"router_{n}.{name}.status_counter" for name in names}
    return of_cores | of_routers


def _variant(x: int, y: int, n_axons: int, n_neurons: int) -> tuple[str, Mapping[str, int]]:
    """Return a grid whose output bus is in the north-east, with its name."""
    return f"{x} x {y}, {n_axons} axons, {n_neurons} neurons", grid(x, y, (x - 1, y - 1), n_axons, n_neurons)


_GRIDS = ((2, 1), (2, 2), (3, 2))
_CORES = ((16, 8), (64, 64), (256, 256))
VARIANTS: dict[str, Mapping[str, int]] = {"whole": {}} | dict(
    _variant(*sizes, *core) for core in _CORES for sizes in _GRIDS
)
RTL = OurChip(CHIP, "ranc", Ranc, memories, zeros=("scheduler_sram",), variants=VARIANTS, probes=probes)
