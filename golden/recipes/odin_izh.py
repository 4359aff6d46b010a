"""Recipes for Izhikevich neurons: one recipe for each behaviour."""

from __future__ import annotations

from dataclasses import replace

from draupnir.emulator.odin import layout
from draupnir.golden.ranges import Range
from draupnir.golden.recipes.crossbar import Group
from draupnir.golden.recipes.odin import OdinRecipe, Traffic
from draupnir.golden.recipes.odin_contents import Synapses

_BASE: dict[str, Range] = {"leak_str": (0, 7), "leak_en": (0, 1), "fi_sel": (0, 1), "thr": (1, 6), "stim_thr": (1, 3)}
_CALCIUM: dict[str, Range] = {
    "ca_en": 1,
    "thetamem": (0, 4),
    "ca_theta1": (0, 2),
    "ca_theta2": (2, 7),
    "ca_theta3": (2, 7),
    "caleak": (0, 8),
}


def _izh(**fields: Range) -> Group:
    return Group("izh", {**_BASE, **fields})


PLAIN = _izh(rfr=(0, 4))
EXPLOSIVE = _izh(rfr=(1, 7), spk_ref=(2, 7), isi_ref=(0, 1), thr=(1, 2), fi_sel=0)
_BURST: dict[str, Range] = {"spk_ref": (1, 4), "isi_ref": (0, 4), "thr": (1, 4), "fi_sel": 0, "leak_en": 0}
# A refractory neuron waits for the end of its burst, which never comes if the burst FIFOs are emptied. So some neurons
# have no refractory period.
BURSTING = (_izh(**_BURST, rfr=0), _izh(**_BURST, rfr=(1, 7)))

# Each spikes once in a volley, so that no burst FIFO is pushed twice by one neuron.
_FAR: dict[str, Range] = {**_BURST, "spk_ref": (3, 7), "isi_ref": (0, 7), "thr": 1, "leak_str": 0}
BURSTING_FAR = _izh(**_FAR, rfr=(5, 7))
# Each spikes at any excitation.
BURSTING_LONG = _izh(**{**_FAR, "spk_ref": (6, 7)}, rfr=0)
BURSTING_READY = _izh(**{**_FAR, "spk_ref": (1, 7)}, rfr=0)

# behaviour -> (its description, the neurons that show it, the probability that a volley is inhibitory)
_BEHAVIOURS: dict[str, tuple[str, Group, float]] = {
    "refractory": ("after a spike, -rfr, and up by 1 a time reference", _izh(rfr=(1, 7), neg_en=(0, 1)), 0.3),
    "dap": (
        "a depolarizing after-potential for dapdel time references",
        _izh(dap_en=1, rfr=(0, 7), dapdel=(0, 7)),
        0.2,
    ),
    "spike_latency": (
        "the spike comes dapdel time references after the threshold",
        _izh(spklat_en=1, dapdel=(0, 7), rfr=(0, 3)),
        0.2,
    ),
    "resonator": ("the sign of the potential rotates", _izh(reson_en=1, rfr=(0, 7), thr=(1, 4)), 0.4),
    "resonator_sharp": (
        "a spike only at the right distance from the last excitation",
        _izh(reson_sharp_en=1, reson_sharp_amt=(0, 7), reson_en=(0, 1), rfr=(0, 4)),
        0.2,
    ),
    "phasic": ("one spike at the onset of a stimulation", _izh(phasic_en=1, rfr=(0, 2), thr=(1, 3)), 0.1),
    "mixed": (
        "a burst at the onset of a stimulation, then single spikes",
        _izh(mixed_en=1, spk_ref=(1, 7), isi_ref=(0, 7), thr=(1, 3), rfr=(0, 2)),
        0.1,
    ),
    "class2": ("weak excitation does not count", _izh(class2_en=1, thr=(1, 4), stim_thr=(0, 7)), 0.2),
    "rebound": ("a spike after a lone inhibition", _izh(rebound_en=1, neg_en=(0, 1), rfr=(0, 4), stim_thr=(0, 3)), 0.6),
    "inhibition_induced": (
        "spikes while inhibited",
        _izh(inhin_en=1, neg_en=1, rfr=(1, 7), thr=(1, 5)),
        0.7,
    ),
    "bistable": ("a lone excitation toggles between rest and spiking", _izh(bist_en=1, neg_en=1, rfr=(0, 3)), 0.2),
    "threshold_variability": (
        "excitation raises the threshold, inhibition lowers it",
        _izh(thrvar_en=1, thr_sel_of=0, thrleak=(0, 6), neg_en=(0, 1), rfr=(0, 3)),
        0.5,
    ),
    "threshold_adaptation": (
        "spikes raise the threshold",
        _izh(thrvar_en=1, thr_sel_of=1, thrleak=(0, 15), thr=(1, 5), rfr=(0, 3)),
        0.1,
    ),
    "accommodation": (
        "the threshold follows the stimulation strength",
        _izh(acc_en=1, thrvar_en=(0, 1), thrleak=(0, 4), thr=(1, 7), neg_en=(0, 1)),
        0.4,
    ),
    "burst_incr": (
        "threshold modifier and calcium rise by the burst's length",
        _izh(burst_incr=1, spk_ref=(0, 7), thrvar_en=1, thr_sel_of=(0, 1), thrleak=(0, 4), thr=(1, 5), **_CALCIUM),
        0.2,
    ),
    "fan_in": (
        "fi_sel chooses the accumulator's bit that moves the membrane",
        _izh(fi_sel=(0, 7), leak_str=(0, 127), leak_en=1, neg_en=1),
        0.4,
    ),
}

