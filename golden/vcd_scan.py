"""Split the body of a VCD into changes, byte by byte, in compiled code.

``scan`` takes the text piece by piece; a piece ends between two words. What must be remembered from one piece to the
next is in ``state``, an array of int64 whose places are named below. ``scan`` stops early, and can be called again,
where its caller has to act: an error, or a stretch that was not dumped.
"""

from __future__ import annotations

import numpy as np

from draupnir.emulator.declare.words import INTEGER_BITS, LIMB_BITS
from draupnir.emulator.kernel.jit import entry, outlined

# Places in the state.
POSITION, LINE, TIME, MODE, LEVEL, KNOWN, DIGITS, OFF_TIME, OFF_LINE, WORD, WORD_END, N_STATE = range(12)
# The next word is one of these.
CHANGE, ID_OF_BITS, ID_OF_OTHER, COMMENT = range(4)
# The scan stopped for one of these reasons. All from BAD_WORD on are errors in the word that WORD and WORD_END tell.
DONE, GAP, BAD_WORD, BAD_TIME, BACKWARDS, LATE, NO_ID, UNKNOWN_ID, NOT_BITS, TOO_LONG, EXTENDED = range(11)

N_TIME_DIGITS = 18  # so that a time and a difference of times fit an int64
NOT_A_PIN = -1
MARK = -2  # the signal of a change that only tells a time
HASH = (1 << 50) - 1
LEVELS = (1 << 63) - 1


def new_state(line: int) -> np.ndarray:
    """The state before the first word of the body, which stands in this line."""
    state = np.zeros(N_STATE, np.int64)
    state[LINE] = line
    state[OFF_LINE] = -1
    return state


@entry
def enter_ids(text: np.ndarray, begins: np.ndarray, slots: np.ndarray) -> None:
    """Fill the hash table that ``scan`` finds identifiers in.

    text : (n,) uint8, all identifiers one after the other; begins : (m + 1,) int64, where each begins, and their end
    slots : (2**k,) int64, all -1, more than m; gets the number of each identifier
    """
    for i in range(len(begins) - 1):
        slot = np.int64(5381)
        for b in range(begins[i], begins[i + 1]):
            slot = (slot * 33 + np.int64(text[b])) & HASH
        slot &= len(slots) - 1
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = i


@entry
def scan(
    text: np.ndarray,
    state: np.ndarray,
    ids: tuple[np.ndarray, np.ndarray, np.ndarray],
    signal_of_id: np.ndarray,
    widths: np.ndarray,
    limbs: np.ndarray,
    marks: bool,
    out: np.ndarray,
) -> tuple[int, int]:
    """Write the changes of these signals to ``out``; returns why it stopped, and how many changes there are.

    text : (n,) uint8; state : see above; ids : text, begins and slots of ``enter_ids``
    signal_of_id : (m,) int64, the signal of each identifier, NOT_A_PIN for one that nobody asked for
    widths : (s,) int64, the bits of each signal; one of more than 63 bits is followed by those of its further limbs of
        32 bits, and a change of it is told as a change of each limb
    limbs : (2, most limbs of a signal) int64, is written: level and known bits of each limb of the last vector
    marks : each time is told, by a change of the signal MARK
    out : (4, more than half of n, times the most limbs of a signal) int64: times, signals, levels, known bits

    A vector that is shorter than its signal is extended as the standard says: by X or Z if it begins so, else by 0.
    """
    id_text, begins, slots = ids
    n_out = 0
    position = state[POSITION]
    end = len(text)
    while True:
        while position < end and text[position] <= 32:
            state[LINE] += text[position] == 10
            position += 1
        if position == end:
            state[POSITION] = 0
            return DONE, n_out
        begin = position
        while position < end and text[position] > 32:
            position += 1
        state[POSITION], state[WORD], state[WORD_END] = position, begin, position
        first = text[begin]
        mode = state[MODE]
        if mode == COMMENT:
            if position - begin == 4 and first == 36 and text[begin + 1] == 101:  # $end
                state[MODE] = CHANGE
            continue
        if mode == CHANGE:
            if first == 35:  # '#'
                time, digit = np.int64(0), begin + 1
                if digit == position:
                    return BAD_TIME, n_out
                while digit < position:
                    if text[digit] < 48 or text[digit] > 57:
                        return BAD_TIME, n_out
                    if time >= 10 ** (N_TIME_DIGITS - 1):
                        return LATE, n_out
                    time = time * 10 + (np.int64(text[digit]) - 48)
                    digit += 1
                if time < state[TIME]:
                    return BACKWARDS, n_out
                state[TIME] = time
                if marks:
                    out[0, n_out], out[1, n_out], out[2, n_out], out[3, n_out] = time, MARK, 0, 0
                    n_out += 1
                continue
            if first == 36:  # '$'
                stop = _command(text, begin, position, state)
                if stop != DONE:
                    return stop, n_out
                continue
            if first == 98 or first == 66:  # 'b', 'B'
                if not _vector(text, begin + 1, position, state, limbs):
                    return BAD_WORD, n_out
                state[MODE] = ID_OF_BITS
                continue
            if first == 114 or first == 82 or first == 115 or first == 83:  # 'r', 'R', 's', 'S'
                state[MODE] = ID_OF_OTHER
                continue
            if first == 112:  # 'p'
                return EXTENDED, n_out
            if not _vector(text, begin, begin + 1, state, limbs):
                return BAD_WORD, n_out
            begin += 1
            if begin == position:
                return NO_ID, n_out
            mode = ID_OF_BITS
        state[MODE] = CHANGE
        slot = np.int64(5381)
        for b in range(begin, position):
            slot = (slot * 33 + np.int64(text[b])) & HASH
        slot &= len(slots) - 1
        number = slots[slot]
        while number >= 0:
            same = begins[number + 1] - begins[number] == position - begin
            if same:
                for b in range(position - begin):
                    if id_text[begins[number] + b] != text[begin + b]:
                        same = False
                        break
            if same:
                break
            slot = (slot + 1) & (len(slots) - 1)
            number = slots[slot]
        if number < 0:
            return UNKNOWN_ID, n_out
        signal = signal_of_id[number]
        if signal == NOT_A_PIN:
            continue
        if mode == ID_OF_OTHER:
            return NOT_BITS, n_out
        if state[DIGITS] > widths[signal]:
            return TOO_LONG, n_out
        n_limbs = 1 if widths[signal] <= INTEGER_BITS else (widths[signal] + LIMB_BITS - 1) // LIMB_BITS
        if n_limbs == 1:
            limbs[0, 0], limbs[1, 0] = state[LEVEL], state[KNOWN]
        for i in range(n_limbs):
            out[0, n_out], out[1, n_out] = state[TIME], signal + i
            out[2, n_out], out[3, n_out] = limbs[0, i], limbs[1, i]
            n_out += 1


