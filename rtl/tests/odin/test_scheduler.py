import random
from collections import deque
from typing import Any

from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import BURST_DEPTH, MAIN_DEPTH, N_PRIO, SCHED_EVENT
from draupnir.rtl.crossbar.event_fifo import EventFifo
from draupnir.rtl.odin.burst_fifos import BurstFifos
from draupnir.rtl.odin.buses import SCHED_EVENT_LAYOUT
from draupnir.rtl.odin.scheduler import BurstClock, Scheduler
from draupnir.rtl.tests.simulate import run_clocked, set_raw

BURST_MAX = 32  # A burst queue's pointers count to this number of words.


def test_main_queue_is_first_in_first_out_and_loses_what_does_not_fit() -> None:
    queue: deque[int] = deque()
    fifo, rng = EventFifo(SCHED_EVENT_LAYOUT, MAIN_DEPTH), random.Random(6)

    async def bench(ctx: Any) -> None:
        for cycle in range(1500):
            fills = cycle // 150 % 2 == 0
            offered = rng.getrandbits(SCHED_EVENT.width) if rng.random() < (0.8 if fills else 0.3) else None
            takes = rng.random() < (0.3 if fills else 0.8)
            assert ctx.get(fifo.o.valid) == (len(queue) > 0)
            assert ctx.get(fifo.i.ready) == (len(queue) < MAIN_DEPTH)
            if queue:
                assert ctx.get(fifo.o.payload.as_value()) == queue[0]
            set_raw(ctx, fifo.i.payload, offered or 0)
            ctx.set(fifo.i.valid, offered is not None)
            ctx.set(fifo.o.ready, takes)
            await ctx.tick()
            had_room = len(queue) < MAIN_DEPTH
            if takes and queue:
                queue.popleft()
            if offered is not None and had_room:
                queue.append(offered)

    run_clocked(fifo, bench)


def test_main_queue_claims_one_event_before_any_reset() -> None:
    fifo = EventFifo(SCHED_EVENT_LAYOUT, MAIN_DEPTH)

    async def bench(ctx: Any) -> None:
        assert ctx.get(fifo.o.valid) == 1
        ctx.set(fifo.o.ready, 1)
        await ctx.tick()
        assert ctx.get(fifo.o.valid) == 0

    run_clocked(fifo, bench, reset=False)


class NaiveQueue:
    """A burst queue: pointers that count to 32, and four words, which are 0 at first."""

    def __init__(self) -> None:
        self.words = [(0, 0)] * BURST_DEPTH
        self.n_written = self.n_read = 0

    @property
    def n_held(self) -> int:
        return self.n_written - self.n_read

    @property
    def head(self) -> tuple[int, int]:
        return self.words[self.n_read % BURST_MAX % BURST_DEPTH]

    def push(self, addr: int, last: int) -> None:
        if self.n_held < BURST_MAX:
            if self.n_written % BURST_MAX < BURST_DEPTH:
                self.words[self.n_written % BURST_MAX] = (addr, last)
            self.n_written += 1

    def pop(self) -> None:
        if self.n_held:
            self.n_read += 1


def test_burst_queues_agree_with_naive_ones_also_when_overfull() -> None:
    fifos, queues, rng = BurstFifos(), [NaiveQueue() for _ in range(N_PRIO)], random.Random(7)

    async def bench(ctx: Any) -> None:
        turn = 0
        for cycle in range(4000):
            advances, turn_after = int(rng.random() < 0.1), (turn + rng.randrange(1, N_PRIO)) % N_PRIO
            pushed = _burst(rng, turn) if rng.random() < (0.9 if cycle < 1500 else 0.1) else []
            addr, ready = rng.randrange(256), int(rng.random() < 0.5)
            ctx.set(fifos.push, sum(1 << j for j in pushed) or rng.getrandbits(N_PRIO))
            ctx.set(fifos.push_en, int(bool(pushed)))
            ctx.set(fifos.last, 1 << pushed[-1] if pushed else 0)
            ctx.set(fifos.addr, addr)
            ctx.set(fifos.turn, turn)
            ctx.set(fifos.advances, advances)
            ctx.set(fifos.turn_after, turn_after)
            ctx.set(fifos.ready, ready)
            await ctx.delay(1e-9)
            assert ctx.get(fifos.valid) == (queues[turn].n_held > 0)
            if queues[turn].n_held:
                head = ctx.get(fifos.head)
                assert (head["addr"], head["last"]) == queues[turn].head
            await ctx.tick()
            if ready:
                queues[turn].pop()
            for j in pushed:
                queues[j].push(addr, int(j == pushed[-1]))
            turn = turn_after if advances else turn

    run_clocked(fifos, bench, ("sync", "burst"))


