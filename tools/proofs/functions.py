"""A component around a function of our RTL that builds combinational logic, so that it can be proved by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from amaranth import Module, ShapeLike, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class FunctionOf(wiring.Component):
    """A component around a function that builds combinational logic.

    build : takes a module and the inputs, and returns the outputs by name
    """

    def __init__(
        self,
        inputs: Mapping[str, ShapeLike],
        outputs: Mapping[str, ShapeLike],
        build: Callable[..., Mapping[str, Value]],
    ) -> None:
        super().__init__(
            {name: In(shape) for name, shape in inputs.items()} | {name: Out(shape) for name, shape in outputs.items()}
        )
        self._inputs, self._build = tuple(inputs), build

    def elaborate(self, platform: object) -> Module:
        m = Module()
        results = self._build(m, *(getattr(self, name) for name in self._inputs))
        m.d.comb += [getattr(self, name).eq(result) for name, result in results.items()]
        return m
