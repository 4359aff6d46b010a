"""Scenarios for a chip on a bus, for any bus."""

from __future__ import annotations

from cocotb.triggers import RisingEdge, Timer

from draupnir.cocotb_tests.catalogue import BENCH
from draupnir.cocotb_tests.crossbar.bench import GATE, NEURONS, SYNAPSES, CrossbarBench, image
from draupnir.cocotb_tests.soc.bench import LONGEST, SocBench
from draupnir.emulator import chips
from draupnir.emulator.codec import to_limbs
from draupnir.emulator.spi.port import RegisterWrite, writes_of
from draupnir.rtl.soc.address_map import PAGE
from draupnir.rtl.soc.registers import BUS_BYTES, BusAccess

THR = 3
CHAIN = 5  # neurons 1 to CHAIN, each of which excites the next one
FIRST = 2  # the first neuron of the short chain, whose spikes fit the queue
QUIET = 700  # clocks, more than a spike event takes
N_ACCESSES = 150


def of_chip(bench: SocBench) -> type[CrossbarBench]:
    """Return the chip's own bench, which knows its neurons and synapses."""
    chip_bench = BENCH.require(chips.package(bench.model.chip.name))
    assert issubclass(chip_bench, CrossbarBench), chip_bench
    return chip_bench


def silence(bench: SocBench) -> None:
    """Fill the neurons with ones that never spike, if the chip has such. A test writes only some words itself."""
    if not issubclass(BENCH.require(chips.package(bench.model.chip.name)), CrossbarBench):
        return
    neurons = bench.model.chip.memory(NEURONS)
    bench.fill(NEURONS, image(neurons, {}, of_chip(bench).silent))


async def configure(bench: SocBench) -> None:
    """Write all registers, and the neurons and synapses of the chain."""
    own = of_chip(bench)
    await bench.write_chip(own.port.begin())
    for register in bench.model.chip.registers:
        if register.name not in own.port.quiet:
            content = 0xFF if register.name == "SPI_MAX_NEUR" else 0
            await bench.write_chip(writes_of(register, content))
    neurons = {neuron: own.lif(thr=THR) for neuron in range(1, CHAIN + 1)}
    synapses = own.synapses({(neuron, neuron + 1): THR for neuron in range(CHAIN)})
    for name, contents in ((NEURONS, neurons), (SYNAPSES, synapses)):
        for word, content in contents.items():
            limbs = to_limbs(content, bench.model.chip.memory(name).n_limbs)
            await bench.write_word(name, word, limbs)
    await bench.write_chip(RegisterWrite(name, 0, 0) for name in reversed(list(own.port.quiet)))


async def wait_for_irq(bench: SocBench) -> None:
    """Wait for the interrupt."""
    if not bench.dut.irq.value:
        await RisingEdge(bench.dut.irq)


async def a_spike_travels(bench: SocBench) -> None:
    """A spike goes through the chain, with the chip's clock free; its spikes come with their cycles."""
    await configure(bench)
    spike = next(event for event in bench.model.chip.events if event.name == "spike")
    await bench.write("QUIET_MARK", QUIET)
    await bench.write("IRQ_ENABLE", quiet=1)
    await bench.write("CONTROL", free=1)
    await bench.write("EVENT", spike.encode(pre_neur=FIRST))
    await wait_for_irq(bench)
    await bench.write("CONTROL")
    spikes = await bench.spikes()
    assert [addr for _, addr in spikes] == list(range(FIRST + 1, CHAIN + 1))
    await bench.write("IRQ_ENABLE")
    cycle = await bench.read("NOW") + 100
    await bench.write("EVENT_CYCLE", cycle)
    await bench.write("EVENT_AT", spike.encode(pre_neur=CHAIN - 1))
    await bench.run(QUIET)
    spikes += await bench.spikes()
    assert len(spikes) == CHAIN - FIRST + 1 and spikes[-1][0] > cycle
    await memories_are_the_models(bench)
    assert spikes == bench.spikes_on_pins


async def memories_are_the_models(bench: SocBench) -> None:
    """Read words through the windows; they are the golden model's."""
    await bench.write_chip([RegisterWrite(GATE, 0, 1)])
    contents = {name: content.copy() for name, content in bench.contents().items()}
    for name in (NEURONS, SYNAPSES):
        assert await bench.read_word(name, CHAIN) == contents[name][CHAIN].tolist(), name


