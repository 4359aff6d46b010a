"""The Izhikevich neuron's 20 behaviours, a test for each, computed by hand from the Verilog."""

from __future__ import annotations

import pytest

from draupnir.emulator.odin.layout import IZH
from draupnir.emulator.odin.neuron_words import ResonSign
from draupnir.emulator.tests.odin.helpers import IzhNeuron


def spikes_of(neuron: IzhNeuron, events: str) -> str:
    """Run events (+ excitation, - inhibition, t time reference). Return '!' for each spike, '.' for none."""
    act = {"+": neuron.excite, "-": neuron.inhibit, "t": neuron.tref}
    return "".join("!" if act[event]().spike else "." for event in events)


def test_tonic_every_thr_excitations_make_a_spike() -> None:
    assert spikes_of(IzhNeuron(thr=3), "+++++++++") == "..!..!..!"


def test_the_threshold_is_met_only_by_equality() -> None:
    neuron = IzhNeuron(thr=3, core=4)
    assert spikes_of(neuron, "+++") == "..."
    assert neuron.state["core"] == 7


def test_the_threshold_is_compared_without_any_step() -> None:
    assert IzhNeuron(thr=3, core=3).idle().spike == 1
    assert IzhNeuron(thr=3, core=3).event(0, 0, 0, 0, 0).spike == 1


@pytest.mark.parametrize(("fi_sel", "n_events"), [(0, 1), (1, 2), (2, 4), (3, 8), (7, 128)])
def test_the_fan_in_sets_how_much_weight_makes_a_step(fi_sel: int, n_events: int) -> None:
    neuron = IzhNeuron(thr=7, fi_sel=fi_sel)
    for _ in range(2 * n_events - 1):
        neuron.event(4, 0, 1, 0, 0)
    assert neuron.state["core"] == 0
    neuron.event(4, 0, 1, 0, 0)
    assert neuron.state["core"] == 1
    assert neuron.state["inacc"] == 8 << fi_sel


def test_the_accumulator_wraps_in_both_directions() -> None:
    neuron = IzhNeuron(thr=7, inacc=2047)
    neuron.event(1, 0, 1, 0, 0)
    assert neuron.state["inacc"] == 0
    neuron.event(1, 1, 1, 0, 0)
    assert neuron.state["inacc"] == 2047


def test_leakage_of_the_accumulator_moves_the_potential_towards_zero() -> None:
    for core, expected in ((3, 2), (-3, -2), (0, 0)):
        neuron = IzhNeuron(thr=7, core=core, inacc=8, leak_en=1, leak_str=1)
        neuron.tref()
        assert (neuron.state["core"], neuron.state["inacc"]) == (expected, 7)


def test_without_leak_en_a_time_reference_leaves_accumulator_and_potential() -> None:
    neuron = IzhNeuron(thr=7, core=3, inacc=8, leak_str=127)
    neuron.tref()
    assert (neuron.state["core"], neuron.state["inacc"]) == (3, 8)


def test_refractory_the_potential_climbs_from_minus_rfr_and_takes_nothing_meanwhile() -> None:
    neuron = IzhNeuron(thr=2, rfr=2)
    assert spikes_of(neuron, "++") == ".!"
    assert (neuron.state["core"], neuron.state["refrac"]) == (-2, 1)
    assert spikes_of(neuron, "+-++") == "...."
    assert neuron.state["core"] == -2
    neuron.tref()
    assert (neuron.state["core"], neuron.state["refrac"]) == (-1, 1)
    neuron.tref()
    assert (neuron.state["core"], neuron.state["refrac"]) == (0, 0)
    assert spikes_of(neuron, "++") == ".!"


def test_a_burst_goes_out_with_its_length_and_distance() -> None:
    neuron = IzhNeuron(thr=1, rfr=2, spk_ref=3, isi_ref=5)
    result = neuron.excite()
    assert (result.spike, result.spk_ref, result.isi_ref) == (1, 3, 5)
    assert neuron.state["burst_lock"] == 1


