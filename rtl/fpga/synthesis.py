"""The synthesis by Yosys, for all that synthesise: its settings, and its command."""

# Yosys' own script for ABC, with one number more. SAT sweeping (&fraig) looks for nodes that are always equal. ABC
# gives up a pair of nodes after a million conflicts in its solver; the 48 weight updates of ReckOn have so many hard
# pairs that eight minutes did not suffice. With a thousand conflicts it takes 13 seconds. Yosys 0.70 maps the ECP5 by
# abc9, which has a script of its own and does not heed this.
_CONFLICTS = 1000
_ABC = f"+strash;&get,-n;&fraig,-x,-C,{_CONFLICTS};&put;scorr;dc2;dretime;strash;dch,-f;if;mfs2"
SETTINGS = f"scratchpad -set abc.script {_ABC}"  # a command of Yosys that comes before synth_ecp5 or synth_ice40

_COMMANDS = {"ecp5": "synth_ecp5", "ice40": "synth_ice40 -device u"}


def commands(family: str, top: str, options: str = "") -> str:
    """Return the commands that synthesise what Yosys has read, and write chip.json.

    top : the top module; options : more options of the command for this family
    """
    return f"{SETTINGS}; {_COMMANDS[family]} {options} -top {top} -json chip.json"
