"""Learning on the chip goes on from the weights of a mapped network: e-prop on ReckOn, and SDSP on ODIN."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import columns
from draupnir.emulator.odin.layout import CHIP as ODIN
from draupnir.emulator.odin.layout import SYN_WEIGHT, SYNAPSES
from draupnir.emulator.reckon.layout import WEIGHT, WOUT
from draupnir.golden import hexfile
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml.load import load

N_LESSONS = 12
(SPIKE,) = (event for event in ODIN.events if event.name == "spike")
TARGET = 2
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> None:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output


def registers_of_the_page() -> str:
    """The registers for e-prop that docs/mapping.md shows."""
    block = (ROOT / "docs/mapping.md").read_text().split("```toml\n")[1].split("```")[0]
    return block.removeprefix("[registers]\n")


def lesson(lines: list[str]) -> list[str]:
    """A sample's operations with its target: its bytes are sent as soon as the answer counts."""
    target = {"INFER_ACC,1": [f"TARGET,{TARGET}", "TARGET_VALID,1"], "INFER_ACC,0": ["WAIT,1", "TARGET_VALID,0"]}
    return [operation for line in lines for operation in (*target.get(line, ()), line)]


def test_eprop_goes_on_from_the_mapped_weights_until_the_answer_is_the_target() -> None:
    rng = np.random.default_rng(0)
    w1, rec1, w2 = (rng.normal(0, size, shape) for size, shape in ((0.5, (12, 20)), (0.1, (20, 20)), (0.3, (20, 3))))
    np.savez("net.npz", w1=w1, rec1=rec1, w2=w2, beta1=0.95, beta2=0.95, readout="potential")
    np.savez("samples.npz", spikes=(rng.random((1, 20, 12)) < 0.3).astype(np.uint8))
    call("map", "reckon", "net.npz", "-o", "net")
    call("run", "reckon", "--config", "net", "--samples", "samples.npz", "--export", "0=sample.csv", "-o", "labels.csv")
    (mapped_answer,) = (int(line.split(",")[1]) for line in Path("labels.csv").read_text().splitlines()[1:])
    assert mapped_answer != TARGET
    header, *operations = Path("sample.csv").read_text().splitlines()
    Path("lessons.csv").write_text("\n".join([header, *lesson(operations) * N_LESSONS]) + "\n")
    text = Path("net/net.toml").read_text()
    assert "SPI_DO_EPROP = 0\n" in text
    Path("net/eprop.toml").write_text(text.replace("SPI_DO_EPROP = 0\n", registers_of_the_page()))
    words = ("--events", "lessons.csv", "-o", "answers.csv", "--save", "wout=wout.hex")
    call("run", "reckon", "--config", "net/eprop.toml", *words)
    answers = [int(line.split(",")[1]) for line in Path("answers.csv").read_text().splitlines()[1:]]
    assert answers[0] == mapped_answer
    assert answers[-3:] == [TARGET] * 3
    start = columns.entries(WEIGHT["w"], WOUT, load(Path("net/net.toml"), "reckon").memories["wout"])
    learnt = columns.entries(WEIGHT["w"], WOUT, hexfile.read(Path("wout.hex"), WOUT))
    changes = (learnt - start)[:20, :3]
    assert 0 < abs(changes).max() < abs(start).max()
    assert changes[:, TARGET].sum() > max(0, changes[:, 1 - TARGET // 2].sum())


def test_sdsp_goes_on_from_the_mapped_weights() -> None:
    np.savez("net.npz", w1=np.array([[3.0, 1.0], [2.0, 1.0], [1.0, 2.0], [0.5, 3.0]]), thr1=20.0)
    call("map", "odin", "net.npz", "-o", "net")
    # Two neurons potentiate at each spike that they get after the first one, which sets their flags.
    header, *neurons = Path("net/neurons.csv").read_text().splitlines()
    learning = [line + (",1,0,0,7" if i < 2 else ",0,0,0,0") for i, line in enumerate(neurons)]
    table = "\n".join([f"{header},ca_en,thetamem,ca_theta1,ca_theta3", *learning]) + "\n"
    Path("net/neurons.csv").write_text(table)
    Path("events.csv").write_text("addr\n" + f"{SPIKE.encode(pre_neur=252)}\n" * 4)
    call("run", "odin", "--config", "net/net.toml", "--events", "events.csv", "--save", "synapses=synapses.hex")
    start = columns.entries(SYN_WEIGHT, SYNAPSES, load(Path("net/net.toml"), "odin").memories["synapses"])
    learnt = columns.entries(SYN_WEIGHT, SYNAPSES, hexfile.read(Path("synapses.hex"), SYNAPSES))
    expected = start.copy()
    expected[252, :2] = np.minimum(start[252, :2] + 3, 7)
    assert learnt.tolist() == expected.tolist() != start.tolist()