def test_the_refractory_period_waits_for_the_end_of_the_burst() -> None:
    neuron = IzhNeuron(thr=1, rfr=2, spk_ref=3)
    neuron.excite()
    spikes_of(neuron, "ttt")
    assert neuron.state["core"] == -2
    neuron.idle(burst_end=1)
    assert (neuron.state["burst_lock"], neuron.state["core"]) == (0, -2)
    neuron.tref()
    assert neuron.state["core"] == -1


def test_a_single_spike_takes_no_burst_lock() -> None:
    neuron = IzhNeuron(thr=1)
    assert neuron.excite().spike == 1
    assert neuron.state["burst_lock"] == 0


def test_phasic_one_spike_at_the_onset_then_silence_while_the_stimulation_lasts() -> None:
    neuron = IzhNeuron(thr=2, stim_thr=2, phasic_en=1)
    assert spikes_of(neuron, "++t") == ".!."
    assert neuron.state["phasic_lock"] == 1
    assert spikes_of(neuron, "+++++t+++++t") == "............"
    assert neuron.state["core"] == 0
    assert spikes_of(neuron, "t+") == ".."  # After a step without stimulation, the lock opens.
    assert neuron.state["phasic_lock"] == 0
    assert spikes_of(neuron, "++") == ".!"


def test_mixed_a_burst_at_the_onset_then_single_spikes() -> None:
    neuron = IzhNeuron(thr=2, stim_thr=2, mixed_en=1, spk_ref=3, isi_ref=1)
    neuron.excite()
    onset = neuron.excite()
    assert (onset.spike, onset.spk_ref, onset.isi_ref) == (1, 3, 1)
    neuron.tref()
    assert neuron.state["mixed_lock"] == 1
    neuron.excite()
    later = neuron.excite()
    assert (later.spike, later.spk_ref, later.isi_ref) == (1, 0, 0)
    spikes_of(neuron, "ttt")
    assert neuron.state["mixed_lock"] == 0
    neuron.excite()
    assert neuron.excite().spk_ref == 3


def test_class_2_weak_excitation_does_not_move_the_potential() -> None:
    neuron = IzhNeuron(thr=7, stim_thr=3, class2_en=1)
    spikes_of(neuron, "+++")
    assert (neuron.state["core"], neuron.state["stim_str_tmp"]) == (0, 3)
    neuron.excite()
    assert neuron.state["core"] == 1
    spikes_of(neuron, "t+")  # The last time step was strong.
    assert neuron.state["core"] == 2
    spikes_of(neuron, "t+")  # The last time step was not strong.
    assert neuron.state["core"] == 2


@pytest.mark.parametrize("dapdel", [1, 2, 3, 7])
def test_spike_latency_the_spike_comes_dapdel_time_references_after_the_threshold_was_met(dapdel: int) -> None:
    neuron = IzhNeuron(thr=2, dapdel=dapdel, spklat_en=1)
    assert spikes_of(neuron, "++" + "t" * dapdel + "tt") == ".." + "." * (dapdel - 1) + "!" + ".."


def test_spike_latency_the_potential_takes_nothing_while_the_spike_is_due() -> None:
    neuron = IzhNeuron(thr=2, dapdel=3, spklat_en=1)
    assert spikes_of(neuron, "+++--t") == "......"
    assert (neuron.state["core"], neuron.state["dapdel_cnt"]) == (2, 2)


def test_depolarizing_after_potential_stays_at_rfr_for_dapdel_time_references() -> None:
    neuron = IzhNeuron(thr=4, rfr=2, dapdel=3, dap_en=1)
    assert spikes_of(neuron, "++++") == "...!"
    potentials = [neuron.state["core"]]
    for _ in range(4):
        neuron.tref()
        potentials.append(neuron.state["core"])
    assert potentials == [2, 2, 2, 0, 0]
    assert neuron.state["refrac"] == 0


def test_after_a_dap_fewer_excitations_suffice() -> None:
    assert spikes_of(IzhNeuron(thr=4, rfr=2, dapdel=3, dap_en=1), "++++t++") == "...!..!"


