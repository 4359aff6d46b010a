"""A network on a chip as a folder, which ``draupnir map`` writes and other commands read.

file                       contents
net.toml, *.csv, *.npy     the configuration, for every command that takes one
plan.json                  the places of all neurons and inputs, and how a sample runs and is decided
network.npz                the network in floating point
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from draupnir.emulator import chips
from draupnir.emulator.errors import InputError
from draupnir.golden.files import filling
from draupnir.tools.compile.toml import folder as configurations
from draupnir.tools.compile.toml import load
from draupnir.tools.mapping.choices import Choices, Decision, Ties
from draupnir.tools.mapping.conventions import Conventions, Decay, Reset
from draupnir.tools.mapping.network import Connection, NeuronKind, Population, SpikingNetwork
from draupnir.tools.mapping.plan import Mapped, Plan, PopulationPlace
from draupnir.tools.mapping.read.npz import Npz
from draupnir.tools.report import provenance, schema

PLAN, NETWORK = "plan.json", "network.npz"
OF_NEURONS = ("tau", "r", "threshold", "v_reset", "bias")
OF_CHOICES = ("split_signs", "leak_at", "clip", "start")


def write(mapped: Mapped, folder: Path, source: Path | None, others: Mapping[str, bytes] | None = None) -> None:
    """Write all files, or none after an error.

    source : the file or folder of the network, None if it came from neither; others : name -> content of more files
    """
    folder.mkdir(parents=True, exist_ok=True)
    with filling(folder) as temporary:
        configurations.write(mapped.configuration, temporary)
        (temporary / PLAN).write_text(schema.text("map", {**_plan_as_json(mapped), "origin": _origin(source)}) + "\n")
        with (temporary / NETWORK).open("wb") as file:
            np.savez_compressed(file, **_arrays(mapped.network))
        for name, content in (others or {}).items():
            (temporary / name).write_bytes(content)


def read(folder: Path, chip: str | None = None) -> Mapped:
    """Read what ``write`` wrote. Raises InputError for another folder, and for a network on another chip.

    chip : the chip that the network must be on, None for any
    """
    path = folder / PLAN
    try:
        content = json.loads(path.read_text())
        mapped_chip, dt = str(content["chip"]), content["dt"]
        network = _network(Npz(folder / NETWORK), dt)
        if chip not in (None, mapped_chip):
            raise InputError(f"{path}: it is a network on {mapped_chip}; right is one on {chip}")
        plan, conventions = _plan(content), _conventions(content)
        choices = Choices(plan.decision, plan.ties, **{name: content["choices"][name] for name in OF_CHOICES})
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: {Path(error.filename).name} is missing; right is a folder that draupnir map wrote"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: it is no plan that draupnir map wrote: {error!r}") from None
    _check(plan, network, path)
    configuration = load.load(folder / configurations.NAME, chips.declaration(mapped_chip))
    return Mapped(network, conventions, choices, configuration, plan, tuple(content["notes"]))


def _origin(source: Path | None) -> dict[str, str]:
    """The command, and the file or folder of the network, if there is one, with a hash of its contents."""
    if source is None:
        return {"command": provenance.command_line()}
    digest = hashlib.sha256()
    for file in sorted(file for file in source.iterdir() if file.is_file()) if source.is_dir() else [source]:
        digest.update(file.read_bytes())
    return {"command": provenance.command_line(), "network": str(source), "sha256": digest.hexdigest()}


# --- The plan ---------------------------------------------------------------------------------------------------


def _plan_as_json(mapped: Mapped) -> dict[str, Any]:
    plan, conventions = mapped.plan, mapped.conventions
    return {
        "chip": mapped.chip,
        "dt": mapped.network.dt,
        "conventions": asdict(conventions),
        "choices": {name: getattr(mapped.choices, name) for name in OF_CHOICES},
        "places": [
            {
                "name": place.name,
                "neurons": place.neurons.tolist(),
                "twins": None if place.twins is None else place.twins.tolist(),
                "scale": place.scale.tolist(),
            }
            for place in plan.places
        ],
        "output": plan.output,
        "inputs": plan.inputs.tolist(),
        "bias_rows": plan.bias_rows.tolist(),
        "time_reference": plan.time_reference,
        "decision": plan.decision,
        "ties": plan.ties,
        "extra_timesteps": plan.extra_timesteps,
        "notes": list(mapped.notes),
    }


def _plan(content: Mapping[str, Any]) -> Plan:
    places = tuple(
        PopulationPlace(
            str(one["name"]),
            np.array(one["neurons"], np.int64),
            np.array(one["scale"], np.float64),
            None if one["twins"] is None else np.array(one["twins"], np.int64),
        )
        for one in content["places"]
    )
    return Plan(
        places,
        str(content["output"]),
        np.array(content["inputs"], np.int64),
        np.array(content["bias_rows"], np.int64),
        bool(content["time_reference"]),
        Decision(content["decision"]),
        Ties(content["ties"]),
        int(content["extra_timesteps"]),
    )


def _conventions(content: Mapping[str, Any]) -> Conventions:
    words = content["conventions"]
    return Conventions(float(words["dt"]), Reset(words["reset"]), Decay(words["decay"]))


def _check(plan: Plan, network: SpikingNetwork, path: Path) -> None:
    """Raise InputError for a plan whose parts do not fit together."""
    sizes = {population.name: population.size for population in network.populations}
    fits = [
        [place.name for place in plan.places] == list(sizes),
        all(place.neurons.shape == place.scale.shape == (sizes.get(place.name),) for place in plan.places),
        plan.output == network.output,
        plan.inputs.ndim == 2 and len(plan.inputs) == network.n_inputs,
        plan.bias_rows.ndim == 1,
    ]
    if not all(fits):
        raise InputError(f"{path}: it does not fit {NETWORK} beside it; right is a folder that draupnir map wrote")


# --- The network ------------------------------------------------------------------------------------------------


def _arrays(network: SpikingNetwork) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "input_shape": np.array(network.input_shape),
        "names": np.array([population.name for population in network.populations]),
        "kinds": np.array([population.kind.value for population in network.populations]),
        "output": np.array([network.output]),
        "sources": np.array([connection.source for connection in network.connections]),
        "targets": np.array([connection.target for connection in network.connections]),
        "paths": np.array(["\n".join(connection.path) for connection in network.connections]),
        "recurrent": np.array([connection.recurrent for connection in network.connections]),
    }
    for i, population in enumerate(network.populations):
        arrays[f"shape_{i}"] = np.array(population.shape)
        arrays |= {f"{name}_{i}": getattr(population, name) for name in OF_NEURONS}
    return arrays | {f"weights_{i}": connection.weights for i, connection in enumerate(network.connections)}


def _network(file: Npz, dt: float | None) -> SpikingNetwork:
    def words(name: str) -> list[str]:
        return [str(word) for word in file.read(name)]

    populations = tuple(
        Population(
            name,
            NeuronKind(kind),
            tuple(file.read(f"shape_{i}").tolist()),
            **{each: file.read(f"{each}_{i}").astype(np.float64) for each in OF_NEURONS},
        )
        for i, (name, kind) in enumerate(zip(words("names"), words("kinds"), strict=True))
    )
    ends = zip(words("sources"), words("targets"), words("paths"), file.read("recurrent").tolist(), strict=True)
    connections = tuple(
        Connection(source, target, file.read(f"weights_{i}"), bool(recurrent), tuple(path.split("\n")) if path else ())
        for i, (source, target, path, recurrent) in enumerate(ends)
    )
    return SpikingNetwork(tuple(file.read("input_shape").tolist()), populations, connections, words("output")[0], dt)
