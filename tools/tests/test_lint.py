"""What is allowed and yet hardly meant in a configuration: each finding on what breaks its rule, on nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner, Result

from draupnir.emulator import chips
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.tools.cli import cli
from draupnir.tools.compile.toml.load import load
from draupnir.tools.lint import findings, reckon
from draupnir.tools.lint.findings import Finding, lint

ROOT = Path(__file__).resolve().parents[2]
ODIN = """
[registers]
SPI_OPEN_LOOP = 1
[[neurons]]
index = "0-9"
model = "lif"
thr = 5
[[synapses]]
pre = "3,100"
post = "0-9"
weight = 6
"""
TINYODIN = """
[registers]
SPI_OPEN_LOOP = 1
SPI_MAX_NEUR = 29
[[neurons]]
index = "0-29"
thr = 5
[[synapses]]
pre = "3"
post = "0-29"
weight = 6
"""
RECKON = """
[registers]
SPI_EN_CONF = 0
SPI_DO_EPROP = 0
SPI_NUM_INP_NEUR = 9
SPI_NUM_REC_NEUR = 9
SPI_NUM_OUT_NEUR = 1
[[neurons]]
index = "0-4"
thr = 300
alpha = 0x800
[[winp]]
pre = "0-9"
post = "0-9"
weight = 60
[[wrec]]
pre = "0-9"
post = "0-9"
weight = -3
[[wout]]
pre = "0-9"
out = "0-1"
weight = 5
"""
GOOD = {"odin": ODIN, "tinyodin": TINYODIN, "reckon": RECKON}
IZH = ODIN.replace('"lif"', '"izh"')


def findings_of(folder: Path, chip: str, text: str) -> list[Finding]:
    (folder / "net.toml").write_text(text)
    return lint(load(folder / "net.toml", chip))


class Broken(NamedTuple):
    """What breaks a rule: an addition to the good network, or another text in a place of it."""

    chip: str
    name: str
    old: str
    new: str
    place: str


OPEN, CONF = "SPI_OPEN_LOOP = 1\n", "SPI_EN_CONF = 0\n"
BROKEN = [
    Broken("odin", "gated", OPEN, OPEN + "SPI_GATE_ACTIVITY = 1\n", "registers.SPI_GATE_ACTIVITY"),
    Broken("odin", "no-neuron", 'index = "0-9"\n', 'index = "0-9"\nneur_disable = 1\n', "neurons"),
    Broken("odin", "no-mapping", "weight = 6", "weight = 6\nmapped = false", "synapses"),
    Broken("odin", "disabled-neuron-with-synapses", 'post = "0-9"', 'post = "0-12"', "neurons[10-12]"),
    Broken("odin", "zero-threshold", "thr = 5", "", "neurons[0-9].thr"),
    Broken("odin", "neuron-without-excitation", 'post = "0-9"', 'post = "0-7"', "neurons[8-9]"),
    Broken("odin", "learning-never", "thr = 5", "thr = 5\nca_en = 1", "neurons[0-9].ca_en"),
    Broken("odin", "monitoring", OPEN, OPEN + "SPI_OUT_AER_MONITOR_EN = 1\n", "registers.SPI_OUT_AER_MONITOR_EN"),
    Broken(
        "odin", "spikes-never-leave", OPEN, OPEN + "SPI_AER_SRC_CTRL_nNEUR = 1\n", "registers.SPI_AER_SRC_CTRL_nNEUR"
    ),
    Broken("tinyodin", "gated", OPEN, OPEN + "SPI_GATE_ACTIVITY = 1\n", "registers.SPI_GATE_ACTIVITY"),
    Broken("tinyodin", "no-neuron", "thr = 5", "thr = 5\nneur_disable = 1", "neurons"),
    Broken("tinyodin", "neuron-never-visited", "SPI_MAX_NEUR = 29\n", "", "neurons[1-29]"),
    Broken("tinyodin", "neuron-never-visited", "SPI_MAX_NEUR = 29\n", "SPI_MAX_NEUR = 28\n", "neurons[29]"),
    Broken("tinyodin", "disabled-neuron-with-synapses", 'index = "0-29"', 'index = "0-28"', "neurons[29]"),
    Broken("tinyodin", "zero-threshold", "thr = 5", "", "neurons[0-29].thr"),
    Broken("tinyodin", "unreachable-threshold", "thr = 5", "thr = 2048", "neurons[0-29].thr"),
    Broken("tinyodin", "neuron-without-excitation", 'post = "0-29"', 'post = "0-9,20-29"', "neurons[10-15]"),
    Broken(
        "tinyodin",
        "spikes-never-leave",
        OPEN,
        OPEN + "SPI_AER_SRC_CTRL_nNEUR = 1\n",
        "registers.SPI_AER_SRC_CTRL_nNEUR",
    ),
    Broken("reckon", "gated", "SPI_EN_CONF = 0\n", "", "registers.SPI_EN_CONF"),
    Broken("reckon", "zero-threshold", "SPI_NUM_REC_NEUR = 9\n", "SPI_NUM_REC_NEUR = 11\n", "neurons[5].thr"),
    Broken("reckon", "zero-threshold", "thr = 300\n", "", "neurons[0-4].thr"),
    Broken("reckon", "unreachable-threshold", "weight = 60", "weight = 1", "neurons[0-4].thr"),
    Broken("reckon", "synapse-never-used", "SPI_NUM_REC_NEUR = 9\n", "SPI_NUM_REC_NEUR = 7\n", "winp"),
    Broken("reckon", "synapse-never-used", 'out = "0-1"', 'out = "0-2"', "wout"),
    Broken(
        "reckon",
        "last-neuron-left-out",
        "SPI_NUM_INP_NEUR = 9\nSPI_NUM_REC_NEUR = 9",
        "SPI_NUM_INP_NEUR = 8\nSPI_NUM_REC_NEUR = 8",
        "registers.SPI_NUM_REC_NEUR",
    ),
    Broken("reckon", "learning-never", "SPI_DO_EPROP = 0\n", "", "registers.SPI_DO_EPROP"),
    Broken("reckon", "decay-above-one", CONF, CONF + 'SPI_ALPHA_CONF = "2"\n', "neurons[2].alpha"),
    Broken("reckon", "decay-above-one", CONF, CONF + "SPI_KAPPA = 129\n", "registers.SPI_KAPPA"),
    Broken("reckon", "no-local-tick", CONF, CONF + "SPI_LOCAL_TICK = 1\n", "registers.SPI_LOCAL_TICK"),
]


@pytest.fixture(params=chips.names())
def chip(request: pytest.FixtureRequest) -> Chip:
    return chips.declaration(request.param)


@pytest.mark.parametrize("name", GOOD)
def test_a_network_that_works_has_no_findings(tmp_path: Path, name: str) -> None:
    assert findings_of(tmp_path, name, GOOD[name]) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.chip}-{broken.name}")
def test_what_breaks_a_rule_is_found_by_name_and_place(tmp_path: Path, broken: Broken) -> None:
    text = GOOD[broken.chip].replace(broken.old, broken.new, 1)
    assert text != GOOD[broken.chip]
    assert (broken.name, broken.place) in [(one.name, one.place) for one in findings_of(tmp_path, broken.chip, text)]


def test_bursts_without_a_time_reference(tmp_path: Path) -> None:
    bursting = IZH.replace("thr = 5", "thr = 5\nspk_ref = 2")
    assert [one.name for one in findings_of(tmp_path, "odin", bursting)] == ["bursts-off"]
    assert findings_of(tmp_path, "odin", bursting.replace(OPEN, OPEN + "SPI_BURST_TIMEREF = 100\n")) == []


def test_every_rule_is_broken_here(chip: Chip) -> None:
    tried = {broken.name for broken in BROKEN if broken.chip == chip.name} | {"bursts-off"}
    assert {rule.name for rule in findings.rules(chip.name)} <= tried


def test_an_input_s_number_may_be_a_disabled_neuron_s(tmp_path: Path) -> None:
    """pre = 100 in the good network: it has synapses onto others only."""
    assert findings_of(tmp_path, "odin", ODIN.replace('pre = "3,100"', 'pre = "200-255"')) == []


@pytest.mark.parametrize(
    "change",
    [
        ("thr = 5", "thr = 255"),  # potentials add up, whatever the weight
        ("thr = 5", "thr = 5\nleak_en = 1\nleak_str = 127"),  # between two leaks any number of events may come
        ("thr = 5", "thr = 5\nca_en = 1\nca_theta1 = 0\nca_theta3 = 1"),
    ],
)
def test_what_some_input_can_reach_is_no_finding(tmp_path: Path, change: tuple[str, str]) -> None:
    assert findings_of(tmp_path, "odin", ODIN.replace(*change)) == []


def test_inhibited_neurons_only(tmp_path: Path) -> None:
    """Neuron 100's synapses inhibit, and those that only it leads to have nothing that excites them."""
    text = ODIN.replace(OPEN, OPEN + 'SPI_SYN_SIGN = "100"\n').replace('"3,100"\npost = "0-9"', '3\npost = "0-7"')
    text += '[[synapses]]\npre = 100\npost = "8-9"\nweight = 7\n'
    (one,) = findings_of(tmp_path, "odin", text)
    assert (one.name, one.place) == ("neuron-without-excitation", "neurons[8-9]")


