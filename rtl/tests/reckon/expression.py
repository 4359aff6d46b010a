"""Functions that emit hardware, made into components so that a simulator can ask them."""

from collections.abc import Callable, Mapping

from amaranth import Module, Shape, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

Emit = Callable[[Module, "Expression"], Value]


class Expression(wiring.Component):
    """``answer`` is what ``emit``, given the module and this component, says of the inputs."""

    def __init__(self, inputs: Mapping[str, Shape | int], answer: Shape | int, emit: Emit) -> None:
        super().__init__({**{name: In(shape) for name, shape in inputs.items()}, "answer": Out(answer)})
        self._emit = emit

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.answer.eq(self._emit(m, self))
        return m
