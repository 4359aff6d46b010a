"""The stimulus depends on the seed alone, keeps protocols unless a recipe breaks them, and recipes cover ODIN."""

from __future__ import annotations

from itertools import count, groupby, islice, pairwise

import numpy as np
import pytest

from draupnir.emulator.buses.clocks import Clocks
from draupnir.emulator.buses.four_phase import ReceiverTiming, SenderTiming
from draupnir.emulator.codec import take
from draupnir.emulator.odin import layout
from draupnir.emulator.odin.layout import CHIP
from draupnir.golden.recipes import tinyodin_table
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.odin import Actions, OdinRecipe, Traffic, events, prepare
from draupnir.golden.recipes.odin_contents import HOT, Synapses, neurons, synapses
from draupnir.golden.recipes.odin_table import RECIPES
from draupnir.golden.stimulus import Stimulus, StimulusHost, constant, random_levels, receiver, resets, sender

IN, OUT = CHIP.input_word, CHIP.output_word


def pin(word, name, row):
    return take(word[name], row)


def rng(seed=1):
    return np.random.default_rng(seed)


class Echo:
    """A toy chip that acknowledges AERIN_REQ two clocks later, and raises AEROUT_REQ in a fixed rhythm."""

    def __init__(self, ask_every=20):
        self.levels = [0, 0]
        self.ask_every, self.cycle, self.asking = ask_every, 0, 0

    def step(self, inputs, edges=1):
        self.levels = [*self.levels[1:], pin(IN, "AERIN_REQ", inputs)]
        self.cycle += 1
        if self.asking and pin(IN, "AEROUT_ACK", inputs):
            self.asking = 0
        elif self.ask_every and not self.cycle % self.ask_every:
            self.asking = 1
        return self.levels[0] << OUT["AERIN_ACK"].lsb | self.asking << OUT["AEROUT_REQ"].lsb


def drive(piece, device, n_cycles):
    """Return the rows of one piece alone, and the outputs that it received."""
    rows, outputs = [], [0]
    inputs = piece.send(None)
    for _ in range(n_cycles):
        rows.append(inputs)
        outputs.append(device.step(inputs))
        inputs = piece.send(outputs[-1])
    return rows, outputs[:-1]


def rows_of(stimulus, n_cycles, device=None):
    device = device or Echo()
    now, rows = 0, []
    for _ in range(n_cycles):
        new = stimulus.next(now)
        now = device.step(new[-1][0])
        rows += new
    return rows