# --- What a timestep's spikes can reach at most, the slow way ----------------------------------------------------


DECAYS = [(0xFFF, 0, 1, 0), (0, 0, 7, 3), (0x800, 0, 2, 5), (0, 1, 1, 0)]


@pytest.mark.parametrize(("alpha", "conf", "weight", "fp_loc"), DECAYS)
def test_no_potential_is_above_the_highest(tmp_path: Path, alpha: int, conf: int, weight: int, fp_loc: int) -> None:
    text = RECKON.replace("weight = 60", f"weight = {weight}").replace("alpha = 0x800", f"alpha = {alpha}")
    more = f'SPI_FP_LOC_WINP = {fp_loc}\nSPI_ALPHA_CONF = "{"0-4" * conf}"\n'
    text = text.replace(CONF, CONF + more)
    (tmp_path / "net.toml").write_text(text)
    highest = reckon._highest(load(tmp_path / "net.toml", "reckon"))
    decay, u = (0x8000 if conf else 0x7000 | alpha), 0
    reached = []
    for _ in range(20_000):
        u = min(u + 10 * (weight << fp_loc), 32767)
        reached.append(u)
        u = (u * decay >> 15) + (decay != 0x8000)  # rounded up whenever it can be
    assert max(reached) <= highest[0] <= max(reached) + 2 * (10 * (weight << fp_loc) + 1)


