"""Mesh's golden model, in Python's own integers. Source: mesh.sv, mesh_core.sv."""

import numpy as np

from draupnir.emulator.model import ClockLevel
from draupnir.emulator.trace import from_row, pack, to_row, unpack
from mesh_chip.layout import ADDR_BITS, SUM_BITS, VEC_BITS, declare

CLK_RISES, LNK_FALLS = 0b0001, 0b1000
LIMBS = range(0, VEC_BITS, 32)


class Model(ClockLevel):
    """Mesh, edge by edge."""

    chip = declare()

    def _run(self, inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        r, word = self.registers[0], self.chip.input_word
        for i in range(len(inputs)):
            r.inputs[:] = inputs[i]
            pins = unpack(word, from_row(word, inputs[i]))
            in_reset = not pins["rst_n"]
            if in_reset:
                self._reset()
            if not clk[i]:
                continue
            out[i] = to_row(self.chip.output_word, self.outputs)
            r.cycle += 1
            take = r.request_toggle == r.reply_toggle and pins["i_valid"] and clk[i] & CLK_RISES
            give = r.request_toggle != r.reply_toggle and pins["o_ready"] and clk[i] & LNK_FALLS
            if give and not in_reset:
                r.reply_toggle = r.request_toggle
                if r.reply_core < len(r.odd):
                    r.odd[r.reply_core] ^= 1
            if take:
                self._take(pins["i_req"], pins["vec"], in_reset)

    def _take(self, request: int, vec: int, in_reset: bool) -> None:
        """A request reaches the memory in a reset, too."""
        r, sums = self.registers[0], self.memories["sums"]
        core, addr, amount = request >> 8 + ADDR_BITS, (request >> 8) % (1 << ADDR_BITS), request & 255
        total = (1 << SUM_BITS) - 1
        if core < len(sums):
            total = (int(sums[core, addr, 0]) + amount) % (1 << SUM_BITS)
            sums[core, addr, 0] = total
        if in_reset:
            return
        if core < len(sums):
            r.last[core] = total
        r.request_toggle, r.reply_core, r.reply_sum = not r.request_toggle, core, total
        self._mix((self._mixed << 1 | self._mixed >> VEC_BITS - 1) % (1 << VEC_BITS) ^ vec)

    def _reset(self) -> None:
        r = self.registers[0]
        r.last[:], r.odd[:] = 0, 0
        r.request_toggle, r.reply_toggle, r.reply_core, r.reply_sum = 0, 0, 0, 0
        self._mix(0)

    def _mix(self, mixed: int) -> None:
        self.registers[0].mix[:] = [mixed >> lsb & 0xFFFFFFFF for lsb in LIMBS]

    @property
    def _mixed(self) -> int:
        return sum(int(limb) << lsb for limb, lsb in zip(self.registers[0].mix, LIMBS, strict=True))

    @property
    def outputs(self) -> int:
        r = self.registers[0]
        pins = {
            "i_ready": int(r.request_toggle == r.reply_toggle),
            "o_valid": int(r.request_toggle != r.reply_toggle),
            "o_reply": int(r.reply_core) << SUM_BITS | int(r.reply_sum),
            "mix": self._mixed,
            "odd": sum(int(odd) << core for core, odd in enumerate(r.odd)),
        }
        last = {probe.name: int(content) for probe, content in zip(self.chip.probes, r.last, strict=True)}
        return pack(self.chip.output_word, pins | last)
