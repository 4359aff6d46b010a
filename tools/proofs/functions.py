"""Functions in proofs: one of our RTL as a component, so that it can be proved by itself; a kernel's signed input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amaranth import Module, ShapeLike, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.emulator.kernel.arith import signed
from draupnir.tools.proofs.kernels import Kernels
from draupnir.tools.proofs.logic import KERNEL_BITS, Bits


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


def signed_number(kernels: Kernels, bits: Bits) -> Any:
    """Return the number that bits in two's complement stand for, as a kernel takes it."""
    return kernels.call(signed, bits.resized(KERNEL_BITS), bits.width)