def _burst(rng: random.Random, turn: int) -> list[int]:
    """Return the queues of a random burst, in the order of its spikes. There are few queues, so that they fill."""
    isi = rng.choice((1, 8))
    return [(turn + nth * isi) % N_PRIO for nth in range(1, rng.randrange(2, 9))]


def test_turn_moves_on_every_timeref_plus_one_clocks_and_around() -> None:
    clock = BurstClock()

    async def bench(ctx: Any) -> None:
        ctx.set(clock.timeref, 2)
        turns = []
        for _ in range(3 * N_PRIO + 4):
            turns.append(ctx.get(clock.turn))
            assert ctx.get(clock.advances) == (len(turns) % 3 == 0)
            assert ctx.get(clock.turn_after) == (turns[-1] + 1) % N_PRIO
            await ctx.tick("burst")
        assert turns == [cycle // 3 % N_PRIO for cycle in range(len(turns))]

    run_clocked(clock, bench, ("burst",))


def test_controller_event_goes_before_a_spike_and_an_open_loop_drops_spikes() -> None:
    scheduler = Scheduler()

    async def bench(ctx: Any) -> None:
        ctx.set(scheduler.neuron_event.spike, 1)
        ctx.set(scheduler.neuron_addr, 17)
        set_raw(ctx, scheduler.i.payload, encode(SCHED_EVENT, addr=200, virts=9))
        ctx.set(scheduler.i.valid, 1)
        await ctx.tick()
        ctx.set(scheduler.i.valid, 0)
        await ctx.tick()
        ctx.set(scheduler.config.spi_open_loop, 1)
        ctx.set(scheduler.neuron_event.spike, 0)
        await ctx.tick().repeat(2)
        ctx.set(scheduler.neuron_event.spike, 1)
        await ctx.tick()
        ctx.set(scheduler.neuron_event.spike, 0)
        assert await _drain(ctx, scheduler) == [(200, 9), (17, 0)]

    run_clocked(scheduler, bench, ("sync", "burst"))


def test_burst_spikes_come_in_their_time_and_the_last_is_marked() -> None:
    scheduler, timeref, spk_ref, isi = Scheduler(), 4, 3, 2

    async def bench(ctx: Any) -> None:
        ctx.set(scheduler.config.spi_burst_timeref, timeref)
        ctx.set(scheduler.neuron_event.spike, 1)
        ctx.set(scheduler.neuron_event.spk_ref, spk_ref)
        ctx.set(scheduler.neuron_event.isi_ref, isi - 1)
        ctx.set(scheduler.neuron_addr, 99)
        ctx.set(scheduler.o.ready, 1)
        await ctx.tick()
        ctx.set(scheduler.neuron_event.spike, 0)
        output = []
        for cycle in range(1, 8 * isi * (timeref + 1)):
            if ctx.get(scheduler.o.valid):
                output.append((cycle, ctx.get(scheduler.o.payload.addr), ctx.get(scheduler.burst_end)))
            await ctx.tick()
        assert output == [(1, 99, 0), (10, 99, 0), (20, 99, 0), (30, 99, 1)]

    run_clocked(scheduler, bench, ("sync", "burst"))


def test_without_bursts_only_the_first_spike_is_sent() -> None:
    scheduler = Scheduler(bursts=False)

    async def bench(ctx: Any) -> None:
        ctx.set(scheduler.config.spi_burst_timeref, 1)
        ctx.set(scheduler.neuron_event.spike, 1)
        ctx.set(scheduler.neuron_event.spk_ref, 7)
        ctx.set(scheduler.neuron_addr, 5)
        await ctx.tick()
        ctx.set(scheduler.neuron_event.spike, 0)
        await ctx.tick().repeat(50)
        assert await _drain(ctx, scheduler) == [(5, 0)]

    run_clocked(scheduler, bench)


async def _drain(ctx: Any, scheduler: Scheduler) -> list[tuple[int, int]]:
    """Return all events that wait."""
    events = []
    ctx.set(scheduler.o.ready, 1)
    while ctx.get(scheduler.o.valid):
        payload = ctx.get(scheduler.o.payload)
        events.append((payload["addr"], payload["virts"]))
        await ctx.tick()
    ctx.set(scheduler.o.ready, 0)
    return events
