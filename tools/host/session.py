"""Functions for a network on a chip behind a bridge: program, verify, read, send events and receive spikes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import repeat

import numpy as np

from draupnir.emulator.codec import to_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds import limits
from draupnir.emulator.spi.port import port
from draupnir.golden.compare import MemoryDifference, memory_difference
from draupnir.golden.compare.memories import ALL_BITS
from draupnir.rtl.bridge.protocol import Operation
from draupnir.tools.compile.spi import stream
from draupnir.tools.host.device import LONGEST_RUN, WRAP, BridgedChip
from draupnir.tools.run.events import EventBlock
from draupnir.tools.run.spikes import Take

HALF = 2  # clocks of half an SCK period, the fewest for a slave that the chip's clock samples
HALF_TO_READ = 8  # the same for a read, before whose answer the slave must read a memory
QUIET = 1 << 17  # clocks without any event after which a chip counts as at rest
PER_OPERATION = 10  # an operation may take as long as so many events: a timestep with all its learning
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
    for n in device.spi(transactions, port(configuration.chip).bits // 8, HALF):
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
    for _ in device.spi([spi_port.encode(write) for write in spi_port.begin()], n_bytes, HALF):
        pass
    for name, addrs in words.items():
        n_chunks = configuration.chip.memory(name).width // spi_port.chunk_bits
        reads = [spi_port.encode_read(name, addr, chunk) for addr in addrs.tolist() for chunk in range(n_chunks)]
        for i, answer in enumerate(device.spi_read(reads, n_bytes, HALF_TO_READ)):
            yield name, int(addrs[i // n_chunks]), i % n_chunks, spi_port.answer(answer)
            advance(i % n_chunks == n_chunks - 1)
    for _ in device.spi([spi_port.encode(write) for write in spi_port.end(configuration)], n_bytes, HALF):
        pass


def run(
    device: BridgedChip,
    blocks: Iterable[EventBlock],
    environment: Environment,
    max_cycles: int | None = None,
    quiet: int = QUIET,
    take: Take = lambda cycles, addrs: None,
    advance: Callable[[int], None] = lambda n: None,
) -> HostOutcome:
    """Send events and receive spikes, until all events are sent and the chip is quiet, or for ``max_cycles`` clocks.

    Cycles are counted from 0, the first clock of this run. An event is sent when its cycle has come and the event
    before it is acknowledged. The bridge stops the chip's clock while it would have to wait for the line, so the speed
    of the line does not change the result.

    max_cycles : at least 0; None stops only a chip that does not come to rest (``limits.clock_limit``)
    quiet : the run ends after so many clocks without an event in or out, at least 1
    take : receives cycles and addresses of spikes, (n,) int64 each; advance : receives numbers of events
    """
    first_cycle, latest, e = device.poll().now, [0], environment

    def clock_limit(n_events: int) -> int:
        if max_cycles is not None:
            return max_cycles
        return limits.clock_limit(n_events, latest[0], e.gap + e.hold, e.ack_delay + e.ack_hold)

    outcome = _run(device, _events(blocks, first_cycle, latest), environment, clock_limit, quiet, take, advance)
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
    return _run(device, queue_entries, environment, lambda n: clock_limit, 1, take, advance)


def _run(
    device: BridgedChip,
    queue_entries: Iterator[tuple[int, int]],
    environment: Environment,
    clock_limit: Callable[[int], int],
    quiet: int,
    take: Take,
    advance: Callable[[int], None],
) -> HostOutcome:
    """Fill the queue of events, and receive spikes until the run ends.

    queue_entries : the entries for the queue of events
    clock_limit : a function that gives the limit of clocks, from the number of events that are queued up to now
    """
    device.environment(environment.delays)
    first_cycle = device.poll().now
    waiting_entries: deque[tuple[int, int]] = deque()
    outcome = HostOutcome()
    _fill(device, waiting_entries, queue_entries, outcome, advance)
    has_more = bool(waiting_entries)
    device.run(min(clock_limit(outcome.n_events), LONGEST_RUN), with_more_events=has_more)
    while True:
        progress = device.poll()
        n_remaining = clock_limit(outcome.n_events) - (progress.now - first_cycle)
        _deliver(progress.spikes, first_cycle, outcome, take)
        if has_more and progress.n_remaining:
            _fill(device, waiting_entries, queue_entries, outcome, advance)
            has_more = bool(waiting_entries)
            if not has_more:
                device.no_more_events()
            continue
        if not progress.drained:
            continue
        if not progress.n_remaining and n_remaining > 0:
            device.run(min(n_remaining, LONGEST_RUN), with_more_events=has_more)
        elif not progress.n_remaining or progress.quiet >= quiet:
            outcome.done = not has_more and progress.quiet >= quiet
            break
    device.run(0)
    outcome.n_cycles = progress.now - first_cycle - (progress.quiet if outcome.done else 0)
    return outcome


def _events(blocks: Iterable[EventBlock], first_cycle: int, last_cycle: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (cycle, addr) of each event. Raises InputError for an event that is too far ahead for the bridge.

    last_cycle : a list of one element, which becomes the cycle of the last event that was yielded
    """
    latest = 0
    for block in blocks:
        cycles = repeat(0) if block.cycles is None else block.cycles.tolist()
        for cycle, addr in zip(cycles, block.addrs.tolist(), strict=False):
            if cycle - latest >= FURTHEST:
                raise InputError(
                    f"cycle {cycle}: the event before it has {latest}; right is a distance below {FURTHEST}"
                )
            latest = last_cycle[0] = cycle
            yield first_cycle + cycle, addr


def _fill(
    device: BridgedChip,
    waiting_entries: deque[tuple[int, int]],
    queue_entries: Iterator[tuple[int, int]],
    outcome: HostOutcome,
    advance: Callable[[int], None],
) -> None:
    """Queue events until the queue is full or no event remains. Only then ``waiting_entries`` is empty."""
    while True:
        while len(waiting_entries) < device.events_at_once and (event := next(queue_entries, None)):
            waiting_entries.append(event)
        if not waiting_entries:
            return
        n_accepted = device.events(waiting_entries)
        for _ in range(n_accepted):
            waiting_entries.popleft()
        outcome.n_events += n_accepted
        advance(n_accepted)
        if waiting_entries:
            return


def _deliver(spikes: list[tuple[int, int]], first_cycle: int, outcome: HostOutcome, take: Take) -> None:
    if spikes:
        cycles, addrs = np.array(spikes, np.int64).T
        take(cycles - first_cycle, addrs)
        outcome.n_spikes += len(spikes)
