"""The content of a flip-flop before its first reset."""

from amaranth import Signal
from amaranth.back.rtlil import Undef


def reset_signal(width: int, reset: int, name: str) -> Signal:
    """A register that a reset of its clock domain sets to ``reset``, but which nothing sets before.

    Amaranth starts a register as its reset leaves it. The Verilog of most chips leaves open how it starts; so does what
    is emitted of this one: it is 0 in a simulator of two states, X in one that knows X, and free to a synthesiser.
    """
    # Amaranth lets a signal's attribute overrule the initial value that it would emit; a Const cannot say "undefined".
    return Signal(width, name=name, init=reset, attrs={"init": Undef(width)} if reset else {})
