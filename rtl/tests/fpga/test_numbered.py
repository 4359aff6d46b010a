"""The numbers of memories that are alike."""

from draupnir.rtl.fpga.memories import MemoryShape, numbered


def test_memories_that_are_alike_are_numbered_in_their_order() -> None:
    sizes = [("neurons", 256, 128), ("synapses", 8192, 32), ("fractions", 8192, 32), ("more[0]", 8192, 32)]
    assert numbered(sizes) == {
        "neurons": MemoryShape(256, 128, 0),
        "synapses": MemoryShape(8192, 32, 0),
        "fractions": MemoryShape(8192, 32, 1),
        "more[0]": MemoryShape(8192, 32, 2),
    }
