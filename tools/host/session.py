"""Functions for a network on a chip behind a bridge: program, verify, read, send events and receive spikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import repeat

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.emulator.speeds.runs import AT_REST
from draupnir.emulator.spi.port import port
from draupnir.golden.compare import MemoryDifference, memory_difference
from draupnir.golden.compare.memories import ALL_BITS
from draupnir.rtl.bridge.protocol import READ_HALF, WRITE_HALF, Operation
from draupnir.tools.compile.spi import stream
from draupnir.tools.host.device import LONGEST_RUN, WRAP, BridgedChip, Progress
from draupnir.tools.host.queue import BoardQueue
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.spikes import Take

QUIET = 1 << 17  # clocks without any event after which a chip counts as at rest
PER_OPERATION = 10  # an operation may take as long as so many events: a timestep with all its learning
RUNS_TO_REST = 2  # a wait for rest takes at most so many times the clocks of quiet, and the chip's own work
FURTHEST = WRAP // 2  # the largest number of clocks between two events


@dataclass
class HostOutcome:
    """The outcome of a run.

    n_events, n_spikes : the numbers of events sent and of spikes received
    n_cycles : clocks of the run, None if not known: a board does not see when the chip itself comes to rest
    n_cycles_to_last_event : clocks until the last move on the buses for events and spikes; None if the run was stopped
    done : True if the run ended by itself, False if it was stopped at a limit
    """

    n_events: int = 0
    n_spikes: int = 0
    n_cycles: int | None = None
    n_cycles_to_last_event: int | None = None
    done: bool = True

    def report(self) -> dict[str, int | bool]:
        """The figures that are known, by name."""
        return {name: figure for name, figure in asdict(self).items() if figure is not None}


def program(
    device: BridgedChip,
    configuration: Configuration,
    present: Mapping[str, np.ndarray] | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> int:
    """Reset the chip, and write its registers and memories. Reset it again if that does not change its registers.

    present : memory -> its earlier contents, (depth, limbs) uint32; None if they are not known
    advance : receives numbers of transactions
    Returns the number of transactions.
    """
    device.stop()
    device.reset()
    transactions = stream.pack(configuration, present)
    for n in device.spi(transactions, port(configuration.chip).bits // 8, WRITE_HALF):
        advance(n)
    _begin_anew(device, configuration)
    return len(transactions)


def _begin_anew(device: BridgedChip, configuration: Configuration) -> None:
    """Reset the chip, unless the reset would change its registers."""
    if all(register.reset is None for register in configuration.chip.registers):
        device.reset()


def verify(
    device: BridgedChip,
    configuration: Configuration,
    words: Mapping[str, np.ndarray],
    advance: Callable[[int], None] = lambda n: None,
) -> list[MemoryDifference]:
    """Read memories of a chip over its SPI just after programming. Returns those that differ from the configuration.

    words : memory -> the addresses to read, (n,) integers in 0..depth - 1; other words are not compared
    advance : receives numbers of words
    """
    contents = read(device, configuration, words, advance)
    _begin_anew(device, configuration)
    differences = []
    for name, content in contents.items():
        memory = configuration.chip.memory(name)
        known_bits = np.zeros_like(content)
        known_bits[words[name]] = ALL_BITS
        differences.append(memory_difference(memory, configuration.memories[name], content, known_bits=known_bits))
    return [difference for difference in differences if difference.n_differing]


def read(
    device: BridgedChip,
    configuration: Configuration,
    words: Mapping[str, np.ndarray],
    advance: Callable[[int], None] = lambda n: None,
) -> dict[str, np.ndarray]:
    """Read memories of a chip over its SPI. The registers are as configured after that.

    words : memory -> the addresses to read, (n,) integers in 0..depth - 1; other words are 0 in the result
    advance : receives numbers of words
    Returns memory -> its contents, (depth, limbs) uint32. A chip that is not at rest continues to run meanwhile.
    """
    width = port(configuration.chip).chunk_bits
    contents = {name: [0] * configuration.chip.memory(name).depth for name in words}
    for name, word, chunk, chunk_content in _read(device, configuration, words, advance):
        contents[name][word] |= chunk_content << chunk * width
    limbs = {name: configuration.chip.memory(name).n_limbs for name in words}
    return {name: np.array([to_limbs(word, limbs[name]) for word in content]) for name, content in contents.items()}


def _read(
    device: BridgedChip, configuration: Configuration, words: Mapping[str, np.ndarray], advance: Callable[[int], None]
) -> Iterator[tuple[str, int, int, int]]:
    """Read chunks of memories; yields memory, word, number and contents of each. Then restore the registers."""
    spi_port = port(configuration.chip)
    n_bytes = spi_port.bits // 8
    for _ in device.spi([spi_port.encode(write) for write in spi_port.begin()], n_bytes, WRITE_HALF):
        pass
    for name, addrs in words.items():
        n_chunks = configuration.chip.memory(name).width // spi_port.chunk_bits
        reads = [spi_port.encode_read(name, addr, chunk) for addr in addrs.tolist() for chunk in range(n_chunks)]
        for i, answer in enumerate(device.spi_read(reads, n_bytes, READ_HALF)):
            yield name, int(addrs[i // n_chunks]), i % n_chunks, spi_port.answer(answer)
            advance(i % n_chunks == n_chunks - 1)
    for _ in device.spi([spi_port.encode(write) for write in spi_port.end(configuration)], n_bytes, WRITE_HALF):
        pass


def run(
    device: BridgedChip,
    blocks: Iterable[EventBlock],
    environment: Environment,
    max_cycles: int | None = None,
    quiet: int = QUIET,
    take: Take = lambda cycles, addrs: None,
    advance: Callable[[int], None] = lambda n: None,
    longest_run: int = LONGEST_RUN,
) -> HostOutcome:
    """Send events and receive spikes, until all events are sent and the chip is quiet, or for ``max_cycles`` clocks.

    Cycles are counted from 0, the first clock of this run. An event is sent when its cycle has come and the event
    before it is acknowledged. The bridge stops the chip's clock while it would have to wait for the line, so the speed
    of the line does not change the result.

    A board does not see when the chip is at rest. So an event with AT_REST is sent when nothing has moved on the buses
    for ``quiet`` clocks. The default is more than the chip needs for the events in a full FIFO.

    max_cycles : at least 0; None stops only a chip that does not come to rest (``limits.clock_limit``)
    quiet : the run ends after so many clocks without an event in or out, at least 1
    take : receives cycles and addresses of spikes, (n,) int64 each; advance : receives numbers of events
    longest_run : the clock runs for at most so many clocks at a time, at least ``quiet``. So the number of clocks after
        the last event does not depend on the speed of the line either.
    """
    first_cycle, waits, e = device.poll().now, _Waits(), environment

    def clock_limit(n_events: int) -> int:
        if max_cycles is not None:
            return max_cycles
        clocks = waits.latest + RUNS_TO_REST * quiet * waits.n_rests
        return limits.clock_limit(n_events, clocks, e.gap + e.hold, e.ack_delay + e.ack_hold)

    entries = _events(blocks, first_cycle, waits)
    outcome = _BoardRun(device, entries, clock_limit, quiet, take, advance, longest_run).run(environment)
    if outcome.done:
        outcome.n_cycles, outcome.n_cycles_to_last_event = None, outcome.n_cycles
    return outcome


def lead(
    device: BridgedChip,
    operations: np.ndarray,
    environment: Environment,
    max_cycles: int | None = None,
    take: Take = lambda cycles, content: None,
    advance: Callable[[int], None] = lambda n: None,
) -> HostOutcome:
    """Let the bridge carry out operations on a chip that its host leads. As ``run``, with received bytes for spikes.

    operations : (n, 2) integers, ``draupnir.rtl.bridge.protocol.Operation`` (SET + i for level i) and operand, which is
        0..2**32 - 1
    A byte that first appears in clock ``max_cycles`` is not received, because the run ends before that clock.
    Raises InputError for an operand that is too large.
    """
    for i, (_, operand) in enumerate(operations.tolist()):
        if operand >= WRAP:
            raise InputError(f"operation {i}: operand {operand}; right is less than {WRAP}")
    queue_entries = ((operand, operation) for operation, operand in operations.tolist())
    waits, n_bytes = (int(operations[operations[:, 0] == op, 1].sum()) for op in (Operation.WAIT, Operation.TAKE))
    ack = environment.ack_delay + environment.ack_hold
    limit = limits.clock_limit(PER_OPERATION * len(operations) + n_bytes, waits, environment.gap, ack)
    clock_limit = limit if max_cycles is None else max_cycles
    return _BoardRun(device, queue_entries, lambda n: clock_limit, 1, take, advance).run(environment)


@dataclass
class _Waits:
    """The waits of all events up to now: the latest cycle, and the number of events that wait for rest."""

    latest: int = 0
    n_rests: int = 0


def _events(blocks: Iterable[EventBlock], first_cycle: int, waits: _Waits) -> Iterator[tuple[int, int]]:
    """Yield (cycle, addr) of each event, or (AT_REST, addr). ``waits`` is up to date at each.

    Raises InputError for an event that is too far ahead for the bridge.
    """
    for block in blocks:
        cycles = repeat(0) if block.cycles is None else block.cycles.tolist()
        for cycle, addr in zip(cycles, block.addrs.tolist(), strict=False):
            if cycle == AT_REST:
                waits.n_rests += 1
                yield AT_REST, addr
                continue
            if cycle - waits.latest >= FURTHEST:
                raise InputError(
                    f"cycle {cycle}: the event before it has {waits.latest}; right is a distance below {FURTHEST}"
                )
            waits.latest = cycle
            yield first_cycle + cycle, addr


class _BoardRun:
    """A run of a chip on a board.

    entries : the entries for the queue of the board
    clock_limit : a function that gives the limit of clocks, from the number of events that are queued up to now
    quiet, take, advance, longest_run : as for ``run``
    """

    def __init__(
        self,
        device: BridgedChip,
        entries: Iterator[tuple[int, int]],
        clock_limit: Callable[[int], int],
        quiet: int,
        take: Take,
        advance: Callable[[int], None],
        longest_run: int = LONGEST_RUN,
    ) -> None:
        self._device, self._clock_limit, self._quiet, self._take = device, clock_limit, quiet, take
        self._longest_run = longest_run
        self._outcome = HostOutcome()
        self._queue = BoardQueue(device, entries, advance)
        self._first_cycle = device.poll().now
        self._now = self._start_cycle = self._last_move = self._first_cycle

    def run(self, environment: Environment) -> HostOutcome:
        """Fill the queue of events, and receive spikes until the run ends."""
        device, queue, outcome = self._device, self._queue, self._outcome
        device.environment(environment.delays)
        queue.fill()
        self._start(self._longest_run, queue.has_more)
        while True:
            progress = self._poll()
            is_done = not queue.has_more and progress.quiet >= self._quiet
            if queue.has_more and progress.n_remaining:
                if not queue.needs_rest:
                    self._fill()
                elif self._comes_to_rest():
                    queue.fill(is_at_rest=True)
                    self._start(self._longest_run, queue.has_more)
            elif not progress.drained:
                continue
            elif is_done or not (progress.n_remaining or self._clocks_left > 0):
                outcome.done = is_done
                break
            elif not progress.n_remaining:
                self._start(self._longest_run, queue.has_more)
        device.run(0)
        outcome.n_events = queue.n_sent
        outcome.n_cycles = (self._last_move if outcome.done else progress.now) - self._first_cycle
        return outcome

    @property
    def _clocks_left(self) -> int:
        return self._clock_limit(self._queue.n_sent) - (self._now - self._first_cycle)

    def _start(self, clocks: int, with_more_events: bool) -> None:
        """Let the chip's clock run for so many clocks, but not past the limit."""
        self._start_cycle = self._now
        self._device.run(min(self._clocks_left, clocks), with_more_events)

    def _fill(self) -> None:
        """Fill the queue of the board. The clock no longer waits for events if there are no more."""
        self._queue.fill()
        if not self._queue.has_more:
            self._device.no_more_events()

    def _poll(self) -> Progress:
        """Ask the board how far it is, and receive the next spikes."""
        progress = self._device.poll()
        self._now = progress.now
        if progress.quiet < progress.now - self._start_cycle:  # it counts from the start of the clock
            self._last_move = progress.now - progress.quiet
        if progress.spikes:
            cycles, addrs = np.array(progress.spikes, np.int64).T
            self._take(cycles - self._first_cycle, addrs)
            self._outcome.n_spikes += len(progress.spikes)
        return progress

    def _comes_to_rest(self) -> bool:
        """Let the chip run until it is quiet. Returns False if the limit comes first.

        The clock stops by itself when the queue of the board is empty, because more events are to come. From then on
        it runs for ``quiet`` clocks at a time. So it runs for the same number of clocks on a quick and on a slow line.
        """
        previous_now, progress = None, self._poll()
        while progress.n_remaining and not (progress.drained and progress.now == previous_now):
            previous_now, progress = progress.now, self._poll()
        while self._clocks_left > 0:
            self._start(self._quiet, with_more_events=False)
            progress = self._poll()
            while progress.n_remaining or not progress.drained:
                progress = self._poll()
            if progress.quiet >= self._quiet:
                return True
        return False
