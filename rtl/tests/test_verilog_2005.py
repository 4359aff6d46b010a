"""The readers accept all of Verilog-2005 that Icarus accepts, and agree on each source that both can read."""

import subprocess
from pathlib import Path

import pytest

from draupnir.rtl import emit, plain, toolchain
from draupnir.rtl.hierarchy import ModulePort
from draupnir.rtl.library import Library
from draupnir.rtl.tests.toy_chip import STORE, TESTBENCH, TOY, write

HEAD = "module m (input clk, input [7:0] d, output [7:0] q);\n"
MEMORY = "reg [7:0] mem [0:15]; always @(posedge clk) mem[d[3:0]] <= d; assign q = mem[d[7:4]];\n"
PORTS = [ModulePort("clk", "in", 1), ModulePort("d", "in", 8), ModulePort("q", "out", 8)]


def chip(body: str) -> str:
    return body if "module m " in body else f"{HEAD}{MEMORY}{body}endmodule\n"


def listed_sources() -> dict[str, str]:
    """Return name -> source, from verilog_2005.txt."""
    text = (Path(__file__).parent / "verilog_2005.txt").read_text()
    sections = [section.split("\n", 1) for section in text.split("\n=== ")[1:]]
    return {name: chip(body if body.endswith("\n") else body + "\n") for name, body in sections}


SOURCES = {
    **{name: text.encode() for name, text in listed_sources().items()},
    "a comment at the end of the file": chip("").encode() + b"// the end",
    "a block comment at the end of the file": chip("").encode() + b"/* the end */",
    "a directive at the end of the file": b"`ifdef NEVER\n`else\n" + chip("").encode() + b"`endif",
    "a definition at the end of the file": chip("").encode() + b"`define LAST 1",
    "no newline at the end of the file": chip("").encode().rstrip(),
    "carriage returns": chip("wire a; // note\n").replace("\n", "\r\n").encode(),
    "tabs and form feeds": chip("\twire\ta;\t\n").replace(" ", "\t").encode() + b"\f\n",
    "comments in Latin-1": "// Universit\xe9\n".encode("latin-1") + chip("").encode(),
    "comments in UTF-8": "// Université, 中文\n".encode() + chip("").encode(),
}


def library(folder: Path) -> Library:
    return Library(folder, sorted(folder.glob("*.v")), (), [str(folder)])


@pytest.mark.icarus
@pytest.mark.parametrize("name", SOURCES)
def test_source_is_read(tmp_path, name):
    source = tmp_path / "m.v"
    source.write_bytes(SOURCES[name])
    command = [str(toolchain.icarus().iverilog), "-g2005", "-t", "null", "-s", "m", str(source)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0, "the source itself is wrong"
    readers = library(tmp_path)
    assert readers.problems(readers.sources) == []
    assert readers.ports("m") == PORTS
    tree = readers.elaborated("m")
    assert [(array.depth, array.width) for array in tree.arrays if array.depth == 16] == [(16, 8)]
    assert tree.undefined == {} and readers.language(readers.compiled(tree)) == "verilog-2005"
    agree(readers)


def agree(readers: Library) -> int:
    """Compare the readers on each module that can be a top. Return the number of modules that pyverilog could read."""
    n_read = 0
    modules = plain.Modules(readers.plain_text)
    for module in (name for name in readers.files if "." not in name):
        try:
            ports, tree = plain.ports(modules, module), plain.tree(modules, module)
        except plain.NotPlain:
            continue
        slang = readers.tree(module)
        assert ports == readers.ports(module)
        assert sorted(tree.arrays, key=str) == sorted(slang.arrays, key=str)
        assert sorted(tree.instances, key=str) == sorted(slang.instances, key=str)
        n_read += 1
    return n_read


def test_readers_agree_on_the_toy(tmp_path):
    assert agree(library(write(tmp_path, toy=TOY, store=STORE, bench=TESTBENCH))) == 3


@pytest.mark.parametrize(
    "name", ["tinyodin", pytest.param("odin", marks=pytest.mark.slow), pytest.param("reckon", marks=pytest.mark.slow)]
)
def test_readers_agree_on_our_chips(tmp_path, name):
    readers = library(emit.design(name, tmp_path).files[0].parent)
    assert agree(readers) == 1 and len(readers.tree(emit.our_chip(name).top).instances) > 10


@pytest.mark.parametrize("settings", [{"M": 3}, {"M": 8, "K": 5}, {"M": 2}])
def test_readers_agree_where_parameters_are_set(tmp_path, settings):
    write(tmp_path, toy=TOY, store=STORE)
    readers = Library(tmp_path, sorted(tmp_path.glob("*.v")), (), [str(tmp_path)], settings=settings)
    modules = plain.Modules(readers.plain_text)
    assert plain.ports(modules, "toy", settings) == readers.ports("toy") != library(tmp_path).ports("toy")
    tree, slang = plain.tree(modules, "toy", settings), readers.tree("toy")
    assert tree.arrays == slang.arrays and sorted(tree.instances, key=str) == sorted(slang.instances, key=str)
    assert readers.elaborated("toy").instances[0].parameters == {"M": 4, "K": 1} | settings == readers.parameters("toy")
    assert readers.at_defaults.parameters("toy") == {"M": 4, "K": 1}
