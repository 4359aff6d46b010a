"""The output bus: standard mode from both sources, monitoring packets, and their order."""

from __future__ import annotations

import pytest

from draupnir.emulator.odin.layout import IZH, LIF
from draupnir.emulator.odin.neuron_words import ResonSign
from draupnir.emulator.tests.odin.helpers import Bench

SYNC = 2


def chip(**registers: int) -> Bench:
    """Return a chip in which no neuron spikes without a stimulus."""
    bench = Bench()
    bench.start(**registers)
    for addr in range(256):
        bench.set_neuron(addr, LIF, thr=255)
    return bench


def output_addrs(bench: Bench, n_clocks: int) -> list[int]:
    """Return the addresses that the chip sends in ``n_clocks`` clocks; the receiver acknowledges immediately."""
    addrs, last_req = [], 0
    for _ in range(n_clocks):
        out = bench.outputs
        if out["AEROUT_REQ"] and not last_req:
            addrs.append(out["AEROUT_ADDR"])
        last_req = out["AEROUT_REQ"]
        bench.clock(AEROUT_ACK=out["AEROUT_REQ"])
    return addrs


def test_a_neurons_spike_goes_out_with_its_address() -> None:
    bench = chip(OPEN_LOOP=1)
    bench.set_neuron(0xA5, LIF, thr=3)
    bench.event("virtual", neur=0xA5, weight=3)
    assert output_addrs(bench, 30) == [0xA5]


def test_spikes_of_one_event_go_out_in_the_order_of_the_neurons() -> None:
    bench = chip(OPEN_LOOP=1)
    for addr in (200, 3, 4, 77):
        bench.set_neuron(addr, LIF, thr=2)
        bench.set_synapse(9, addr, 0b1010)
    bench.event("spike", pre_neur=9)
    assert output_addrs(bench, 700) == [3, 4, 77, 200]


def test_a_disabled_neuron_sends_nothing_but_is_updated() -> None:
    bench = chip()
    bench.set_neuron(5, LIF, thr=3, core=2, neur_disable=1)
    bench.event("virtual", neur=5, weight=3)
    assert output_addrs(bench, 30) == []
    assert bench.neuron(5)["core"] == 0


def test_req_stays_until_ack_has_come_through_the_synchroniser() -> None:
    bench = chip(OPEN_LOOP=1)
    bench.set_neuron(5, LIF, thr=3)
    bench.event("virtual", neur=5, weight=3)
    bench.clock_until("aerout_req", 1)
    bench.clock(20)
    assert bench.outputs["AEROUT_REQ"] == 1
    bench.clock(SYNC, AEROUT_ACK=1)
    assert bench.outputs["AEROUT_REQ"] == 1
    bench.clock()
    assert (bench.outputs["AEROUT_REQ"], bench.r.aerout_ctrl_busy) == (0, 1)
    bench.clock(10)
    assert bench.r.aerout_ctrl_busy == 1
    bench.clock(SYNC + 1, AEROUT_ACK=0)
    assert bench.r.aerout_ctrl_busy == 0


def test_from_the_controller_a_spike_goes_out_as_it_is_processed() -> None:
    bench = chip(AER_SRC_CTRL_nNEUR=1, MONITOR_NEUR_ADDR=40)
    bench.set_neuron(5, LIF, thr=3)
    bench.event("virtual", neur=5, weight=3)
    bench.clock(6)
    assert bench.outputs["AEROUT_REQ"] == 0
    bench.clock_until("aerout_req", 1)
    assert bench.outputs["AEROUT_ADDR"] == 5
    assert bench.r.neur_cnt == 41  # Neuron 40 has just been visited.


def test_in_open_loop_nothing_goes_out_from_the_controller() -> None:
    bench = chip(AER_SRC_CTRL_nNEUR=1, OPEN_LOOP=1)
    bench.set_neuron(5, LIF, thr=3)
    bench.event("virtual", neur=5, weight=3)
    assert output_addrs(bench, 700) == []


def test_a_monitored_lif_neuron_sends_flags_and_calcium_then_its_potential() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5)
    bench.set_neuron(5, LIF, thr=255, core=0x90, ca_en=1, calcium=6, ca_theta3=7, thetamem=0x80)
    bench.event("virtual", neur=5, weight=3)
    assert output_addrs(bench, 40) == [0b0_1_0_110_00, 0x93]  # event, up, down, calcium, reson_sign


def test_the_spike_flag_is_the_first_packets_highest_bit() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5, OPEN_LOOP=1)
    bench.set_neuron(5, LIF, thr=3, ca_en=1)
    bench.event("virtual", neur=5, weight=3)
    assert output_addrs(bench, 40) == [0b1_0_0_001_00, 0]


def test_a_monitored_izhikevich_neuron_sends_its_phase_and_four_bits_of_potential() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5)
    bench.set_neuron(5, IZH, thr=7, reson_en=1, reson_sign=int(ResonSign.ZERO_TO_N), core=6, calcium=2)
    bench.event("virtual", neur=5, weight=1)
    assert output_addrs(bench, 40) == [0b0_0_0_010_11, 0x06]


