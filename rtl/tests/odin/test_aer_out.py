from collections.abc import Awaitable, Callable
from typing import Any

from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import MONITOR, SYN
from draupnir.rtl.odin.aer_out import AerOut
from draupnir.rtl.tests.simulate import run_clocked, set_raw

SYNC_DELAY = 3  # the number of clocks from a change of ACK to its effect on REQ


def _run(bench: Callable[[Any, AerOut], Awaitable[None]]) -> None:
    aer_out = AerOut()
    run_clocked(aer_out, lambda ctx: bench(ctx, aer_out), ("aerout",))


async def _pulse(ctx: Any, *signals: Any) -> None:
    for signal in signals:
        ctx.set(signal, 1)
    await ctx.tick("aerout")
    for signal in signals:
        ctx.set(signal, 0)


async def _acknowledge(ctx: Any, aer_out: AerOut) -> int:
    """Do a whole handshake, and return the event's address."""
    assert ctx.get(aer_out.req) == 1
    addr = ctx.get(aer_out.addr)
    ctx.set(aer_out.ack, 1)
    await ctx.tick("aerout").repeat(SYNC_DELAY)
    assert (ctx.get(aer_out.req), ctx.get(aer_out.ctrl_busy)) == (0, 1)
    ctx.set(aer_out.ack, 0)
    await ctx.tick("aerout").repeat(SYNC_DELAY)
    return addr


def test_a_spike_is_sent_and_the_controller_waits_for_the_handshake() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        ctx.set(aer_out.neurons.addr, 0x47)
        await _pulse(ctx, aer_out.neuron_event.spike)
        assert ctx.get(aer_out.ctrl_busy) == 1
        assert await _acknowledge(ctx, aer_out) == 0x47
        assert ctx.get(aer_out.ctrl_busy) == 0

    _run(bench)


def test_events_of_the_controller_replace_spikes() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        ctx.set(aer_out.config.spi_aer_src_ctrl_nneur, 1)
        ctx.set(aer_out.sched_addr, 0x99)
        await _pulse(ctx, aer_out.neuron_event.spike)
        assert ctx.get(aer_out.req) == 0
        await _pulse(ctx, aer_out.pop_neur)
        assert await _acknowledge(ctx, aer_out) == 0x99

    _run(bench)


def test_an_acknowledge_nobody_asked_for_makes_the_controller_wait() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        ctx.set(aer_out.ack, 1)
        await ctx.tick("aerout").repeat(SYNC_DELAY)
        assert (ctx.get(aer_out.req), ctx.get(aer_out.ctrl_busy)) == (0, 1)
        ctx.set(aer_out.ack, 0)
        await ctx.tick("aerout").repeat(SYNC_DELAY)
        assert ctx.get(aer_out.ctrl_busy) == 0

    _run(bench)


def _monitor(ctx: Any, aer_out: AerOut) -> None:
    """Neuron 21 (synapse 5 of group 2) and its synapse from neuron 7 are monitored and addressed."""
    ctx.set(aer_out.config.spi_out_aer_monitor_en, 1)
    ctx.set(aer_out.config.spi_monitor_neur_addr, 21)
    ctx.set(aer_out.config.spi_monitor_syn_addr, 7)
    ctx.set(aer_out.neurons.addr, 21)
    ctx.set(aer_out.synapses.addr, {"pre": 7, "post_group": 2})
    set_raw(ctx, aer_out.syn_word, encode(SYN, syn_weight5=6, mapping5=1))
    set_raw(ctx, aer_out.monitor, encode(MONITOR, v_mem=0xA5, calcium=3, v_up=1, event=1))


def test_a_monitored_neuron_sends_its_flags_and_then_its_potential() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        _monitor(ctx, aer_out)
        await _pulse(ctx, aer_out.neurons.cs, aer_out.neurons.we)
        assert await _acknowledge(ctx, aer_out) == 0b1100_1100
        await ctx.tick("aerout")
        assert await _acknowledge(ctx, aer_out) == 0xA5
        assert (ctx.get(aer_out.req), ctx.get(aer_out.ctrl_busy)) == (0, 0)

    _run(bench)


def test_a_monitored_synapse_sends_one_packet() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        _monitor(ctx, aer_out)
        await _pulse(ctx, aer_out.synapses.cs, aer_out.synapses.we)
        assert await _acknowledge(ctx, aer_out) == 0b1111_1110
        assert (ctx.get(aer_out.req), ctx.get(aer_out.ctrl_busy)) == (0, 0)

    _run(bench)


def test_the_neuron_goes_before_the_synapse() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        _monitor(ctx, aer_out)
        neurons, synapses = aer_out.neurons, aer_out.synapses
        await _pulse(ctx, neurons.cs, neurons.we, synapses.cs, synapses.we)
        packets = []
        for _ in range(3):
            packets.append(await _acknowledge(ctx, aer_out))
            await ctx.tick("aerout")
        assert packets == [0b1100_1100, 0xA5, 0b1111_1110]

    _run(bench)


def test_other_neurons_and_reads_are_not_monitored() -> None:
    async def bench(ctx: Any, aer_out: AerOut) -> None:
        _monitor(ctx, aer_out)
        await _pulse(ctx, aer_out.neurons.cs)
        ctx.set(aer_out.neurons.addr, 22)
        await _pulse(ctx, aer_out.neurons.cs, aer_out.neurons.we)
        assert ctx.get(aer_out.req) == 0

    _run(bench)
