"""Generate the C++ between a Verilated model and ctypes from a chip's declaration."""

from __future__ import annotations

import re

from draupnir.emulator.declare import INTEGER_BITS, LIMB_BITS, Chip, Pin, Probe
from draupnir.rtl.design import Design, row_of

_WORD = re.compile(r"(\w+)\[(\d+|\{\w+\})\]")  # also of a path for all words of an array
_NAME = re.compile(r"\w+")
_QUAD_BITS = 64  # of Verilator's largest integer

_HARNESS = """\
#include "Vmodel.h"
#include "verilated.h"
#include "verilated_syms.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

#include <cstdint>
#include <cstring>
#include <strings.h>
#include <memory>
#include <stdexcept>
#include <string>

namespace {
std::string last_error;
[[noreturn]] void stop(const char* what, const char* file, int line) {
    throw std::runtime_error(std::string{what} + " (" + file + ":" + std::to_string(line) + ")");
}
}  // namespace

void vl_fatal(const char* file, int line, const char*, const char* message) { stop(message, file, line); }
void vl_stop(const char* file, int line, const char*) { stop("$stop", file, line); }
void vl_finish(const char* file, int line, const char*) { stop("$finish", file, line); }

// edges : bit 2 k: clock k rises; bit 2 k + 1: it falls.
inline void whole_clock(Vmodel& top, unsigned edges) {
@EDGES@
    top.eval();
}

// A clock of which one edge is used goes back. It does so under the inputs of the next row, as on a bench: a design
// that takes the wrong edge sees other inputs than the chip.
inline void whole_back(Vmodel& top, unsigned edges) {
@BACK@
}

@SETTLE@

#include "edges.h"  // clock_edges and clock_back, made when Verilator has made the model: see rtl/edges.py

namespace {
constexpr int n_in = @N_IN@, n_out = @N_OUT@;  // integers of a row

struct Model {
    VerilatedContext context;
    std::unique_ptr<Vmodel> top;
    int64_t inputs[n_in] = {};
    bool whole = false;  // evaluate everything at both edges of the clock
    unsigned goes_back = 0;  // edges after which a clock has to go back yet
@PROBES@

    Model(int rand_reset, int seed, unsigned levels) {  // levels : bit k: clock k is high
        select();
        context.threads(1);
        context.randReset(rand_reset);
        context.randSeed(seed);
        top = std::make_unique<Vmodel>(&context);
        apply(inputs);
@LEVELS@
        top->eval();
@FIND@
    }
    ~Model() {
        select();
        top->final();
    }

    // Verilator's runtime works on the thread's current context: it must be this model's whenever the model is touched.
    void select() { Verilated::threadContextp(&context); }

    void apply(const int64_t* row) {
@APPLY@
    }
    void take(int64_t* row) const {
        std::memset(row, 0, n_out * sizeof *row);
@TAKE@
    }
    void settle(const int64_t* row) {
        if (std::memcmp(row, inputs, sizeof inputs)) {
            std::memcpy(inputs, row, sizeof inputs);
            apply(row);
            top->eval();
        }
        back();
    }
    void clock(int64_t* outputs, unsigned edges) {
        take(outputs);
        if (whole) whole_clock(*top, edges);
        else clock_edges(*top, edges);
        goes_back = edges;
    }
    void back() {
        if (!goes_back) return;
        if (whole) whole_back(*top, goes_back);
        else clock_back(*top, goes_back);
        goes_back = 0;
    }
    // The bytes of a probe from some byte on.
    static uint64_t load(const void* probe, size_t first, size_t n_bytes) {
        uint64_t level = 0;
        std::memcpy(&level, static_cast<const char*>(probe) + first, n_bytes);
        return level;
    }
    const void* probe(const char* name, const char* scope_name, const char* var_name) {
        const VerilatedScope* scope = context.scopeFind(scope_name);
        const VerilatedVar* var = scope ? scope->varFind(var_name) : nullptr;
        if (!var) throw std::runtime_error(std::string{"probe "} + name + " is not in the compiled design");
        return var->datap();
    }
    // row : which, of an array of two dimensions; below 0: the array has one
    const VerilatedVar& memory(const std::string& name, int& row) {
        const char* scope_name = nullptr;
        const char* var_name = nullptr;
@MEMORIES@
        const VerilatedScope* scope = scope_name ? context.scopeFind(scope_name) : nullptr;
        const VerilatedVar* var = scope ? scope->varFind(var_name) : nullptr;
        if (!var) throw std::runtime_error("memory " + name + " is not in the compiled design");
        return *var;
    }
};
}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT const char* model_error() { return last_error.c_str(); }

EXPORT void* model_new(int rand_reset, int seed, unsigned levels) try {
    return new Model{rand_reset, seed, levels};
} catch (const std::exception& e) {
    last_error = e.what();
    return nullptr;
}

EXPORT void model_evaluate_whole(void* model, int whole) { static_cast<Model*>(model)->whole = whole; }

EXPORT void model_delete(void* model) { delete static_cast<Model*>(model); }

EXPORT int64_t model_run(void* handle, const int64_t* inputs, const uint8_t* clk, int64_t* outputs, int64_t n_rows) {
    Model& model = *static_cast<Model*>(handle);
    model.select();
    int64_t i = 0;
    try {
        for (; i < n_rows; ++i) {
            model.settle(inputs + i * n_in);
            if (clk[i]) model.clock(outputs + i * n_out, clk[i]);
        }
    } catch (const std::exception& e) {
        last_error = e.what();
    }
    return i;
}

EXPORT int model_coverage(void* handle, const char* path) try {
    Model& model = *static_cast<Model*>(handle);
    model.select();
#if VM_COVERAGE
    model.context.coveragep()->write(path);
    return 0;
#else
    throw std::runtime_error(std::string{"no coverage for "} + path + ": the design was compiled without it");
#endif
} catch (const std::exception& e) {
    last_error = e.what();
    return 1;
}

// The bytes of a signal, or of a word of an array, in each scope that has the end of a path; returns their number.
// scope : the end of the scope's name, "" for any; name : in upper or lower case; word : below 0 for a signal
EXPORT int model_signal(void* handle, const char* scope, const char* name, int word, uint8_t* bytes, int write) try {
    Model& model = *static_cast<Model*>(handle);
    model.select();
    model.back();
    const std::string end = *scope ? std::string{"."} + scope : std::string{};
    int n_bytes = 0;
    for (const auto& entry : *model.context.scopeNameMap()) {
        const std::string place = entry.second->name();
        if (place.size() < end.size() || place.compare(place.size() - end.size(), end.size(), end)) continue;
        if (!entry.second->varsp()) continue;
        for (const auto& var_entry : *entry.second->varsp()) {
            const VerilatedVar& var = var_entry.second;
            if (strcasecmp(var_entry.first, name) || (var.udims() != 0) != (word >= 0)) continue;
            if (word >= 0 && word >= var.elements(1)) continue;
            n_bytes = word < 0 ? var.totalSize() : var.totalSize() / var.elements(1);
            char* const content = static_cast<char*>(var.datap()) + (word < 0 ? 0 : word * n_bytes);
            if (write) std::memcpy(content, bytes, n_bytes);
            else std::memcpy(bytes, content, n_bytes);
        }
    }
    if (write) {
        settle_all(*model.top);
        model.top->eval();
    }
    return n_bytes;
} catch (const std::exception& e) {
    last_error = e.what();
    return -1;
}

// limbs: all words of the memory, in limbs of 32 bits, the lowest address first
EXPORT int model_memory(void* handle, const char* name, uint32_t* limbs, int write) try {
    Model& model = *static_cast<Model*>(handle);
    model.select();
    model.back();
    int row = -1;
    const VerilatedVar& var = model.memory(name, row);
    const size_t n_words = var.elements(row < 0 ? 1 : 2), n_rows = row < 0 ? 1 : var.elements(1);
    const size_t size = var.totalSize() / (n_rows * n_words), n_limbs = (size + 3) / 4;
    for (size_t i = 0; i < n_words; ++i) {
        void* const word = static_cast<char*>(var.datap()) + ((row < 0 ? 0 : row) * n_words + i) * size;
        if (write) std::memcpy(word, limbs + i * n_limbs, size);
        else std::memcpy(limbs + i * n_limbs, word, size);
    }
    if (write) model.top->eval();
    return 0;
} catch (const std::exception& e) {
    last_error = e.what();
    return 1;
}
"""


