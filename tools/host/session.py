"""A network on a chip behind a bridge: programmed, given its events, its spikes taken."""

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

HALF = 2  # clocks in half an SCK period: what a slave that is sampled by the chip's clock can follow
HALF_TO_READ = 8  # likewise, where it has to have looked up what it answers
QUIET = 1 << 17  # clocks without any event after which a chip is taken to be at rest
PER_OPERATION = 10  # events that an operation may be worth: a timestep with all that is learned in it
FURTHEST = WRAP // 2  # clocks that an event may be ahead


@dataclass
class HostOutcome:
    """The outcome of a run.

    n_cycles : clocks of the run; None where nobody knows: a board does not see when the chip itself has come to rest
    n_cycles_to_last_event : clocks until nothing moved any more on the buses for events and spikes; None if not done
    done : False, it was stopped at a limit
    """

    n_events: int = 0
    n_spikes: int = 0
    n_cycles: int | None = None
    n_cycles_to_last_event: int | None = None
    done: bool = True

    def report(self) -> dict[str, int | bool]:
        """Return what is known, by name."""
        return {name: figure for name, figure in asdict(self).items() if figure is not None}


def program(
    device: BridgedChip,
    configuration: Configuration,
    present: Mapping[str, np.ndarray] | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> int:
    """Reset the chip, write its registers and memories, and reset it again if that leaves them; returns transactions.

    present : what the memories hold, by name, if that is known
    advance : called with a number of transactions
    """
    device.stop()
    device.reset()
    transactions = stream.pack(configuration, present)
    for n in device.spi(transactions, port(configuration.chip).bits // 8, HALF):
        advance(n)
    _begin_anew(device, configuration)
    return len(transactions)


def _begin_anew(device: BridgedChip, configuration: Configuration) -> None:
    """Reset the chip, unless that would reset its registers."""
    if all(register.reset is None for register in configuration.chip.registers):
        device.reset()


def verify(
    device: BridgedChip,
    configuration: Configuration,
    words: Mapping[str, np.ndarray],
    advance: Callable[[int], None] = lambda n: None,
) -> list[MemoryDifference]:
    """Read memories of a chip that has just been programmed, through its SPI; those that are not as configured.

    words : by memory, the addresses to read, in the order wanted; the other words are not compared
    advance : called with a number of words
    """
    contents = read(device, configuration, words, advance)
    _begin_anew(device, configuration)
    differences = []
    for name, content in contents.items():
        memory = configuration.chip.memory(name)
        known = np.zeros_like(content)
        known[words[name]] = ALL_BITS
        differences.append(memory_difference(memory, configuration.memories[name], content, known=known))
    return [difference for difference in differences if difference.n_differing]


def read(
    device: BridgedChip,
    configuration: Configuration,
    words: Mapping[str, np.ndarray],
    advance: Callable[[int], None] = lambda n: None,
) -> dict[str, np.ndarray]:
    """Read memories of a chip through its SPI, whose registers are then as configured.

    words : by memory, the addresses to read; the other words are 0 in the result
    Returns (depth, limbs) uint32 by memory. A chip that is not at rest goes on meanwhile.
    """
    width = port(configuration.chip).chunk_bits
    contents = {name: [0] * configuration.chip.memory(name).depth for name in words}
    for name, word, chunk, got in _read(device, configuration, words, advance):
        contents[name][word] |= got << chunk * width
    limbs = {name: configuration.chip.memory(name).n_limbs for name in words}
    return {name: np.array([to_limbs(word, limbs[name]) for word in content]) for name, content in contents.items()}


def _read(
    device: BridgedChip, configuration: Configuration, words: Mapping[str, np.ndarray], advance: Callable[[int], None]
) -> Iterator[tuple[str, int, int, int]]:
    """Memory, word, number of the chunk in it, and the chunk that was read; then registers are as configured."""
    to = port(configuration.chip)
    n_bytes = to.bits // 8
    for _ in device.spi([to.encode(write) for write in to.begin()], n_bytes, HALF):
        pass
    for name, addrs in words.items():
        n_chunks = configuration.chip.memory(name).width // to.chunk_bits
        reads = [to.encode_read(name, addr, chunk) for addr in addrs.tolist() for chunk in range(n_chunks)]
        for i, answer in enumerate(device.spi_read(reads, n_bytes, HALF_TO_READ)):
            yield name, int(addrs[i // n_chunks]), i % n_chunks, to.answer(answer)
            advance(i % n_chunks == n_chunks - 1)
    for _ in device.spi([to.encode(write) for write in to.end(configuration)], n_bytes, HALF):
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
    """Send events and take spikes until all is sent and the chip has been quiet, or for ``max_cycles`` clocks.

    Cycles are counted from 0, the first clock of this run. An event is sent as soon as its cycle has come and the one
    before it has been acknowledged; the chip's clock stands still rather than let the line's speed decide on that.
    max_cycles : None: none, but a chip that goes on for ever is stopped (``limits.clock_limit``)
    quiet : clocks without an event in or out, after which nothing more is expected
    """
    first, latest, e = device.poll().now, [0], environment

    def most(n_events: int) -> int:
        if max_cycles is not None:
            return max_cycles
        return limits.clock_limit(n_events, latest[0], e.gap + e.hold, e.ack_delay + e.ack_hold)

    outcome = _run(device, _events(blocks, first, latest), environment, most, quiet, take, advance)
    if outcome.done:
        outcome.n_cycles, outcome.n_cycles_to_last_event = None, outcome.n_cycles
    return outcome


def lead(
    device: BridgedChip,
    operations: np.ndarray,
    environment: Environment,
    max_cycles: int | None = None,
    take: Take = lambda cycles, received: None,
    advance: Callable[[int], None] = lambda n: None,
) -> HostOutcome:
    """Have the bridge of a chip that is led carry out operations; as ``run``, with bytes received for spikes.

    operations : (n, 2) integers, ``draupnir.rtl.bridge.protocol.Operation`` (SET + i for the i-th level) and operand
    A byte that is first seen in the very clock before which ``max_cycles`` ends the run is not taken.
    Raises InputError for an operand that the bridge has no room for.
    """
    for i, (_, operand) in enumerate(operations.tolist()):
        if operand >= WRAP:
            raise InputError(f"operation {i}: operand {operand}; the bridge takes less than {WRAP}")
    coming = ((operand, operation) for operation, operand in operations.tolist())
    waits, n_bytes = (int(operations[operations[:, 0] == op, 1].sum()) for op in (Operation.WAIT, Operation.TAKE))
    ack = environment.ack_delay + environment.ack_hold
    limit = limits.clock_limit(PER_OPERATION * len(operations) + n_bytes, waits, environment.gap, ack)
    most = limit if max_cycles is None else max_cycles
    return _run(device, coming, environment, lambda n: most, 1, take, advance)


def _run(
    device: BridgedChip,
    coming: Iterator[tuple[int, int]],
    environment: Environment,
    most: Callable[[int], int],
    quiet: int,
    take: Take,
    advance: Callable[[int], None],
) -> HostOutcome:
    """coming : what goes into the queue of events; most : clocks for a run, when so many events have gone into it"""
    device.environment(environment.delays)
    first = device.poll().now
    waiting: deque[tuple[int, int]] = deque()
    outcome = HostOutcome()
    _fill(device, waiting, coming, outcome, advance)
    more = bool(waiting)
    device.run(min(most(outcome.n_events), LONGEST_RUN), more=more)
    while True:
        progress = device.poll()
        left = most(outcome.n_events) - (progress.now - first)
        _deliver(progress.spikes, first, outcome, take)
        if more and progress.left:
            _fill(device, waiting, coming, outcome, advance)
            more = bool(waiting)
            if not more:
                device.no_more_events()
            continue
        if not progress.drained:
            continue
        if not progress.left and left > 0:
            device.run(min(left, LONGEST_RUN), more=more)
        elif not progress.left or progress.quiet >= quiet:
            outcome.done = not more and progress.quiet >= quiet
            break
    device.run(0)
    outcome.n_cycles = progress.now - first - (progress.quiet if outcome.done else 0)
    return outcome


def _events(blocks: Iterable[EventBlock], first: int, reached: list[int]) -> Iterator[tuple[int, int]]:
    """(cycle, addr) of each event; raises InputError if one is too far ahead for the bridge.

    reached : its one element becomes the cycle of the event that was taken last
    """
    latest = 0
    for block in blocks:
        cycles = repeat(0) if block.cycles is None else block.cycles.tolist()
        for cycle, addr in zip(cycles, block.addrs.tolist(), strict=False):
            if cycle - latest >= FURTHEST:
                raise InputError(f"cycle {cycle}: the event before has {latest}; right is less than {FURTHEST} between")
            latest = reached[0] = cycle
            yield first + cycle, addr


def _fill(
    device: BridgedChip,
    waiting: deque[tuple[int, int]],
    coming: Iterator[tuple[int, int]],
    outcome: HostOutcome,
    advance: Callable[[int], None],
) -> None:
    """Queue events until there is no room or none is left; ``waiting`` is empty only if none is left."""
    while True:
        while len(waiting) < device.events_at_once and (event := next(coming, None)):
            waiting.append(event)
        if not waiting:
            return
        accepted = device.events(waiting)
        for _ in range(accepted):
            waiting.popleft()
        outcome.n_events += accepted
        advance(accepted)
        if waiting:
            return


def _deliver(spikes: list[tuple[int, int]], first: int, outcome: HostOutcome, take: Take) -> None:
    if spikes:
        cycles, addrs = np.array(spikes, np.int64).T
        take(cycles - first, addrs)
        outcome.n_spikes += len(spikes)
