"""Run an RTL in Icarus Verilog, row by row, from a file. It is slower than ``draupnir.rtl.verilated``, but it knows X.

The testbench runs the rows of ``draupnir.emulator.trace`` in simulated time. It waits for 1 us after each of these
actions, which is longer than the delays in a source:
1. All inputs change, except SCK and asynchronous resets.
2. SCK and these resets change, while all other inputs are stable.
3. A clock of which the chip uses one edge returns to its idle level, if it had an edge in an earlier row.
4. If the row has clock edges, the outputs are sampled, and the clocks have their edges together.

Rows and outputs are in files, so a long run needs no more memory in the simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from draupnir.emulator.declare import Chip, Memory, OutputPin, Pin, Word
from draupnir.emulator.errors import InputError
from draupnir.emulator.observed import Observed
from draupnir.emulator.trace import check_edges, first_levels, new_rows, words
from draupnir.rtl import datafiles, icarus_names, memory_changes, toolchain
from draupnir.rtl.design import Design, row_of
from draupnir.rtl.initial import UNKNOWN, Initial, plusargs, vvp_options

_CHUNK = 1 << 16  # rows converted at a time

_BENCH = """\
`timescale 1us/1ps
module draupnir_bench;
@DECLARE@
    wire [@OUT_MSB@:0] outputs;
    reg [@IN_MSB@:0] row;
    reg [7:0] edges;
    reg [7:0] back = 0;
    integer rows_file, outputs_file, word;

    @TOP@ dut (
@CONNECT@
    );
@PROBES@

    initial begin
        rows_file = $fopen("rows.txt", "r");
        outputs_file = $fopen("outputs.txt", "w");
        #1;
@LOAD@
@FOLLOW@
        #1;
        while ($fscanf(rows_file, "%h %h", row, edges) == 2) begin
@QUIET@
            #1;
@AT_ONCE@
            #1;
@BACK@
            back = 0;
            #1;
            if (edges != 0) begin
                $fwrite(outputs_file, "%b\\n", outputs);
@CLOCK@
                back = edges;
                #1;
            end
        end
@LAST@
        #1;
        $fclose(outputs_file);
@DUMP@
        $finish;
    end
endmodule
"""


def run(
    design: Design,
    chip: Chip,
    inputs: np.ndarray,
    clk: np.ndarray,
    work_dir: Path,
    memories: Mapping[str, np.ndarray] | None = None,
    initial: Initial = UNKNOWN,
    follow: bool = False,
) -> Observed:
    """Run rows (see ``draupnir.emulator.trace``). All inputs are 0 before the first row.

    inputs : (n,) or (n, n_words) int64, the packed input pins
    clk : (n,) uint8, the clock edges
    work_dir : the folder for the testbench and its files
    memories : contents before the first row, uint32 of ``Memory.shape``; other memories start as registers do
    initial : the start values of registers that the source does not initialise
    follow : True to write every change of a memory into ``work_dir``, for ``draupnir.rtl.memory_changes``

    Raises InputError if Icarus is missing or refuses the sources, if the design ends the simulation, and for impossible
    clock edges.
    """
    levels = first_levels(chip, clk)
    check_edges(chip, clk, levels)
    work_dir = datafiles.put(design.data, work_dir)
    design = _named_in_icarus(design, chip, work_dir)
    memories = memories or {}
    loaded = [part for name, content in memories.items() for part in _parts(chip.memory(name), content)]
    for part, content in loaded:
        with (work_dir / f"{part}.in.hex").open("w") as file:
            file.writelines(f"{int.from_bytes(word.astype('<u4').tobytes(), 'little'):x}\n" for word in content)
    with (work_dir / "rows.txt").open("w") as file:
        file.writelines(_hex_rows(inputs, clk))
    _compile(design, bench(design, chip, [part for part, _ in loaded], follow, levels), work_dir)
    simulate = [str(toolchain.icarus().vvp), "-n", *vvp_options(initial), "bench.vvp", *plusargs(initial)]
    toolchain.call(simulate, "Icarus stopped", cwd=work_dir)
    outputs, known_bits = _read_outputs(work_dir / "outputs.txt", chip, clk)
    read = {
        memory.name: _read_memory(work_dir, memory) for memory in chip.memories if memory.parts[0] in design.memories
    }
    contents, masks = ({name: both[i] for name, both in read.items()} for i in (0, 1))
    return Observed(outputs, known_bits, contents, masks, design.absent(chip))


def _named_in_icarus(design: Design, chip: Chip, work_dir: Path) -> Design:
    """Return the design with the paths of its memories and probes in Icarus."""
    if not icarus_names.has_unnamed_blocks(design):
        return design
    compiled = _compile(design, bench(replace(design, memories={}, probes={}), chip), work_dir)
    return icarus_names.as_in_icarus(design, compiled.read_text(errors="replace"), "draupnir_bench.dut")


def _compile(design: Design, text: str, work_dir: Path) -> Path:
    """Compile a testbench and its design."""
    (work_dir / "bench.v").write_text(text)
    (work_dir / "options.txt").write_text("+timescale+1ns/1ps\n")  # for sources without a timescale
    command = [str(toolchain.icarus().iverilog), *design.icarus_options, "-s", "draupnir_bench", "-o", "bench.vvp"]
    command += ["-c", "options.txt", *(f"-I{folder}" for folder in design.folders)]
    command += [*(str(path.resolve()) for path in design.files), "bench.v"]
    toolchain.call(command, "Icarus refused the sources", cwd=work_dir)
    return work_dir / "bench.vvp"


def bench(
    design: Design,
    chip: Chip,
    loaded: Sequence[str] = (),
    follow: bool = False,
    levels: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """Return the Verilog testbench for a design.

    loaded : the memories that it fills from files
    follow : True to dump every change of a memory
    levels : clock -> its level before the first row, if that is not its idle level
    """
    edges = [
        f"if (edges & {bit}) {_reg(clock.pin)} = {level};"
        for clock in chip.clocks
        for bit, level in ((clock.rise, 1), (clock.fall, 0))
        if bit
    ]
    back = [
        f"if (back & {clock.rise | clock.fall}) {_reg(clock.pin)} = {clock.idle};"
        for clock in chip.clocks
        if clock.pin.edges != "both"
    ]
    fields = {"@TOP@": design.instance, "@IN_MSB@": str(64 * len(chip.input_word.row) - 1)}
    fields["@OUT_MSB@"] = str(chip.output_word.width - 1)
    connect = [f".{design.port(pin)}({_reg(pin)})" for pin in (*(clock.pin for clock in chip.clocks), *chip.inputs)]
    connect += [f".{design.port(pin)}({_slice('outputs', chip.output_word, pin)})" for pin in chip.outputs]
    probes = [
        f"assign {_slice('outputs', chip.output_word, probe)} = dut.{design.probes[probe.name]};"
        for probe in chip.probes
        if probe.name in design.probes
    ]
    blocks = {
        "@DECLARE@": (
            4,
            [f"reg {_reg(clock.pin)} = {levels.get(clock.pin.name, clock.idle)};" for clock in chip.clocks]
            + [f"reg [{pin.width - 1}:0] {_reg(pin)} = 0;" for pin in chip.inputs]
            + [f"reg [{m.width - 1}:0] {_row(m)} [0:{m.depth - 1}];" for m in chip.memories if _in_rows(design, m)],
        ),
        "@CONNECT@": (8, ",\n".join(connect).split("\n")),
        "@PROBES@": (4, probes),
        "@LOAD@": (8, _loads(design, chip, loaded)),
        "@FOLLOW@": (8, memory_changes.dump(design, chip) if follow else []),
        "@QUIET@": (12, [_apply(chip, pin) for pin in chip.inputs if not chip.acts_at_edges(pin)]),
        "@AT_ONCE@": (12, [_apply(chip, pin) for pin in chip.inputs if chip.acts_at_edges(pin)]),
        "@CLOCK@": (16, edges),
        "@BACK@": (12, back),
        "@LAST@": (8, back),
        "@DUMP@": (8, _dumps(design, chip)),
    }
    text = _BENCH
    for slot, name in fields.items():
        text = text.replace(slot, name)
    for slot, (indent, lines) in blocks.items():
        text = text.replace(slot, "\n".join(" " * indent + line for line in lines))
    return text


def _reg(pin: Pin) -> str:
    return f"pin_{pin.name}"


def _row(memory: Memory) -> str:
    """Return the name of an array in the testbench for a row of a memory: Icarus's files have whole arrays only."""
    return f"row_of_{memory.name}"


def _in_rows(design: Design, memory: Memory) -> bool:
    """Return True if the copies of a memory are the rows of one array."""
    return row_of(design.memories.get(memory.parts[0], ""))[1] is not None


def _loads(design: Design, chip: Chip, loaded: Sequence[str]) -> list[str]:
    """Return statements that fill these memories from their files."""
    lines = []
    for memory in chip.memories:
        for part in memory.parts if memory.parts[0] in design.memories else ():
            array = _row(memory) if _in_rows(design, memory) else f"dut.{design.memories[part]}"
            if part in loaded:
                lines.append(f'$readmemh("{part}.in.hex", {array});')
                lines += [_each_word(memory, f"dut.{design.memories[part]}", array)] if _in_rows(design, memory) else []
    return lines


def _dumps(design: Design, chip: Chip) -> list[str]:
    """Return statements that write all memories to their files."""
    lines = []
    for memory in chip.memories:
        for part in memory.parts if memory.parts[0] in design.memories else ():
            array = f"dut.{design.memories[part]}"
            if _in_rows(design, memory):
                lines.append(_each_word(memory, _row(memory), array))
                array = _row(memory)
            lines.append(f'$writememh("{part}.out.hex", {array});')
    return lines


def _each_word(memory: Memory, target: str, source: str) -> str:
    return f"for (word = 0; word < {memory.depth}; word = word + 1) {target}[word] = {source}[word];"


def _slice(vector: str, word: Word, pin: OutputPin) -> str:
    return f"{vector}[{word[pin.name].msb}:{word[pin.name].lsb}]"


def _apply(chip: Chip, pin: Pin) -> str:
    """Return a statement that sets a pin from a row, which has 64 bits for each of its integers."""
    bits = [64 * piece.word + piece.shift for piece in chip.input_word.pieces_of(pin.name)]
    widths = [piece.width for piece in chip.input_word.pieces_of(pin.name)]
    slices = [f"row[{bit + width - 1}:{bit}]" for bit, width in zip(bits, widths, strict=True)]
    return f"{_reg(pin)} = {{{', '.join(reversed(slices))}}};"


def _hex_rows(inputs: np.ndarray, clk: np.ndarray) -> Iterable[str]:
    """Yield one line for each row: the packed inputs and the clock edges in hexadecimal."""
    for start in range(0, len(inputs), _CHUNK):
        integers = words(inputs[start : start + _CHUNK])
        digits = integers[:, ::-1].astype(">i8").tobytes().hex()
        edges, n = clk[start : start + _CHUNK].tolist(), 16 * integers.shape[1]
        yield "".join(f"{digits[n * i : n * i + n]} {edge:x}\n" for i, edge in enumerate(edges))


def _parts(memory: Memory, content: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and words, (depth, n_limbs) uint32, of each copy."""
    if content.shape != memory.shape:
        raise ValueError(f"memory {memory.name}: shape {content.shape}, must be {memory.shape}")
    yield from zip(memory.parts, content.reshape(-1, *memory.part.shape), strict=True)


def _read_outputs(path: Path, chip: Chip, clk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs and known bits of every row from the testbench's file, which has a line for each clock edge."""
    width = chip.output_word.width
    edges = np.flatnonzero(clk)
    outputs, known_bits = new_rows(chip.output_word, len(clk)), new_rows(chip.output_word, len(clk))
    n_written = path.stat().st_size // (width + 1)
    if n_written != len(edges):
        raise InputError(f"{chip.name}: the design ended the simulation after {n_written} of {len(edges)} clocks")
    with path.open("rb") as file:
        for start in range(0, len(edges), _CHUNK):
            rows = edges[start : start + _CHUNK]
            lines = np.frombuffer(file.read(len(rows) * (width + 1)), dtype=np.uint8).reshape(len(rows), width + 1)
            for i, part in enumerate(chip.output_word.row):
                digits = lines[:, width - part.lsb - part.width : width - part.lsb]  # the highest bit is the first
                weights = 1 << np.arange(part.width - 1, -1, -1, dtype=np.int64)
                ones, zeros = digits == ord("1"), digits == ord("0")
                words(outputs)[rows, i] = ones @ weights
                words(known_bits)[rows, i] = (ones | zeros) @ weights
    return outputs, known_bits


def _read_memory(folder: Path, memory: Memory) -> tuple[np.ndarray, np.ndarray]:
    """Return content and known bits from $writememh files: uint32 of ``Memory.shape`` each."""
    contents, masks = np.zeros((2, *memory.shape), dtype=np.uint32)
    copies = zip(
        memory.parts, contents.reshape(-1, *memory.part.shape), masks.reshape(-1, *memory.part.shape), strict=True
    )
    for part, content, mask in copies:
        _read_copy(folder / f"{part}.out.hex", memory, content, mask)
    return contents, masks


def _read_copy(path: Path, memory: Memory, content: np.ndarray, mask: np.ndarray) -> None:
    """Fill in the words of a file, and their known bits. A digit with an unknown bit counts as four unknown bits."""
    words = [line for line in path.read_text().split("\n") if line and not line.startswith(("//", "@"))]
    for addr, word in enumerate(words):
        digits = "".join(digit if digit in "0123456789abcdef" else "0" for digit in word)
        known_digits = "".join("f" if digit in "0123456789abcdef" else "0" for digit in word)
        content[addr] = _limbs(int(digits, 16), memory)
        mask[addr] = _limbs(int(known_digits, 16) & ((1 << memory.width) - 1), memory)


def _limbs(word: int, memory: Memory) -> np.ndarray:
    return np.frombuffer(word.to_bytes(4 * memory.n_limbs, "little"), dtype="<u4")
