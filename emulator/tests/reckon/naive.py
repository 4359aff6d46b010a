"""A second derivation of ReckOn's arithmetic: slow, bit by bit and wire by wire, as the Verilog writes it."""

from __future__ import annotations

from collections.abc import Iterator

from draupnir.emulator.reckon.lfsrs import Lfsr


def bits(word: int, msb: int, lsb: int) -> int:
    """Return the bits msb..lsb of a number."""
    return word >> lsb & (1 << (msb - lsb + 1)) - 1


def signed(word: int, width: int) -> int:
    """Return the lower ``width`` bits as a signed number."""
    word &= (1 << width) - 1
    return word - (1 << width) if word >> (width - 1) else word


def sequence(lfsr: Lfsr, flip_flops: int) -> Iterator[int]:
    """Return the LFSR's bits y[0], y[1], ... from its recurrence alone."""
    y_at = {t: flip_flops >> i & 1 for i, t in enumerate(lfsr.order)}
    t = 0
    while True:
        if t not in y_at:
            y_at[t] = y_at[t - lfsr.lag] ^ y_at[t - lfsr.width]
        yield y_at[t]
        t += 1


def neur_u_next(u: int, winp: int, wrec: int, noise: int) -> int:
    """srnn.v, update_wt to neur_u_next; all 16 bits wide."""
    wt = signed(wrec + winp, 16)
    w = wt
    if wt < 0 <= min(wrec, winp):
        w = 0x7FFF
    elif wt >= 0 > max(wrec, winp):
        w = -0x8000
    update = signed(u + w + noise, 16)
    if u >= 0 and w >= 0 and update < 0:
        return 0x7FFF
    return -0x8000 if u < 0 and w < 0 and update >= 0 else update


def stoc(product: int, msb: int, lsb: int, rand: int, en: bool) -> int:
    """A *_lkst wire: bits msb..lsb of a product, one more by chance; as wide as they are."""
    integer = bits(product, msb, lsb)
    rounds_up = int(en and bits(product, lsb - 1, 0) >= rand and integer != 0)
    return integer + rounds_up & (1 << (msb - lsb + 1)) - 1


def error(regression: bool, act: bool, label: bool, target: int, vo: int) -> int:
    """Module output_act_err, with en = 1."""
    y = vo
    if act:
        y = 2048 if vo > 2047 else 0 if vo < -2048 else signed(vo + 2048, 16) >> 1
    yt = target if regression else 2048 if label else 0
    e = signed(yt - y, 16)
    if yt >= 0 > y and e < 0:
        return 0x7FFF
    return -0x8000 if yt < 0 <= y and e >= 0 else e


def probability(e: int, wregm: int, wregi: int, multiplicative: bool) -> int:
    """srnn.v, prob_winp_e to prob_winp; wregm, wregi as those wires, wregi signed."""
    wregs = 16 if not multiplicative else 0 if wregm >> 4 else 16 - wregm
    k = (e * 16 if e < 0 else e * wregs) & (1 << 37) - 1
    s = signed(bits(k, 35, 4) - wregi, 32)
    return -(1 << 31) if s >= 0 and k >> 31 & 1 else s


def stoch_update(prob: int, w_in: int, lr_r: int, lr_p: int, rnd: int, width: int) -> int:
    """Module stoch_update, with en = 1: the weight afterwards."""
    ones = (1 << width) - 1
    prob_m = prob == -(1 << (width - 1))
    prob_lrp = abs(prob) << lr_p
    prob_tot = (ones if prob_lrp >> width else prob_lrp) >> lr_r
    if prob == 0 or not (prob_m or prob_tot >= rnd):
        return w_in
    updated = signed(w_in + (-1 if prob < 0 else 1), 8)
    overflow = updated >= 0 > w_in if prob < 0 else updated < 0 <= w_in
    return w_in if overflow else updated


def learning_signal(psum: int, scale: int) -> int:
    """srnn.v, neur_learn_sigs_temp1 and temp2."""
    temp1 = (psum << scale) & (1 << 44) - 1
    negative = psum < 0
    if bits(temp1, 43, 27) != ((1 << 17) - 1 if negative else 0):
        return -0x8000 if negative else 0x7FFF
    return signed(bits(temp1, 27, 12), 16)


def trace_reg(trace: int, f0: int) -> int:
    """srnn.v, trace_rec_reg_f0 and trace_reg; 12 bits."""
    excess = (trace - f0) & 0xFFF
    return 0 if excess > trace else excess