# eval() keeps the content of a wire whose source did not change. So all logic is evaluated, as at the start.
_SETTLE = """\
#include "Vmodel___024root.h"
void Vmodel___024root___eval_settle(Vmodel___024root*);
inline void settle_all(Vmodel& top) { Vmodel___024root___eval_settle(top.rootp); }"""


def cpp_harness(design: Design, chip: Chip) -> str:
    """Return the harness in C++; the pins have their positions in ``chip.input_word`` and ``chip.output_word``."""
    apply = [line for pin in chip.inputs for line in _apply(chip, design, pin)]
    take = [line for pin in chip.outputs for line in _take(chip, design, pin)]
    probes = [probe for probe in chip.probes if probe.name in design.probes]
    take += [line for probe in probes for line in _take_probe(chip, probe)]
    memories = [_located(design, name, path) for name, path in design.memories.items()]
    back = _back(chip, design)
    settle = _SETTLE if design.registers else "inline void settle_all(Vmodel&) {}"
    filled = _HARNESS.replace("@N_IN@", str(len(chip.input_word.row)))
    filled = filled.replace("@N_OUT@", str(len(chip.output_word.row)))
    slots = {
        "@APPLY@": (8, apply),
        "@TAKE@": (8, take),
        "@MEMORIES@": (8, memories),
        "@PROBES@": (4, [f"const void* {_pointer(probe)} = nullptr;" for probe in probes]),
        "@FIND@": (8, [_find(design, probe) for probe in probes]),
        "@SETTLE@": (0, [settle]),
        "@EDGES@": (4, _edges(chip, design)),
        "@BACK@": (4, [*back, "top.eval();"] if back else []),
        "@LEVELS@": (8, [f"top->{member(design.port(c.pin))} = levels >> {k} & 1;" for k, c in enumerate(chip.clocks)]),
    }
    for slot, (indent, lines) in slots.items():
        filled = filled.replace(slot, "\n".join(" " * indent + line for line in lines))
    return filled


