"""The C++ that stands between a Verilated model and ctypes, generated from a chip's declaration."""

from __future__ import annotations

import re

from draupnir.emulator.declare import Chip
from draupnir.rtl.design import Design

_HARNESS = """\
#include "Vmodel.h"
#include "verilated.h"
#include "verilated_syms.h"

#include <cstdint>
#include <cstring>
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

inline void whole_clock(Vmodel& top) {
    top.@CLOCK@ = 1;
    top.eval();
    top.@CLOCK@ = 0;
    top.eval();
}

#include "edges.h"  // clock_edges, made when Verilator has made the model: see rtl/edges.py

namespace {
struct Model {
    VerilatedContext context;
    std::unique_ptr<Vmodel> top;
    int64_t inputs = 0;
    bool whole = false;  // evaluate everything at both edges of the clock

    Model(int rand_reset, int seed) {
        select();
        context.threads(1);
        context.randReset(rand_reset);
        context.randSeed(seed);
        top = std::make_unique<Vmodel>(&context);
        apply(0);
        top->@CLOCK@ = 0;
        top->eval();
    }
    ~Model() {
        select();
        top->final();
    }

    // Verilator's runtime works on the thread's current context: it must be this model's whenever the model is touched.
    void select() { Verilated::threadContextp(&context); }

    void apply(int64_t row) {
        inputs = row;
@APPLY@
    }
    int64_t outputs() const {
        int64_t row = 0;
@TAKE@
        return row;
    }
    void settle(int64_t row) {
        if (row == inputs) return;  // nothing to settle: the falling clock edge has been
        apply(row);
        top->eval();
    }
    int64_t clock() {
        const int64_t row = outputs();
        if (whole) whole_clock(*top);
        else clock_edges(*top);
        return row;
    }
    const VerilatedVar& memory(const std::string& name) {
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

EXPORT void* model_new(int rand_reset, int seed) try {
    return new Model{rand_reset, seed};
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
            model.settle(inputs[i]);
            if (clk[i]) outputs[i] = model.clock();
        }
    } catch (const std::exception& e) {
        last_error = e.what();
    }
    return i;
}

EXPORT int64_t model_step(void* handle, int64_t inputs) try {
    Model& model = *static_cast<Model*>(handle);
    model.select();
    model.settle(inputs);
    return model.clock();
} catch (const std::exception& e) {
    last_error = e.what();
    return -1;
}

// limbs: all words of the memory, in limbs of 32 bits, the lowest address first
EXPORT int model_memory(void* handle, const char* name, uint32_t* limbs, int write) try {
    Model& model = *static_cast<Model*>(handle);
    model.select();
    const VerilatedVar& var = model.memory(name);
    const size_t n_words = var.elements(1), size = var.totalSize() / n_words, n_limbs = (size + 3) / 4;
    for (size_t i = 0; i < n_words; ++i) {
        void* const word = static_cast<char*>(var.datap()) + i * size;
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


def cpp_harness(design: Design, chip: Chip) -> str:
    """C++ source of the harness; the pins' positions are those of ``chip.input_word`` and ``chip.output_word``."""
    apply = [f"top->{member(design.port(chip.pin(f.name)))} = row >> {f.lsb} & {f.high:#x};" for f in chip.input_word]
    take = [
        f"row |= static_cast<int64_t>(top->{member(design.port(chip.pin(f.name)))} & {f.high:#x}ULL) << {f.lsb};"
        for f in chip.output_word
    ]
    memories = [
        f'if (name == "{name}") scope_name = "{_scope(design, path)}", var_name = "{path.rsplit(".", 1)[-1]}";'
        for name, path in design.memories.items()
    ]
    filled = _HARNESS.replace("@CLOCK@", member(design.port(chip.clock)))
    for slot, lines in (("@APPLY@", apply), ("@TAKE@", take), ("@MEMORIES@", memories)):
        filled = filled.replace(slot, "\n".join(" " * 8 + line for line in lines))
    return filled


def member(port: str) -> str:
    """Verilator's C++ name of a port: a second underscore in a row is written as its code."""
    return re.sub("__", "___05F", port)


def public_memories(design: Design) -> str:
    """Verilator's control file that makes the memories, and nothing else, accessible."""
    names = sorted({path.rsplit(".", 1)[-1] for path in design.memories.values()})
    return "`verilator_config\n" + "".join(f'public_flat_rw -module "*" -var "{name}"\n' for name in names)


def _scope(design: Design, path: str) -> str:
    return ".".join(("TOP", design.top, *path.split(".")[:-1]))
