"""Wiring of bundles that have one writer and several readers."""

from amaranth import Module
from amaranth.lib import wiring


def forward(m: Module, source: wiring.PureInterface, sink: wiring.PureInterface) -> None:
    """Drive every member of ``sink`` with the member of ``source`` of the same name.

    Unlike ``wiring.connect``, any number of sinks may be driven from one source, and the source may be an input of
    the component that does it. The signature must not nest.
    """
    for path, _, _ in source.signature.flatten(source):
        (name,) = path
        m.d.comb += getattr(sink, name).eq(getattr(source, name))
