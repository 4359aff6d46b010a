"""The compiled closed loop against the same handshakes written out in plain Python around ``Model.step``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draupnir.emulator.codec import encode, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.chip import Model
from draupnir.emulator.odin.events.closed_loop import run
from draupnir.emulator.odin.layout import CHIP, LIF, NEURONS, N
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.speeds.runs import BusRun
from draupnir.emulator.tests.naive_loop import naive
from draupnir.emulator.trace import pack, unpack

IN, OUT = CHIP.input_word, CHIP.output_word
EVENTS = {event.name: event for event in CHIP.events}
SPIKE_5 = EVENTS["spike"].encode(pre_neur=5)
PUSH_3 = EVENTS["virtual"].encode(neur=3, weight=7)


def model() -> Model:
    """Return a model at rest, in open loop. Row 5 has weights of 7; neurons 0..15 spike at 10, the others never."""
    m = Model()
    for neur in range(N):
        word = encode(LIF, lif_izh_sel=1, thr=10 if neur < 16 else 255, neur_disable=int(neur >= 16))
        m.memories["neurons"][neur] = to_limbs(word, NEURONS.n_limbs)
    m.memories["synapses"][5 * 32 : 6 * 32] = 0xFFFFFFFF
    m.registers[0].spi_open_loop = 1
    m.drive(np.array([pack(IN, {"RST": 1})] * 4 + [0] * 4), np.ones(8, dtype=np.uint8))
    return m


def spikes_of(r: BusRun) -> list[tuple[int, int]]:
    return list(zip(r.cycles.tolist(), r.addrs.tolist(), strict=True))


delays = st.integers(0, 5)


@settings(max_examples=12)
@given(
    environment=st.builds(Environment, delays, delays, delays, delays),
    events=st.lists(
        st.sampled_from(
            [SPIKE_5, PUSH_3, EVENTS["tref"].encode(neur=3), EVENTS["synapse"].encode(pre_neur=5, post_neur=9)]
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_compiled_loop_equals_plain_python(environment: Environment, events: list[int]) -> None:
    compiled, plain = model(), model()
    result = run(compiled, np.array(events), environment, 100_000, record_rows=True)
    spikes, rows = naive(plain, events, environment, result.n_cycles)
    assert result.done
    assert spikes_of(result) == spikes
    assert result.rows.tolist() == rows
    assert compiled.registers.tobytes() == plain.registers.tobytes()
    assert np.array_equal(compiled.memories["neurons"], plain.memories["neurons"])


def test_rows_driven_into_a_model_give_the_same_spikes() -> None:
    looped, driven = model(), model()
    result = run(looped, np.array([SPIKE_5] * 3), Environment(), 100_000, record_rows=True)
    out = driven.drive(result.rows, np.ones(len(result.rows), dtype=np.uint8))
    rises = [
        (int(c) + result.first_cycle, unpack(OUT, int(out[c]))["AEROUT_ADDR"])
        for c in range(1, len(out))
        if unpack(OUT, int(out[c]))["AEROUT_REQ"] and not unpack(OUT, int(out[c - 1]))["AEROUT_REQ"]
    ]
    assert len(rises) == 16
    assert rises == spikes_of(result)


def test_each_further_spike_event_takes_519_clocks() -> None:
    """The states are WAIT, PUSH, WAIT_REQDN until REQ has fallen and passed two flip-flops, WAIT, POP_NEUR."""
    events = [EVENTS["spike"].encode(pre_neur=6)] * 12
    few, many = (run(model(), np.array(events[:n]), Environment(), 10**6).n_cycles for n in (2, 12))
    assert many - few == 10 * (1 + 1 + (1 + 1 + 2) + 1 + EVENTS["spike"].cycles)


def test_run_that_is_cut_off_is_not_done() -> None:
    whole = run(model(), np.array([SPIKE_5]), Environment(), 100_000)
    cut = run(model(), np.array([SPIKE_5]), Environment(), whole.n_cycles - 1)
    assert whole.done
    assert not cut.done
    assert cut.n_cycles == whole.n_cycles - 1


def test_no_events_take_no_clock() -> None:
    result = run(model(), np.array([], dtype=np.int64), Environment(), 1000)
    assert result.done
    assert result.n_cycles == 0


def test_more_spikes_than_the_first_array_holds_are_all_there() -> None:
    result = run(model(), np.array([PUSH_3] * 2400), Environment(), 10**6)
    assert result.addrs.tolist() == [3] * 1200
    assert np.all(np.diff(result.cycles) > 0)


def test_negative_delay_is_refused() -> None:
    with pytest.raises(InputError, match=r"handshake: ack_delay is -1; a delay is 0..65535 clocks"):
        Environment(ack_delay=-1)
