"""ODIN on the bus of a RISC-V, simulated: the processor runs riscv.c, and this prints what it writes to its console.

It needs `pip install --pre sentinel-cpu`, which is a processor in Amaranth, and a GCC for RISC-V (Debian: the package
gcc-riscv64-unknown-elf). Call it with the folder that `draupnir soc odin --bus wishbone --config ...` has written.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from amaranth import ClockDomain, DomainRenamer, Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from sentinel_cpu.top import Top

from draupnir.emulator.declare import Chip, Pin
from draupnir.emulator.trace import column, new_rows, to_row
from draupnir.rtl import emit, verilated
from draupnir.rtl.design import Design
from draupnir.rtl.soc import peripheral

HERE = Path(__file__).resolve().parent
RAM_WORDS = 1 << 13
RAM, ODIN, CONSOLE = 0, 4, 8  # the upper four bits of an address
END_OF_TEXT = 4
BLOCK, MOST_BLOCKS = 1 << 16, 200  # clocks
SMALL = {"izh": False, "bursts": False, "sdsp": False}
GCC = (
    "riscv64-unknown-elf-gcc", "-march=rv32i", "-misa-spec=2.2", "-mabi=ilp32", "-Os",
    "-ffreestanding", "-nostdlib", "-static", "-Wl,--no-warn-rwx-segments",
)  # fmt: skip
LAYOUT = """SECTIONS {{
    .text 0 : {{ *(.start) *(.text*) *(.rodata*) *(.srodata*) }}
    .data : {{ *(.data*) *(.sdata*) *(.bss*) *(.sbss*) *(COMMON) }}
    stack_top = {top};
}}
"""
CHIP = Chip(
    name="system",
    title="ODIN next to a RISC-V",
    pins=(
        Pin("CLK", "in", 1, "clock", "Clock of the processor and of the bus."),
        Pin("RST", "in", 1, "reset", "Reset of both."),
        Pin("TEXT", "out", 8, "status", "A character for the console."),
        Pin("WRITES", "out", 1, "status", "There is a character."),
    ),
    memories=(),
    registers=(),
    blocks=(),
    events=(),
    source="this file",
)


class RiscvSystem(wiring.Component):
    """A processor, its memory, a console, and ODIN. program : the words in memory, from address 0 on"""

    CLK: In(1)
    RST: In(1)
    TEXT: Out(8)
    WRITES: Out(1)

    def __init__(self, program: list[int]) -> None:
        super().__init__()
        self._program = program

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.domains.cpu = domain = ClockDomain("cpu")
        m.submodules.processor = processor = DomainRenamer("cpu")(Top())
        m.submodules.ram = ram = memory.Memory(shape=32, depth=RAM_WORDS, init=self._program)
        read, write = ram.read_port(domain="cpu"), ram.write_port(domain="cpu", granularity=8)
        m.submodules.odin = odin = peripheral.make_peripheral("odin", "wishbone", **SMALL)
        bus = processor.bus
        asks = bus.cyc & bus.stb
        place, answered = bus.adr[-4:], Signal()
        m.d.cpu += answered.eq(asks & ~answered)
        m.d.comb += [
            domain.clk.eq(self.CLK), domain.rst.eq(self.RST), odin.clk_i.eq(self.CLK), odin.rst_i.eq(self.RST),
            read.addr.eq(bus.adr), read.en.eq(1), write.addr.eq(bus.adr), write.data.eq(bus.dat_w),
            odin.wb_adr_i.eq(bus.adr), odin.wb_dat_i.eq(bus.dat_w), odin.wb_sel_i.eq(bus.sel), odin.wb_we_i.eq(bus.we),
            odin.wb_cyc_i.eq(bus.cyc & (place == ODIN)), odin.wb_stb_i.eq(bus.stb & (place == ODIN)),
            processor.irq.eq(odin.irq), self.TEXT.eq(bus.dat_w),
        ]  # fmt: skip
        with m.Switch(place):
            with m.Case(RAM):
                m.d.comb += [bus.dat_r.eq(read.data), bus.ack.eq(answered)]
                with m.If(asks & bus.we & ~answered):
                    m.d.comb += write.en.eq(bus.sel)
            with m.Case(ODIN):  # this processor has no input for errors
                m.d.comb += [bus.dat_r.eq(odin.wb_dat_o), bus.ack.eq(odin.wb_ack_o | odin.wb_err_o)]
            with m.Case(CONSOLE):
                m.d.comb += [bus.ack.eq(answered), self.WRITES.eq(asks & bus.we & ~answered)]
        return m


def compiled(folder: Path) -> list[int]:
    """Return the program as words; folder : that of the driver"""
    layout, program = folder / "riscv.ld", folder / "riscv.elf"
    layout.write_text(LAYOUT.format(top=4 * RAM_WORDS))
    sources = [str(HERE / "riscv.c"), str(folder / "odin_soc.c")]
    subprocess.run([*GCC, f"-I{folder}", *sources, "-T", str(layout), "-lgcc", "-o", str(program)], check=True)
    binary = program.with_suffix(".bin")
    subprocess.run(["riscv64-unknown-elf-objcopy", "-O", "binary", str(program), str(binary)], check=True)
    content = binary.read_bytes()
    return [int.from_bytes(content[i : i + 4], "little") for i in range(0, len(content), 4)]


def run(folder: Path) -> tuple[str, int]:
    """Compile all of it into a folder and run it. Return the text on the console, and the number of clocks."""
    path = emit.write_verilog(RiscvSystem(compiled(folder)), "system", folder)
    system = verilated.build(Design("system", (path,)), CHIP, folder / "system")
    inputs, clk = new_rows(CHIP.input_word, BLOCK), np.ones(BLOCK, np.uint8)
    system.run(np.full(4, to_row(CHIP.input_word, 1)), clk[:4])
    text = ""
    for block in range(MOST_BLOCKS):
        outputs = system.run(inputs, clk)
        writes = column(CHIP.output_word, "WRITES", outputs).astype(bool)
        text += bytes(column(CHIP.output_word, "TEXT", outputs)[writes].tolist()).decode()
        if text.endswith(chr(END_OF_TEXT)):
            return text[:-1], BLOCK * block + int(np.flatnonzero(writes)[-1])
    raise SystemExit(f"the program does not end; its console has {text!r}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # The processor has parts that it does not use.
    console, n_clocks = run(Path(sys.argv[1]))
    print(console, end="")
    print(f"{n_clocks:,} clocks", file=sys.stderr)
