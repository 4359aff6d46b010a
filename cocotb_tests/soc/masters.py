"""Masters of the two buses. The one for AXI4-Lite is somebody else's, cocotbext-axi, and so an independent judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, Protocol

import numpy as np
from cocotb.triggers import First, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from draupnir.rtl.soc.registers import BUS_BYTES

ALL_BYTES = (1 << BUS_BYTES) - 1
WAIT_STATES = 0.4  # the part of the clocks in which a channel does nothing, with back pressure


class BusMaster(Protocol):
    """A master of a bus, one access at a time."""

    async def write(self, addr: int, content: int, strb: int = ALL_BYTES) -> bool:
        """Write; return True if the response is an error. strb : the bytes to write, next to each other"""

    async def read(self, addr: int) -> tuple[int, bool]:
        """Read; return the content, and True if the response is an error."""


class AxiLiteBusMaster:
    """cocotbext-axi as a master. rng : draws wait states on all five channels; None for a master that never waits"""

    def __init__(self, dut: Any, rng: np.random.Generator | None = None) -> None:
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk, dut.aresetn, False)
        if rng is not None:
            write, read = self.master.write_if, self.master.read_if
            for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
                channel.set_pause_generator(_pauses(rng))

    async def write(self, addr: int, content: int, strb: int = ALL_BYTES) -> bool:
        first = (strb & -strb).bit_length() - 1
        n_bytes = strb.bit_count()
        assert strb == ((1 << n_bytes) - 1) << first, "this master writes bytes next to each other"
        some = content.to_bytes(BUS_BYTES, "little")[first : first + n_bytes]
        response = await self.master.write(addr + first, some)
        return _is_error(response.resp)

    async def read(self, addr: int) -> tuple[int, bool]:
        response = await self.master.read(addr, BUS_BYTES)
        return int.from_bytes(response.data, "little"), _is_error(response.resp)


def _is_error(response: AxiResp) -> bool:
    assert response in (AxiResp.OKAY, AxiResp.SLVERR), response
    return bool(response == AxiResp.SLVERR)


def _pauses(rng: np.random.Generator) -> Iterator[bool]:
    return (bool(rng.random() < WAIT_STATES) for _ in repeat(None))


class WishboneBusMaster:
    """A master for classic cycles, which also checks that ACK and ERR come only when asked for, and not together.

    rng : draws clocks without STB between two accesses; None for none
    """

    def __init__(self, dut: Any, rng: np.random.Generator | None = None) -> None:
        self._dut, self._rng = dut, rng
        self._edge = RisingEdge(dut.clk_i)

    async def write(self, addr: int, content: int, strb: int = ALL_BYTES) -> bool:
        return (await self._access(addr, 1, content, strb))[1]

    async def read(self, addr: int) -> tuple[int, bool]:
        return await self._access(addr, 0, 0, ALL_BYTES)

    async def give_up(self, addr: int, content: int, n_clocks: int) -> None:
        """Begin a write, and end the cycle after some clocks, before an answer."""
        self._drive(addr, 1, content, ALL_BYTES)
        for _ in range(n_clocks):
            await self._edge
            assert not self._answers(), "the access was over before the master gave up"
        self._dut.wb_cyc_i.value = self._dut.wb_stb_i.value = 0
        await self._edge

    async def _access(self, addr: int, write: int, content: int, strb: int) -> tuple[int, bool]:
        for _ in range(0 if self._rng is None else int(self._rng.integers(4))):
            await self._edge
            assert not self._answers(), "an answer without a request"
        self._drive(addr, write, content, strb)
        await First(RisingEdge(self._dut.wb_ack_o), RisingEdge(self._dut.wb_err_o))
        await self._edge
        assert self._answers(), "an answer was shorter than a clock"
        answer, error = int(self._dut.wb_dat_o.value), bool(self._dut.wb_err_o.value)
        self._dut.wb_stb_i.value = self._dut.wb_cyc_i.value = 0
        await self._edge
        assert not self._answers(), "an answer was longer than a clock"
        return answer, error

    def _drive(self, addr: int, write: int, content: int, strb: int) -> None:
        levels = {"cyc": 1, "stb": 1, "we": write, "adr": addr // BUS_BYTES, "dat": content, "sel": strb}
        for name, level in levels.items():
            getattr(self._dut, f"wb_{name}_i").value = level

    def _answers(self) -> bool:
        ack, error = bool(self._dut.wb_ack_o.value), bool(self._dut.wb_err_o.value)
        assert not (ack and error), "ACK and ERR together"
        return ack or error


MASTERS: dict[str, Callable[..., BusMaster]] = {"axi4-lite": AxiLiteBusMaster, "wishbone": WishboneBusMaster}