def test_resonator_an_undisturbed_oscillation_loses_one_step_a_period() -> None:
    neuron = IzhNeuron(thr=7, reson_en=1, core=2)
    states = []
    for _ in range(6):
        neuron.tref()
        states.append((neuron.state["core"], ResonSign(neuron.state["reson_sign"]).name))
    assert states == [(2, "ZERO_TO_N"), (1, "NEG"), (1, "ZERO_TO_P"), (1, "POS"), (1, "ZERO_TO_N"), (0, "POS")]


def test_resonator_excitation_a_period_apart_adds_up_and_spikes() -> None:
    neuron = IzhNeuron(thr=3, rfr=1, reson_en=1)
    assert spikes_of(neuron, "++tttt") == "......"
    assert neuron.state["core"] == 1
    assert spikes_of(neuron, "++") == ".!"
    assert (neuron.state["core"], neuron.state["reson_sign"], neuron.state["refrac"]) == (1, ResonSign.NEG, 0)


@pytest.mark.parametrize(
    ("sign", "excited", "inhibited"), [("POS", 3, 1), ("ZERO_TO_P", 3, 1), ("NEG", 1, 3), ("ZERO_TO_N", 1, 3)]
)
def test_resonator_stimulation_with_the_phase_grows_and_against_it_shrinks(
    sign: str, excited: int, inhibited: int
) -> None:
    fields = {"thr": 7, "reson_en": 1, "core": 2, "reson_sign": int(ResonSign[sign])}
    up, down = IzhNeuron(**fields), IzhNeuron(**fields)
    up.excite()
    down.inhibit()
    assert (up.state["core"], down.state["core"]) == (excited, inhibited)


@pytest.mark.parametrize("sign", ["NEG", "ZERO_TO_P", "ZERO_TO_N"])
def test_resonator_spikes_only_in_the_positive_phase(sign: str) -> None:
    neuron = IzhNeuron(thr=2, reson_en=1, core=2, reson_sign=int(ResonSign[sign]))
    assert neuron.idle().spike == 0


@pytest.mark.parametrize(("n_trefs", "spike"), [(1, 0), (2, 1), (3, 0)])
def test_sharp_resonance_spikes_only_when_excited_again_after_exactly_the_amount(n_trefs: int, spike: int) -> None:
    neuron = IzhNeuron(thr=7, reson_sharp_en=1, reson_sharp_amt=2, rfr=3, dapdel_cnt=7)
    assert neuron.excite().spike == 0
    spikes_of(neuron, "t" * n_trefs)
    assert neuron.excite().spike == spike
    assert neuron.state["dapdel_cnt"] == 0
    assert neuron.state["core"] == (-3 if spike else 2)


def test_sharp_resonance_counts_time_references_to_7_and_stays() -> None:
    neuron = IzhNeuron(thr=7, reson_sharp_en=1, reson_sharp_amt=7)
    assert spikes_of(neuron, "t" * 9 + "+") == "." * 9 + "!"


def test_rebound_a_lone_inhibition_makes_a_spike_one_time_step_later() -> None:
    assert spikes_of(IzhNeuron(thr=3, stim_thr=1, rebound_en=1), "t-tttt") == "...!.."


@pytest.mark.parametrize("events", ["t-t-ttt", "t+tttt", "t-t+ttt", "tttt"])
def test_rebound_needs_the_inhibition_to_be_lone(events: str) -> None:
    assert "!" not in spikes_of(IzhNeuron(thr=3, stim_thr=1, rebound_en=1), events)


def test_inhibition_induced_spikes_while_the_inhibition_lasts() -> None:
    neuron = IzhNeuron(thr=2, rfr=2, stim_thr=1, neg_en=1, inhin_en=1)
    assert spikes_of(neuron, "---") == "..."  # At the third event, -core is at the threshold.
    assert (neuron.state["inhin_lock"], neuron.state["refrac"], neuron.state["core"]) == (1, 1, -3)
    assert spikes_of(neuron, "t-t-t" + "-t-t") == "....!" + "...!"
    assert neuron.state["core"] == -2


