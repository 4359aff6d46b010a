"""The model as a whole: with SPI alone, in rows of any length, and its descriptions in words."""

from __future__ import annotations

import numpy as np
import pytest

from draupnir.emulator import state
from draupnir.emulator.codec import decode
from draupnir.emulator.crossbar.layout import SpiCmd
from draupnir.emulator.tests.tinyodin.helpers import EVENT, IN, OUT, access, random_rows, ready, write_register
from draupnir.emulator.tinyodin.chip import Model
from draupnir.emulator.tinyodin.layout import CHIP, LIF, N
from draupnir.emulator.trace import column, pack, unpack


def clock(model: Model, rows: list[int]) -> np.ndarray:
    return model.drive(np.array(rows), np.ones(len(rows), np.uint8))


def send(model: Model, addr: int) -> None:
    """Send an event over the input bus."""
    request = pack(IN, {"AERIN_ADDR": addr, "AERIN_REQ": 1})
    for _ in range(2 * N + 10):
        if unpack(OUT, model.step(request))["AERIN_ACK"]:
            break
    clock(model, [pack(IN, {"AERIN_ADDR": addr})] * 6)


def test_each_register_is_written_and_no_other() -> None:
    for register in CHIP.registers:
        model = Model()
        clock(model, write_register(register.name, (1 << 20) - 1))
        for other in CHIP.registers:
            expected = (1 << other.width) - 1 if other is register else 0
            assert model.registers[0][other.name.lower()] == expected


@pytest.mark.parametrize(("memory", "cmd", "addr"), [("neurons", SpiCmd.NEURONS, 0x2_07), ("synapses", 2, 0x5234)])
def test_a_byte_of_a_memory_is_written_under_its_mask_and_read(memory: str, cmd: SpiCmd, addr: int) -> None:
    model = ready(thr=(1000, 1000), spi_gate_activity=1)
    old_words = model.memories[memory].copy()
    clock(model, access(cmd, addr, 0b1010_1010))
    clock(model, access(cmd, addr, 0b0101_0101, mask=0b1111_0000))
    miso = column(OUT, "MISO", clock(model, access(cmd, addr, read=1)))
    assert int("".join(map(str, miso[3 : 6 * 40 : 6][-8:])), 2) == 0b1010_0101
    addrs = np.flatnonzero(old_words != model.memories[memory])
    assert addrs.tolist() in ([addr & 0xFF], [addr & 0x1FFF])
    shift = 16  # both addresses name byte 2
    assert int(model.memories[memory][addrs[0], 0]) == int(old_words[addrs[0], 0]) & ~(0xFF << shift) | 0xA5 << shift


def test_a_virtual_event_stimulates_its_neuron() -> None:
    model = ready(thr=(1000, 1000))
    old_core = decode(LIF, int(model.memories["neurons"][3, 0]))["core"]
    send(model, EVENT["virtual"].encode(neur=3, weight=-8))
    assert decode(LIF, int(model.memories["neurons"][3, 0]))["core"] == old_core - 8


def test_max_neur_bounds_the_neurons_visited() -> None:
    model = ready(thr=(1000, 1000), weight=(1, 7), spi_max_neur=99)
    old_neurons = model.memories["neurons"].copy()
    send(model, EVENT["spike"].encode(pre_neur=5))
    clock(model, [0] * 220)
    assert np.flatnonzero(old_neurons != model.memories["neurons"]).tolist() == list(range(100))


@pytest.mark.parametrize("seed", range(4))
def test_rows_at_once_or_one_by_one_are_the_same(seed: int) -> None:
    whole, single = (ready(seed, thr=(2, 30), spi_open_loop=seed & 1, spi_max_neur=255 - 50 * seed) for _ in range(2))
    rows = random_rows(seed, 6000)
    at_once = clock(whole, rows.tolist())
    for i, row in enumerate(rows.tolist()):
        assert single.step(row) == at_once[i]
    assert state.diff(whole.snapshot(), single.snapshot()) == []
    assert state.out_of_range(CHIP, whole.registers) == []
    assert len(np.unique(column(OUT, "AEROUT_ADDR", at_once))) > 3


def test_what_is_read_back_while_neurons_are_visited_is_what_was_read_last() -> None:
    """A frame's byte may come at any moment of an event, also at the end of a stretch of clocks."""
    rows = [pack(IN, {"AERIN_ADDR": EVENT["spike"].encode(pre_neur=9), "AERIN_REQ": 1})] * 4
    frame = access(SpiCmd.SYNAPSES, 0x4000, read=1)
    for shift in range(0, 60, 7):
        whole, single = (ready(2, thr=(10, 40)) for _ in range(2))
        stimulus = frame[: 6 * 31 - shift] + rows + [frame[6 * 31 - shift]] * shift + frame[6 * 31 - shift :]
        at_once = clock(whole, stimulus)
        assert [single.step(row) for row in stimulus] == at_once.tolist()


def test_snapshot_and_restore_give_the_same_future() -> None:
    model = ready()
    rows = random_rows(3, 1500).tolist()
    clock(model, rows[:700])
    snapshot = model.snapshot()
    first = clock(model, rows[700:])
    model.restore(snapshot)
    np.testing.assert_array_equal(clock(model, rows[700:]), first)


def test_context_and_activity_name_the_event_in_flight() -> None:
    model = ready(thr=(1000, 1000))
    request = pack(IN, {"AERIN_ADDR": EVENT["spike"].encode(pre_neur=7), "AERIN_REQ": 1})
    lines = []
    for _ in range(8):
        model.step(request)
        lines.append(model.activity())
    assert lines[2] == "cycle 15: PUSH: spike event, AERIN_ADDR 0x007 {'pre_neur': 7}"
    clock(model, [0] * (4 + 2 * 8))  # The event reaches neuron 8, the first one of a group.
    text = "\n".join(model.context())
    assert "controller POP_NEUR, ctrl_cnt 16, neur_cnt 8\n" in text
    assert "scheduler: 1 of 128 events, next spike of neuron 7\n" in text
    assert "\nneuron 8 (lif): core " in text
    assert "\nsynapses 7 -> 8..15: weights " in text
    assert model.warnings() == []
