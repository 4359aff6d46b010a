"""ODIN's neuron words, field by field, for both neuron models.

Source: ODIN doc v0.1, 3.3.2 for the LIF neuron; neuron_core.v and IZH_neuron_blocks/*.v for the Izhikevich neuron,
which the documentation leaves out.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

from draupnir.emulator.declare import Field, Word


class ResonSign(IntEnum):
    """Phase of a resonator (IZH ``reson_sign``; izh_neuron_state.v)."""

    POS = 0
    NEG = 1
    ZERO_TO_P = 2
    ZERO_TO_N = 3


def _parameter(name: str, lsb: int, width: int, meaning: str, unit: str = "") -> Field:
    return Field(name, lsb, width, meaning, unit, kind="parameter")


def _state(name: str, lsb: int, width: int, meaning: str, unit: str = "", signed: bool = False) -> Field:
    return Field(name, lsb, width, meaning, unit, signed, kind="state")


def _curve(name: str, lsb: int, width: int, meaning: str, unit: str, signed: bool = False) -> Field:
    return replace(_state(name, lsb, width, meaning, unit, signed), curve=True)


_LIF_IZH_SEL = _parameter("lif_izh_sel", 0, 1, "Neuron model: 1 LIF, 0 Izhikevich.")
_NEUR_DISABLE = _parameter("neur_disable", 127, 1, "1: the neuron never spikes; its state is updated all the same.")

LIF = Word(
    "lif",
    128,
    (
        _LIF_IZH_SEL,
        _parameter("leak_str", 1, 7, "Taken from the membrane potential at a time reference event.", "LSB of core"),
        _parameter("leak_en", 8, 1, "Enables the leakage."),
        _parameter(
            "thr", 9, 8, "Firing threshold: the neuron spikes when its next potential is at or above.", "LSB of core"
        ),
        _parameter("ca_en", 17, 1, "Enables the calcium variable, and SDSP in the neuron's dendritic tree."),
        _parameter("thetamem", 18, 8, "SDSP threshold on the membrane potential.", "LSB of core"),
        _parameter("ca_theta1", 26, 3, "SDSP: no update below this calcium.", "calcium"),
        _parameter("ca_theta2", 29, 3, "SDSP: depression below this calcium.", "calcium"),
        _parameter("ca_theta3", 32, 3, "SDSP: potentiation below this calcium.", "calcium"),
        _parameter("caleak", 35, 5, "Time reference events per decrement of calcium; 0 disables.", "time references"),
        _curve("core", 70, 8, "Membrane potential.", "LSB"),
        _state("calcium", 78, 3, "Calcium: recent firing activity."),
        _state("caleak_cnt", 81, 5, "Time reference events since the last decrement of calcium.", "time references"),
        _NEUR_DISABLE,
    ),
    source="doc 3.3.2; neuron_core.v, lif_neuron_0",
)

IZH = Word(
    "izh",
    128,
    (
        _LIF_IZH_SEL,
        _parameter("leak_str", 1, 7, "Taken from the input accumulator at a time reference event.", "LSB of inacc"),
        _parameter("leak_en", 8, 1, "Enables the leakage of the input accumulator."),
        _parameter(
            "fi_sel", 9, 3, "Fan-in: the membrane moves one step when bit 3 + fi_sel of the accumulator toggles."
        ),
        _parameter("spk_ref", 12, 3, "Further spikes in a burst; 0 is a single spike.", "spikes"),
        _parameter(
            "isi_ref", 15, 3, "Burst spikes are isi_ref + 1 burst time references apart.", "burst time references - 1"
        ),
        _parameter(
            "reson_sharp_en",
            18,
            1,
            "Sharp resonance: spike only when excited reson_sharp_amt after the last excitation.",
        ),
        _parameter(
            "thr",
            19,
            3,
            "Firing threshold: the neuron spikes when its next potential equals thr + thrmod.",
            "LSB of core",
        ),
        _parameter(
            "rfr",
            22,
            3,
            "Potential after a spike: -rfr (refractory, climbs by 1 a time reference), +rfr for DAP and resonators.",
            "LSB of core",
        ),
        _parameter(
            "dapdel",
            25,
            3,
            "Delay of the spike (spike latency) or of the end of the after-potential (DAP).",
            "time references",
        ),
        _parameter(
            "spklat_en", 28, 1, "Spike latency: spike at the dapdel-th time reference after the threshold was met."
        ),
        _parameter(
            "dap_en", 29, 1, "Depolarizing after-potential: stay at +rfr, fall to 0 after dapdel time references."
        ),
        _parameter(
            "stim_thr",
            30,
            3,
            "Stimulation strength that counts as stimulation (phasic, mixed, class 2, ...).",
            "membrane steps",
        ),
        _parameter("phasic_en", 33, 1, "Phasic: one spike (or burst) at the onset of a stimulation, then locked."),
        _parameter("mixed_en", 34, 1, "Mixed mode: a burst at the onset of a stimulation, then single spikes."),
        _parameter(
            "class2_en", 35, 1, "Class 2: excitation counts only while the stimulation strength reaches stim_thr."
        ),
        _parameter("neg_en", 36, 1, "Potential may become negative, down to -8; else inhibition stops at 0."),
        _parameter("rebound_en", 37, 1, "Rebound: spike after a lone inhibitory stimulation."),
        _parameter(
            "inhin_en", 38, 1, "Inhibition-induced: spike while inhibited; set off when -core equals the threshold."
        ),
        _parameter("bist_en", 39, 1, "Bistability: a lone excitatory stimulation toggles between rest and spiking."),
        _parameter("reson_en", 40, 1, "Resonator: the potential's sign rotates with the time references."),
        _parameter("thrvar_en", 41, 1, "Enables the threshold modifier (variability or adaptation)."),
        _parameter(
            "thr_sel_of",
            42,
            1,
            "Threshold: 0 variability (raised by excitation, lowered by inhibition), 1 adaptation (raised by spikes).",
        ),
        _parameter(
            "thrleak",
            43,
            4,
            "Time reference events per step of the threshold modifier back to 0; 0 disables.",
            "time references",
        ),
        _parameter("acc_en", 47, 1, "Accommodation: the threshold follows the stimulation strength."),
        _parameter("ca_en", 48, 1, "Enables the calcium variable, and SDSP in the neuron's dendritic tree."),
        _parameter("thetamem", 49, 3, "SDSP threshold on the membrane potential.", "LSB of core"),
        _parameter("ca_theta1", 52, 3, "SDSP: no update below this calcium.", "calcium"),
        _parameter("ca_theta2", 55, 3, "SDSP: depression below this calcium.", "calcium"),
        _parameter("ca_theta3", 58, 3, "SDSP: potentiation below this calcium.", "calcium"),
        _parameter("caleak", 61, 5, "Time reference events per decrement of calcium; 0 disables.", "time references"),
        _parameter("burst_incr", 66, 1, "Threshold modifier and calcium rise by the burst's length instead of by 1."),
        _parameter(
            "reson_sharp_amt", 67, 3, "Sharp resonance: time references between the two excitations.", "time references"
        ),
        _curve("inacc", 70, 11, "Input accumulator: weights in, leakage out; wraps.", "LSB of weight"),
        _state("refrac", 81, 1, "In the refractory period."),
        _curve("core", 82, 4, "Membrane potential.", "LSB", signed=True),
        _state(
            "dapdel_cnt",
            86,
            3,
            "Counts down dapdel; for sharp resonance, time references since the last excitation.",
            "time references",
        ),
        _state("stim_str", 89, 4, "Stimulation strength in the last time step.", "membrane steps", signed=True),
        _state(
            "stim_str_tmp",
            93,
            4,
            "Stimulation strength so far in this time step, -7..7.",
            "membrane steps",
            signed=True,
        ),
        _state("phasic_lock", 97, 1, "Phasic: locked until the stimulation ends."),
        _state("mixed_lock", 98, 1, "Mixed mode: single spikes until the stimulation ends."),
        _state("spkout_done", 99, 1, "Has spiked in this time step."),
        _state("stim0_prev", 100, 2, "Was there stimulation: bit 0 in the last time step, bit 1 in the one before."),
        _state(
            "inhexc_prev", 102, 2, "Last time step's stimulation reached stim_thr: bit 0 excitatory, bit 1 inhibitory."
        ),
        _state("bist_lock", 104, 1, "Bistability: in the spiking state."),
        _state("inhin_lock", 105, 1, "Inhibition-induced: spiking."),
        replace(
            _state(
                "reson_sign",
                106,
                2,
                "Resonator's phase: 0 positive, 1 negative, 2 zero to positive, 3 zero to negative.",
            ),
            states=ResonSign,
        ),
        _state("thrmod", 108, 4, "Threshold modifier.", "LSB of core", signed=True),
        _state(
            "thrleak_cnt",
            112,
            4,
            "Time reference events since the last step of the threshold modifier.",
            "time references",
        ),
        _state("calcium", 116, 3, "Calcium: recent firing activity."),
        _state("caleak_cnt", 119, 5, "Time reference events since the last decrement of calcium.", "time references"),
        _state("burst_lock", 124, 1, "A burst is under way; the refractory period waits for its end."),
        _NEUR_DISABLE,
    ),
    source="neuron_core.v, izh_neuron_0; IZH_neuron_blocks/*.v",
)
