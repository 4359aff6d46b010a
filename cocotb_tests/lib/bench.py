"""The common part of the benches of all chips: pins, clock, memories, and the golden model in lockstep."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn, Self, TypedDict

import cocotb
import numpy as np
from cocotb.simtime import TimeUnit
from cocotb.triggers import RisingEdge, Timer

from draupnir.cocotb_tests.lib import memory, wrapper
from draupnir.cocotb_tests.lib.bus import BusPins, Pins, control
from draupnir.cocotb_tests.lib.bus import level as level_of
from draupnir.cocotb_tests.lib.checker import Lockstep
from draupnir.cocotb_tests.lib.clock import PERIOD_NS, ChipClock, ClockEdges
from draupnir.cocotb_tests.lib.player import Player
from draupnir.cocotb_tests.lib.recorder import Recorder
from draupnir.cocotb_tests.lib.session import Session
from draupnir.cocotb_tests.lib.sides import BusMonitor, BusReceiver, BusSender, Owing
from draupnir.emulator.declare import UsedClock
from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import new_rows

RESET_CYCLES = 5


class Limit(TypedDict):
    """The time limit of a test in simulated time: the arguments of ``cocotb.test``."""

    timeout_time: float
    timeout_unit: TimeUnit


# path of a design -> the state in which the last bench of this simulation has left it: the model in the design's state,
# or None if the two are not in step. The next bench goes on from this state, as the design does.
_LEFT: dict[str, ClockLevel | None] = {}


class ChipBench:
    """Within ``async with`` a bench gives a chip that is ready. At the end it checks the chip against the model.

    A chip's bench makes its drivers, and then calls ``hold``. ``initial`` has the memories' contents before the first
    clock, ``prepare`` does everything that comes before a test, and ``notes`` returns the bench's own counts.

    dut : the simulator's top, which is the design itself or a module around it with the chip's pins
    memories : declared name -> path below ``dut`` of its array, if size and name of the array do not show it
    ports : declared pin -> port, if the port's name differs by more than case and underscores
    settling : cycles at the end in which the chip completes what it has begun
    periods : clock pin -> its period in nanoseconds, if it is not 10. The first edge of each clock comes half a period
        after the start; it is a rise, or a fall if the chip uses only the fall
    undefined : output pins that the chip's sources leave unknown for some time after a reset; their X is no difference

    A bench does not need the runner (``lib.session``); without it, the seed is cocotb's.

    Raises InputError for a pin or a memory that is not found.
    """

    settling = 0
    periods: Mapping[str, float] = MappingProxyType({})
    undefined: Collection[str] = ()

    def __init__(
        self,
        dut: Any,
        model: ClockLevel,
        memories: Mapping[str, str] | None = None,
        ports: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self.chip = model, model.chip
        self.session = Session.here()
        self.rng = np.random.default_rng(self.session.seed)
        self.pins = Pins(dut, self.chip, ports, self.session.probes)
        self.clocks = {clock.pin.name: self._clock(clock) for clock in self.chip.clocks}
        self.clock = self.clocks[self.chip.clock.name]
        self.edges = ClockEdges(self.chip, self.clocks)
        paths = {**self.session.memories, **(memories or {})}
        self.memories = {one.name: memory.find_memory(dut, one, paths) for one in self.chip.memories}
        self._began = time.perf_counter()
        self._cpu = time.process_time()

    def _clock(self, clock: UsedClock) -> ChipClock:
        name = clock.pin.name
        half = None if self.session.naive else control(self.pins.dut, wrapper.half_period(self.chip, name))
        return ChipClock(self.pins[name], half, self.periods.get(name, PERIOD_NS), clock.idle, clock.n_edges)

    def sender(self, bus: str, timing: Any = None, rng: np.random.Generator | None = None) -> BusSender:
        """Return the sending side of a bus into the chip; timing : for the bus's kind, None to keep the protocol."""
        pins = self.pins.bus(bus)
        player = None if self.session.naive else Player.for_bus(self.pins.dut, pins.wired)
        return BusSender(pins, self._clock_of(pins), timing, rng, player=player)

    def receiver(self, bus: str, timing: Any = None, rng: np.random.Generator | None = None) -> BusReceiver:
        """Return the receiving side of a bus out of the chip. Call its ``start``."""
        pins = self.pins.bus(bus)
        return BusReceiver(pins, self._clock_of(pins), timing, rng)

    def monitor(self, bus: str) -> BusMonitor:
        """Return a monitor of the items that pass over a bus. Call its ``start``."""
        pins = self.pins.bus(bus)
        return BusMonitor(pins, self._clock_of(pins))

    def _clock_of(self, pins: BusPins) -> ChipClock:
        return self.clocks[self.chip.clock_of_bus(pins.wired.bus).pin.name]

    def hold(self, owing: Iterable[Owing]) -> None:
        """Compare the model with the pins from the first clock on; owing : drivers that know the chip's debts."""
        waveform = Path(self.session.folder) / "pins.fst"
        recorder = Recorder(self.pins, self.edges)
        self.lockstep = Lockstep(
            self.model, recorder, self.clock, owing, self.undefined, self.session.reproduce, waveform
        )
        self.lockstep.early = not self.session.random_start
        if self.session.look_every:
            self.lockstep.look_at(self.memories, self.session.look_from, self.session.look_every)

    def initial(self) -> Mapping[str, np.ndarray]:
        """Return the contents of memories before the first clock: name -> uint32 of ``Memory.shape``."""
        return {}

    async def prepare(self) -> None:
        """Prepare the chip for a test. The clocks run, and all inputs are at rest."""
        await self.reset()

    def notes(self) -> dict[str, Any]:
        """Return more notes for the runner."""
        return {}

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self._end()
            raise
        return self

    def _go_on(self) -> None:
        """Bring the model into the state in which the last bench has left the design."""
        last_model = _LEFT.pop(self.pins.dut._path, self.model)
        if last_model is None:
            raise RuntimeError(
                "the test before this one has left the design out of step with the golden model; run this test alone, "
                "in a simulation of its own: set COCOTB_TEST_FILTER to its name"
            )
        self.model.restore(last_model.snapshot())

    async def _start(self) -> None:
        self._go_on()
        resting = {name: clock.idle for name, clock in self.clocks.items()}
        for name, level in (resting | self.chip.inputs_at_rest).items():
            self.pins[name].value = level
        await Timer(1, "ns", round_mode="ceil")  # The design's own initial blocks may clear memories.
        for declaration in self.chip.memories:
            self._load(declaration.name, self.initial().get(declaration.name, self.model.memories[declaration.name]))
        if self.session.check:
            self.model.drive(
                new_rows(self.chip.input_word, 0), np.zeros(0, np.uint8)
            )  # This loads machine code before the test's time counts.
            self.lockstep.start()
        self._began = time.perf_counter()
        self._cpu = time.process_time()
        if self.session.naive:
            cocotb.start_soon(self._poll())
        for clock in self.clocks.values():
            clock.start()
        await self.prepare()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.clock.cycles(max(1, self.settling))
            if self.session.check and kind is None:
                self.lockstep.finish(self.memories)
            elif self.session.check and isinstance(error, Exception) and not self.lockstep.counts.mismatches:
                self.lockstep.compare()  # A difference may explain a failed assertion.
        finally:
            self._end()

    def _end(self) -> None:
        """Stop the clock, so that the next bench can go on from here, and log the numbers of compared bits."""
        self.lockstep.stop()
        for clock in self.clocks.values():
            clock.stop()
        _LEFT[self.pins.dut._path] = self.model if self.lockstep.in_step else None
        self._note()

    async def _poll(self) -> NoReturn:
        """Read two output pins before each edge, and do nothing with them."""
        first, second = [self.pins[pin.name] for pin in self.chip.outputs[:2]]
        edge = RisingEdge(self.pins[self.chip.clock.name])
        while True:
            await edge
            self.polled = (first.value, second.value)

    def _note(self) -> None:
        counts, difference = self.lockstep.counts, self.lockstep.difference
        cocotb.log.info("compared with the golden model of %s: %s", self.chip.name, counts)
        self.session.note(
            cycles=self.clock.cycle(),
            compared=counts.cycles,
            mismatches=counts.mismatches,
            output_bits=counts.bits.total,
            unknown=dict(counts.bits.unknown),
            absent=dict(counts.bits.absent),
            probes=dict(counts.bits.probes),
            unknown_before_reset=dict(counts.before_reset.unknown),
            never_known=counts.never_known(),
            first_difference=difference.as_object() if difference else None,
            equal_until=self.lockstep.equal_until,
            warnings=self.model.warnings(),
            seconds=time.perf_counter() - self._began,
            cpu=time.process_time() - self._cpu,
            **self.notes(),
        )

    async def reset(self, cycles: int = RESET_CYCLES) -> None:
        """Activate all reset pins for some cycles of the slowest clock, and wait until the chip has left its reset."""
        slowness = -(-max(clock.period for clock in self.clocks.values()) // self.clock.period)
        for active, n in ((True, cycles), (False, RESET_CYCLES)):
            for pin, level in self.chip.reset_levels(active).items():
                self.pins[pin].value = level
            await self.clock.cycles(n * slowness)

    def load(self, contents: Mapping[str, np.ndarray]) -> None:
        """Overwrite memories through the back door, in design and model; the chip must be idle."""
        if self.session.check:
            self.lockstep.compare()
        for name, content in contents.items():
            self._load(name, content)

    def _load(self, name: str, content: np.ndarray) -> None:
        memory.write(self.memories[name], self.chip.memory(name), content)
        self.model.memories[name][:] = content

    def word(self, name: str, addr: int, copy: int | None = None) -> int:
        """Read a word of the design's memory through the back door; copy : number of the copy, None without copies."""
        handle = self.memories[name] if copy is None else self.memories[name][copy]
        return int(handle[addr].value)

    async def levels(self, pin: str, clocks: int) -> list[int | None]:
        """Return the level of a pin in each of these clocks; None for one that is not known."""
        pin_levels = []
        for _ in range(clocks):
            await self.clock.cycles(1)
            pin_levels.append(level_of(self.pins[pin]))
        return pin_levels

    def length(self, n: int) -> int:
        """Return the number of repetitions for a random test: ``n``, or a tenth of it in a slow simulator."""
        n *= self.session.times
        return n if self.session.simulator == "verilator" else max(1, n // 10)
