"""The Verilog module that the runner puts around a design: it makes the clock, plays steps, and logs the pins.

It has the declared pins, so that a test sees the chip's own names. The design is an instance in it, with the name of
its top. Clock, player and log need no callbacks from the simulator, each of which takes longer than a clock.

The log has an entry for each change of any pin, and several entries for a moment if the pins settle in steps.
``lib.changes`` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from draupnir.cocotb_tests.lib import player_verilog as player
from draupnir.cocotb_tests.lib.player_verilog import bit_range, together
from draupnir.emulator.declare import Chip, Pin, PinWord, WiredBus
from draupnir.rtl.design import Design

TOP = "draupnir_bench"
HALF = "draupnir_half_period"  # half the period of the clock in picoseconds; setting it starts the clock
RECORDING = "draupnir_recording"  # With 1 the log is written.
INTEGER = 64  # bits in the log for each integer of a row, and for the time
LOG = "pins.log"  # the log's name in the folder in which the simulator runs


_MODULE = """\
`timescale 1ps/1ps
module {top};
    {pins}
    {halves}
    reg {recording};

    // The pins are public, and on public variables as such Verilator would evaluate the design at any time.
    {variables}
    // Icarus finds a signal in a generate block without a name only after the instance.
    {instance} {design} (
        {connections}
    );

    // All processes wait for this: of different things to wait for, Verilator looks at each at every edge.
    wire [{last_watched}:0] draupnir_watched = {watched};

    reg [63:0] draupnir_started;
    initial begin
        {clock} = {idle};
        {half} = 0;
        {recording} = 0;
        while ({half} == 0) @(draupnir_watched);
        draupnir_started = $time;
        forever #({half}) {clock} = ~{clock};
    end
{more_clocks}
    reg [63:0] draupnir_time;
    reg [{last_output}:0] draupnir_outputs;
    reg [{last_input}:0] draupnir_inputs;
    reg [{last_bit}:0] draupnir_entry;
    integer draupnir_log;
    initial draupnir_log = 0;

    // Not an always @(...): Verilator takes that for combinational logic, and evaluates it at any time.
    always begin
        @(draupnir_watched);
        if ({recording}) begin
            if (draupnir_log == 0) draupnir_log = $fopen("{log}", "ab");
            draupnir_time = $time;
            draupnir_outputs = {outputs};
            draupnir_inputs = {inputs};
            draupnir_entry = {{draupnir_time, draupnir_outputs, draupnir_inputs}};
            $fwrite(draupnir_log, "%z", draupnir_entry);
        end
    end
{players}
    always begin
        {driven} = {driving};
        @(draupnir_watched);
    end
endmodule
"""

_MORE_CLOCK = """
    initial begin
        {clock} = {idle};
        {half} = 0;
        while ({half} == 0) @(draupnir_watched);
        forever #({half}) {clock} = ~{clock};
    end
"""


def verilog(design: Design, chip: Chip) -> str:
    """Return the module around a design, in Verilog-2005."""
    inputs, clocks = chip.inputs, [clock.pin.name for clock in chip.clocks]
    halves = [half_period(chip, clock) for clock in clocks]
    busy = [player.control_name(bus, "busy") for bus in player.players(chip)]
    flags = [*(f"{half} != 0" for half in halves), RECORDING, *busy]
    kinds = {"in": "reg", "out": "wire"}
    probes = {name: path for name, path in _inside(design, chip).items() if path}
    watched_probes = sum(probe.width for probe in chip.probes if probe.name in probes)
    return _MODULE.format(
        top=TOP,
        pins="\n    ".join(f"{kinds[pin.direction]} {bit_range(pin.width)}{pin.name};" for pin in chip.pins),
        clock=chip.clock.name,
        idle=chip.clocks[0].idle,
        half=HALF,
        halves="\n    ".join(f"reg [31:0] {half};" for half in halves),
        more_clocks="".join(
            _MORE_CLOCK.format(clock=clock.pin.name, half=half, idle=clock.idle)
            for clock, half in list(zip(chip.clocks, halves, strict=True))[1:]
        ),
        recording=RECORDING,
        log=LOG,
        inputs=_row(chip.input_word),
        outputs=_row(chip.output_word, _inside(design, chip)),
        last_input=INTEGER * len(chip.input_word.row) - 1,
        last_output=INTEGER * len(chip.output_word.row) - 1,
        last_bit=INTEGER * (1 + len(chip.input_word.row) + len(chip.output_word.row)) - 1,
        watched=together((*flags, *(pin.name for pin in chip.pins if pin.name not in clocks), *probes.values())),
        last_watched=len(flags) + sum(p.width for p in chip.pins if p.name not in clocks) + watched_probes - 1,
        players="".join(_player(chip, bus) for bus in player.players(chip)),
        design=design.top,
        instance=design.instance,
        variables="\n    ".join(f"reg {bit_range(pin.width)}{_driven(pin)};" for pin in inputs),
        driven=together(_driven(pin) for pin in inputs),
        driving=together(pin.name for pin in inputs),
        connections=",\n        ".join(
            f".{design.port(pin)}({_driven(pin) if pin in inputs else pin.name})" for pin in chip.pins
        ),
    )


def half_period(chip: Chip, clock: str) -> str:
    """Return the name of the variable that starts a clock; it holds half the period in picoseconds."""
    return HALF if clock == chip.clock.name else f"{HALF}_{clock}"


def _player(chip: Chip, bus: WiredBus) -> str:
    clock = chip.clock_of_bus(bus.bus)
    return player.verilog(bus, half_period(chip, clock.pin.name), clock.n_edges)


def controls(chip: Chip) -> list[str]:
    """Return the variables of the module that Python reads and writes, apart from the pins."""
    halves = [half_period(chip, clock.pin.name) for clock in chip.clocks]
    of_players = [player.control_name(bus, name) for bus in player.players(chip) for name in player.CONTROLS]
    return [*halves, RECORDING, *of_players]


def _inside(design: Design, chip: Chip) -> dict[str, str]:
    """Return probe -> its path below the wrapper; "" for a probe that the design does not have."""
    return {
        probe.name: f"{design.top}.{design.probes[probe.name]}" if probe.name in design.probes else ""
        for probe in chip.probes
    }


def _row(word: PinWord, inside: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the Verilog of a trace's row with these pins, 64 bits for each integer; inside : probe -> its path."""
    parts = []
    for number, integer in reversed(list(enumerate(word.row))):
        parts.append(f"{INTEGER - integer.width}'b0")
        for piece in reversed([piece for piece in word.pieces if piece.word == number]):
            whole, name = piece.width == word[piece.pin].width, inside.get(piece.pin, piece.pin)
            bits = "" if whole else f"[{piece.lsb + piece.width - 1}:{piece.lsb}]"
            parts.append(f"{name}{bits}" if name else f"{piece.width}'bx")
    return together(parts)


def _driven(pin: Pin) -> str:
    return f"draupnir_{pin.name}"
