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
        first: Out(signature)
        second: Out(signature)

        def elaborate(self, platform: object) -> Module:
            m = Module()
            forward(m, self.source, self.first)
            forward(m, self.source, self.second)
            return m

    fork = Fork()

    def read(ctx: Any) -> list[int]:
        return [ctx.get(signal) for end in (fork.first, fork.second) for signal in (end.addr, end.en)]

    rows = [{"source.addr": 9, "source.en": 1}, {"source.addr": 6, "source.en": 0}]
    assert evaluate(fork, rows, read) == [[9, 1, 9, 1], [6, 0, 6, 0]]
