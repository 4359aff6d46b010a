"""The Verilog module that the runner puts around a design: it makes the clock, and logs what the pins do.

Its ports are the declared pins, so that a test sees the chip's own names; the design is an instance in it, of the name
of its top. Neither the clock nor the log needs the simulator's callbacks, each of which costs more than a clock does.

The log has an entry for each change of any pin, several in a moment if the pins settle in steps; ``lib.changes`` reads
it.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.declare import Chip, Pin
from rtl.design import Design

TOP = "draupnir_bench"
HALF = "draupnir_half_period"  # of the clock, in picoseconds; the clock starts when it is set
RECORDING = "draupnir_recording"  # 1: the log is written
CONTROLS = (HALF, RECORDING)
LOG = "pins.log"  # in the folder in which the simulator runs


_MODULE = """\
`timescale 1ps/1ps
module {top} (
    {ports}
);
    reg {clock};
    reg [31:0] {half};
    reg {recording};

    initial begin
        {clock} = 0;
        {half} = 0;
        {recording} = 0;
        wait ({half} != 0);
        forever #({half}) {clock} = ~{clock};
    end

    wire [63:0] draupnir_inputs = {{{inputs}}};
    wire [63:0] draupnir_outputs = {{{outputs}}};
    reg [63:0] draupnir_time;
    reg [191:0] draupnir_entry;
    integer draupnir_log;
    initial draupnir_log = 0;

    // Not an always @(...): Verilator takes that for combinational logic, and evaluates it at any time.
    always begin
        @({recording} or draupnir_inputs or draupnir_outputs);
        if ({recording}) begin
            if (draupnir_log == 0) draupnir_log = $fopen("{log}", "ab");
            draupnir_time = $time;
            draupnir_entry = {{draupnir_time, draupnir_outputs, draupnir_inputs}};
            $fwrite(draupnir_log, "%z", draupnir_entry);
        end
    end

    // The design's inputs are variables of this module: on those of the top Verilator evaluates at any time.
    {variables}
    always begin
        {driven} = {driving};
        @({driving});
    end

    {design} {design} (
        {connections}
    );
endmodule
"""


def verilog(design: Design, chip: Chip) -> str:
    """The module around a design, in Verilog-2005."""
    inputs = [pin for pin in chip.inputs if pin != chip.clock]
    directions = {"in": "input", "out": "output"}
    ports = [f"{directions[pin.direction]} {_range(pin.width)}{pin.name}" for pin in chip.pins if pin != chip.clock]
    return _MODULE.format(
        top=TOP,
        ports=",\n    ".join(ports),
        clock=chip.clock.name,
        half=HALF,
        recording=RECORDING,
        log=LOG,
        inputs=", ".join(["64'd0", *(f.name for f in reversed(list(chip.input_word)))]),
        outputs=", ".join(["64'd0", *(f.name for f in reversed(list(chip.output_word)))]),
        design=design.top,
        variables="\n    ".join(f"reg {_range(pin.width)}{_driven(pin)};" for pin in inputs),
        driven=_together(_driven(pin) for pin in inputs),
        driving=_together(pin.name for pin in inputs),
        connections=",\n        ".join(
            f".{design.port(pin)}({_driven(pin) if pin in inputs else pin.name})" for pin in chip.pins
        ),
    )


def _driven(pin: Pin) -> str:
    return f"draupnir_{pin.name}"


def _together(names: Iterable[str]) -> str:
    return f"{{{', '.join(names)}}}"


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""
