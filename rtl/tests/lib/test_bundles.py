from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from draupnir.rtl.lib.bundles import forward
from draupnir.rtl.tests.simulate import evaluate


def test_every_sink_follows_the_source() -> None:
    signature = wiring.Signature({"addr": Out(4), "en": Out(1)})

    class Fork(wiring.Component):
        source: In(signature)
        left: Out(signature)
        right: Out(signature)

        def elaborate(self, platform: object) -> Module:
            m = Module()
            forward(m, self.source, self.left)
            forward(m, self.source, self.right)
            return m

    fork = Fork()

    def read(ctx: Any) -> list[int]:
        return [ctx.get(signal) for end in (fork.left, fork.right) for signal in (end.addr, end.en)]

    rows = [{"source.addr": 9, "source.en": 1}, {"source.addr": 6, "source.en": 0}]
    assert evaluate(fork, rows, read) == [[9, 1, 9, 1], [6, 0, 6, 0]]
