"""No integer on the command line is without bounds, in no command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from draupnir.emulator.parts import delays
from draupnir.emulator.speeds import limits
from draupnir.tools.cli import COMMANDS, cli
from draupnir.tools.terminal.ranges import DELAY, bounded


def integers(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    for parameter in command.params:
        if isinstance(parameter.type, click.types.IntParamType):
            yield words, parameter
    for name, inner in getattr(command, "commands", {}).items():
        yield from integers(inner, (*words, name))


def every_integer() -> list[tuple[tuple[str, ...], click.Parameter]]:
    context = click.Context(cli)
    parameters: list[tuple[tuple[str, ...], click.Parameter]] = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parameters += integers(command, (name,))
    return parameters


def test_every_integer_has_a_smallest_and_a_largest_value() -> None:
    parameters = every_integer()
    assert len(parameters) > 15 and {words[0] for words, _ in parameters} >= set(COMMANDS) - {
        "area",
        "bitstream",
        "chips",
        "cover",
        "doctor",
        "prove",
        "rtl",
        "signoff",
        "soc",
    }
    for words, parameter in parameters:
        kind = parameter.type
        assert isinstance(kind, click.IntRange), (words, parameter.name)
        assert kind.min is not None and kind.max is not None, (words, parameter.name)
        assert kind.max < 1 << 63 and kind.min > -(1 << 63), (words, parameter.name)


@pytest.mark.parametrize("number", [1 << 70, 1 << 77, -(1 << 70), 10**30])
def test_a_number_that_nobody_can_mean_is_one_line(number: int) -> None:
    for words, parameter in every_integer():
        if not isinstance(parameter, click.Option):
            continue
        result = CliRunner().invoke(cli, [*words, parameter.opts[-1], str(number)])
        assert result.exit_code == 2, (words, parameter.opts)
        assert result.stderr.startswith("error: Invalid value for "), (words, result.stderr)
        assert "is not in the range" in result.stderr and result.stderr.count("\n") == 1


def test_an_integer_without_a_range_gets_one() -> None:
    @click.command()
    @click.option("--n", type=int)
    @click.option("--seed", type=click.IntRange(min=0))
    def command(n: int, seed: int) -> None:
        """Nothing."""

    n, seed = (parameter.type for parameter in bounded(command).params)
    assert isinstance(n, click.IntRange) and (n.min, n.max) == (-limits.MAX_CYCLES, limits.MAX_CYCLES)
    assert isinstance(seed, click.IntRange) and (seed.min, seed.max) == (0, (1 << 32) - 1)


def test_delays_are_the_same_on_the_command_line_and_in_the_library() -> None:
    assert (DELAY.min, DELAY.max) == (0, delays.LONGEST_DELAY)