def test_inhibition_induced_ends_with_a_time_step_without_stimulation() -> None:
    neuron = IzhNeuron(thr=2, rfr=2, neg_en=1, inhin_en=1, inhin_lock=1, refrac=1, core=-2, stim_str_tmp=-1)
    neuron.tref()
    assert neuron.state["inhin_lock"] == 1
    assert spikes_of(neuron, "ttt") == "!.."  # The spike comes in the time step that ends it.
    assert neuron.state["inhin_lock"] == 0


def test_bistable_a_lone_excitation_starts_spiking_and_another_ends_it() -> None:
    neuron = IzhNeuron(thr=7, rfr=1, stim_thr=1, bist_en=1)
    assert spikes_of(neuron, "t+tt") == "...!"
    assert (neuron.state["bist_lock"], neuron.state["core"]) == (1, -1)
    assert spikes_of(neuron, "tttt") == "!!!!"
    assert spikes_of(neuron, "+t") == ".!"
    assert spikes_of(neuron, "t") == "!"  # Only now it is known that the excitation came alone.
    assert neuron.state["bist_lock"] == 0
    assert spikes_of(neuron, "tttt") == "...."


def test_threshold_variability_excitation_raises_and_inhibition_lowers_the_threshold() -> None:
    neuron = IzhNeuron(thr=4, thrvar_en=1, thr_sel_of=0)
    thresholds = []
    for event in (neuron.excite,) * 4 + (neuron.inhibit,) * 8:
        event()
        thresholds.append(4 + neuron.state["thrmod"])
    assert thresholds == [5, 6, 7, 7, 6, 5, 4, 3, 2, 1, 1, 1]


def test_threshold_adaptation_spikes_raise_the_threshold() -> None:
    assert spikes_of(IzhNeuron(thr=2, thrvar_en=1, thr_sel_of=1), "+" * 14) == ".!..!...!....!"


def test_the_threshold_modifier_leaks_every_thrleak_time_references() -> None:
    for start, expected in ((2, [2, 2, 1, 1, 1, 0, 0, 0, 0]), (-2, [-2, -2, -1, -1, -1, 0, 0, 0, 0])):
        neuron = IzhNeuron(thr=4, thrvar_en=1, thrleak=3, thrmod=start)
        modifiers = []
        for _ in expected:
            neuron.tref()
            modifiers.append(neuron.state["thrmod"])
        assert modifiers == expected


def test_without_thrleak_the_threshold_modifier_stays() -> None:
    neuron = IzhNeuron(thr=4, thrvar_en=1, thrmod=2)
    spikes_of(neuron, "t" * 20)
    assert (neuron.state["thrmod"], neuron.state["thrleak_cnt"]) == (2, 0)


@pytest.mark.parametrize(
    ("strength", "threshold"), [(0, 3), (2, 5), (4, 7), (5, 7), (7, 7), (-2, 1), (-3, 0), (-4, 1), (-7, 1)]
)
def test_accommodation_the_threshold_follows_the_stimulation(strength: int, threshold: int) -> None:
    neuron = IzhNeuron(thr=3, acc_en=1, stim_str_tmp=strength, spkout_done=1)
    neuron.tref()
    assert 3 + neuron.state["thrmod"] == threshold


def test_accommodation_only_a_fast_stimulation_spikes() -> None:
    assert spikes_of(IzhNeuron(thr=3, acc_en=1), "+++") == "..!"
    slow = IzhNeuron(thr=3, acc_en=1)
    assert "!" not in spikes_of(slow, "+t++t+++t++++t")
    assert slow.state["core"] == 0


def test_accommodation_a_time_step_with_a_spike_keeps_its_potential() -> None:
    neuron = IzhNeuron(thr=3, acc_en=1, core=2, spkout_done=1, stim_str_tmp=1)
    neuron.tref()
    assert (neuron.state["core"], neuron.state["spkout_done"]) == (2, 0)


