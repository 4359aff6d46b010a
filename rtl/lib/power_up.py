"""The content of a flip-flop before its first reset."""

from amaranth import Signal
from amaranth.back.rtlil import Undef


def reset_signal(width: int, reset: int, name: str) -> Signal:
    """Return a register that a reset of its clock domain sets to ``reset``; before the reset it is undefined.

    In Amaranth a register starts with its reset value. In the Verilog of most chips the start value is undefined, and
    so it is in the Verilog of this register: 0 in a simulator with two states, X in one with X, free for a synthesiser.
    """
    # A signal's attribute replaces the initial value that Amaranth would emit; a Const cannot say "undefined".
    return Signal(width, name=name, init=reset, attrs={"init": Undef(width)} if reset else {})
