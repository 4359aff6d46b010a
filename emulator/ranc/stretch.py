"""The whole grid under input pins that are given by their changes: clocks in which nothing moves are left out.

A clock is left out if all cores sleep (see ``sleep``), no packet is in a router, and the input pins are at rest. In all
other clocks only the cores that are awake and the routers near a packet have their edges, those of ``clock``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from draupnir.emulator.kernel.bits import field
from draupnir.emulator.kernel.jit import entry, kernel
from draupnir.emulator.ranc import clock, router, sleep
from draupnir.emulator.ranc.clock import EMPTY, RST, TICK
from draupnir.emulator.ranc.planes import CorePlanes
from draupnir.emulator.ranc.sizes import Sizes
from draupnir.emulator.ranc.sleep import NEVER, Sleepers
from draupnir.emulator.ranc.state import Ranc
from draupnir.emulator.speeds.pieces import WORK

CLOCK, CHANGE, N_OUT, N_PLACES, ALARM, WORK_DONE, N_NOW = range(7)  # the positions in ``now``


class PinColumns(NamedTuple):
    """Changes of input pins, and of output pins, int64.

    rows, pins : (n,) as in ``Changes``; out_rows, out_pins : (m,), filled from the start
    pin_places : as ``places`` of ``clock.outputs``
    """

    rows: np.ndarray
    pins: np.ndarray
    out_rows: np.ndarray
    out_pins: np.ndarray
    pin_places: np.ndarray


class Busy(NamedTuple):
    """The progress of a run, and the places that are busy, int64.

    now : (N_NOW,) the present clock, the next change of the inputs, the number of changes of the outputs and of places,
        the earliest alarm of a core, the work of this piece
    places : (n_routers,) the routers with a packet, or with a core that is awake, filled from the start
    is_listed : (n_routers,) 1 for a router that is among them
    """

    now: np.ndarray
    places: np.ndarray
    is_listed: np.ndarray


def new_busy(s: Sizes) -> Busy:
    """Return the state before the first clock."""
    return Busy(np.zeros(N_NOW, np.int64), np.zeros(s.n_routers, np.int64), np.zeros(s.n_routers, np.int64))


@entry
def run(chip: Ranc, planes: CorePlanes, z: Sleepers, columns: PinColumns, busy: Busy, n_clocks: int) -> None:
    """Run up to a clock, or for a piece of work, or until the outputs' columns are full. No core sleeps afterwards."""
    now = busy.now
    clock.begin(chip)
    now[N_OUT], now[N_PLACES], now[ALARM], now[WORK_DONE] = 0, 0, NEVER, 0
    z.asleep[:], busy.is_listed[:] = 0, 0
    list_all(busy)
    while now[CLOCK] < n_clocks and now[WORK_DONE] < WORK and now[N_OUT] + 2 <= len(columns.out_rows):
        t = now[CLOCK]
        if t >= now[ALARM]:
            ring(chip, z, busy)
        set_inputs(chip, columns, now, 2 * t)
        show(chip, columns, now, 2 * t)
        next_t = next_clock(columns, now, n_clocks)
        if now[N_PLACES] or disturbs(chip.inputs[0]) or next_t == t:
            may_show = disturbs(chip.inputs[0])  # only a tick and a reset let a rise change an output pin
            rise(chip, planes, z, busy)
            set_inputs(chip, columns, now, 2 * t + 1)
            if may_show:
                show(chip, columns, now, 2 * t + 1)
            fall(chip, planes, z, busy)
            next_t = t + 1
        chip.cycle[0] += 2 * (next_t - t)
        now[CLOCK] = next_t
    for k in range(len(z.asleep)):
        if z.asleep[k]:
            sleep.wake(chip, z, k, now[CLOCK])


# --- Pins -----------------------------------------------------------------------------------------------------------


@kernel
def disturbs(pins: int) -> bool:
    """Return True if these input pins are not at rest."""
    return field(pins, RST) | field(pins, TICK) | (1 - field(pins, EMPTY)) != 0


