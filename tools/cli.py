"""The command `draupnir`: a thin group over the library. A command's module is imported only when it is called."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
from click.shell_completion import CompletionItem, shell_complete

from draupnir.emulator import compiling
from draupnir.tools.terminal import errors, interrupts, ranges

GROUPS = {  # by what a user wants
    "See what is there": {
        "chips": "List the chips, and what is there for each of them.",
        "doctor": "Say what is installed, and run a self-test.",
    },
    "Hold model and RTL together": {
        "replay": "Compare a recorded waveform with the golden model.",
        "record": "Make golden cases from any folder of Verilog.",
        "sim": "Compare golden model and RTL in a simulator, clock by clock.",
        "regress": "Compare an RTL with the golden cases.",
    },
    "Program a chip": {
        "config": "Check, pack, unpack and compare configurations.",
        "decode": "Say what a host has programmed, and which mistakes it made.",
        "convert": "Make samples of recordings of event cameras and of spike trains.",
        "map": "Bring a trained network to a chip.",
        "train": "Train a mapped network with the chip in the forward pass.",
    },
    "Run networks": {
        "run": "Send events to a chip, and write its spikes.",
        "sweep": "Run a chip over a space of parameters, seeds and faults.",
        "explain": "Say why a neuron spiked in a sample, or did not.",
        "compare": "Say where simulator and RTL of a chip part, and why.",
        "host": "Run a network on a board, or on a simulated one.",
        "demo": "Run a whole learning task, or all behaviours of a neuron.",
    },
    "Build hardware": {
        "rtl": "Write our RTL as Verilog.",
        "bitstream": "Build a bitstream for a board, with a network in it.",
        "soc": "Put a chip on the bus of a processor, with a driver in C.",
        "area": "Measure the size and speed of a chip on an FPGA, by feature.",
    },
    "Verify": {
        "cover": "Measure what the golden cases reach in an RTL.",
        "fuzz": "Look for differences of an RTL with ever new seeds.",
        "prove": "Prove that golden model and RTL compute the same.",
        "mutate": "Put bugs into an RTL, and see which of them the golden cases find.",
        "inject": "Flip bits in a chip at work, and see what becomes of them.",
        "signoff": "Write one page that says how far a chip is verified.",
    },
    "Measure": {
        "bench": "Measure speeds side by side.",
    },
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}
COMPLETE = "_DRAUPNIR_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
FOLDER = Path(__file__).parent / "commands"


class Draupnir(click.Group):
    """Commands by name from ``COMMANDS``; each is the ``command`` of a module in tools/commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if (FOLDER / f"{name}.py").is_file()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return ranges.bounded(import_module(f"draupnir.tools.commands.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        present, width = self.list_commands(ctx), max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            rows = [(f"{name:<{width}}", text) for name, text in group.items() if name in present]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name without importing any, or an option."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command line and exit, always, with the status that tools/terminal/errors.py gives it."""
        words = list(sys.argv[1:] if args is None else args)
        if instruction := os.environ.get(COMPLETE):
            sys.exit(_complete(self, prog_name or self.name or "", instruction))

        compiling.tell(_compiling)

        def run() -> None:
            with self.make_context(prog_name or self.name, list(words), obj=words, **extra) as ctx:
                self.invoke(ctx)

        try:
            status = errors.exit_status(run)
        except KeyboardInterrupt:  # the signal came when the command had just ended
            status = interrupts.status()
        interrupts.ignore_signals()
        sys.exit(status)


@click.group(
    "draupnir", cls=Draupnir, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="draupnir", message="%(package)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Golden models of digital neuromorphic chips, exact on every pin at every clock.

    Exit status: 0 success, 1 a difference was found, 2 the input is wrong, 130 interrupted by Ctrl-C, 143 by SIGTERM.

    \b
    Example: draupnir replay odin capture.vcd
    Completion in bash: eval "$(_DRAUPNIR_COMPLETE=bash_source draupnir)"
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _compiling(folder: Path, is_cached: bool) -> None:
    """Tell the user that compiling takes a while; without a terminal, only that the result cannot be cached."""
    if not is_cached:
        why = f"compiled code cannot be kept in {folder}, so each call compiles it again, up to a minute"
        click.echo(f"note: {why}; NUMBA_CACHE_DIR=DIR names a folder that can be written", err=True)
    elif sys.stderr.isatty():
        click.echo(f"compiling, up to a minute; kept in {folder} for the next calls", err=True)


def main() -> NoReturn:
    """The entry point, see also ``draupnir.tools.start``.

    It hides the warnings of libraries, because a user cannot act on them. Python's option -W shows them.
    """
    interrupts.handle()
    # The Python tools that we or Amaranth start must not import a file random.py from the working directory.
    os.environ["PYTHONSAFEPATH"] = "1"
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    own = _keep_stdout()
    cli.main([own if word in STDOUT else word for word in sys.argv[1:]])


def _complete(command: click.Command, name: str, instruction: str) -> int:
    """Print a shell's completion script, or the words that complete its line. Returns the exit status."""
    if instruction not in (f"{shell}_{kind}" for shell in SHELLS for kind in ("source", "complete")):
        right = ", ".join(f"{shell}_source" for shell in SHELLS)
        print(f"error: {COMPLETE}={instruction}: right is one of {right}", file=sys.stderr)
        return errors.INPUT_AT_FAULT
    return shell_complete(command, {}, name, COMPLETE, instruction)


def _keep_stdout() -> str:
    """Reserve stdout for our own output: text that libraries and tools write to its descriptor goes to stderr.

    Returns the name under which stdout can still be opened. A closed stream is replaced by one that discards its text.
    """
    sys.stdout, sys.stderr = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    try:
        own = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # one of the two is closed
        return STDOUT[0]
    former_stdout, sys.stdout = sys.stdout, os.fdopen(own, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
    sys.stdout.reconfigure(line_buffering=bool(former_stdout.line_buffering))
    atexit.register(sys.stdout.close)  # Python itself closes only the stdout with which it started
    return f"/dev/fd/{own}"


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
