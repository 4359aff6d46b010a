"""A sender of events and a receiver of spikes in plain Python around ``Model.step``."""

from __future__ import annotations

from draupnir.emulator.model import ClockLevel
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.trace import pack, unpack


def naive(
    model: ClockLevel, events: list[int], env: Environment, n_cycles: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Return spikes and rows of ``n_cycles`` clocks; each side counts the clocks for which it has waited."""
    pins_in, pins_out = model.chip.input_word, model.chip.output_word
    spikes, rows = [], []
    queue = list(events)
    addr = req = out_ack = seen_in = seen_out = req_before = 0
    for _ in range(n_cycles):
        pins = unpack(pins_out, model.outputs)
        if pins["AEROUT_REQ"] and not req_before:
            spikes.append((int(model.registers[0].cycle), pins["AEROUT_ADDR"]))
        req_before = pins["AEROUT_REQ"]
        if req and pins["AERIN_ACK"]:
            if seen_in == env.hold:
                req, seen_in = 0, -1
            seen_in += 1
        elif not req and not pins["AERIN_ACK"] and queue:
            if seen_in == env.gap:
                req, addr, seen_in = 1, queue.pop(0), -1
            seen_in += 1
        if pins["AEROUT_REQ"] != out_ack:
            if seen_out == (env.ack_hold if out_ack else env.ack_delay):
                out_ack, seen_out = pins["AEROUT_REQ"], -1
            seen_out += 1
        rows.append(pack(pins_in, {"AERIN_ADDR": addr, "AERIN_REQ": req, "AEROUT_ACK": out_ack}))
        model.step(rows[-1])
    return spikes, rows
