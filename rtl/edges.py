"""Find the part of a Verilated model that must be evaluated at a clock edge.

Verilator's ``eval()`` first evaluates all logic that depends on any input. The harness has already done this before
the edge. If the generated C++ reads the clock only to detect its edges, the same evaluation would give the same values
again. It is then enough to evaluate the logic that is sensitive to the edge, and the logic that depends on it. If the
C++ detects only rising edges, a falling edge evaluates nothing: the model only stores the new level of the clock.
"""

from __future__ import annotations

import re
from pathlib import Path

PREFIX = "Vmodel"
_ROOT = f"{PREFIX}___024root"
_TRIGGERS = f"{_ROOT}___eval_triggers_vec__act"
_KNOWN_PHASES = {"ico", "act", "nba"}  # regions of an evaluation: inputs, active, nonblocking
_DEBUG = re.compile(r"^#ifdef VL_DEBUG$.*?^#endif.*?$", re.DOTALL | re.MULTILINE)
_ONCE = re.compile(rf"{PREFIX}(__Syms.*|__Dpi|__ConstPool.*|.*__Slow)?")  # files of what runs at the start only

_WHOLE = """\
inline void clock_edges(Vmodel& top, unsigned edges) { whole_clock(top, edges); }
inline void clock_back(Vmodel& top, unsigned edges) { whole_back(top, edges); }
"""
_SENSITIVE = f"""\
#include "{_ROOT}.h"

bool {_ROOT}___eval_phase__act({_ROOT}*);
bool {_ROOT}___eval_phase__nba({_ROOT}*);

inline void evaluate_sensitive({_ROOT}* root) {{
    constexpr int limit = 10000;  // Verilator's own
    int n_rounds = 0;
    do {{
        do {{
            if (++n_rounds > limit) vl_fatal("edges.h", __LINE__, "", "the design did not converge");
        }} while ({_ROOT}___eval_phase__act(root));
    }} while ({_ROOT}___eval_phase__nba(root));
}}

inline void clock_edges(Vmodel& top, unsigned) {{
    {_ROOT}* const root = top.rootp;
    root->@CLOCK@ = 1;
    evaluate_sensitive(root);
@EDGE@}}

inline void clock_back(Vmodel& top, unsigned) {{
@BACK@}}
"""
_BACK = f"""\
    {_ROOT}* const root = top.rootp;
    root->@CLOCK@ = 0;
    evaluate_sensitive(root);
"""


def cpp_edges(model_dir: Path, clock: str | None) -> str:
    """Return C++ of ``clock_edges(top, edges)``, where the clock rises, and ``clock_back(top, edges)``, where it falls.

    The caller evaluates all inputs before each of them. If only rising edges count, ``clock_edges`` also sets the clock
    back to 0, and nothing is evaluated for this. If Verilator's C++ does not have the form that this file knows, the
    two functions call the harness's ``whole_clock`` and ``whole_back``, which evaluate everything.

    model_dir : the folder of Verilator's C++
    clock : the C++ name of the clock input; None for a chip that has several clocks, or uses the falling edge of one
    """
    if clock is None:
        return _WHOLE
    files = [path for path in sorted(model_dir.glob(f"{PREFIX}*.cpp")) if not _ONCE.fullmatch(path.stem)]
    text = _DEBUG.sub("", "".join(path.read_text() for path in files))
    triggers, phases = _body(text, _TRIGGERS), _phases(_body(text, f"{_ROOT}___eval"))
    is_as_expected = {"act", "nba"} <= phases <= _KNOWN_PHASES and triggers
    if not is_as_expected or _reads(text.replace(triggers, ""), clock):
        return _WHOLE
    level = _remembered_level(triggers, clock)
    edge = f"    root->{clock} = 0;\n    root->{level} = 0;\n" if level else ""
    back = "" if level else _BACK
    return _SENSITIVE.replace("@EDGE@", edge).replace("@BACK@", back).replace("@CLOCK@", clock)


def _remembered_level(triggers: str, clock: str) -> str | None:
    """Return the name of the variable with the clock's previous level, if only rising edges count, else None."""
    text = re.sub(r"\s+|\(IData\)|vlSelfRef\.", "", triggers)
    levels = re.findall(rf";(\w+)={clock};", text)
    if len(levels) != 1:
        return None
    (level,) = levels
    rest = text.replace(f";{level}={clock};", ";").replace(f"(({clock})&(~({level})))", "")
    return None if _reads(rest, clock) or _reads(rest, level) else str(level)


def _phases(body: str) -> set[str]:
    """Return the regions that the body of ``eval`` evaluates, and the names of all other functions that it calls."""
    called = set(re.findall(rf"\b{PREFIX}\w+(?=\(vlSelf)", body))
    return {name.removeprefix(f"{_ROOT}___eval_phase__") for name in called}


def _body(text: str, function: str) -> str:
    """Return the body of the function's definition, or "" if there is none."""
    match = re.search(rf"^(?:void|bool) {function}\([^;{{}}]*\) \{{$(.*?)^\}}$", text, re.DOTALL | re.MULTILINE)
    return match[1] if match else ""


def _reads(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None
