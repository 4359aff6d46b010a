"""``draupnir decode`` on waveforms: of the golden models, of the originals, and of hosts that make mistakes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from draupnir.emulator import chips
from draupnir.emulator.buses.spi import levels
from draupnir.emulator.codec import encode
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.reckon.layout import SPI_HEADER
from draupnir.emulator.spi.frames import msb_first
from draupnir.emulator.spi.pins import rows
from draupnir.emulator.spi.port import port
from draupnir.emulator.trace import unpack
from draupnir.golden import hexfile
from draupnir.tools.cli import cli
from draupnir.tools.compile import packed
from draupnir.tools.compile.spi import stream
from draupnir.tools.decode.job import Decoded, WavePins, decode
from draupnir.tools.tests.test_decode_truth import SETTLING, model_after

ROOT = Path(__file__).resolve().parents[2]
TINY, ODIN, RECKON = (chips.declaration(name) for name in ("tinyodin", "odin", "reckon"))
GATE, LOOP, MAX_NEUR = 0x0000000001, 0x0000100001, 0x0000300009  # of tinyODIN

Levels = dict[str, int | str]


def vcd(path: Path, steps: Iterable[Levels], scope: Sequence[str] = ("tb", "dut"), **widths: int) -> Path:
    """Write a VCD of these levels, one step a nanosecond; widths : of signals of more than one bit."""
    all_steps = list(steps)
    names = list(dict.fromkeys(name for step in all_steps for name in step))
    head = ["$timescale 1 ns $end", *(f"$scope module {name} $end" for name in scope)]
    head += [f"$var wire {widths.get(name, 1)} s{i} {name} $end" for i, name in enumerate(names)]
    lines, old = [*head, *("$upscope $end" for _ in scope), "$enddefinitions $end"], Levels()
    for time, step in enumerate(all_steps):
        lines.append(f"#{time}")
        for i, name in enumerate(names):
            if name in step and old.get(name) != step[name]:
                lines.append(f"b{step[name]:b} s{i}" if widths.get(name, 1) > 1 else f"{step[name]}s{i}")
                old[name] = step[name]
    path.write_text("\n".join([*lines, f"#{len(all_steps)}"]) + "\n")
    return path


def bits(content: int, n_bits: int = 40) -> list[Levels]:
    """The levels of a transfer, two steps for each bit."""
    return [{"SCK": step["sck"], "MOSI": step["mosi"]} for step in levels(msb_first(content, n_bits))]


REST: list[Levels] = [{"SCK": 0, "MOSI": 0}] * 200  # a pause


def transfers(*contents: int) -> list[Levels]:
    return [*REST[:1], *(step for content in contents for step in bits(content)), *REST[:1]]


def mistakes(result: Decoded) -> dict[str, str]:
    return {odd.kind: f"{odd.where}: {odd.bits} {odd.text}" for odd in result.mistakes}


# --- What made the waveform comes back --------------------------------------------------------------------------


def model_pins(chip: Chip, inputs: np.ndarray) -> Iterable[Levels]:
    """The pins of the golden model, step by step, under these packed inputs."""
    model = chips.model(chip.name)()
    outputs = model.drive(inputs, np.ones(len(inputs), np.uint8))
    for pins_in, pins_out in zip(inputs.tolist(), outputs.tolist(), strict=True):
        yield {**unpack(chip.input_word, pins_in), **unpack(chip.output_word, pins_out)}


def test_a_vcd_of_the_model_s_pins_gives_the_configuration_and_the_events_that_made_it(tmp_path: Path) -> None:
    net = packed.read(ROOT / "examples/tinyodin/net.toml", TINY)
    blank = packed.memories_before("blank", TINY)
    word = TINY.input_word
    addrs = [event.encode() if not event.fields else 0x105 for event in TINY.events[:2]]
    handshakes = [
        level << word["AERIN_REQ"].lsb | addr << word["AERIN_ADDR"].lsb for addr in addrs for level in (0, 1, 0)
    ]
    reset = np.array([0, 1 << word["RST"].lsb] + [0] * SETTLING, np.int64).repeat(4)
    last = TINY.register("SPI_GATE_ACTIVITY")
    spi = rows(TINY, stream.pack(net, blank), half=2)
    assert last.addr == 0 and len(spi) > 1000
    inputs = np.concatenate([reset, spi, np.repeat(np.array(handshakes, np.int64), 60), np.zeros(60, np.int64)])
    path = vcd(tmp_path / "w.vcd", model_pins(TINY, inputs), AERIN_ADDR=word["AERIN_ADDR"].width, AEROUT_ADDR=8)
    result = decode(path, TINY, blank)
    assert result.contents.configuration == net
    assert (result.scope, result.absent, result.mistakes) == ("tb.dut", (), ())
    events = [entry for entry in result.entries if entry.kind == "event" and entry.details["bus"] == "aerin"]
    assert [list(entry.details["pins"].values()) for entry in events] == [[addr] for addr in addrs]
    assert [entry.details["event"] for entry in events] == [event.name for event in TINY.events[:2]]


def test_events_and_spikes_of_a_run_are_those_in_its_files(tmp_path: Path) -> None:
    folder = ROOT / "examples/odin"
    words = ["run", "odin", "--config", folder / "net.toml", "--events", folder / "events.csv"]
    words += ["-o", tmp_path / "spikes.csv", "--waves", tmp_path / "w.fst"]
    assert CliRunner().invoke(cli, list(map(str, words))).exit_code == 0
    result = decode(tmp_path / "w.fst", ODIN)
    spikes = [int(row[1]) for row in csv.reader((tmp_path / "spikes.csv").read_text().splitlines()[1:])]
    on_bus = [entry.details["pins"]["AEROUT_ADDR"] for entry in result.entries if entry.text.startswith("aerout: ")]
    assert on_bus == spikes and len(spikes) > 10
    addrs = [int(row[1], 0) for row in csv.reader((folder / "events.csv").read_text().splitlines()[1:])]
    assert [
        entry.details["pins"]["AERIN_ADDR"] for entry in result.entries if entry.text.startswith("aerin: ")
    ] == addrs


@pytest.mark.parametrize("name", ["odin", "tinyodin"])
def test_the_recording_of_an_original_leaves_the_memories_that_are_decoded(name: str) -> None:
    """The network stands still in this case, so that only the SPI writes. Most of its transfers are odd."""
    chip, folder = chips.declaration(name), ROOT / "golden" / name / "spi_gated"
    contents = {memory.name: hexfile.read(folder / f"{memory.name}.before.hex", memory) for memory in chip.memories}
    result = decode(folder / "wave.fst", chip, contents)
    assert result.n_mistakes > 20
    for memory in chip.memories:
        assert np.array_equal(
            result.contents.configuration.memories[memory.name], hexfile.read(folder / f"{memory.name}.hex", memory)
        )


def test_reckon_s_samples_labels_and_timesteps_are_read(tmp_path: Path) -> None:
    result = decode(ROOT / "golden/reckon/labels/wave.fst", RECKON)
    texts = [entry.text for entry in result.entries if entry.kind == "event"]
    assert texts[:5] == [
        "steps: SAMPLE 1",
        "aerin: spike neur 3 (AERIN_ADDR 0x3, AERIN_TAR_EN 0x0)",
        "aerin: spike neur 6 (AERIN_ADDR 0x6, AERIN_TAR_EN 0x0)",
        "steps: INFER_ACC 1",
        "steps: tick (TIME_TICK 0x1)",
    ]
    assert "aerin: target byte 2 (AERIN_ADDR 0x2, AERIN_TAR_EN 0x1)" in texts
    assert result.entries[0].kind == "reset"


# --- Pins -------------------------------------------------------------------------------------------------------


def renamed(steps: list[Levels], names: dict[str, str]) -> list[Levels]:
    return [{names.get(name, name): level for name, level in step.items()} for step in steps]


def test_pins_may_have_any_names(tmp_path: Path) -> None:
    steps = renamed(transfers(MAX_NEUR), {"SCK": "clk_q", "MOSI": "D1"})
    path = vcd(tmp_path / "w.vcd", steps)
    names = {"SCK": "tb.dut.clk_q", "MOSI": "D1"}
    result = decode(path, TINY, pins=WavePins(names=names))
    assert result.contents.configuration.registers["SPI_MAX_NEUR"] == (9,)
    assert result.entries[0].place == "81 ns"
    words = ["decode", "tinyodin", path, *(word for pin, name in names.items() for word in ("--pin", f"{pin}={name}"))]
    printed = CliRunner().invoke(cli, list(map(str, words)))
    assert "SPI_MAX_NEUR = 9: " in printed.stdout
    assert "no events of aerin, aerout, because not all pins of the bus are recorded" in printed.stderr


def test_a_pin_may_be_single_channels_of_an_analyser(tmp_path: Path) -> None:
    addr = TINY.pin("AERIN_ADDR")
    channels: Levels = {f"D{i}": 0x105 >> i & 1 for i in range(addr.width)}
    steps: list[Levels] = [{**step, **channels, "q": 0, "a": 0} for step in transfers(GATE)]
    steps += [{"q": 1, "a": 0}, {"q": 1, "a": 1}, {"q": 0, "a": 1}, {"q": 0, "a": 0}]
    names = {"AERIN_REQ": "q", "AERIN_ACK": "a", **{f"AERIN_ADDR[{i}]": f"D{i}" for i in range(addr.width)}}
    result = decode(vcd(tmp_path / "w.vcd", steps), TINY, pins=WavePins(names=names))
    assert [entry.details["pins"] for entry in result.entries if entry.kind == "event"] == [{"AERIN_ADDR": 0x105}]


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        (WavePins(names={"SKC": "a"}), "--pin SKC=a: tinyodin has no pin 'SKC'; it has CLK, RST, SCK, MOSI,"),
        (
            WavePins(names={"SCK": "spi"}),
            "--pin SCK=spi: {} has no variable spi; right is one, with its scope: tb.dut.MOSI, tb.dut.SCK",
        ),
        (WavePins(scope="tb"), "{}: no scope 'tb'; there is tb.dut"),
    ],
)
def test_each_mistake_with_pins_is_one_line(tmp_path: Path, pins: WavePins, message: str) -> None:
    path = vcd(tmp_path / "w.vcd", transfers(GATE))
    with pytest.raises(InputError) as error:
        decode(path, TINY, pins=pins)
    assert str(error.value).startswith(message.format(path))


def test_a_waveform_without_sck_or_without_an_edge_is_refused(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", renamed(transfers(GATE), {"SCK": "clk"}))
    with pytest.raises(InputError, match=r"SCK in scope tb\.dut \(which has the 1 others\); --pin SCK=NAME names it"):
        decode(path, TINY)
    with pytest.raises(InputError, match=r"no edge of SCK and no event in scope tb\.dut"):
        decode(vcd(tmp_path / "w.vcd", REST[:3]), TINY)


def test_a_name_that_several_signals_have_is_refused(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", transfers(GATE))
    two = "".join(f"$scope module {name} $end\n$var wire 1 {name} q $end\n$upscope $end\n" for name in "ab")
    path.write_text(path.read_text().replace("$enddefinitions", f"{two}$enddefinitions"))
    with pytest.raises(InputError, match=r"has 2 variables q; right is one, with its scope: a\.q, b\.q"):
        decode(path, TINY, pins=WavePins(names={"SCK": "q"}))


def test_a_time_that_was_not_dumped_is_refused(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", transfers(GATE))
    path.write_text(path.read_text().replace("#20\n", "#20\n$dumpoff $end\n").replace("#30\n", "#30\n$dumpon $end\n"))
    with pytest.raises(InputError, match=r"\$dumpoff: edges from 20 ns to 30 ns are missing, and what follows them"):
        decode(path, TINY)


def test_unpack_says_which_command_reads_a_waveform(tmp_path: Path) -> None:
    path = vcd(tmp_path / "w.vcd", transfers(GATE))
    result = CliRunner().invoke(cli, ["config", "unpack", "tinyodin", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {path}: a waveform, not an SPI stream: draupnir decode tinyodin {path} reads it\n"


# --- Mistakes of the host ---------------------------------------------------------------------------------------


def test_a_clock_too_many_and_a_block_are_out_of_step(tmp_path: Path) -> None:
    clock: list[Levels] = [{"SCK": 1, "MOSI": 0}, {"SCK": 0, "MOSI": 0}]
    steps = [*transfers(GATE), *clock, *REST, *transfers(MAX_NEUR), *REST, *transfers(MAX_NEUR), *REST]
    text = mistakes(decode(vcd(tmp_path / "w.vcd", steps), TINY))["out of step"]
    assert text.endswith(
        "ns: 41 bits together end 1 bits into a transaction: the chip takes what follows as the rest of it"
    )
    block = [*bits(0x5000000005), *bits(0x00006, 20)]
    steps = [*transfers(GATE), *REST, *block, *REST, *transfers(0x5000100007), *REST]
    text = mistakes(decode(vcd(tmp_path / "w.vcd", steps), TINY))["out of step"]
    assert "60 bits together end 20 bits into a transaction" in text


def test_the_end_of_a_transfer_is_cut_off(tmp_path: Path) -> None:
    steps = [*transfers(GATE), *bits(MAX_NEUR)[:21]]
    result = decode(vcd(tmp_path / "w.vcd", steps), TINY)
    assert mistakes(result) == {"cut": "102 ns: a transaction is cut off after 10 bits: nothing is written"}


@pytest.mark.parametrize(("content", "is_written"), [(MAX_NEUR, True), (0x5000000005, False)])
def test_without_the_last_fall_a_register_is_written_and_a_memory_is_not(
    tmp_path: Path, content: int, is_written: bool
) -> None:
    result = decode(vcd(tmp_path / "w.vcd", [*transfers(GATE), *bits(content)]), TINY)
    assert (result.contents.configuration.registers["SPI_MAX_NEUR"] == (9,)) == is_written
    assert not result.contents.configuration.memories["neurons"].any()
    nevertheless = "SCK has not fallen for the last bit, and the chip writes SPI_MAX_NEUR nevertheless"
    effect = nevertheless if is_written else "nothing is written"
    assert mistakes(result)["cut"].endswith(f": a transaction is cut off after 40 bits: {effect}")


@pytest.mark.parametrize("last", [63, 64])
def test_a_reset_in_the_last_bit_writes_reckon_s_ring_oscillator(last: int) -> None:
    """The golden model does the same; ``last`` is the number of bits that have risen."""
    from draupnir.tools.tests.test_decode_truth import decoded

    register = RECKON.register("SPI_RO_STAGE_SEL")
    content = encode(SPI_HEADER, addr=register.addr, num_write=1) << 32 | 0x155
    steps = [(0, 0, 1), *[(0, 0, 0)] * SETTLING]
    steps += [(sck, bit, 0) for bit in msb_first(content, 64) for sck in (0, 1)][: 2 * last + (last == 63)]
    steps += [(steps[-1][0], 1, 1), *[(0, 0, 0)] * SETTLING]
    result, model = decoded(RECKON, np.array(steps)), model_after(RECKON, np.array(steps))
    expected = int(model.registers[0]["spi_ro_stage_sel"])
    assert result.contents.configuration.registers[register.name] == (expected,) and expected & 1
    assert mistakes(result)["reset"].endswith("ends in a reset, whose edge writes SPI_RO_STAGE_SEL, too")


def test_sck_that_rests_high_and_mosi_that_moves_with_it_are_named(tmp_path: Path) -> None:
    mode_3: list[Levels] = [{"SCK": 1, "MOSI": 0, "RST": 1}, {"SCK": 1, "MOSI": 0, "RST": 0}]
    mode_3 += [{"SCK": sck, "MOSI": bit, "RST": 0} for bit in msb_first(MAX_NEUR, 40) for sck in (0, 1)]
    result = decode(vcd(tmp_path / "w.vcd", mode_3), TINY)
    assert mistakes(result)["sck high"].endswith(
        "begins while SCK is high: its fall counts as the end of a first bit, so all bits are late by one"
    )
    mode_1: list[Levels] = [{"SCK": sck, "MOSI": bit} for bit in msb_first(MAX_NEUR, 40) for sck in (1, 0)]
    result = decode(vcd(tmp_path / "w.vcd", [*REST[:1], *mode_1]), TINY)
    assert "MOSI changes together with the rise of SCK" in mistakes(result)["mosi at edge"]
    assert result.contents.configuration.registers["SPI_MAX_NEUR"] == (9,)


def test_an_unknown_bit_is_named(tmp_path: Path) -> None:
    steps = transfers(MAX_NEUR)
    steps[5:7] = [{**step, "MOSI": "x"} for step in steps[5:7]]
    assert mistakes(decode(vcd(tmp_path / "w.vcd", steps), TINY)) == {
        "unknown bit": f"81 ns: {MAX_NEUR:010x} has a bit of MOSI that is X or Z: it is read as 0"
    }


def handshake(*req_ack_addr: tuple[int, int, int]) -> list[Levels]:
    return [{"AERIN_REQ": req, "AERIN_ACK": ack, "AERIN_ADDR": addr} for req, ack, addr in req_ack_addr]


@pytest.mark.parametrize(
    ("steps", "kind", "text"),
    [
        (handshake((0, 0, 5), (1, 0, 5), (0, 0, 5)), "withdrawn", "AERIN_REQ falls before AERIN_ACK rises: the event"),
        (handshake((0, 0, 5), (0, 1, 5)), "ack alone", "AERIN_ACK rises while AERIN_REQ is low: no event passes"),
        (handshake((0, 0, 5), (1, 1, 5), (0, 1, 5), (1, 1, 5)), "too early", "AERIN_REQ rises while AERIN_ACK is high"),
        (
            handshake((0, 0, 5), (1, 0, 5), (1, 0, 6), (1, 1, 6)),
            "address",
            "the address changes while AERIN_REQ is high",
        ),
    ],
)
def test_each_broken_handshake_is_named(tmp_path: Path, steps: list[Levels], kind: str, text: str) -> None:
    path = vcd(tmp_path / "w.vcd", [*transfers(GATE), *steps], AERIN_ADDR=TINY.pin("AERIN_ADDR").width)
    assert text in mistakes(decode(path, TINY))[kind]


def test_an_event_that_waits_at_the_end_is_no_mistake(tmp_path: Path) -> None:
    steps = handshake((0, 0, 0x105), (1, 0, 0x105))
    result = decode(vcd(tmp_path / "w.vcd", [*transfers(GATE), *steps], AERIN_ADDR=TINY.pin("AERIN_ADDR").width), TINY)
    assert result.mistakes == ()
    assert result.entries[-1].text.endswith("; AERIN_ACK has not risen at the end of the recording")


def test_the_answer_to_a_read_is_shown(tmp_path: Path) -> None:
    read = port(TINY).encode_read("neurons", 5, 0)
    steps: list[Levels] = [
        {**step, "MISO": bit} for step, bit in zip(bits(read), np.repeat(msb_first(0x2A, 40), 2).tolist(), strict=True)
    ]
    result = decode(vcd(tmp_path / "w.vcd", [*steps, *REST[:1]]), TINY)
    assert result.entries[0].text == f"{read:010x} reads neurons[5]: nothing is written; MISO answers 0x2a"
    steps[-2] = {**steps[-2], "MISO": "x"}
    assert decode(vcd(tmp_path / "w.vcd", [*steps, *REST[:1]]), TINY).entries[0].text.endswith("; MISO is unknown")