def test_the_monitored_synapse_follows_its_neuron() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=8, MONITOR_SYN_ADDR=3)
    bench.set_neuron(8, LIF, thr=255, core=1)
    bench.set_synapse(3, 8, 0b1101)
    bench.event("spike", pre_neur=3)
    assert output_addrs(bench, 600) == [0, 6, 0xFD]


def test_a_synapse_written_before_its_neuron_is_sent_before_it() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=10, MONITOR_SYN_ADDR=3)
    bench.set_synapse(3, 10, 0b1101)
    bench.event("spike", pre_neur=3)
    assert output_addrs(bench, 700) == [0xFD, 0, 5]


def test_another_neurons_write_sends_nothing() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5, MONITOR_SYN_ADDR=3)
    bench.event("virtual", neur=6, weight=3)
    bench.event("bist", neur=4)
    assert output_addrs(bench, 40) == []


def test_the_synapse_is_sent_as_sdsp_or_bistability_has_left_it() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5, MONITOR_SYN_ADDR=3)
    bench.set_synapse(3, 5, 0b1101)
    bench.clock(AERIN_ADDR=0x0380, AERIN_REQ=1)  # bistability of row 3
    assert output_addrs(bench, 200) == [0xFE]


@pytest.mark.parametrize("mode", [0, 1])
def test_a_closed_gate_ends_a_transaction_at_once(mode: int) -> None:
    bench = chip(OPEN_LOOP=1, OUT_AER_MONITOR_EN=mode, MONITOR_NEUR_ADDR=5)
    bench.set_neuron(5, LIF, thr=3)
    bench.event("virtual", neur=5, weight=3)
    bench.clock_until("aerout_req", 1)
    bench.clock_until("state", 0)
    bench.configure(GATE_ACTIVITY=1)
    bench.clock(4)
    assert bench.outputs["AEROUT_REQ"] == 0
    assert (bench.r.aerout_ctrl_busy, bench.r.aerout_addr) == (0, 0)


def test_an_ack_without_a_request_makes_the_chip_busy() -> None:
    bench = chip()
    bench.clock(SYNC + 1, AEROUT_ACK=1)
    assert bench.r.aerout_ctrl_busy == 1
    bench.clock(SYNC + 1, AEROUT_ACK=0)
    assert bench.r.aerout_ctrl_busy == 0


def test_a_spike_that_meets_an_ack_is_not_sent() -> None:
    bench = chip()
    bench.set_neuron(5, LIF, thr=3)
    bench.event("virtual", neur=5, weight=3)
    bench.clock(3, AEROUT_ACK=1)  # through the synchroniser just as the neuron is written
    assert (bench.outputs["AEROUT_REQ"], bench.r.aerout_ctrl_busy, bench.r.main_fill_cnt) == (0, 1, 0)
    assert (bench.neuron(5)["core"], bench.r.main_empty) == (0, 0)


def test_the_controller_stands_still_from_the_first_packet_to_the_last() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=8, MONITOR_SYN_ADDR=3)
    bench.event("spike", pre_neur=3)
    bench.clock_until("aerout_req", 1)
    cnt = int(bench.r.ctrl_cnt)
    for packet in range(1, 4):
        bench.clock_until("aerout_req", 1)
        bench.clock(5, AEROUT_ACK=1)
        assert bench.r.ctrl_cnt == cnt
        bench.clock(3, AEROUT_ACK=0)
        assert bench.r.ctrl_cnt == cnt
        assert bench.r.aerout_ctrl_busy == (packet < 3)


@pytest.mark.parametrize(("source", "pre", "flag"), [(1, 5, 1), (1, 6, 0), (0, 5, 0)])
def test_from_the_controller_the_spike_flag_marks_the_monitored_neurons_own_spike(
    source: int, pre: int, flag: int
) -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5, MONITOR_SYN_ADDR=99, AER_SRC_CTRL_nNEUR=source)
    bench.event("spike", pre_neur=pre)
    assert output_addrs(bench, 600) == [flag << 7, 0]


def test_a_disabled_neuron_is_monitored_all_the_same() -> None:
    bench = chip(OUT_AER_MONITOR_EN=1, MONITOR_NEUR_ADDR=5)
    bench.set_neuron(5, LIF, thr=255, core=0x21, calcium=3, neur_disable=1)
    bench.event("virtual", neur=5, weight=1)
    assert output_addrs(bench, 40) == [0b0_0_0_011_00, 0x22]


def test_the_output_bus_is_held_through_the_edge_that_opens_the_gate() -> None:
    bench = chip(GATE_ACTIVITY=1)
    bench.clock(10, AEROUT_ACK=1)
    bench.model.registers.spi_gate_activity[0] = 0
    bench.clock_until("spi_gate_activity_sync", 0)
    assert bench.clock_until("aerout_ctrl_busy", 1) == SYNC + 1
