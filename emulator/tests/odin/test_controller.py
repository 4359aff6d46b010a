"""The controller: the declared cycles of each event, the handshake, the order of requests, and the gate."""

from __future__ import annotations

import pytest

from draupnir.emulator.odin.layout import EVENTS as DECLARED
from draupnir.emulator.odin.layout import IZH, LIF, SpiCmd, State
from draupnir.emulator.tests.odin.helpers import EVENTS, Bench

PROCESSED_IN = {
    "synapse": State.SYNAPSE,
    "tref_all": State.TREF,
    "tref": State.TREF,
    "bist_all": State.BIST,
    "bist": State.BIST,
    "virtual": State.POP_VIRT,
    "spike": State.POP_NEUR,
    "other": State.POP_VIRT,
}
FIELDS = {"virtual": {"weight": 1}, "other": {"virts": 4}}
SCHEDULED = ("virtual", "spike", "other")
SYNC = 2  # clocks of the synchroniser
WAITING = 1  # the clock in which state WAIT decides


@pytest.fixture
def bench() -> Bench:
    """Return a chip in which no neuron spikes."""
    bench = Bench()
    bench.start()
    for addr in range(256):
        bench.set_neuron(addr, LIF, thr=255)
    return bench


def clocks_in(bench: Bench, state: State) -> int:
    """Wait until the controller enters a state, and return the number of clocks that it stays there."""
    bench.clock_until("state", state)
    n = 0
    while bench.r.state == state:
        bench.clock()
        n += 1
    return n


@pytest.mark.parametrize("event", DECLARED, ids=lambda event: event.name)
def test_an_event_takes_the_cycles_declared(bench: Bench, event) -> None:  # type: ignore[no-untyped-def]
    fields = {f.name: 3 for f in event.fields if f.name in ("neur", "pre_neur", "post_neur")}
    bench.clock(AERIN_ADDR=event.encode(**fields, **FIELDS.get(event.name, {})), AERIN_REQ=1)
    if event.name in SCHEDULED:
        assert clocks_in(bench, State.PUSH) == 1
        bench.clock(AERIN_REQ=0)
    assert clocks_in(bench, PROCESSED_IN[event.name]) == event.cycles


@pytest.mark.parametrize("event", DECLARED, ids=lambda event: event.name)
def test_ack_rises_when_the_event_is_done_or_pushed(bench: Bench, event) -> None:  # type: ignore[no-untyped-def]
    own = 1 if event.name in SCHEDULED else event.cycles
    addr = event.encode(**FIELDS.get(event.name, {}))
    assert bench.clock(SYNC + WAITING + own, AERIN_ADDR=addr, AERIN_REQ=1)["AERIN_ACK"] == 0
    assert bench.outputs["AERIN_ACK"] == 1


