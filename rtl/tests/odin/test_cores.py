"""The neuron core and the synaptic core: reads, writes and updates of their words."""

from typing import Any

from draupnir.emulator.codec import decode, encode
from draupnir.emulator.odin.layout import LIF, NEURONS, SYN, SYNAPSES
from draupnir.emulator.odin.port import PORT
from draupnir.rtl.odin.neuron_core import NeuronCore
from draupnir.rtl.odin.synaptic_core import SynapticCore
from draupnir.rtl.tests.simulate import run_clocked, set_raw


async def _store(ctx: Any, core: NeuronCore | SynapticCore, addr: int, content: dict[int, int]) -> None:
    """Write a word's bytes as the SPI does."""
    ctx.set(core.gate_activity_sync, 1)
    set_raw(ctx, core.control.addr, addr)
    for byte_idx, byte in content.items():
        ctx.set(core.spi.addr, byte_idx)
        ctx.set(core.spi.prog_data, {"byte": byte, "mask": 0})
        await _read_then_write(ctx, core)
    ctx.set(core.gate_activity_sync, 0)


async def _read_then_write(ctx: Any, core: NeuronCore | SynapticCore) -> None:
    for cs, we in ((1, 0), (1, 1), (0, 0)):
        ctx.set(core.control.cs, cs)
        ctx.set(core.control.we, we)
        await ctx.tick()


async def _word(ctx: Any, core: NeuronCore | SynapticCore) -> int:
    ctx.set(core.control.cs, 1)
    await ctx.tick()
    ctx.set(core.control.cs, 0)
    word = core.r_word
    return ctx.get(word if isinstance(core, NeuronCore) else word.as_value())


def _neuron_bytes(word: int) -> dict[int, int]:
    return {byte << 8: word >> 8 * byte & 0xFF for byte in range(NEURONS.width // 8)}


async def _stimulated(ctx: Any, core: NeuronCore, neur: int, **inputs: int) -> int:
    """Return the LIF potential of a neuron after an event; before it the potential is 100."""
    await _store(ctx, core, neur, _neuron_bytes(encode(LIF, lif_izh_sel=1, thr=255, core=100)))
    set_raw(ctx, core.synapses, encode(SYN, syn_weight3=6, mapping3=1, syn_weight4=5))
    ctx.set(core.syn_sign, inputs.get("syn_sign", 0))
    set_raw(ctx, core.event.virts, inputs.get("virts", 0))
    ctx.set(core.config.spi_propagate_unmapped_syn, inputs.get("propagate", 0))
    ctx.set(core.event.event, 1)
    await _read_then_write(ctx, core)
    ctx.set(core.event.event, 0)
    return decode(LIF, await _word(ctx, core))["core"]


def test_neuron_takes_its_own_synapse_of_the_word() -> None:
    core = NeuronCore()

    async def bench(ctx: Any) -> None:
        assert await _stimulated(ctx, core, 8 * 9 + 3) == 106
        assert await _stimulated(ctx, core, 8 * 9 + 3, syn_sign=1) == 94
        assert await _stimulated(ctx, core, 8 * 9 + 2) == 100

    run_clocked(core, bench)


def test_an_unmapped_synapse_stimulates_only_if_told_so() -> None:
    core = NeuronCore()

    async def bench(ctx: Any) -> None:
        assert await _stimulated(ctx, core, 4) == 100
        assert await _stimulated(ctx, core, 4, propagate=1) == 105

    run_clocked(core, bench)


def test_a_virtual_event_replaces_synapse_and_sign() -> None:
    core = NeuronCore()
    weight_7_inhibitory = 0b111_1_0

    async def bench(ctx: Any) -> None:
        assert await _stimulated(ctx, core, 3, virts=weight_7_inhibitory) == 93

    run_clocked(core, bench)


def test_flags_are_read_by_group_and_written_with_the_neuron() -> None:
    core = NeuronCore()
    learns_up = encode(LIF, lif_izh_sel=1, thr=255, core=100, ca_en=1, thetamem=50, ca_theta3=7)
    learns_down = encode(LIF, lif_izh_sel=1, thr=255, core=10, ca_en=1, thetamem=50, ca_theta2=7)

    async def bench(ctx: Any) -> None:
        for neur, word in ((8 * 30 + 1, learns_up), (8 * 30 + 6, learns_down), (8 * 29, learns_up)):
            await _store(ctx, core, neur, _neuron_bytes(word))
            await _read_then_write(ctx, core)
        flags = {}
        for group in (28, 29, 30):
            ctx.set(core.control.addr, 8 * group)
            await ctx.tick()
            flags[group] = (ctx.get(core.v_up), ctx.get(core.v_down))
        assert flags == {28: (0, 0), 29: (1, 0), 30: (1 << 1, 1 << 6)}

    run_clocked(core, bench)


def test_sdsp_updates_the_enabled_and_mapped_synapses() -> None:
    core = SynapticCore()
    first_byte = encode(SYN, syn_weight0=3, mapping0=1, syn_weight1=3, mapping1=0)
    second_byte = encode(SYN, syn_weight0=3, mapping0=1, syn_weight1=3, mapping1=1)

    async def bench(ctx: Any) -> None:
        byte = {i: PORT.place(SYNAPSES.name, 0, i) for i in range(2)}
        await _store(ctx, core, 77, {byte[0]: first_byte, byte[1]: second_byte})
        ctx.set(core.pre_en, 0b0111)
        ctx.set(core.v_up, 0b1011)
        ctx.set(core.v_down, 0b0100)
        await _read_then_write(ctx, core)
        fields = decode(SYN, await _word(ctx, core))
        assert [fields[f"syn_weight{i}"] for i in range(5)] == [4, 3, 2, 3, 0]
        assert [fields[f"mapping{i}"] for i in range(5)] == [1, 0, 1, 1, 0]

    run_clocked(core, bench)


def test_without_sdsp_weights_stay() -> None:
    core = SynapticCore(sdsp=False)

    async def bench(ctx: Any) -> None:
        await _store(ctx, core, 5, {0: encode(SYN, syn_weight0=3, mapping0=1)})
        ctx.set(core.pre_en, 1)
        ctx.set(core.bist_ref, 1)
        await _read_then_write(ctx, core)
        assert decode(SYN, await _word(ctx, core))["syn_weight0"] == 3

    run_clocked(core, bench)
