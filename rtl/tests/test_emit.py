import ast
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amaranth import Module

from draupnir.emulator.errors import InputError
from draupnir.emulator.odin.layout import CHIP, NEURONS, SYNAPSES
from draupnir.rtl import emit as emit_module
from draupnir.rtl import kept
from draupnir.rtl.emit import design, emit, make, our_chip, write_verilog


@pytest.fixture(scope="module")
def odin(tmp_path_factory: pytest.TempPathFactory) -> str:
    return emit("odin", tmp_path_factory.mktemp("odin")).read_text()


def _top(verilog: str) -> str:
    return verilog[verilog.index("module ODIN(") :].split("endmodule", 1)[0]


def test_top_has_the_declared_pins_and_no_other(odin: str) -> None:
    ports = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+) ;?", _top(odin).replace(";", " ;"), re.MULTILINE)
    directions = {"input": "in", "output": "out"}
    assert {(name, directions[way], int(msb or 0) + 1) for way, msb, name in ports} == {
        (pin.name, pin.direction, pin.width) for pin in CHIP.pins
    }


def test_memories_are_arrays_of_the_declared_shape(odin: str) -> None:
    for memory in (NEURONS, SYNAPSES):
        assert f"reg [{memory.width - 1}:0] words [{memory.depth - 1}:0];" in odin


def test_paths_of_the_memories_exist_in_the_hierarchy(tmp_path: Path) -> None:
    odin = design("odin", tmp_path)
    text = odin.files[0].read_text()
    assert set(odin.memories) == {memory.name for memory in CHIP.memories}
    for path in odin.memories.values():
        *instances, array = path.split(".")
        module = rf"\\{'.'.join([odin.top, *instances])} "
        body = re.split(rf"^module {module}", text, flags=re.MULTILINE)[1].split("endmodule", 1)[0]
        assert re.search(rf"^  reg .* {array} \[", body, re.MULTILINE)


def test_every_always_block_has_something_to_wake_it(odin: str) -> None:
    """A block that reads nothing never runs in an event-driven simulator, and its output stays X."""
    bodies = re.findall(r"always @\*\n    \w+(?:\[[^\]]*\])? = \d+'", odin)
    assert bodies == []


def test_parameters_make_it_smaller(odin: str, tmp_path: Path) -> None:
    small = emit("odin", tmp_path, n_neurons=64, izh=False, bursts=False, sdsp=False).read_text()
    assert "izh_neuron" in odin and "izh_neuron" not in small
    assert "burst_fifos" in odin and "burst_fifos" not in small
    assert "sdsp_0" in odin and "sdsp_0" not in small
    assert "reg [127:0] words [63:0];" in small


@pytest.fixture
def elaborated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the tops that are elaborated from here on."""
    tops: list[str] = []
    verilog = emit_module._verilog

    def spy(component: Any, top: str, platform: Any) -> str:
        tops.append(top)
        return verilog(component, top, platform)

    monkeypatch.setattr(emit_module, "_verilog", spy)
    return tops


def test_a_second_copy_is_the_same_and_not_elaborated(tmp_path: Path, elaborated: list[str]) -> None:
    first = emit("tinyodin", tmp_path / "first").read_text()
    elaborated.clear()
    second = emit("tinyodin", tmp_path / "second").read_text()
    assert elaborated == []
    anew = write_verilog(make("tinyodin"), our_chip("tinyodin").top, tmp_path / "anew").read_text()
    assert elaborated == ["tinyODIN"] and first == second == anew


def test_an_edited_source_is_elaborated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests: list[str] = []

    def put(target: Path, made_from: Iterable[str | bytes], make: object) -> None:
        digests.append(kept.digest(made_from))
        target.write_text("")

    monkeypatch.setattr(kept, "put", put)
    sources = list(emit_module._sources())
    assert {b"tinyodin/chip.py", b"lib/sram.py"} <= set(sources)
    for edited in (b"", b"# edited", b""):
        monkeypatch.setattr(emit_module, "_sources", lambda edited=edited: [*sources[:-1], sources[-1] + edited])
        emit("tinyodin", tmp_path)
    emit("tinyodin", tmp_path, fifo_depth=64)
    assert digests[0] == digests[2] and len(set(digests)) == 3


def test_a_chip_from_elsewhere_is_always_elaborated() -> None:
    assert emit_module._is_ours(our_chip("odin"))
    assert not emit_module._is_ours(replace(our_chip("odin"), make=lambda: Module()))


def test_an_unknown_chip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no chip 'odn'; there are: .*odin"):
        emit("odn", tmp_path)


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="odin: no parameter 'neurons'; there are n_neurons, izh, bursts, sdsp"):
        emit("odin", tmp_path, neurons=64)


def test_a_size_that_does_not_exist_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="odin: n_neurons 100; must be one of 64, 128, 256"):
        emit("odin", tmp_path / "out", n_neurons=100)
    assert not (tmp_path / "out").exists()


def _names_by_python(source: str) -> list[int]:
    """The lines at which Python's version decides whether Amaranth finds a name: the last of several in one statement.

    Python 3.13 stores two variables by one instruction, in which Amaranth 0.5 finds no name.
    """
    lines = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            call = node.value.elts[-1]
            if not isinstance(node.targets[0].elts[-1], ast.Name) or not isinstance(call, ast.Call):
                continue
            makes_signals = re.search(r"^Signal(\.like)?$|(read|write)_port$", ast.unparse(call.func))
            if makes_signals and not any(keyword.arg == "name" for keyword in call.keywords):
                lines.append(node.lineno)
    return lines


def test_each_version_of_python_gives_the_same_verilog() -> None:
    assert _names_by_python("a, b = Signal(), Signal()\nr, w = m.read_port(), m.write_port()\n") == [1, 2]
    assert _names_by_python('a, b = Signal(), Signal(name="b")\nself.a, self.b = Signal(), Signal()\n') == []
    files = [path for path in Path(emit_module.__file__).parent.rglob("*.py") if "tests" not in path.parts]
    assert len(files) > 100
    assert {path.name: lines for path in files if (lines := _names_by_python(path.read_text()))} == {}
