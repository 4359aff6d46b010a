"""A second derivation of the Izhikevich neuron from the Verilog: slow, with signed numbers and dictionaries.

Source: izh_neuron.v, IZH_neuron_blocks/*.v.
"""

from __future__ import annotations

from collections.abc import Mapping

from draupnir.emulator.tests.odin.helpers import IzhResult

Fields = Mapping[str, int]
POS, NEG, TO_POS, TO_NEG = range(4)


def s4(x: int) -> int:
    """Return 4 bits as a number, -8..7."""
    return (x + 8) % 16 - 8


def clip(x: int, low: int, high: int) -> int:
    return min(max(x, low), high)


def update(
    f: Fields, syn_weight: int, syn_sign: int, syn_event: int, time_ref: int, burst_end: int
) -> tuple[dict[str, int], IzhResult]:
    """Return all fields of a neuron's word after an event, and the neuron's outputs."""
    tref = bool(syn_event and time_ref)
    direction = 0 if tref or not syn_event else (-1 if syn_sign else 1)
    inacc = (f["inacc"] + (-f["leak_str"] * f["leak_en"] if tref else direction * syn_weight)) % 2048
    toggled = bool((inacc ^ f["inacc"]) >> (3 + f["fi_sel"]) & 1)
    step = direction if toggled else 0
    n = dict(f, inacc=inacc, **stimulation(f, tref, step))
    threshold = s4(f["thr"] + f["thrmod"])
    core = potential(f, tref, toggled, step)
    sign = phase(f, tref, core)
    spike = spikes(f, tref, step, core, sign, threshold)
    spk_ref, isi_ref = (0, 0) if f["mixed_lock"] else (f["spk_ref"], f["isi_ref"])
    length = min(spk_ref + 1, 7) if f["burst_incr"] else 1
    n |= locks(f, tref, spike, spk_ref, burst_end, threshold)
    n |= slow(f, tref, step, spike, length, threshold)
    n["dapdel_cnt"] = delay(f, tref, step, core, spike, threshold)
    if spike or n["inhin_lock"]:
        n["refrac"] = int(f["rfr"] > 0 and not f["dap_en"] and not f["reson_en"])
    elif core == 0:
        n["refrac"] = 0
    n["core"] = core if not spike else f["rfr"] if f["dap_en"] or f["reson_en"] else -f["rfr"]
    n["reson_sign"] = NEG if spike and f["reson_en"] else sign
    may_learn = f["ca_en"] and n["core"] >= 0
    v_up = may_learn and n["core"] >= f["thetamem"] and f["ca_theta1"] <= n["calcium"] < f["ca_theta3"]
    v_down = may_learn and n["core"] < f["thetamem"] and f["ca_theta1"] <= n["calcium"] < f["ca_theta2"]
    return n, IzhResult(int(spike), int(v_up), int(v_down), spk_ref, isi_ref)


def stimulation(f: Fields, tref: bool, step: int) -> dict[str, int]:
    """Update the strength counters; a time reference moves the counts of this time step into the past."""
    now = f["stim_str_tmp"]
    if not tref:
        stays = (step == 1 and now == 7) or (step == -1 and now == -7)
        return {"stim_str_tmp": now if stays else s4(now + step)}
    strong = (2 if now < 0 else 1) if abs(now) >= f["stim_thr"] else 0
    return {
        "stim_str": now,
        "stim_str_tmp": 0,
        "stim0_prev": (f["stim0_prev"] & 1) * 2 + (now != 0),
        "inhexc_prev": strong,
    }


def excited(f: Fields) -> tuple[bool, bool]:
    """Return two booleans: the stimulation is excitatory and strong in the last time step, and in this one."""
    return f["stim_str"] >= 0 and f["stim_str"] >= f["stim_thr"], f["stim_str_tmp"] >= 0 and f["stim_str_tmp"] >= f[
        "stim_thr"
    ]


def potential(f: Fields, tref: bool, toggled: bool, step: int) -> int:
    """Return the potential before a spike resets it."""
    core = f["core"]
    if (f["spklat_en"] and f["dapdel_cnt"]) or (f["phasic_lock"] and core == 0):
        return core
    if tref:
        return after_tref(f, toggled)
    if step == 0:
        return core
    if f["reson_en"]:
        grows = (step == 1) == (f["reson_sign"] in (POS, TO_POS))
        end = 7 if grows else 0
        return core if core == end else s4(core + (1 if grows else -1))
    if f["refrac"]:
        return core
    if step == 1:
        return core if core == 7 or (f["class2_en"] and not any(excited(f))) else core + 1
    return core if core == (-8 if f["neg_en"] else 0) else s4(core - 1)


def after_tref(f: Fields, toggled: bool) -> int:
    core = f["core"]
    if f["reson_en"]:
        return s4(core - 1) if f["reson_sign"] == TO_NEG else core
    if f["refrac"]:
        return core if f["burst_lock"] else s4(core + 1)
    if f["acc_en"]:
        return core if f["spkout_done"] else s4(core - f["stim_str_tmp"])
    if f["dap_en"] and f["dapdel_cnt"] == 1:
        return 0
    return core - (core > 0) + (core < 0) if toggled else core


