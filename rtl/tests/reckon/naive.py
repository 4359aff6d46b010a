"""ReckOn's arithmetic in plain Python, as srnn.v writes it; the RTL is compared with it."""

from __future__ import annotations


def signed(word: int, bits: int) -> int:
    word &= (1 << bits) - 1
    return word - (1 << bits) if word >> (bits - 1) else word


def stoch_update(prob: int, bits: int, lr_p: int, lr_r: int, rnd: int, w: int) -> tuple[bool, int]:
    """Return the mask's bit and w_out of srnn.v, module stoch_update."""
    ones = (1 << bits) - 1
    prob_lrp = (abs(prob) & ones) << lr_p
    prob_tot = (ones if prob_lrp >> bits else prob_lrp) >> lr_r
    update = prob == -(1 << (bits - 1)) or prob_tot >= rnd
    if prob == 0 or not update:
        return False, w
    updated = w - 1 if prob < 0 else w + 1
    return True, w if abs(updated + 0.5) > 128 else updated


def prob_win(learning_signal: int, trace: int, h: int, regul: int, regs: int) -> int:
    """Return prob_winp of srnn.v; regul : prob_wregi, regs : prob_wregs."""
    e = signed(learning_signal * trace * h, 32)
    k = e * 16 if e < 0 else e * regs
    s = signed((k >> 4) - regul, 32)
    return -(1 << 31) if s >= 0 and k >> 31 & 1 else s


def decay(level: int, factor: int, fraction_bits: int, bits: int, en: int, rand: int) -> int:
    """Return *_lkst of srnn.v (with *_leak and *_stoc), without the sign of the result."""
    product = level * factor
    whole = product >> fraction_bits & (1 << bits) - 1
    stoc = bool(en) and product & (1 << fraction_bits) - 1 >= rand and whole != 0
    return whole + stoc & (1 << bits) - 1


def integrate(u: int, w_inp: int, w_rec: int, noise: int) -> int:
    """Return neur_u_next of srnn.v, from update_w on."""
    w = min(max(w_inp + w_rec, -32768), 32767)
    total = signed(u + w + noise, 16)
    if u >= 0 and w >= 0 and total < 0:
        return 32767
    return -32768 if u < 0 and w < 0 and total >= 0 else total


def output_error(target: int, vo: int, act: int) -> int:
    """Return the result of srnn.v, module output_act_err, enabled."""
    y = vo
    if act:
        y = 2048 if vo > 2047 else 0 if vo < -2048 else (vo + 2048) >> 1
    return min(max(target - y, -32768), 32767)