def test_weights_that_learn_may_come_to_reach_it(tmp_path: Path) -> None:
    low = RECKON.replace("weight = 60", "weight = 1")
    assert [one.name for one in findings_of(tmp_path, "reckon", low)] == ["unreachable-threshold"]
    learning = low.replace("SPI_DO_EPROP = 0", "SPI_DO_EPROP = 1\nSPI_H_1 = 3")
    assert findings_of(tmp_path, "reckon", learning) == []
    assert findings_of(tmp_path, "reckon", low.replace("SPI_EN_CONF = 0", "SPI_EN_CONF = 0\nSPI_NOISE_EN = 1")) == []


# --- As commands say it ------------------------------------------------------------------------------------------

ZERO = TINYODIN.replace("SPI_MAX_NEUR = 29", "SPI_MAX_NEUR = 0")
LINE = (
    "neurons[1-29]: enabled, and beyond SPI_MAX_NEUR = 0: no spike and no time reference to all reaches them;"
    " right is SPI_MAX_NEUR = 29 (neuron-never-visited)"
)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "net.toml").write_text(ZERO)
    return tmp_path / "net.toml"


def draupnir(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


def test_check_warns_and_ends_with_0(net: Path) -> None:
    result = draupnir("config", "check", "tinyodin", net)
    assert (result.exit_code, result.stderr) == (0, f"warning: {net}: {LINE}\n")
    assert "neurons: {'lif': 256}" in result.stdout


def test_check_lists_findings_in_json(net: Path) -> None:
    result = draupnir("config", "check", "tinyodin", net, "--json")
    report = json.loads(result.stdout)
    assert (report["schema"], report["version"], result.stderr) == ("draupnir.config.check", 1, "")
    (one,) = report["findings"]
    assert (one["name"], one["place"], one["right"]) == ("neuron-never-visited", "neurons[1-29]", "SPI_MAX_NEUR = 29")


@pytest.mark.parametrize("words", [("config", "check"), ("config", "pack")])
def test_strict_makes_a_finding_an_error(net: Path, words: tuple[str, ...]) -> None:
    result = draupnir(*words, "tinyodin", net, "--strict")
    error = f"{net}: it has 1 findings, and --strict is given: neuron-never-visited; --allow NAME allows one"
    assert (result.exit_code, result.stderr) == (2, f"warning: {net}: {LINE}\nerror: {error}\n")


def test_a_finding_can_be_allowed(net: Path) -> None:
    result = draupnir("config", "check", "tinyodin", net, "--strict", "--allow", "neuron-never-visited")
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_allowed_name_that_is_none(net: Path) -> None:
    result = draupnir("config", "check", "tinyodin", net, "--allow", "gate")
    assert result.exit_code == 2
    assert result.stderr == "error: --allow gate: no such finding: did you mean 'gated'?\n"


def test_a_run_without_a_spike_says_why(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text(ODIN.replace("weight = 6", "weight = 6\nmapped = false"))
    (tmp_path / "events.csv").write_text("addr\n0x307\n0x307\n")
    result = draupnir("run", "odin", "--config", tmp_path / "net.toml", "--events", tmp_path / "events.csv", "--json")
    assert [one["name"] for one in json.loads(result.stdout)["findings"]] == ["no-mapping"]
    assert result.exit_code == 0
    assert (
        result.stderr.splitlines()[-1]
        == "warning: no spike came out; the likely cause is among the warnings above: no-mapping"
    )
    assert draupnir("run", "odin", "--config", tmp_path / "net.toml", "--events", "x.csv", "--strict").exit_code == 2


def test_a_run_that_stops_at_its_bound_says_why(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text(ODIN.replace(OPEN, OPEN + "SPI_GATE_ACTIVITY = 1\n"))
    (tmp_path / "events.csv").write_text("addr\n0x307\n")
    words = ("--config", tmp_path / "net.toml", "--events", tmp_path / "events.csv", "--max-cycles", 1000)
    result = draupnir("run", "odin", *words)
    why = "no spike came out and the chip did not come to rest; the likely cause is among the warnings above: gated"
    assert result.stderr.splitlines()[-1] == f"warning: {why}"


def test_a_chip_without_rules_has_no_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = replace(chips.package("odin"), lint=None)
    monkeypatch.setattr(chips, "package", lambda name: package)
    assert findings_of(tmp_path, "odin", "") == []
    with pytest.raises(InputError, match="--allow gated: no such finding: odin has no rules"):
        lint(load(tmp_path / "net.toml", "odin"), ["gated"])


def test_the_page_names_them_all() -> None:
    page = (ROOT / "tools/compile/README.md").read_text()
    table = page.split("<!-- findings -->\n")[1].split("<!-- /findings -->")[0]
    assert table == findings.table(), "remake it: tools.lint.findings.table()"


def test_registers_that_are_not_given_are_as_a_reset_leaves_them(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text("")
    registers = load(tmp_path / "net.toml", "reckon").registers
    assert registers["SPI_EN_CONF"] == (1,) and registers["SPI_DO_EPROP"] == (7,) and registers["SPI_KAPPA"] == (0x7A,)
    assert np.all([registers[f"SPI_NUM_{group}_NEUR"] == (255,) for group in ("INP", "REC")])
