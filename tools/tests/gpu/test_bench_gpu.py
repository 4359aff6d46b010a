"""`draupnir bench --backend cuda`: every chip is held to the CPU first. The GPU is the CPU here; nothing is timed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.tools.bench import gpu
from draupnir.tools.bench.contestants import Disagreement
from draupnir.tools.bench.gpu import GpuSize
from draupnir.tools.cli import cli
from draupnir.tools.tests.gpu.alike import CopyingDevice, pretend

SMALL = GpuSize(n_chips=6, n_networks=3, n_events=120, n_operations=60, least_seconds=0)
NAMES = {
    "odin": ["lif", "izh", "bursts", "digits"],
    "tinyodin": ["recurrent", "feedforward"],
    "reckon": ["inference", "eprop"],
}


@pytest.mark.parametrize("chip", NAMES)
def test_all_chips_are_compared_and_measured(chip: str) -> None:
    lines: list[str] = []
    report = gpu.run(chips.declaration(chip), SMALL, 1, lines.append, CopyingDevice())
    assert lines[:-1] == [f"{name}: 6 chips with 3 networks: 0 differ from the CPU" for name in NAMES[chip]]
    for i, name in enumerate(NAMES[chip]):
        launches, call, cpu = (each.contestant for each in report.figures[3 * i : 3 * i + 3])
        assert (launches.name, call.name, cpu.name) == (gpu.LAUNCHES, gpu.CALL, gpu.cpu_name())
        assert launches.workload == call.workload == cpu.workload == name
        assert launches.n_clocks == call.n_clocks == 2 * cpu.n_clocks > 0
        assert launches.n_synaptic_operations == 2 * cpu.n_synaptic_operations > 0
    assert [(r.a, r.b, r.workload) for r in report.ratios] == [
        (a, gpu.cpu_name(), name) for name in NAMES[chip] for a in (gpu.LAUNCHES, gpu.CALL)
    ]


class OneWrongBit(CopyingDevice):
    """A device that gives back one wrong bit of one chip, in the state after the runs."""

    def get(self, thing: Any) -> Any:
        copies = super().get(thing)
        if hasattr(copies, "memories"):
            copies.memories[1].reshape(len(copies.r), -1)[4, 77] ^= 1 << 5
        return copies


def test_a_single_wrong_bit_is_seen_and_nothing_is_measured() -> None:
    with pytest.raises(Disagreement, match=r"^recurrent: 1 of 6 chips differ between GPU and CPU: 4$"):
        gpu.run(chips.declaration("tinyodin"), SMALL, 1, lambda text: None, OneWrongBit())


def test_networks_and_streams_differ() -> None:
    from draupnir.tools.bench.networks import networks, streams
    from draupnir.tools.bench.workloads.odin import lif
    from draupnir.tools.bench.workloads.odin_digits import digits
    from draupnir.tools.bench.workloads.reckon import eprop

    for workload in (lif(50), digits(1500), eprop(200)):
        rng = np.random.default_rng(1)
        memories = [b"".join(one.tobytes() for one in each.values()) for each in networks(workload, 64, rng)]
        assert len(set(memories)) == 64
        events = streams(workload, 64, rng)
        assert len({one.tobytes() for one in events}) > 60 and all(len(one) == len(workload.events) for one in events)


def bench(*words: str) -> Any:
    return CliRunner().invoke(cli, ["bench", *words, "--backend", "cuda"])


def test_the_command_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    monkeypatch.setattr(gpu, "GpuDevice", CopyingDevice)
    monkeypatch.setattr(gpu, "QUICK", SMALL)
    result = bench("tinyodin", "--quick", "--json", "-o", str(tmp_path))
    assert result.exit_code == 0, result.output
    content = json.loads(result.output)
    assert content["backend"] == "cuda" and len(content["figures"]) == 6
    assert json.loads((tmp_path / "bench.json").read_text()) == content and (tmp_path / "bench.png").exists()
    monkeypatch.setattr(gpu, "GpuDevice", OneWrongBit)
    result = bench("tinyodin", "--quick")
    assert result.exit_code == 1 and result.output.splitlines()[-1].startswith("not measured: recurrent: 1 of 6 chips")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "error: backend 'cuda': "),
        (("--rtl", "."), "error: --rtl .: not with --backend cuda, which measures the event level alone"),
    ],
)
def test_without_a_gpu_it_is_one_line(words: tuple[str, ...], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = bench("odin", *words)
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1 and result.output.startswith(line)
