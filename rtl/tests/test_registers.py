"""Registers of a design in Verilator are read and written by the golden model's names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from draupnir.emulator import chips
from draupnir.emulator.declare import Reg
from draupnir.emulator.errors import InputError
from draupnir.rtl import registers, toolchain, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.harness import public_memories, signal_of
from draupnir.rtl.registers import RegisterAccess

TOY = chips.declaration("tinyodin")
VERILOG = """
module toy(input CLK, RST, SCK, MOSI, AERIN_REQ, AEROUT_ACK, input [9:0] AERIN_ADDR,
  output MISO, AERIN_ACK, output [7:0] AEROUT_ADDR, output AEROUT_REQ, SCHED_FULL);
  reg [6:0] quiet; wire [6:0] quiet_seen; assign quiet_seen = quiet ^ 7'd3;
  reg [6:0] FILL; wire [6:0] fill_seen; reg [10:0] events [0:127]; reg [31:0] wide;
  assign fill_seen = FILL; assign SCHED_FULL = &fill_seen; assign AEROUT_ADDR = events[5][7:0] ^ wide[7:0];
  assign {MISO, AERIN_ACK, AEROUT_REQ} = {SCK ^ MOSI, AERIN_REQ, AEROUT_ACK ^ RST ^ AERIN_ADDR[0]};
  always @(posedge CLK) begin FILL <= FILL + 1; events[0] <= AERIN_ADDR; wide <= wide; quiet <= quiet + 1; end
endmodule
"""
PATHS = {
    "main_fill_cnt": ("fill",),
    "main_write_ptr": ("fill_seen",),  # a wire
    "main_mem": ("nothing", "events[{i}]"),
    "spi_cnt": ("nothing",),
    "spi_addr": ("quiet_seen",),  # a wire whose flip-flop cannot be reached
}


def test_the_path_of_a_signal() -> None:
    assert signal_of("a.b.c") == ("a.b", "c", None)
    assert signal_of("c[3]") == ("", "c", 3)
    assert signal_of("g[1].f.mem[2]") == ("g[1].f", "mem", 2)
    assert signal_of("g[{i}].f.mem[{i}]") == ("g[{i}].f", "mem", 0)


def test_every_chip_has_a_place_for_each_register() -> None:
    places = registers.places(TOY)
    assert places["main_fill_cnt"] == ("fifo_spike_0.fill_cnt", "scheduler.main_fifo.fill_cnt")
    assert places["state"] == ("state", "controller._state")
    assert registers.places(chips.declaration("odin"))["priority"] == ("priority",)  # ours keeps it twice


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> RegisterAccess:
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy.v").write_text(VERILOG)
    design = Design("toy", (folder / "toy.v",), registers=PATHS)
    assert '"FILL"' in public_memories(design) and '"events"' in public_memories(design)
    return RegisterAccess(TOY, verilated.build(design, TOY, folder, whole=True), PATHS)


@pytest.mark.verilator
def test_registers_are_written_and_the_logic_follows(access: RegisterAccess) -> None:
    design = access._design
    design.reset()
    access.poke("main_fill_cnt", 127)
    access.poke("main_mem", 0x155, 5)
    assert (access.peek("main_fill_cnt"), access.peek("main_mem", 5), access.peek("main_mem", 4)) == (127, 0x155, 0)
    word = TOY.output_word
    first_outputs, next_outputs = (design.step(0) for _ in range(2))
    assert (word["SCHED_FULL"].take(first_outputs), word["SCHED_FULL"].take(next_outputs)) == (1, 0)
    assert word["AEROUT_ADDR"].take(first_outputs) == 0x55
    assert access.peek("main_fill_cnt") == 1


@pytest.mark.verilator
def test_a_wire_is_no_register(access: RegisterAccess) -> None:
    assert access.has("main_mem") and not access.has("main_write_ptr") and {"spi_cnt", "spi_addr"} <= {*access.absent}
    with pytest.raises(InputError, match="tinyodin: the design has no signal that is the register main_write_ptr"):
        access.poke("main_write_ptr", 1)


@pytest.mark.verilator
def test_a_state_is_put_into_the_registers_that_there_are(access: RegisterAccess) -> None:
    access._design.reset()
    access.poke("main_fill_cnt", 9)
    access.put({"main_mem": np.arange(128)})
    assert access.peek("main_fill_cnt") == 0 and access.peek("main_mem", 77) == 77
    with pytest.raises(InputError, match="no signal that is the register spi_cnt"):
        access.put({"spi_cnt": np.array([3])})


def test_elements_that_share_a_signal_have_their_own_bits() -> None:
    class Signals:
        content = 0x4433

        def read_signal(self, path: str) -> int | None:
            return self.content if path == "both" else None

        def write_signal(self, path: str, content: int) -> None:
            self.content = content

        def reset(self) -> None:
            self.content = 0x4433

    block = replace(TOY.blocks[0], regs=(Reg("pair", 8, shape=(2,)),))
    access = RegisterAccess(replace(TOY, blocks=(block,)), Signals(), {"pair": ("both",)})  # type: ignore[arg-type]
    access.poke("pair", 0x99, 1)
    assert (access.peek("pair", 0), access.peek("pair", 1)) == (0x33, 0x99)