_ANY_STATE: dict[str, Range] = {f.name: (f.low, f.high) for f in layout.IZH.fields if f.kind == "state"}


def _in_any_state(group: Group) -> Group:
    return Group("izh", {**_ANY_STATE, **group.fields})


# A phasic lock holds the potential at 0 alone, and no stimulation brings such a neuron below 0: only the memory does.
_LOCKED_BELOW_0 = _izh(phasic_en=(0, 1), phasic_lock=1, core=(-8, -1), neg_en=(0, 1), fi_sel=0, rfr=(0, 3))


def _behaviour(behaviour: str, group: Group, inhibitory: float) -> OdinRecipe:
    return OdinRecipe(
        f"Izhikevich neuron: {behaviour}.",
        Traffic(
            {"volley": 20, "virtual": 5, "tref": 3, "tref_all": 0.1, "synapse": 3},
            hot=24,
            inhibitory=inhibitory,
            weight=(3, 7),
            stims=(0, 16),
            trefs=(1, 5),
        ),
        n_cycles=40_000,
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(group,),
        synapses=Synapses(mapped=0.5),
    )


IZH_RECIPES = {f"izh_{name}": _behaviour(*behaviour) for name, behaviour in _BEHAVIOURS.items()} | {
    "izh_calcium": OdinRecipe(
        "Izhikevich neuron: calcium, and SDSP by it.",
        Traffic(
            {"volley": 20, "spike": 2, "tref_all": 0.5, "tref": 3}, inhibitory=0.1, weight=(3, 7), stims=(0, 16), hot=48
        ),
        n_cycles=80_000,
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(_izh(rfr=(0, 3), neg_en=(0, 1), **_CALCIUM),),
        synapses=Synapses(mapped=0.7),
    ),
    "izh_any_state": OdinRecipe(
        "Izhikevich neurons of each behaviour begin in states that their own past would not lead to.",
        Traffic({"virtual": 20, "tref": 5, "synapse": 2, "tref_all": 0.1}, hot=layout.N, weight=(3, 7)),
        n_cycles=40_000,
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(
            *(_in_any_state(group) for _, group, _ in _BEHAVIOURS.values()),
            replace(_in_any_state(_LOCKED_BELOW_0), share=len(_BEHAVIOURS)),
        ),
        synapses=Synapses(mapped=0.5),
    ),
    "izh_random": OdinRecipe(
        "Izhikevich neurons with all bits of their words at random: behaviours in combinations nobody would configure.",
        Traffic(
            {"volley": 20, "virtual": 5, "tref": 5, "tref_all": 0.5, "synapse": 5, "spike": 0.5},
            inhibitory=0.4,
            weight=(3, 7),
            stims=(0, 16),
        ),
        n_cycles=100_000,
        registers={"SPI_OPEN_LOOP": 1},
        neurons=(Group("random"),),
        synapses=Synapses(mapped=0.5),
    ),
}