def test_ack_stays_until_req_has_fallen_through_the_synchroniser(bench: Bench) -> None:
    bench.clock(20, AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    assert bench.outputs["AERIN_ACK"] == 1
    bench.clock(SYNC, AERIN_REQ=0)
    assert bench.outputs["AERIN_ACK"] == 1
    bench.clock()
    assert bench.outputs["AERIN_ACK"] == 0


def test_a_request_shorter_than_the_decision_is_lost(bench: Bench) -> None:
    bench.clock(AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    bench.clock(AERIN_REQ=0, AERIN_ADDR=0)
    states = set()
    for _ in range(20):
        bench.clock()
        states.add(int(bench.r.state))
    assert State.TREF not in states
    assert State.BIST in states  # The address at the moment when the synchroniser shows the request counts.


def test_a_time_reference_updates_one_neuron_or_all(bench: Bench) -> None:
    for addr in range(256):
        bench.set_neuron(addr, LIF, thr=255, core=100, leak_en=1, leak_str=30)
    bench.event("tref", neur=17)
    assert [addr for addr in range(256) if bench.neuron(addr)["core"] != 100] == [17]
    bench.event("tref_all")
    assert {bench.neuron(addr)["core"] for addr in range(256)} == {70, 40}
    assert bench.neuron(17)["core"] == 40


def test_a_synapse_event_stimulates_one_neuron_with_one_synapse(bench: Bench) -> None:
    bench.set_synapse(200, 13, 0b1101)
    bench.event("synapse", pre_neur=200, post_neur=13)
    assert [addr for addr in range(256) if bench.neuron(addr)["core"]] == [13]
    assert bench.neuron(13)["core"] == 5


def test_a_spike_event_stimulates_all_neurons_by_the_row_of_its_neuron(bench: Bench) -> None:
    for post in range(256):
        bench.set_synapse(200, post, 8 | post % 8)
        bench.set_synapse(201, post, 0b1111)
    bench.event("spike", pre_neur=200)
    bench.settle()
    assert [bench.neuron(addr)["core"] for addr in range(256)] == [addr % 8 for addr in range(256)]


@pytest.mark.parametrize(("propagate", "core"), [(0, 0), (1, 6)])
def test_an_unmapped_synapse_stimulates_only_if_asked_to(propagate: int, core: int) -> None:
    bench = Bench()
    bench.start(PROPAGATE_UNMAPPED_SYN=propagate)
    bench.set_neuron(13, LIF, thr=255)
    bench.set_synapse(200, 13, 0b0110)
    bench.event("synapse", pre_neur=200, post_neur=13)
    assert bench.neuron(13)["core"] == core


@pytest.mark.parametrize(("sign", "core"), [(1 << 200, 44), (~(1 << 200) & (1 << 256) - 1, 56)])
def test_the_sign_is_that_of_the_pre_synaptic_neuron(sign: int, core: int) -> None:
    bench = Bench()
    bench.start(SYN_SIGN=sign)
    bench.set_neuron(13, LIF, thr=255, core=50)
    bench.set_synapse(200, 13, 0b1110)
    bench.event("synapse", pre_neur=200, post_neur=13)
    assert bench.neuron(13)["core"] == core


@pytest.mark.parametrize("weight", [0, 7])
def test_a_virtual_events_leak_bit_makes_it_a_time_reference(bench: Bench, weight: int) -> None:
    bench.set_neuron(13, LIF, thr=255, core=50, leak_en=1, leak_str=9)
    bench.event("virtual", neur=13, weight=weight, leak=1)
    bench.settle()
    assert bench.neuron(13)["core"] == 41


def test_bistability_works_on_one_row_or_on_all(bench: Bench) -> None:
    for pre in (0, 17, 255):
        bench.set_synapse(pre, 100, 0b1101)
        bench.set_synapse(pre, 101, 0b1010)
    bench.event("bist", neur=17)
    assert [bench.synapse(pre, 100) for pre in (0, 17, 255)] == [13, 14, 13]
    bench.event("bist_all")
    assert [bench.synapse(pre, 100) for pre in (0, 17, 255)] == [14, 15, 14]
    assert [bench.synapse(pre, 101) for pre in (0, 17, 255)] == [9, 8, 9]


@pytest.mark.parametrize(("sdsp", "weight"), [(0, 3), (1, 4)])
def test_a_synapse_event_learns_only_if_asked_to(sdsp: int, weight: int) -> None:
    bench = Bench()
    bench.start(SDSP_ON_SYN_STIM=sdsp)
    bench.set_neuron(13, LIF, thr=255, core=9, ca_en=1, ca_theta3=7)
    bench.event("tref", neur=13)  # It sets the flag, because the potential is at or above thetamem.
    bench.set_synapse(200, 13, 0b1011)
    bench.set_synapse(200, 12, 0b1011)
    bench.event("synapse", pre_neur=200, post_neur=13)
    assert (bench.synapse(200, 13), bench.synapse(200, 12)) == (8 | weight, 0b1011)


def test_a_spike_event_learns_by_the_flags_of_each_neuron(bench: Bench) -> None:
    learning = {"thr": 255, "ca_en": 1, "ca_theta2": 7, "ca_theta3": 7, "thetamem": 10}
    bench.set_neuron(20, LIF, core=10, **learning)
    bench.set_neuron(21, LIF, core=9, **learning)
    for post in (20, 21, 22):
        bench.set_synapse(5, post, 0b1100)
    bench.event("tref_all")
    bench.event("spike", pre_neur=5)
    bench.settle()
    assert [bench.synapse(5, post) for post in (20, 21, 22)] == [0b1101, 0b1011, 0b1100]
    assert bench.neuron(20)["core"] == 14  # The weight stimulates as it was before the event.


def test_the_input_bus_goes_before_the_scheduler(bench: Bench) -> None:
    bench.set_neuron(50, LIF, thr=2)
    bench.set_synapse(2, 50, 0b1111)
    bench.event("spike", pre_neur=2)
    bench.clock_until("aerout_req", 1)
    bench.clock(4, AEROUT_ACK=1)
    bench.clock(4, AEROUT_ACK=0, AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    bench.clock_until("state", State.WAIT)
    assert bench.r.main_empty == 0  # The spike of neuron 50 waits, too.
    bench.clock()
    assert bench.r.state == State.TREF


def test_a_bistability_event_waits_until_the_scheduler_is_empty(bench: Bench) -> None:
    bench.event("spike", pre_neur=2)
    bench.clock(3, AERIN_ADDR=EVENTS["bist"].encode(neur=1), AERIN_REQ=1)
    order = []
    for _ in range(700):
        bench.clock()
        order.append(int(bench.r.state))
    assert State.POP_NEUR in order
    assert order.index(State.BIST) > max(i for i, state in enumerate(order) if state == State.POP_NEUR)


def test_a_full_scheduler_goes_before_the_input_bus(bench: Bench) -> None:
    bench.model.registers.main_fill_cnt[0] = 31
    bench.model.registers.main_empty[0] = 0
    bench.clock(3, AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    assert bench.r.state == State.POP_NEUR


def test_a_busy_output_bus_stops_the_counters(bench: Bench) -> None:
    bench.set_neuron(100, LIF, thr=1)
    bench.set_synapse(7, 100, 0b1111)
    bench.event("spike", pre_neur=7)
    bench.clock_until("aerout_ctrl_busy", 1)
    cnt = bench.r.ctrl_cnt
    bench.clock(50)
    assert (bench.r.state, bench.r.ctrl_cnt) == (State.POP_NEUR, cnt)
    bench.clock(4, AEROUT_ACK=1)
    bench.clock(4, AEROUT_ACK=0)
    assert bench.r.ctrl_cnt > cnt


def test_the_gate_closes_only_as_the_controller_comes_to_rest(bench: Bench) -> None:
    bench.event("spike", pre_neur=2)
    bench.clock_until("state", State.POP_NEUR)
    bench.configure(GATE_ACTIVITY=1)
    bench.clock(4)
    assert (bench.r.state, bench.r.spi_gate_activity_sync) == (State.POP_NEUR, 0)
    bench.clock_until("state", State.WAIT)
    assert bench.r.spi_gate_activity_sync == 1


def test_a_closed_gate_keeps_events_waiting(bench: Bench) -> None:
    bench.configure(GATE_ACTIVITY=1)
    bench.clock(4)
    bench.clock(100, AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    assert (bench.r.state, bench.outputs["AERIN_ACK"]) == (State.WAIT, 0)
    bench.configure(GATE_ACTIVITY=0)
    bench.clock(10)
    assert bench.outputs["AERIN_ACK"] == 1


def test_a_read_by_the_spi_changes_nothing(bench: Bench) -> None:
    bench.configure(OPEN_LOOP=1, GATE_ACTIVITY=1)
    bench.set_neuron(3, IZH, thr=0)
    start = bench.model.snapshot()
    bench.spi_read(SpiCmd.NEURONS, 3, 0)
    bench.spi_read(SpiCmd.SYNAPSES, 3, 0)
    for name, memory in bench.model.memories.items():
        assert (memory == start.memories[name]).all()


def test_a_busy_output_bus_keeps_the_controller_waiting(bench: Bench) -> None:
    bench.clock(4, AEROUT_ACK=1)
    bench.clock(50, AERIN_ADDR=EVENTS["tref"].encode(neur=1), AERIN_REQ=1)
    assert bench.r.state == State.WAIT
    bench.clock(4, AEROUT_ACK=0)
    assert bench.r.state == State.TREF


def test_only_the_bursting_neuron_is_told_of_its_bursts_end(bench: Bench) -> None:
    locked = {"thr": 1, "rfr": 3, "core": -3, "refrac": 1, "burst_lock": 1}
    bench.set_neuron(5, IZH, **locked)
    bench.set_neuron(6, IZH, **locked)
    bench.configure(BURST_TIMEREF=(1 << 20) - 1)
    bench.model.registers["burst_mem"][0, 0] = 1 << 8 | 5
    bench.model.registers["burst_empty"][0, 0] = 0
    bench.clock(2)
    bench.settle()
    assert (bench.neuron(5)["burst_lock"], bench.neuron(6)["burst_lock"]) == (0, 1)