async def queues_have_an_end(bench: SocBench) -> None:
    """An event without room is refused, and noted; a spike without room stops the chip's clock, and none is lost."""
    await configure(bench)
    depths = bench.map.register("DEPTHS").word
    n_events, n_spikes = depths["events"].take(await bench.read("DEPTHS")), await bench.field("DEPTHS", "spikes")
    spike = next(event for event in bench.model.chip.events if event.name == "spike")
    event = bench.map.register("EVENT").offset
    assert await bench.read("SPIKE") == await bench.read("SPIKE_CYCLE") == 0
    for i in range(n_events):
        assert await bench.field("LEVELS", "events") == i
        await bench.write("EVENT", spike.encode(pre_neur=0))
    assert not await bench.field("IRQ_PENDING", "lost")
    assert await bench.write_at(event, spike.encode(pre_neur=0)) and await bench.field("LEVELS", "events") == n_events
    assert await bench.field("IRQ_PENDING", "lost")
    await bench.write("IRQ_PENDING", lost=1)
    assert not await bench.field("IRQ_PENDING", "lost")
    await bench.write("CONTROL", forget=1)
    assert await bench.read("LEVELS") == 0 and await bench.read("CONTROL") == 0
    assert await bench.field("IRQ_PENDING", "events")

    assert n_spikes < CHAIN, "the chain must not fit the queue"
    await bench.write("EVENT", spike.encode(pre_neur=0))
    await bench.write("MARKS", spikes=n_spikes)
    await bench.write("IRQ_ENABLE", spikes=1)
    await bench.write("CONTROL", free=1)
    await wait_for_irq(bench)
    await Timer(100 * bench.clock.period, "step")
    now = await bench.read("NOW")
    await Timer(100 * bench.clock.period, "step")
    assert await bench.read("NOW") == now, "the chip's clock runs on without room for a spike"
    spikes = []
    for _ in range(LONGEST):
        spikes += await bench.spikes()
        if len(spikes) == CHAIN:
            break
    await bench.write("CONTROL")
    bench.contents()
    assert spikes == bench.spikes_on_pins and [addr for _, addr in spikes] == list(range(1, CHAIN + 1))


async def accesses_do_what_the_map_says(bench: SocBench) -> None:
    """Random accesses to all registers that only hold a content, and to addresses where an access is an error."""
    plain = ("EVENT_DELAYS", "SPIKE_DELAYS", "EVENT_CYCLE", "MARKS", "QUIET_MARK", "IRQ_ENABLE")
    contents = {bench.map.register(name).offset: bench.map.register(name).reset for name in plain}
    by_access = {access: [each.offset for each in bench.map.registers if each.access == access] for access in BusAccess}
    behind = len(bench.map.registers) * BUS_BYTES
    registers, (memory, *_) = bench.map.chip_registers, bench.map.memories
    assert registers is not None
    nowhere = (behind, PAGE - BUS_BYTES, registers.base + registers.n_bytes, memory.base - BUS_BYTES)
    for _ in range(N_ACCESSES):
        kind, content = int(bench.rng.integers(4)), int(bench.rng.integers(1 << 32))
        strb = int(bench.rng.choice([0b1111, 0b0001, 0b0110, 0b1100]))
        addr = int(bench.rng.choice(list(contents)))
        if kind == 0:
            assert await bench.read_at(addr) == (contents[addr], False)
        elif kind == 1:
            error = await bench.write_at(addr, content, strb)
            assert error == (strb != 0b1111), "a register is written whole or not at all"
            contents[addr] = contents[addr] if error else content
        elif kind == 2:
            addr = int(bench.rng.choice([*nowhere, registers.base, *by_access[BusAccess.WRITE], memory.base]))
            assert (await bench.read_at(addr))[1], hex(addr)
        else:
            addr = int(bench.rng.choice([*nowhere, *by_access[BusAccess.READ], memory.base]))
            assert await bench.write_at(addr, content, 0b1111), hex(addr)
    for addr, content in contents.items():
        assert await bench.read_at(addr) == (content, False), hex(addr)
    await bytes_are_written_alone(bench)


async def bytes_are_written_alone(bench: SocBench) -> None:
    """A memory's word changes only in the bytes that are strobed; a reset of the chip closes the windows."""
    name = SYNAPSES
    (window,) = (each for each in bench.map.memories if each.name == name)
    await bench.write_chip([RegisterWrite(GATE, 0, 1)])
    await bench.write_word(name, 9, [0x12345678])
    assert not await bench.write_at(window.base + 9 * window.stride, 0xAABBCCDD, 0b0110)
    assert await bench.read_word(name, 9) == [0x12BBCC78]
    await bench.write("PINS_IN", bench.map.register("PINS_IN").reset)
    assert await bench.write_at(window.base, 0) and (await bench.read_at(window.base))[1]


async def each_window_has_its_memory(bench: SocBench) -> None:
    """A word of each memory is written and read through its window, with all gates open."""
    window = bench.map.chip_registers
    assert window is not None
    await bench.write_chip(window.port.begin())
    for one in bench.model.chip.memories:
        word = int(bench.rng.integers(one.depth))
        limbs = bench.rng.integers(1 << 32, size=one.n_limbs).tolist()
        await bench.write_word(one.name, word, limbs)
        assert (await bench.read_word(one.name, word, n_limbs=1)) == limbs[:1]
        assert bench.contents()[one.name][word].tolist() == limbs, one.name


SCENARIOS = {
    each.__name__: each
    for each in (a_spike_travels, each_window_has_its_memory, queues_have_an_end, accesses_do_what_the_map_says)
}


async def play(bench: SocBench, name: str) -> None:
    """Play a scenario in a bench."""
    silence(bench)
    async with bench:
        await SCENARIOS[name](bench)