@outlined
def _vector(text: np.ndarray, begin: int, end: int, state: np.ndarray, limbs: np.ndarray) -> bool:
    """Read digits into LEVEL, KNOWN (whose bits beyond the digits extend it) and DIGITS; False if one is no digit.

    DIGITS does not count zeros that lead. PyMTL writes 0b before the digits: that is passed over. ``limbs``, unless it
    has but one, gets the same, limb by limb.
    """
    if end - begin > 2 and text[begin] == 48 and text[begin + 1] == 98:
        begin += 2
    level, unknown, digits = 0, 0, 0
    for b in range(begin, end):
        c = text[b]
        level = level << 1 & LEVELS
        unknown = unknown << 1 & LEVELS
        if c == 49 or c == 104 or c == 72:  # 1 h H
            level |= 1
        # x X z Z u U w W -
        elif c == 120 or c == 88 or c == 122 or c == 90 or c == 117 or c == 85 or c == 119 or c == 87 or c == 45:
            unknown = LEVELS if b == begin else unknown | 1
        elif c != 48 and c != 108 and c != 76:  # 0 l L
            return False
        digits += digits > 0 or c != 48
    state[LEVEL], state[KNOWN], state[DIGITS] = level, ~unknown, digits
    if limbs.shape[1] > 1:
        _fill(text, begin, end, limbs)
    return True


@outlined
def _fill(text: np.ndarray, begin: int, end: int, limbs: np.ndarray) -> None:
    """Level and known bits of each limb, from digits that ``_vector`` has found right."""
    level, known_bit = 0, 1
    for bit in range(limbs.shape[1] * LIMB_BITS):
        if bit < end - begin:
            c = text[end - 1 - bit]
            level = 1 if c == 49 or c == 104 or c == 72 else 0
            known_bit = 1 if level or c == 48 or c == 108 or c == 76 else 0
        else:
            level = 0  # a leading X or Z goes on, so ``known_bit`` stays; a leading 0 or 1 is followed by 0
        limb, shift = bit // LIMB_BITS, bit % LIMB_BITS
        if shift == 0:
            limbs[0, limb], limbs[1, limb] = 0, 0
        limbs[0, limb] |= level << shift
        limbs[1, limb] |= known_bit << shift


@outlined
def _command(text: np.ndarray, begin: int, end: int, state: np.ndarray) -> int:
    """A word that begins with $: why the scan stops there, if it does."""
    n = end - begin
    c = text[begin + 1] if n > 1 else 0
    if n == 4 and c == 101:  # $end
        return DONE
    if n == 8 and c == 99:  # $comment
        state[MODE] = COMMENT
        return DONE
    if n > 6 and c == 100 and text[begin + 4] == 112:  # $dump...
        c = text[begin + 5]
        if n == 8 and c == 111:  # $dumpoff
            state[OFF_TIME], state[OFF_LINE] = state[TIME], state[LINE]
            return DONE
        if n == 7 and c == 111:  # $dumpon
            return GAP if state[OFF_LINE] >= 0 else DONE
        if (n == 9 and c == 118) or (n == 8 and c == 97):  # $dumpvars, $dumpall
            return DONE
        if n == 10 and c == 112:  # $dumpports
            return EXTENDED
    return BAD_WORD