@pytest.mark.parametrize(("burst_incr", "spk_ref", "rise"), [(0, 3, 1), (1, 0, 1), (1, 3, 4), (1, 6, 7), (1, 7, 7)])
def test_calcium_rises_by_the_burst_if_asked_to(burst_incr: int, spk_ref: int, rise: int) -> None:
    neuron = IzhNeuron(thr=1, ca_en=1, burst_incr=burst_incr, spk_ref=spk_ref)
    neuron.excite()
    assert neuron.state["calcium"] == rise


def test_a_burst_raises_the_threshold_by_its_length() -> None:
    neuron = IzhNeuron(thr=2, thrvar_en=1, thr_sel_of=1, burst_incr=1, spk_ref=2, core=1)
    neuron.excite()
    assert neuron.state["thrmod"] == 3


def test_a_burst_increment_past_7_makes_the_modifier_7_and_not_the_threshold() -> None:
    neuron = IzhNeuron(thr=5, thrvar_en=1, thr_sel_of=1, burst_incr=1, spk_ref=2, core=4)
    neuron.excite()
    assert neuron.state["thrmod"] == 7


def test_calcium_saturates_and_leaks() -> None:
    neuron = IzhNeuron(thr=1, ca_en=1, caleak=2, calcium=6)
    assert spikes_of(neuron, "++") == "!!"
    assert neuron.state["calcium"] == 7
    spikes_of(neuron, "tttt")
    assert neuron.state["calcium"] == 5
    spikes_of(neuron, "t" * 20)
    assert neuron.state["calcium"] == 0


def test_without_ca_en_calcium_stays() -> None:
    neuron = IzhNeuron(thr=1, caleak=1, calcium=3)
    assert spikes_of(neuron, "+t") == "!."
    assert (neuron.state["calcium"], neuron.state["caleak_cnt"]) == (3, 0)


def test_inhibition_stops_at_zero_without_neg_en_and_at_minus_8_with_it() -> None:
    for neg_en, floor in ((0, 0), (1, -8)):
        neuron = IzhNeuron(thr=7, neg_en=neg_en, core=1)
        spikes_of(neuron, "-" * 12)
        assert neuron.state["core"] == floor


def test_excitation_stops_at_7() -> None:
    neuron = IzhNeuron(thr=1, core=5)
    spikes_of(neuron, "++++")
    assert neuron.state["core"] == 7


@pytest.mark.parametrize(("core", "up", "down"), [(4, 1, 0), (3, 1, 0), (2, 0, 1), (0, 0, 1), (-1, 0, 0)])
def test_a_negative_potential_sets_neither_flag(core: int, up: int, down: int) -> None:
    result = IzhNeuron(thr=7, core=core, thetamem=3, ca_en=1, calcium=2, ca_theta1=2, ca_theta2=3, ca_theta3=3).idle()
    assert (result.v_up, result.v_down) == (up, down)


@pytest.mark.parametrize(
    ("calcium", "up", "down"), [(1, (0, 0), (0, 0)), (2, (1, 0), (0, 1)), (3, (1, 0), (0, 0)), (4, (0, 0), (0, 0))]
)
def test_the_calcium_thresholds_bound_learning(calcium: int, up: tuple[int, int], down: tuple[int, int]) -> None:
    for core, expected in ((5, up), (1, down)):
        neuron = IzhNeuron(
            thr=7, core=core, thetamem=3, ca_en=1, calcium=calcium, ca_theta1=2, ca_theta2=3, ca_theta3=4
        )
        assert neuron.idle()[1:3] == expected


def test_the_stimulation_strength_counts_to_7_and_minus_7_and_starts_anew_at_a_time_reference() -> None:
    neuron = IzhNeuron(thr=7, core=-8, neg_en=1, refrac=1)
    spikes_of(neuron, "+" * 9)
    assert neuron.state["stim_str_tmp"] == 7
    spikes_of(neuron, "-" * 16)
    assert neuron.state["stim_str_tmp"] == -7
    neuron.tref()
    assert (neuron.state["stim_str"], neuron.state["stim_str_tmp"]) == (-7, 0)
    assert IZH["stim_str"].low == -8