def _located(design: Design, name: str, path: str) -> str:
    """Return C++ that finds a memory."""
    array, row = row_of(path)
    place = f'scope_name = "{_scope(design, array)}", var_name = "{array.rsplit(".", 1)[-1]}"'
    return f'if (name == "{name}") {place}, row = {-1 if row is None else row};'


def _edges(chip: Chip, design: Design) -> list[str]:
    """Return C++ that sets each clock to the level after its edge."""
    return [
        f"if (edges & {bit:#x}) top.{member(design.port(clock.pin))} = {level};"
        for clock in chip.clocks
        for bit, level in ((clock.rise, 1), (clock.fall, 0))
        if bit
    ]


def _back(chip: Chip, design: Design) -> list[str]:
    """Return C++ that sets each clock back to its idle level, if the chip uses one of its edges only."""
    return [
        f"if (edges & {clock.rise | clock.fall:#x}) top.{member(design.port(clock.pin))} = {clock.idle};"
        for clock in chip.clocks
        if not (clock.rise and clock.fall)
    ]


def _apply(chip: Chip, design: Design, pin: Pin) -> list[str]:
    """Return C++ that sets a pin. Verilator has one integer up to 64 bits, and an array of 32-bit integers beyond."""
    port = f"top->{member(design.port(pin))}"
    pieces = chip.input_word.pieces_of(pin.name)
    levels = [f"row[{p.word}] >> {p.shift} & {(1 << p.width) - 1:#x}" for p in pieces]
    if pin.width > _QUAD_BITS:
        return [f"{port}[{i}] = {level};" for i, level in enumerate(levels)]
    parts = [f"static_cast<uint64_t>({level}) << {p.lsb}" for p, level in zip(pieces, levels, strict=True)]
    return [f"{port} = {' | '.join(parts)};"]


