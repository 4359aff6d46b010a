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

COMMANDS = {
    "chips": "What is supported, and how far.",
    "replay": "Hold a recorded waveform against the golden model.",
    "record": "Make golden cases from any folder of Verilog.",
    "sim": "Hold golden model and RTL together in a simulator, clock by clock.",
    "regress": "Hold an RTL against the golden cases.",
    "config": "Check, pack, unpack and compare configurations.",
    "run": "Run a chip at event level: spikes and cycle numbers out.",
    "host": "Run a network on a board, or on a simulated one.",
    "rtl": "Write our RTL as Verilog.",
    "bitstream": "Build a bitstream for a board, with a network in it.",
    "area": "Size and speed on an FPGA, by feature.",
    "demo": "A whole job on real input.",
    "bench": "Speeds, as ratios measured side by side.",
}
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
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

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
        except KeyboardInterrupt:  # as it was about to end
            status = interrupts.status()
        interrupts.over()
        sys.exit(status)


@click.group(
    "draupnir", cls=Draupnir, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="draupnir", message="%(package)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Golden models of digital neuromorphic chips, exact on every pin at every clock.

    Exit status: 0 holds, 1 a difference was found, 2 the input is at fault, 130 interrupted by Ctrl-C, 143 by SIGTERM.

    \b
    Example: draupnir replay odin capture.vcd
    Completion in bash: eval "$(_DRAUPNIR_COMPLETE=bash_source draupnir)"
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _compiling(folder: Path, kept: bool) -> None:
    """Say what takes so long; in a pipe only what somebody may want to mend."""
    if not kept:
        why = f"compiled code cannot be kept in {folder}, so each call compiles it again, up to a minute"
        click.echo(f"note: {why}; NUMBA_CACHE_DIR=DIR names a folder that can be written", err=True)
    elif sys.stderr.isatty():
        click.echo(f"compiling, up to a minute; kept in {folder} for the next calls", err=True)


def main() -> NoReturn:
    """The entry point, see also ``draupnir.tools.start``.

    It hides the warnings of libraries, which a user can do nothing about, unless Python was told which to show.
    """
    interrupts.handle()
    # A file random.py in the working directory is nothing to the Python tools that we, or Amaranth, start there.
    os.environ["PYTHONSAFEPATH"] = "1"
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    own = _keep_stdout()
    cli.main([own if word in STDOUT else word for word in sys.argv[1:]])


def _complete(command: click.Command, name: str, instruction: str) -> int:
    """Print a shell's script, or what completes its line; returns the exit status."""
    if instruction not in (f"{shell}_{kind}" for shell in SHELLS for kind in ("source", "complete")):
        right = ", ".join(f"{shell}_source" for shell in SHELLS)
        print(f"error: {COMPLETE}={instruction}: right is one of {right}", file=sys.stderr)
        return errors.INPUT_AT_FAULT
    return shell_complete(command, {}, name, COMPLETE, instruction)


def _keep_stdout() -> str:
    """Keep stdout for our own words: what libraries and tools write to its descriptor goes to stderr from now on.

    Returns the name under which stdout can still be opened. A stream that is closed becomes one that goes nowhere.
    """
    sys.stdout, sys.stderr = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    try:
        own = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # one of the two is closed
        return STDOUT[0]
    kept, sys.stdout = sys.stdout, os.fdopen(own, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
    sys.stdout.reconfigure(line_buffering=bool(kept.line_buffering))
    atexit.register(sys.stdout.close)  # Python itself closes only the stdout that it began with
    return f"/dev/fd/{own}"


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