def sck_edges(rows):
    levels = [pin(IN, "SCK", row) for row, _ in rows]
    return sum(a == 0 and b == 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("name", ["lif_events", "everything", "spi_fast"])
def test_the_same_seed_gives_the_same_rows_and_memories(name):
    (a, memory_a), (b, memory_b), (c, _) = (prepare(RECIPES[name], seed) for seed in (3, 3, 4))
    rows = rows_of(a, 6000)
    assert rows == rows_of(b, 6000)
    assert rows != rows_of(c, 6000)
    assert all(np.array_equal(memory_a[memory], memory_b[memory]) for memory in memory_a)


def test_a_sender_keeps_the_four_phases():
    rows, outputs = drive(sender(CHIP, "aerin", count(1), rng()), Echo(), 2000)
    req = [pin(IN, "AERIN_REQ", row) for row in rows]
    ack = [pin(OUT, "AERIN_ACK", out) for out in outputs]
    addr = [pin(IN, "AERIN_ADDR", row) for row in rows]
    assert sum(req) > 100
    for i in range(1, len(rows)):
        assert not (req[i] and not req[i - 1] and ack[i]), "REQ rises only while ACK is low"
        assert not (req[i - 1] and not req[i] and not ack[i]), "REQ falls only while ACK is high"
        assert not (req[i] and req[i - 1] and addr[i] != addr[i - 1]), "the address stays during REQ"


@pytest.mark.parametrize(
    ("timing", "broken"),
    [
        (SenderTiming(early=1.0, early_after=Clocks(0, 0)), "fall"),
        (SenderTiming(change=1.0, change_after=Clocks(0, 1)), "address"),
        (SenderTiming(impatient=1.0), "rise"),
    ],
)
def test_each_abuse_of_the_sender_breaks_its_rule(timing, broken):
    rows, outputs = drive(sender(CHIP, "aerin", count(1), rng(), timing), Echo(), 500)
    broken_rules = set()
    for i in range(1, len(rows)):
        was, now = pin(IN, "AERIN_REQ", rows[i - 1]), pin(IN, "AERIN_REQ", rows[i])
        ack = pin(OUT, "AERIN_ACK", outputs[i])
        if now and not was and ack:
            broken_rules.add("rise")
        if was and not now and not ack:
            broken_rules.add("fall")
        if was and now and rows[i] != rows[i - 1]:
            broken_rules.add("address")
    assert broken in broken_rules


def test_a_receiver_acknowledges_requests_only_unless_it_glitches():
    for timing, glitches in ((ReceiverTiming(), False), (ReceiverTiming(glitch=Clocks(1, 9)), True)):
        rows, outputs = drive(receiver(CHIP, "aerout", rng(), timing), Echo(), 1000)
        ack = [pin(IN, "AEROUT_ACK", row) for row in rows]
        req = [pin(OUT, "AEROUT_REQ", out) for out in outputs]
        unasked = [i for i in range(1, 1000) if ack[i] and not ack[i - 1] and not req[i]]
        assert sum(ack) > 50
        assert bool(unasked) == glitches


def test_a_frame_is_40_sck_cycles_most_significant_bit_first():
    host = StimulusHost(CHIP, rng())
    word = 0x12345_6789A
    bits = [int(bit) for bit in format(word, f"0{layout.SPI_FRAME}b")]
    states = [pins for (pins,) in host.shift(host.levels(bits), Clocks(2, 3))]
    sampled = [pin(IN, "MOSI", b) for a, b in pairwise(states) if pin(IN, "SCK", b) and not pin(IN, "SCK", a)]
    assert sampled == bits
    assert pin(IN, "SCK", states[-1]) == 0


def test_fast_sck_makes_rows_without_a_clock():
    host = StimulusHost(CHIP, rng())
    levels = host.levels([1, 0, 1])
    stimulus = Stimulus(host.shift_fast(levels, Clocks(3, 3)), [])
    rows = [*stimulus.next(0), *stimulus.next(0), *stimulus.next(0)]
    assert [clk for _, clk in rows] == [0, 0, 1, 0, 0, 1, 1]
    assert [row for row, _ in rows] == levels


def test_reset_and_sck_never_change_in_the_same_row():
    stimulus, _ = prepare(RECIPES["reset_in_flight"], 2)
    rows = rows_of(stimulus, 30_000)
    changes = [a ^ b for (a, _), (b, _) in pairwise(rows)]
    assert sum(pin(IN, "RST", change) for change in changes) > 20
    assert not any(pin(IN, "RST", change) and pin(IN, "SCK", change) for change in changes)


def test_configuration_writes_every_register_address_in_whole_frames():
    stimulus, _ = prepare(RECIPES["lif_events"], 1)
    rows = rows_of(stimulus, 6000)
    n_addrs = sum(register.n_addrs for register in layout.REGISTERS)
    assert n_addrs == 26
    assert sck_edges(rows) == (n_addrs + 1) * layout.SPI_FRAME  # One more write opens the gate.


def test_recipes_draw_every_declared_event():
    kinds = set()
    for recipe in RECIPES.values():
        kinds |= {kind for kind, weight in recipe.traffic.kinds.items() if weight}
    assert kinds == {event.name for event in layout.EVENTS} | {"volley"}


def test_events_are_of_the_kinds_that_the_traffic_names():
    for kind in (event.name for event in layout.EVENTS):
        recipe = OdinRecipe("", Traffic({kind: 1}, opening=()))
        host = Actions(recipe, rng(), {})
        assert next(events(recipe.traffic, host, rng())) is None
        host.running = True
        for addr in islice(events(recipe.traffic, host, rng()), 200):
            event = next(event for event in layout.EVENTS if event.name == kind)
            assert addr is not None and event.matches(addr)


def test_recipes_rewrite_every_register_and_use_every_action():
    retuned = {name for recipe in RECIPES.values() for name in recipe.host.retune}
    assert retuned | {"SPI_GATE_ACTIVITY"} == {register.name for register in layout.REGISTERS}
    books = (RECIPES, tinyodin_table.RECIPES)  # an action that both chips have is used by one of them at least
    actions = {name for book in books for recipe in book.values() for name in recipe.host.actions}
    not_actions = {"run", "configure", "content", "program", "frame", "frame_levels", "register"}
    assert actions == {name for name in dir(Actions) if not name.startswith("_")} - not_actions


def test_recipes_set_every_parameter_of_both_neuron_models():
    for view in layout.NEURONS.words:
        fields = {
            field
            for recipe in RECIPES.values()
            for group in recipe.neurons
            if group.view == view.name
            for field in group.fields
        }
        parameters = {f.name for f in view if f.kind == "parameter"} - {layout.NEURONS.view_field}
        unset = parameters - fields
        assert unset <= {"neur_disable"}  # For Izhikevich neurons, it is 1 only in random words.
        assert view.name == "izh" or not unset


def test_every_recipe_says_why_in_one_sentence():
    assert len(RECIPES) >= 25
    for recipe in RECIPES.values():
        assert recipe.why.endswith(".") and "\n" not in recipe.why


def test_drawn_memories_stay_in_their_ranges():
    memory = neurons((Group("izh", {"thr": (2, 5), "core": (-3, 3)}),), rng())
    words = [sum(int(limb) << 32 * i for i, limb in enumerate(limbs)) for limbs in memory]
    assert {take(layout.IZH["thr"], word) for word in words} == {2, 3, 4, 5}
    assert {take(layout.IZH["core"], word) for word in words} == set(range(-3, 4))
    assert all(take(layout.IZH["rfr"], word) == 0 for word in words)


def test_drawn_synapses_are_where_the_declaration_puts_them():
    memory = synapses(Synapses(weight=(2, 3), mapped=0.0, inward=1.0), rng())
    assert memory.shape == (layout.SYNAPSES.depth, 1)
    for pre, post, mapped in ((HOT, 0, 1), (255, HOT - 1, 1), (HOT - 1, 0, 0), (HOT, HOT, 0)):
        addr = pre << layout.SYN_ADDR["pre"].lsb | post // layout.N_SYN << layout.SYN_ADDR["post_group"].lsb
        word = int(memory[addr, 0])
        assert take(layout.SYN[f"mapping{post % layout.N_SYN}"], word) == mapped
        assert take(layout.SYN[f"syn_weight{post % layout.N_SYN}"], word) in (2, 3)


# --- Pins of a chip that has no bus ----------------------------------------------------------------------------


def test_pins_without_a_protocol_hold_a_level_wander_and_are_reset_now_and_then():
    stay = Clocks(2, 5)
    pieces = [
        constant(CHIP, AEROUT_ACK=1, MOSI=1),
        random_levels(CHIP, "AERIN_ADDR", stay, rng(), levels=[3, 9, 12]),
        random_levels(CHIP, "AERIN_REQ", Clocks(1, 1), rng(2)),
    ]
    rows = rows_of(Stimulus(resets(CHIP, Clocks(40, 60), rng(3)), pieces), 3000)
    assert all(clk for _, clk in rows) and len(rows) == 3000
    levels = {name: [pin(IN, name, row) for row, _ in rows] for name in ("AERIN_ADDR", "AERIN_REQ", "RST", "MOSI")}
    assert set(levels["MOSI"]) == {1} and set(levels["AERIN_ADDR"]) == {3, 9, 12} and set(levels["AERIN_REQ"]) == {0, 1}
    stays = [len(list(same)) for _, same in groupby(levels["AERIN_ADDR"])]
    assert min(stays[:-1]) == stay.lo  # A stay is longer than stay.hi if the same level is drawn twice.
    high, low = (
        [len(list(same)) for level, same in groupby(levels["RST"]) if level == expected] for expected in (1, 0)
    )
    assert set(high[:-1]) == {3} and set(low[:-1]) <= set(range(40, 61)) and len(high) > 40
    assert levels["RST"][0] == 1


def test_a_level_that_does_not_fit_its_pin_is_refused_at_once():
    with pytest.raises(ValueError, match="pin MOSI: 2 is not within"):
        constant(CHIP, MOSI=2)