def _take(chip: Chip, design: Design, pin: Pin) -> list[str]:
    """Return C++ that copies a pin's level into a row."""
    port = f"top->{member(design.port(pin))}"
    wide = pin.width > _QUAD_BITS
    lines = []
    for i, piece in enumerate(chip.output_word.pieces_of(pin.name)):
        level = f"{port}[{i}]" if wide else f"{port} >> {piece.lsb}"
        mask = (1 << piece.width) - 1
        lines.append(f"row[{piece.word}] |= static_cast<int64_t>({level} & {mask:#x}ULL) << {piece.shift};")
    return lines


def _pointer(probe: Probe) -> str:
    return f"probe_{probe.name}"


def _find(design: Design, probe: Probe) -> str:
    """Return C++ that finds a probe."""
    path = design.probes[probe.name]
    place = f'"{_scope(design, path)}", "{path.rsplit(".", 1)[-1]}"'
    return f'{_pointer(probe)} = this->probe("{probe.name}", {place});'


def _take_probe(chip: Chip, probe: Probe) -> list[str]:
    """Return C++ that copies a probe's level into a row, from Verilator's integer or array of 32-bit integers."""
    size = next((size for size in (8, 16, 32, _QUAD_BITS) if probe.width <= size), LIMB_BITS)
    lines = []
    for piece in chip.output_word.pieces_of(probe.name):
        n_bytes = min(size, LIMB_BITS if probe.width > INTEGER_BITS else size) // 8
        level = f"load({_pointer(probe)}, {piece.lsb // 8}, {n_bytes}) & {(1 << piece.width) - 1:#x}ULL"
        lines.append(f"row[{piece.word}] |= static_cast<int64_t>({level}) << {piece.shift};")
    return lines


def member(port: str) -> str:
    """Return Verilator's C++ name of a port: of two underscores in sequence, the second is written as its code."""
    return re.sub("__", "___05F", port)


def signal_of(path: str) -> tuple[str, str, int | None]:
    """Return the scope of a signal's path, its name, and the word, if it is a word of an array."""
    scope, _, name = path.rpartition(".")
    match = _WORD.fullmatch(name)
    if match is None:
        return scope, name, None
    return scope, match.group(1), int(match.group(2)) if match.group(2).isdecimal() else 0


def _register_names(design: Design) -> set[str]:
    """Return the names of all signals that may be registers, as the sources write them, in upper or lower case."""
    registers = {signal_of(path)[1].lower() for paths in design.registers.values() for path in paths}
    texts = (path.read_text(errors="replace") for path in design.files) if registers else ()
    return {name for text in texts for name in set(_NAME.findall(text)) if name.lower() in registers}


def public_memories(design: Design) -> str:
    """Return Verilator's control file that makes memories, probes and registers accessible, and nothing else."""
    memories = sorted({row_of(path)[0].rsplit(".", 1)[-1] for path in design.memories.values()})
    probes = sorted({path.rsplit(".", 1)[-1] for path in design.probes.values()})
    writable = sorted({*memories, *_register_names(design)})
    lines = [f'public_flat_rw -module "*" -var "{name}"\n' for name in writable]
    lines += [f'public_flat_rd -module "*" -var "{name}"\n' for name in probes if name not in writable]
    return "".join(("`verilator_config\n", *lines))


def _scope(design: Design, path: str) -> str:
    return ".".join(("TOP", design.top, *path.split(".")[:-1]))
