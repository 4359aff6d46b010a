"""Components around functions that emit hardware, so that a simulator can run these functions."""

from collections.abc import Callable, Mapping

from amaranth import Module, Shape, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

Emit = Callable[[Module, "Expression"], Value]


class Expression(wiring.Component):
    """A component whose output ``answer`` is the result of ``emit``, which gets the module and this component."""

    def __init__(self, inputs: Mapping[str, Shape | int], answer: Shape | int, emit: Emit) -> None:
        super().__init__({**{name: In(shape) for name, shape in inputs.items()}, "answer": Out(answer)})
        self._emit = emit

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.answer.eq(self._emit(m, self))
        return m
