"""The only comparison: it compares a source of rows with the expected outputs, and reports the first difference."""

from draupnir.golden.compare.agreement import Agreement, Undefined
from draupnir.golden.compare.bits import BitCount, ComparedBits, compared_bits
from draupnir.golden.compare.comparison import ComparedPiece, Comparison
from draupnir.golden.compare.difference import FirstDifference
from draupnir.golden.compare.memories import FieldDifference, MemoryDifference, WordDifference, memory_difference
from draupnir.golden.compare.model import GoldenModel
from draupnir.golden.compare.pins import PinDifference, pin_differences
from draupnir.golden.compare.together import RowDevice, Together, hold

__all__ = [
    "Agreement",
    "BitCount",
    "ComparedBits",
    "ComparedPiece",
    "Comparison",
    "FieldDifference",
    "FirstDifference",
    "GoldenModel",
    "MemoryDifference",
    "PinDifference",
    "RowDevice",
    "Together",
    "Undefined",
    "WordDifference",
    "compared_bits",
    "hold",
    "memory_difference",
    "pin_differences",
]
