"""Golden cases of witnesses: the chip does what the kernel does with these inputs, and an RTL with the bug fails."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("bitwuzla", reason="needs the extra [prove]: pip install 'draupnir[prove]'")

from draupnir.emulator import chips
from draupnir.emulator.codec import decode, encode, from_limbs, to_limbs
from draupnir.emulator.errors import InputError
from draupnir.emulator.odin import izh, lif, sdsp
from draupnir.emulator.odin.layout import IZH, LIF
from draupnir.emulator.tinyodin import lif as tiny_lif
from draupnir.emulator.tinyodin.layout import CHIP as TINY
from draupnir.emulator.tinyodin.layout import LIF as TINY_LIF
from draupnir.emulator.trace import unpack
from draupnir.golden import case
from draupnir.golden.compare.device import SteppedModel
from draupnir.golden.record import record
from draupnir.golden.regress import regress
from draupnir.golden.replay import replay_recording
from draupnir.rtl import devices, emit, foreign, registers, toolchain
from draupnir.rtl.design import Design
from draupnir.rtl.initial import ZERO
from draupnir.tools.proofs import job, odin_cases, sources, tinyodin_cases, witnesses
from draupnir.tools.proofs.claim import Leaf, Proof, Witness, prove
from draupnir.tools.proofs.whole import ChipStep
from draupnir.tools.proofs.words import izh_results

FLAGS = {(0, 0): (3, 0), (1, 0): (4, 1), (0, 1): (2, 0)}  # v_up and v_down -> both weights that show them


def whole_steps(chip):
    """The steps of a whole chip that are a moment of a run."""
    return [part for part in job.parts(chip, ()) if isinstance(part, ChipStep) and part.pins_after is not None]


def end_of(run):
    """The model after a run: its memories, and the clocks of its output events."""
    chip = run.port.chip
    recording = record(SteppedModel(chips.model(chip.name)()), chip, run.stimulus(), run.n_clocks, run.memories())
    pins = [unpack(chip.output_word, int(row)) for row in recording.trace.outputs.ravel()]
    requests = np.array([pin["AEROUT_REQ"] for pin in pins])
    return recording.memories_after, np.flatnonzero(np.diff(requests) == 1).tolist()


def synapse(memories, pre, post):
    return int(memories["synapses"][pre << 5 | post >> 3, 0]) >> 4 * (post & 7) & 15


def random_word(rng, word, **fields):
    content = int.from_bytes(rng.bytes(word.width // 8), "little")
    return encode(word, **(decode(word, content) | fields))


@pytest.mark.parametrize("seed", range(8))
def test_odin_s_neurons_get_the_inputs_of_a_witness(seed):
    rng = np.random.default_rng(seed)
    layout, leaf_case, fields = [(LIF, odin_cases.LIF_CASE, {}), (IZH, odin_cases.IZH_CASE, {"spk_ref": 0})][seed % 2]
    word = random_word(rng, layout, lif_izh_sel=int(layout is LIF), neur_disable=0, **fields)
    names = {"syn_weight": 8, "syn_sign": 2, "time_ref": 2}
    inputs = {name: int(rng.integers(n)) for name, n in names.items()}
    if seed < 2:
        inputs = dict.fromkeys(names, 0)
    limbs = np.array(to_limbs(word, 4), np.int64)
    event = inputs["syn_weight"], inputs["syn_sign"], 1, inputs["time_ref"]
    results = lif.update(limbs, *event)._asdict() if layout is LIF else izh_results(izh.update(limbs, *event, 0))
    memories, spikes = end_of(leaf_case.run({"word": word, **inputs, "syn_event": 1, "burst_end": 0}, ()))
    new_state = decode(layout, from_limbs(memories["neurons"][0]))
    for field in layout:
        expected = results[field.name] if field.kind == "state" else decode(layout, word)[field.name]
        assert new_state[field.name] & field.high == expected & field.high, field.name
    weights = tuple(synapse(memories, odin_cases.PRE, post) & 7 for post in odin_cases.WEIGHTS)
    assert weights == FLAGS[results["v_up"], results["v_down"]]
    assert spikes or not results["spike"]


def test_a_burst_of_a_witness_comes_out():
    inputs = {"syn_weight": 7, "syn_sign": 0, "syn_event": 1, "time_ref": 0, "burst_end": 0}
    outputs = set()
    for fields in ({"thr": 2}, {"thr": 1}, {"thr": 1, "spk_ref": 3}, {"thr": 1, "spk_ref": 3, "isi_ref": 2}):
        word = encode(IZH, inacc=7, **fields)
        _, spikes = end_of(odin_cases.IZH_CASE.run(inputs | {"word": word}, ["spk_ref"]))
        assert bool(spikes) is (fields["thr"] == 1)
        outputs.add(tuple(spikes))
    assert len(outputs) == 4


@pytest.mark.parametrize(("up", "down"), FLAGS)
@pytest.mark.parametrize(("pre", "bist"), [(1, 0), (1, 1), (0, 0)])
def test_odin_s_synapses_get_the_inputs_of_a_witness(up, down, pre, bist):
    for content in (3, 8):
        inputs = {"synapse": content, "pre": pre, "bist_ref": bist, "v_up": up, "v_down": down}
        memories, _ = end_of(odin_cases.SDSP_CASE.run(inputs, ()))
        expected = sdsp.synapse_next(content, bist, up, down) if pre else content
        assert synapse(memories, odin_cases.PRE, 0) == expected


@pytest.mark.parametrize("seed", range(6))
def test_tinyodin_s_neuron_gets_the_inputs_of_a_witness(seed):
    rng = np.random.default_rng(seed)
    word = random_word(rng, TINY_LIF, neur_disable=0)
    tref = seed % 2
    weight = 0 if tref else int(rng.integers(1, 16))
    run = tinyodin_cases.LIF_CASE.run({"word": word, "syn_weight": weight, "syn_event": 1, "time_ref": tref}, ())
    memories, spikes = end_of(run)
    expected = tiny_lif.update(word, weight, 1, tref)
    assert int(memories["neurons"][0, 0]) == expected.word
    assert len(spikes) == expected.spike


def bug_in_tinyodin(folder):
    """Our neuron with a bug, as a netlist; and our whole tinyODIN with the same bug."""
    (leaf,) = job.parts("tinyodin", ["lif"])
    assert isinstance(leaf, Leaf)
    path = emit.write_verilog(leaf.ours.make(), sources.OURS, folder / "leaf")
    line = next(line for line in path.read_text().splitlines() if " >= " in line)
    path.write_text(path.read_text().replace(line, line.replace(" >= ", " > ")))
    netlist = sources.of_verilog(Design(sources.OURS, (path,)), sources.OURS, {}, folder / "flat")
    whole = emit.emit("tinyodin", folder / "whole")
    start = whole.read_text().index("module \\tinyODIN.neuron_core.lif")
    text, n = re.subn(" >= ", " > ", whole.read_text()[start:], count=1)
    assert n == 1
    whole.write_text(whole.read_text()[:start] + text)
    return leaf, netlist, whole.parent


def test_a_witness_that_no_event_can_have_becomes_no_case(tmp_path):
    leaf, netlist, _ = bug_in_tinyodin(tmp_path)
    assert leaf.case is not None
    never = replace(leaf, case=replace(leaf.case, is_possible=lambda unknowns: unknowns["word"].logic.constant(False)))
    proof = prove(never, never.ours, netlist, "bug", 60)
    assert proof.witness is not None and not proof.witness.is_possible
    assert witnesses.write(never, job.OURS, proof, tmp_path / "witnesses") is None


def test_an_older_case_of_the_same_claim_goes_and_other_files_stay(tmp_path):
    leaf, netlist, _ = bug_in_tinyodin(tmp_path)
    proof = prove(leaf, leaf.ours, netlist, "bug", 60)
    folder = witnesses.write(leaf, job.OURS, proof, tmp_path / "witnesses")
    assert folder is not None
    assert witnesses.write(leaf, job.OURS, replace(proof, holds=True, witness=None), tmp_path / "witnesses") is None
    assert not folder.exists()
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is not a golden case, and would be replaced"):
        witnesses.write(leaf, job.OURS, proof, tmp_path / "witnesses")


@pytest.mark.icarus
def test_a_case_fails_on_the_rtl_with_the_bug(tmp_path):
    leaf, netlist, rtl = bug_in_tinyodin(tmp_path)
    proof = prove(leaf, leaf.ours, netlist, "bug", 60)
    assert proof.witness is not None and proof.witness.is_possible
    folder = witnesses.write(leaf, job.OURS, proof, tmp_path / "witnesses")
    assert folder is not None and folder == tmp_path / "witnesses" / "lif_our_RTL"
    assert replay_recording(chips.model("tinyodin")(), folder).holds
    device = devices.InIcarus(foreign.read(rtl, TINY), TINY, ZERO)
    (outcome,) = regress(device, TINY, [case.load(folder)])
    assert not outcome.holds


STEPS = [(chip, step) for chip in chips.names() if chips.package(chip).proofs for step in whole_steps(chip)]


@pytest.mark.parametrize(("chip", "step"), STEPS, ids=[f"{chip}-{step.name}" for chip, step in STEPS])
def test_every_step_of_a_whole_chip_can_have_a_case(chip, step, tmp_path):
    """A witness in which everything is 0, with all output pins as they are then."""
    pins = {field.name + end: 0 for field in chips.declaration(chip).input_word for end in {"", step.pins_after}}
    witness = Witness(pins, {"a pin": (0, 1)}, {}, ("in the model", "in the RTL"))
    proof = Proof("", (), False, witness, 0.0, 1, 1)
    folder = witnesses.write(step, "a chip", proof, tmp_path)
    assert folder is not None and "a pin 0x0 in the model, 0x1 in the RTL." in case.load(folder).why
    assert replay_recording(chips.model(chip)(), folder).holds


@pytest.mark.slow
@pytest.mark.verilator
def test_the_case_of_a_whole_chip_fails_on_the_rtl_with_the_bug(tmp_path):
    """A FIFO that is full too early: the witness is its level, which only the case's state can bring about at once."""
    try:
        toolchain.verilator()
    except InputError as error:
        pytest.skip(str(error))
    text, n = re.subn("= & fill_cnt;", "= & fill_cnt[6:1];", emit.emit("tinyodin", tmp_path / "rtl").read_text())
    assert n == 1
    (tmp_path / "rtl" / "tinyODIN.v").write_text(text)
    design = foreign.read(tmp_path / "rtl", TINY)
    (step,) = job.parts("tinyodin", ["clock-edge"])
    proof = job.Designs("tinyodin", design, tmp_path / "out").prove(step, job.ORIGINAL, 60)
    assert proof.case is not None and proof.case == tmp_path / "out" / "witnesses" / "clock-edge_tinyODIN"
    assert replay_recording(chips.model("tinyodin")(), proof.case).holds
    assert "main_fill_cnt = 0x7e" in (proof.case / "state.toml").read_text()
    rtl = devices.InVerilator(replace(design, registers=registers.places(TINY)), TINY, tmp_path / "build")
    (outcome,) = regress(rtl, TINY, [case.load(proof.case)])
    assert outcome.n_mismatches > 0 and outcome.difference is not None and outcome.difference.cycle == 0
