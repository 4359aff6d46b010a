"""A whole job on a board: program and verify a network, send events, read memories. Long steps show a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator.configuration import Configuration
from draupnir.emulator.crossbar.operations import CrossbarOp
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.parts.handshake import Environment
from draupnir.rtl import emit
from draupnir.tools.compile.packed import Memories
from draupnir.tools.compile.spi import stream
from draupnir.tools.host import led, session
from draupnir.tools.host import operations as on_board
from draupnir.tools.host.device import BridgedChip
from draupnir.tools.run import events as event_files
from draupnir.tools.run import hosted, operations
from draupnir.tools.run.options import RunOptions
from draupnir.tools.run.saving import Outputs
from draupnir.tools.run.spikes import Take, TakePotentials
from draupnir.tools.terminal.progress import progress

Send = Callable[[BridgedChip, Take, TakePotentials], dict[str, Any]]


@dataclass(frozen=True)
class BoardNetwork:
    """The network for a board.

    present : memory -> its earlier contents, (depth, limbs) uint32; None if they are not known
    parameters : the parameters of the RTL in the bitstream, which may have fewer memory words than the declaration
    """

    configuration: Configuration
    present: Memories | None
    parameters: Mapping[str, Any]

    def program(self, device: BridgedChip) -> dict[str, Any]:
        """Program the chip. Returns the number of transactions, for the report."""
        n_transactions = len(stream.pack(self.configuration, self.present))
        with progress("programming", n_transactions, "transactions") as advance:
            return {"n_transactions": session.program(device, self.configuration, self.present, advance)}

    def verify(self, device: BridgedChip) -> dict[str, Any]:
        """Read all memory words of the chip and compare them. Returns counts and a difference, for the report."""
        words = self.words(memory.name for memory in self.configuration.chip.memories)
        n_words = sum(map(len, words.values()))
        with progress("reading", n_words, "words") as advance:
            differences = session.verify(device, self.configuration, words, advance)
        first_difference = {"first_difference": str(differences[0])} if differences else {}
        return {
            "n_words_read": n_words,
            "n_differences": sum(memory.n_differing for memory in differences),
            **first_difference,
        }

    def read(self, device: BridgedChip, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Read all words of these memories that the chip has."""
        words = self.words(names)
        with progress("reading", sum(map(len, words.values())), "words") as advance:
            return session.read(device, self.configuration, words, advance)

    def words(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """The addresses of the memory words that the chip with these parameters has, by memory."""
        chip = self.configuration.chip.name
        return {name: emit.kept_words(chip, name, **self.parameters) for name in names}


def sender(chip: Chip, network: BoardNetwork | None, options: RunOptions, quiet: int | None) -> Send:
    """Read the file of events, or of the host's operations. Returns a function that sends them to a device.

    quiet : the run ends after so many clocks without an event, at least 1; None for ``session.QUIET``
    Raises InputError for a wrong file, and for options that do not fit it.
    """
    events, is_led = options.events, hosted.is_hosted(chip.name)
    has_operations = events is not None and operations.is_file(events, chip)
    options.check_potentials(has_operations)
    if not is_led:
        options.check_timesteps(chip.name)
    if events is None:
        return lambda device, take, take_potentials: {}
    environment = Environment(**options.delays)
    if has_operations:
        return _operator(chip, events, network, options, quiet or session.QUIET)
    if is_led:
        led_ops = led.read(events, chip, network.configuration if network else None, options.timesteps)

        def lead(device: BridgedChip, take: Take, take_potentials: TakePotentials) -> dict[str, Any]:
            with progress("operations", len(led_ops), "operations") as advance:
                outcome = session.lead(device, led_ops, environment, options.max_cycles, take, advance)
            return led.report(led_ops, outcome)

        return lead
    n_events = event_files.count(events)

    def send(device: BridgedChip, take: Take, take_potentials: TakePotentials) -> dict[str, Any]:
        with progress(events.name, n_events, "events") as advance:
            blocks = event_files.blocks(events, chip)
            limit, quiet_clocks = options.max_cycles, quiet or session.QUIET
            return session.run(device, blocks, environment, limit, quiet_clocks, take, advance).report()

    return send


def _operator(chip: Chip, path: Path, network: BoardNetwork | None, options: RunOptions, quiet: int) -> Send:
    """Read a file of operations. Returns a function that carries them out on a device."""
    if network is None:
        raise InputError(f"{path}: operations need the configuration of the chip; right is with --config")
    configuration, neurons = network.configuration, network.words(["neurons"])["neurons"]
    ops, environment = operations.read(path, chip, options.potentials), Environment(**options.delays)

    def operate(device: BridgedChip, take: Take, take_potentials: TakePotentials) -> dict[str, Any]:
        with progress(path.name, sum(op == CrossbarOp.EVENT for op, _ in ops), "events") as advance:
            limit = options.max_cycles
            return on_board.run(
                device, configuration, neurons, ops, environment, limit, quiet, take, take_potentials, advance
            ).report()

    return operate


def run(
    device: BridgedChip,
    network: BoardNetwork | None,
    verify: bool,
    send: Send,
    outputs: Outputs,
    saves: Iterable[str],
) -> dict[str, Any]:
    """Program, verify, send and read. Returns the report. If a memory differs after programming, nothing is sent.

    network : None leaves the chip as it is, without a reset
    outputs : functions that receive spikes, potentials and memories
    saves : the names of the memories that are read at the end
    """
    report = network.program(device) if network else {}
    if network and verify:
        report |= network.verify(device)
    if not report.get("n_differences"):
        report |= send(device, outputs.take, outputs.take_potentials)
    if network and saves:
        for memory, content in network.read(device, saves).items():
            outputs.save(memory, content)
    return report
