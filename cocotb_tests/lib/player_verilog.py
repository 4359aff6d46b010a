"""The part of the wrapper that carries out the steps of a bus's sender, for any kind of bus, in Verilog-2005."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from draupnir.emulator.declare import Chip, Field, Memory, Pin, Step, WiredBus, Word

CONTROLS = ("steps", "n", "busy", "done", "since")  # of each bus into the chip: see lib.player
N_STEPS = 256  # that a player can be given at a time
STEPS_OF_AN_ITEM = 4  # as many as any kind of bus has; where one has more, Python carries the steps out

_PLAYER = """
    // What BusSender does, step by step, with each of the first {n} steps.
    reg [{msb}:0] {steps} [0:{last}];
    reg [31:0] {n}, {done};
    reg [63:0] {since};
    reg {busy};

    initial {busy} = 0;
    always begin : {block}
        reg {pins_range}step_pins;
        reg {seen_range}step_mask;
        reg {seen_range}step_level;
        reg [31:0] step_clocks;
        reg step_met;
        while ({busy} !== 1) @(draupnir_watched);
        for ({done} = 0; {done} < {n}; {done} = {done} + 1) begin
            {{step_pins, step_mask, step_level, step_clocks}} = {steps}[{done}];
            {driven} <= step_pins;
            {since} = $time;
            if (step_clocks != 0) {clocks}
            else {awaited}
        end
        {busy} = 0;
    end
"""
_AT_ANY_TIME = """begin
                if (({seen} & step_mask) === step_level) {one_clock}
                else while (({seen} & step_mask) !== step_level) @(draupnir_watched);
            end"""
# This waits as ChipClock.before_edge does, to the picosecond before the edge, and then on to half a period after it.
_AT_EDGES = """begin
                step_met = 0;
                while (!step_met) begin
                    if ({phase} < 2 * {half} - 1) #(2 * {half} - 1 - {phase});
                    step_met = ({seen} & step_mask) === step_level;
                    {one_clock}
                end
            end"""
_PHASE = "(($time - draupnir_started + {half}) % (2 * {half}))"  # time since the clock's last edge
# This waits as ChipClock.cycles does: so many edges, and half a period.
_WAIT = "#({n} * 2 * {half} + {half} - {phase});"


def players(chip: Chip) -> list[WiredBus]:
    """The buses into the chip whose senders are written in software."""
    return [bus for bus in chip.wired_buses if bus.kind.sender is not None and not bus.chip_sends]


def control_name(bus: WiredBus, name: str) -> str:
    """One of CONTROLS of a bus."""
    return f"draupnir_{bus.name}_{name}"


def step_memory(bus: WiredBus) -> Memory:
    """The array of a player's steps."""
    return Memory(control_name(bus, "steps"), N_STEPS, _step_word(bus).width, ())


class StepCode:
    """The steps of a bus as its player takes them; made once a bus, since a long test plays many thousand steps."""

    def __init__(self, bus: WiredBus) -> None:
        self._bus, word = bus, _step_word(bus)
        chip_roles, driven = bus.driven_roles(by_chip=True), bus.driven_roles(by_chip=False)
        self._driven, self._level = _lsbs(bus, driven, word["pins"].lsb), _lsbs(bus, chip_roles, word["level"].lsb)
        self._mask = {role: bus.high(role) << lsb for role, lsb in _lsbs(bus, chip_roles, word["mask"].lsb).items()}

    def encode(self, step: Step) -> int:
        """A step in one integer: the levels that it drives, and either clocks or what it waits for.

        Raises ValueError for a level that does not fit its role.
        """
        code = step.clocks or 0
        if step.end is not None:
            role, level = step.end
            code |= self._mask[role] | self._bus.fitting(role, level) << self._level[role]
        for role, level in step.levels.items():
            code |= self._bus.fitting(role, level) << self._driven[role]
        return code


def _lsbs(bus: WiredBus, roles: Iterable[str], first: int) -> dict[str, int]:
    """The lowest bit of each role, where the pins of the roles stand side by side from bit ``first`` on."""
    lsbs = {}
    for role in roles:
        lsbs[role] = first
        first += bus.width(role)
    return lsbs


def _step_word(bus: WiredBus) -> Word:
    """The bits of a step, the last of the fields in the lowest."""
    driven, chip_width = (sum(pin.width for pin in _pins(bus, by_chip)) for by_chip in (False, True))
    widths = (("clocks", 32), ("level", chip_width), ("mask", chip_width), ("pins", driven))
    lsbs = accumulate((width for _, width in widths), initial=0)
    fields = tuple(Field(name, lsb, width, "") for (name, width), lsb in zip(widths, lsbs, strict=False))
    return Word("step", sum(width for _, width in widths), fields)


def _pins(bus: WiredBus, by_chip: bool) -> tuple[Pin, ...]:
    return tuple(pin for role in bus.driven_roles(by_chip) for pin in bus.pins[role])


def verilog(bus: WiredBus, half: str) -> str:
    """The player of a bus; half : the module's variable that holds half a period of the clock."""
    steps = step_memory(bus)
    driven, chip_pins = (together(pin.name for pin in reversed(_pins(bus, by_chip))) for by_chip in (False, True))
    phase = _PHASE.format(half=half)
    wait = _WAIT.format(n="{n}", half=half, phase=phase)
    awaited = (_AT_EDGES if bus.kind.clocked else _AT_ANY_TIME).format(
        seen=chip_pins, half=half, phase=phase, one_clock=wait.format(n=1)
    )
    return _PLAYER.format(
        **{name: control_name(bus, name) for name in CONTROLS},
        block=f"draupnir_{bus.name}",
        msb=steps.width - 1,
        last=steps.depth - 1,
        pins_range=bit_range(_step_word(bus)["pins"].width),
        seen_range=bit_range(_step_word(bus)["mask"].width),
        driven=driven,
        clocks=wait.format(n="step_clocks"),
        awaited=awaited,
    )


def together(names: Iterable[str]) -> str:
    """Verilog's concatenation of some vectors, the first in the highest bits."""
    return f"{{{', '.join(names)}}}"


def bit_range(width: int) -> str:
    """The range of a vector in its declaration; nothing for a single bit."""
    return f"[{width - 1}:0] " if width > 1 else ""