@kernel
def next_clock(columns: PinColumns, now: np.ndarray, n_clocks: int) -> int:
    """Return the next clock in which a core has an alarm, or an input pin changes, or the run ends."""
    t = min(n_clocks, now[ALARM])
    return min(t, columns.rows[now[CHANGE]] // 2) if now[CHANGE] < len(columns.rows) else t


@kernel
def set_inputs(chip: Ranc, columns: PinColumns, now: np.ndarray, row: int) -> None:
    """Set the input pins to their levels in a row."""
    while now[CHANGE] < len(columns.rows) and columns.rows[now[CHANGE]] <= row:
        chip.inputs[0] = columns.pins[now[CHANGE]]
        now[CHANGE] += 1


@kernel
def show(chip: Ranc, columns: PinColumns, now: np.ndarray, row: int) -> None:
    """Note the output pins before an edge, if they have changed."""
    pins, n = clock.pins_of(chip, columns.pin_places), now[N_OUT]
    if n == 0 or columns.out_pins[n - 1] != pins:
        columns.out_rows[n], columns.out_pins[n] = row, pins
        now[N_OUT] = n + 1


# --- Places ---------------------------------------------------------------------------------------------------------


@kernel
def list_place(busy: Busy, n: int) -> None:
    """Add router ``n`` to the places that have edges."""
    if not busy.is_listed[n]:
        busy.is_listed[n] = 1
        busy.places[busy.now[N_PLACES]] = n
        busy.now[N_PLACES] += 1


@kernel
def list_all(busy: Busy) -> None:
    """Let all places have edges."""
    for n in range(len(busy.places)):
        list_place(busy, n)


@kernel
def list_readers(chip: Ranc, busy: Busy) -> None:
    """Add the routers that may take a packet at the fall: from one beside them, or from the input."""
    for i in range(busy.now[N_PLACES]):
        n = busy.places[i]
        packets = chip.mesh.marks.packets[n]
        if packets & router.BESIDE:
            for buffer in router.ROUTING:
                reader = chip.mesh.wiring.readers[n, buffer]
                if reader >= 0 and packets >> buffer & 1:
                    list_place(busy, reader)
    if not field(chip.inputs[0], EMPTY):
        list_place(busy, 0)


@kernel
def keep_busy(chip: Ranc, z: Sleepers, busy: Busy) -> None:
    """Drop the places without a packet whose cores sleep."""
    s, n_kept = chip.sizes, 0
    for i in range(busy.now[N_PLACES]):
        n = busy.places[i]
        is_awake = n != s.output and not z.asleep[clock.core_of(s, n)]
        busy.is_listed[n] = int(is_awake or router.is_active(chip.mesh, n))
        if busy.is_listed[n]:
            busy.places[n_kept] = n
            n_kept += 1
    busy.now[N_PLACES] = n_kept


@kernel
def ring(chip: Ranc, z: Sleepers, busy: Busy) -> None:
    """Let the cores whose alarm is due have edges, and find the next alarm."""
    now, earliest = busy.now, NEVER
    for k in range(len(z.asleep)):
        if z.asleep[k]:
            if z.alarm[k] <= now[CLOCK]:
                list_place(busy, clock.router_of(chip.sizes, k))
            else:
                earliest = min(earliest, z.alarm[k])
    now[ALARM] = earliest


# --- Edges ----------------------------------------------------------------------------------------------------------


@kernel
def rise(chip: Ranc, planes: CorePlanes, z: Sleepers, busy: Busy) -> None:
    """Rising edge of clk; a core that sleeps wakes if it must."""
    s, r, now = chip.sizes, chip.mesh.routers, busy.now
    rst, tick = field(chip.inputs[0], RST), field(chip.inputs[0], TICK)
    if rst | tick:
        list_all(busy)
    for i in range(now[N_PLACES]):
        n = busy.places[i]
        k = clock.core_of(s, n)
        has_core = n != s.output
        if has_core and z.asleep[k]:
            if rst | tick | r.wen[n, router.LOCAL]:
                sleep.disturb(chip, z, n, k, now[CLOCK], rst, tick)
            if z.asleep[k] and z.alarm[k] == now[CLOCK]:
                rise_at_alarm(chip, planes, z, busy, n)
                continue
            has_core = z.asleep[k] == 0
        clock.rise_place(chip, n, rst, tick, has_core)
    now[WORK_DONE] += now[N_PLACES]


@kernel
def rise_at_alarm(chip: Ranc, planes: CorePlanes, z: Sleepers, busy: Busy, n: int) -> None:
    """Rising edge of router ``n`` whose core has its alarm: the core sends a packet, or fires, or wakes."""
    now, k = busy.now, clock.core_of(chip.sizes, n)
    if z.sends[k]:
        clock.rise_router(chip, n, 0, 1, sleep.packet_of(chip, z, k))
        now[WORK_DONE] += sleep.go_on(chip, planes, z, k)
    else:
        full = clock.rise_behind_core(chip, n, 0, 0, 0)
        if full or not sleep.can_fire_asleep(chip, z, k):
            sleep.wake(chip, z, k, now[CLOCK])
            clock.rise_core(chip, k, n, 0, 0, full)
            return
        sleep.fire(z, k)
    now[ALARM] = min(now[ALARM], z.alarm[k])


@kernel
def fall(chip: Ranc, planes: CorePlanes, z: Sleepers, busy: Busy) -> None:
    """Falling edge of clk; a core that can sleep falls asleep after it."""
    s, now = chip.sizes, busy.now
    if field(chip.inputs[0], RST):
        list_all(busy)
    list_readers(chip, busy)
    for i in range(now[N_PLACES]):
        n = busy.places[i]
        k = clock.core_of(s, n)
        if n != s.output and not z.asleep[k]:
            clock.fall_core(chip, k)
            if sleep.can_sleep(chip, z, k):
                now[WORK_DONE] += sleep.fall_asleep(chip, planes, z, k, now[CLOCK] + 1)
                now[ALARM] = min(now[ALARM], z.alarm[k])
        clock.fall_router(chip, n)
    now[WORK_DONE] += now[N_PLACES]
    keep_busy(chip, z, busy)
