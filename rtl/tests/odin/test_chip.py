import pytest

from draupnir.emulator.codec import encode
from draupnir.emulator.odin.layout import CHIP, LIF, NEURONS
from draupnir.emulator.odin.port import PORT
from draupnir.emulator.spi import frames
from draupnir.rtl.odin.chip import Odin
from draupnir.rtl.tests.odin.drive import Driver, run_chip

EVENT = {event.name: event for event in CHIP.events}
THR = 5
READY_TO_SPIKE = encode(LIF, lif_izh_sel=1, thr=THR, core=THR - 1)


def test_a_neuron_programmed_through_the_spi_spikes_on_the_output_bus() -> None:
    async def bench(driver: Driver) -> None:
        await _program(driver, {0xC3: READY_TO_SPIKE})
        await driver.event(EVENT["virtual"].encode(neur=0xC3, weight=1))
        await driver.clock(20)
        assert driver.output_events == [0xC3]

    run_chip(Odin(), bench)


def test_a_programmed_byte_is_read_back_on_miso() -> None:
    word = int.from_bytes(bytes(range(0x30, 0x40)), "little")

    async def bench(driver: Driver) -> None:
        await _begin_programming(driver)
        await driver.write_neuron(7, word)
        for byte in (0, 9, 15, 16):
            answer = await _read(driver, PORT.encode_read(NEURONS.name, 7, byte))
            assert answer == (0x30 + byte if byte < 16 else 0)

    run_chip(Odin(), bench)


@pytest.mark.parametrize("name", ["synapse", "tref", "bist", "tref_all"])
def test_events_of_the_input_bus_take_the_declared_cycles(name: str) -> None:
    async def bench(driver: Driver) -> None:
        await _program(driver, {})
        await driver.configure("SPI_AER_SRC_CTRL_nNEUR", 1)  # With 0 the output bus would delay the spikes.
        assert await _cycles_to_ack(driver, EVENT[name].encode()) == EVENT[name].cycles

    run_chip(Odin(), bench)


@pytest.mark.parametrize("name", ["tref_all", "bist"])
def test_sweeps_of_a_smaller_chip_are_as_much_shorter(name: str) -> None:
    async def bench(driver: Driver) -> None:
        await _program(driver, {})
        await driver.configure("SPI_AER_SRC_CTRL_nNEUR", 1)  # With 0 the output bus would delay the spikes.
        assert await _cycles_to_ack(driver, EVENT[name].encode()) == EVENT[name].cycles // 4

    run_chip(Odin(n_neurons=64), bench)


def test_memories_of_a_smaller_chip_ignore_the_upper_bits_of_an_address() -> None:
    async def bench(driver: Driver) -> None:
        await _program(driver, {5: READY_TO_SPIKE})
        await driver.event(EVENT["virtual"].encode(neur=64 + 5, weight=1))
        await driver.clock(20)
        assert driver.output_events == [64 + 5]

    run_chip(Odin(n_neurons=64), bench)


def test_without_izh_such_a_neuron_stays_and_never_spikes() -> None:
    at_threshold = 0  # core, thr and thrmod 0: an Izhikevich neuron would spike at each update

    async def bench(driver: Driver) -> None:
        await _program(driver, {5: at_threshold})
        await driver.event(EVENT["tref"].encode(neur=5) | 1 << 7)
        await driver.clock(20)
        assert driver.output_events == ([5] if izh else [])

    for izh in (True, False):
        run_chip(Odin(izh=izh), bench)


async def _begin_programming(driver: Driver) -> None:
    await driver.configure("SPI_GATE_ACTIVITY", 1)
    await driver.configure("SPI_OPEN_LOOP", 1)
    await driver.clock(4)


async def _program(driver: Driver, neurons: dict[int, int]) -> None:
    """Configure some neurons in open loop, so that their spikes do not come back."""
    await _begin_programming(driver)
    for neur, word in neurons.items():
        await driver.write_neuron(neur, word)
    await driver.configure("SPI_GATE_ACTIVITY", 0)
    await driver.clock(4)


async def _read(driver: Driver, transaction: int) -> int:
    """Read a byte. The access needs clocks between the frame's halves."""
    miso_bits = []
    for half in frames.fields(transaction, PORT.bits, PORT.field_bits):
        for bit in frames.msb_first(half, PORT.field_bits):
            driver.set(MOSI=bit, SCK=1)
            await driver.clock()
            miso_bits.append(driver.get("MISO"))
            driver.set(SCK=0)
            await driver.clock()
        await driver.clock(6)
    return PORT.answer(frames.number(miso_bits))


async def _cycles_to_ack(driver: Driver, addr: int) -> int:
    """Return the clocks between the state after WAIT and the acknowledge. A request leaves WAIT after 3 clocks."""
    driver.set(AERIN_ADDR=addr, AERIN_REQ=1)
    await driver.clock(3)
    start = driver.cycle
    while not driver.get("AERIN_ACK"):
        await driver.clock()
        assert driver.cycle < start + 40000
    return driver.cycle - start
