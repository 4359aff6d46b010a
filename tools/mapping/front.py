"""The front half of mapping: a file becomes a network that breaks no rule, or all the rules that it breaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from draupnir.emulator.errors import InputError
from draupnir.tools.mapping.build import build
from draupnir.tools.mapping.check import check
from draupnir.tools.mapping.conventions import Conventions, Decay, Reset
from draupnir.tools.mapping.graph import Graph
from draupnir.tools.mapping.network import INPUT, SpikingNetwork
from draupnir.tools.mapping.read.files import read_graph
from draupnir.tools.mapping.violations import Broken, BrokenRules

FRAMEWORK_DTS = "1e-4 for snnTorch and SpikingJelly, 1e-3 for Norse, 1 for Sinabs"
OPEN_RESET = "NIR does not say how a neuron resets: without --reset it is zero; a recording with --reference shows it"


@dataclass(frozen=True, eq=False)
class Front:
    """A network that breaks no rule, how it is read, and what was put right on the way."""

    network: SpikingNetwork
    conventions: Conventions
    notes: tuple[str, ...]


def load(path: Path, dt: float | None, reset: Reset | None, decay: Decay = Decay.EULER) -> Front:
    """Read and check a network.

    dt : the timestep in seconds; None only for files whose time is counted in timesteps
    reset : None for zero, with a note that a NIR file does not say it
    Raises BrokenRules, an InputError with all broken rules; InputError for a file that cannot be read; OSError.
    """
    graph = read_graph(path)
    outcome = front(graph, Conventions(_timestep(graph, dt, path), reset or Reset.ZERO, decay), str(path))
    is_open = reset is None and graph.dt is None and any(one.spikes for one in outcome.network.populations)
    return replace(outcome, notes=(*outcome.notes, OPEN_RESET)) if is_open else outcome


def front(graph: Graph, conventions: Conventions, source: str) -> Front:
    """Check and build the network of a graph. source : its file, for messages. Raises BrokenRules."""
    shapes, violations = check(graph, conventions)
    if violations:
        raise BrokenRules(source, violations)
    try:
        network = build(graph, shapes)
    except Broken as broken:
        raise BrokenRules(source, [broken.violation]) from None
    unread = [one.name for one in network.populations if one.name not in network.heard()]
    direct = [one for one in network.connections if one.source == INPUT and not one.path]
    notes = [f"node '{one.target}' takes the input directly: each input gets a neuron of its own" for one in direct]
    notes += [f"node '{name}' has no effect on the output: nothing leads from it there" for name in unread]
    return Front(network, conventions, (*shapes.notes, *notes))


def _timestep(graph: Graph, dt: float | None, path: Path) -> float:
    if graph.dt is not None:
        if dt is not None and dt != graph.dt:
            raise InputError(f"{path}: its time is counted in timesteps, so --dt {dt:g} means nothing; leave it out")
        return graph.dt
    if dt is None:
        raise InputError(f"{path}: NIR has no timestep; right is --dt with that of the training: {FRAMEWORK_DTS}")
    if not 0 < dt < float("inf"):
        raise InputError(f"--dt {dt:g}: right is a time above 0, in seconds")
    return dt
