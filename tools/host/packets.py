"""A chip that takes packets out of a FIFO, behind a bridge. Its inputs move at given clocks, its outputs are noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.rtl.bridge.protocol import buses
from draupnir.tools.host.device import LONGEST_RUN, BridgedChip, packed_levels
from draupnir.tools.host.queue import BoardQueue
from draupnir.tools.host.session import FURTHEST, HostOutcome
from draupnir.tools.run.spikes import Take


def levels_at(chip: Chip, pulses: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the levels of the input pins that belong to no bus, for pins that are active for a clock at a time.

    pulses : pin -> (n,) int64, the clocks in which it is active; the others are at rest
    Returns (m, 2) int64: a clock, and the levels from this clock on, in the order of the clocks.
    """
    pins = buses(chip).levels_in
    active: dict[int, dict[str, int]] = {}
    for pin in pins:
        for clock in pulses.get(pin.name, np.zeros(0, np.int64)).tolist():
            active.setdefault(clock, {})[pin.name] = 1 - pin.rest
            active.setdefault(clock + 1, {})
    return np.array([(clock, packed_levels(pins, active[clock])) for clock in sorted(active)], np.int64).reshape(-1, 2)


def run(
    device: BridgedChip,
    packets: np.ndarray,
    levels: np.ndarray,
    n_clocks: int,
    take: Take = lambda cycles, outputs: None,
    advance: Callable[[int], None] = lambda n: None,
) -> HostOutcome:
    """Let the chip run for ``n_clocks`` clocks, and receive the levels of its outputs whenever they change.

    Clocks are counted from 0, the first of this run. In each, the fall comes before the rise.
    packets : (n, 2) int64, the clock from which on a packet is in the FIFO, and the packet; in the order of the clocks
    levels : (m, 2) int64, a clock, and the levels of all inputs of no bus from this clock on; each clock once
    take : receives clocks, and the levels before their rises of all outputs of no bus, (k,) int64 each
    advance : receives numbers of packets
    Raises InputError for clocks that are too far ahead, or not in their order.
    """
    for name, entries in (("packets", packets), ("levels", levels)):
        _check(name, entries[:, 0], least=int(name == "levels"))
    first, bit = device.poll().now, device.levels_bit
    queues = (
        BoardQueue(device, _entries(packets, first, 0), advance),
        BoardQueue(device, _entries(levels, first, bit), lambda n: None),
    )
    outcome, n_left, awaited = HostOutcome(n_cycles=n_clocks), n_clocks, (False, False)
    while True:
        for queue in queues:
            queue.fill()
        progress = device.poll()
        if progress.spikes:
            cycles, outputs = np.array(progress.spikes, np.int64).T
            take(cycles - first, outputs)
            outcome.n_spikes += len(cycles)
        awaits = (queues[0].has_more, queues[1].has_more)
        if progress.n_remaining or not progress.drained:
            if awaits != awaited:
                device.await_more(*awaits)
        elif n_left == 0:
            break
        else:
            clocks = min(n_left, LONGEST_RUN)
            device.run(clocks, with_more_events=awaits[0], with_more_levels=awaits[1])
            n_left -= clocks
        awaited = awaits
    outcome.n_events = queues[0].n_sent
    return outcome


def _check(name: str, clocks: np.ndarray, least: int) -> None:
    """Raise InputError for clocks that do not ascend, by at least ``least``, or that are too far ahead."""
    for i in np.flatnonzero(np.diff(clocks) < least)[:1].tolist():
        raise InputError(f"{name}: clock {clocks[i + 1]} comes after {clocks[i]}; right is in ascending order")
    if len(clocks) and not 0 <= clocks[0] <= clocks[-1] < FURTHEST:
        wrong = clocks[0] if clocks[0] < 0 else clocks[-1]
        raise InputError(f"{name}: clock {wrong}; right is 0..{FURTHEST - 1}")


def _entries(timed: np.ndarray, first: int, bit: int) -> Iterator[tuple[int, int]]:
    for clock, content in timed.tolist():
        yield first + clock, content | bit


def outputs_of(chip: Chip, levels: np.ndarray) -> dict[str, np.ndarray]:
    """Unpack the levels of all outputs of no bus, (n,) int64, by pin."""
    outputs = {}
    for pin in buses(chip).levels_out:
        outputs[pin.name] = levels & ((1 << pin.width) - 1)
        levels = levels >> pin.width
    return outputs