def phase(f: Fields, tref: bool, core: int) -> int:
    if not f["reson_en"]:
        return POS
    if not tref:
        return f["reson_sign"]
    if f["core"] == 0:
        return POS
    return {POS: TO_NEG, TO_NEG: POS if core == 0 else NEG, NEG: TO_POS, TO_POS: POS}[f["reson_sign"]]


def spikes(f: Fields, tref: bool, step: int, core: int, sign: int, threshold: int) -> bool:
    lone = tref and f["stim_str_tmp"] == 0 and f["stim0_prev"] < 2
    lone_exc, lone_inh = lone and f["inhexc_prev"] & 1 == 1, lone and f["inhexc_prev"] >= 2
    met = core == threshold
    if f["reson_sharp_en"]:
        return step == 1 and f["dapdel_cnt"] == f["reson_sharp_amt"]
    if f["spklat_en"]:
        return tref and f["dapdel_cnt"] == 1
    if f["rebound_en"]:
        return met or lone_inh
    if f["bist_en"]:
        return met or (core == 0 if f["bist_lock"] else lone_exc)
    if f["inhin_lock"]:
        return core == 0
    return met and (sign == POS or not f["reson_en"])


def locks(f: Fields, tref: bool, spike: bool, spk_ref: int, burst_end: int, threshold: int) -> dict[str, int]:
    was, is_now = excited(f)
    onset = (spike and (was or is_now)) or (tref and f["spkout_done"] and (f["core"] == 0 or f["refrac"]) and is_now)
    lone_exc = tref and f["stim_str_tmp"] == 0 and f["stim0_prev"] < 2 and f["inhexc_prev"] & 1
    inhin = f["inhin_lock"]
    if f["inhin_en"] and not f["refrac"] and s4(-f["core"]) == threshold:
        inhin = 1
    elif tref and f["stim_str_tmp"] == 0:
        inhin = 0
    return {
        "phasic_lock": f["phasic_en"] if onset else f["phasic_lock"] * was,
        "mixed_lock": f["mixed_en"] if onset else f["mixed_lock"] * was,
        "spkout_done": int(not tref and (spike or f["spkout_done"])),
        "bist_lock": f["bist_lock"] ^ int(bool(f["bist_en"] and lone_exc)),
        "inhin_lock": inhin,
        "burst_lock": int((spike and spk_ref > 0) or (f["burst_lock"] and not burst_end)),
    }


def counter_next(enabled: bool, period: int, cnt: int, width: int) -> tuple[int, bool]:
    """Return the next content of a leakage counter, and True if it starts again."""
    if not enabled or period == 0:
        return cnt, False
    return (0, True) if cnt == period - 1 else ((cnt + 1) % (1 << width), False)


def slow(f: Fields, tref: bool, step: int, spike: bool, length: int, threshold: int) -> dict[str, int]:
    thrleak_cnt, thr_leaks = counter_next(bool(tref and f["thrvar_en"]), f["thrleak"], f["thrleak_cnt"], 4)
    caleak_cnt, ca_leaks = counter_next(bool(tref and f["ca_en"]), f["caleak"], f["caleak_cnt"], 5)
    calcium = clip(f["calcium"] + length * (spike and not ca_leaks) - (ca_leaks and not spike), 0, 7)
    return {
        "thrmod": modifier(f, tref, step, spike, length, threshold, thr_leaks),
        "thrleak_cnt": thrleak_cnt,
        "calcium": calcium if f["ca_en"] else f["calcium"],
        "caleak_cnt": caleak_cnt,
    }


def modifier(f: Fields, tref: bool, step: int, spike: bool, length: int, threshold: int, leaks: bool) -> int:
    thrmod = f["thrmod"]
    if f["acc_en"]:
        follows = f["thr"] + f["stim_str_tmp"]
        return thrmod if not tref else (7 if follows > 7 else 1 if follows < 0 else follows) - f["thr"]
    if not f["thrvar_en"]:
        return thrmod
    if spike if f["thr_sel_of"] else step == 1:
        if threshold + length > 7:
            return 7 if f["burst_incr"] else thrmod
        return s4(thrmod + length)
    if step == -1 and not f["thr_sel_of"]:
        return thrmod if threshold == 1 else s4(thrmod - 1)
    return thrmod - (thrmod > 0) + (thrmod < 0) if leaks else thrmod


def delay(f: Fields, tref: bool, step: int, core: int, spike: bool, threshold: int) -> int:
    cnt = f["dapdel_cnt"]
    if f["reson_sharp_en"]:
        return min(cnt + 1, 7) if tref else 0 if step == 1 else cnt
    if (f["dap_en"] and spike) or (f["spklat_en"] and core == threshold != f["core"]):
        return f["dapdel"]
    return max(cnt - 1, 0) if tref else cnt
