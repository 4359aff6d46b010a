"""The synthesis by Yosys, for all that synthesise: its settings and its commands; and the router that follows it."""

from __future__ import annotations

from dataclasses import dataclass

from draupnir.rtl.design import OurChip

# Yosys' own script for ABC, with one number more. SAT sweeping (&fraig) looks for nodes that are always equal. ABC
# gives up a pair of nodes after a million conflicts in its solver; the 32 weight updates of ReckOn have so many hard
# pairs that eight minutes did not suffice. With a thousand conflicts it takes 13 seconds. Yosys 0.70 maps the ECP5 by
# abc9, which has a script of its own and does not heed this.
_CONFLICTS = 1000
_ABC = f"+strash;&get,-n;&fraig,-x,-C,{_CONFLICTS};&put;scorr;dc2;dretime;strash;dch,-f;if{{}};mfs2"
_SMALL = ",-a"  # ABC's if covers the logic with the fewest LUTs


def _settings(coverage: str = "") -> str:
    return f"scratchpad -set abc.script {_ABC.format(coverage)}"


SETTINGS = _settings()  # a command of Yosys that comes before synth_ecp5 or synth_ice40

_COMMANDS = {"ecp5": "synth_ecp5", "ice40": "synth_ice40 -device u"}
# abc9 makes fewer and fuller LUTs than abc, for speed, and then the wires of a chip with many shifters may not fit.
_BY_ABC = {"ecp5": ("begin:map_luts", "abc -dress -lut 4; clean", "map_cells:")}
# nextpnr's second router takes four minutes where the first one, its default, takes a third of an hour or does not end.
_ROUTER = ("--router", "router2")


@dataclass(frozen=True)
class Synthesis:
    """The synthesis of a chip for a family of FPGAs, and how it is routed.

    settings : the command of Yosys that comes before it
    options : the options of the synthesis command, without its top
    rest : the commands that follow it; empty if it is whole
    router : options of nextpnr
    """

    settings: str
    options: str
    rest: str
    router: tuple[str, ...] = ()


def synthesis(ours: OurChip, family: str, top: str) -> Synthesis:
    """Return the synthesis with a chip's own options, see OurChip. top : the top module"""
    options = ours.synthesis_options.get(family, "")
    if family not in ours.small_families:
        return Synthesis(SETTINGS, options, "")
    first, by_abc, last = _BY_ABC[family]
    rest = f"{by_abc}; {_COMMANDS[family]} {options} -run {last} -top {top}"
    return Synthesis(_settings(_SMALL), f"{options} -run {first}", rest, _ROUTER)


def commands(ours: OurChip, family: str, top: str) -> str:
    """Return the commands that synthesise what Yosys has read, and write chip.json; see ``synthesis``."""
    steps = synthesis(ours, family, top)
    whole = (steps.settings, f"{_COMMANDS[family]} {steps.options} -top {top}", steps.rest, "write_json chip.json")
    return "; ".join(filter(None, whole))
