"""Words on SNE's two streams: events, headers of packets, and the packets themselves.

Source: sne_evt_stream_pkg.sv, evt_global_router.sv, evt_weight_fifo.sv, evt_kernel_memory_wrapper.sv.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from draupnir.emulator.sne.layout import TIME_BITS, EventOp

LONGEST = 0xFFFF  # words behind a header, at most
CORNERS_IN_WORD = 8  # kernels whose weight 0 is in one word


class Destination(IntEnum):
    """The destinations in the header of a packet; any other is a mistake."""

    ENGINE = 0
    MEMORY = 1


def word(operation: int, content: int = 0) -> int:
    """Return an event word; content : the lowest 28 bits"""
    return int(operation) << TIME_BITS | content


def spike(x: int, y: int, cid: int, operation: int = EventOp.SPIKE) -> int:
    """Return a spike; x, y, cid : column, row and channel, 0..255"""
    return word(operation, cid << 16 | y << 8 | x)


def header(destination: int, n_words: int) -> int:
    """Return the header of a packet with this number of words behind it, 0..65535."""
    return destination << 24 | n_words


def n_kernel_words(channels: int) -> int:
    """Return the number of words behind the header of a packet of kernels; channels : 0..511"""
    return channels + channels // CORNERS_IN_WORD


def n_kernels(n_words: int) -> int:
    """Return the number of kernels that so many words behind a header have; the reverse of ``n_kernel_words``"""
    return n_words * CORNERS_IN_WORD // (CORNERS_IN_WORD + 1)


def input_of(event: int) -> int:
    """Return the input of a spike for a fully connected layer, 0..2**24 - 1: channel, row and column as one number."""
    return event & 0xFFFFFF


def to_memory(words: Sequence[int]) -> list[int]:
    """Return a packet of words for the memories: kernels, or the weights of an event of a fully connected layer."""
    return [header(Destination.MEMORY, len(words)), *words]


def to_engine(events: Iterable[int]) -> list[int]:
    """Return the packets of these events, each with its end; as few packets as the length in a header allows."""
    remaining, packets = list(events), list[int]()
    while remaining:
        part, remaining = remaining[: LONGEST - 1], remaining[LONGEST - 1 :]
        packets += [header(Destination.ENGINE, len(part) + 1), *part, word(EventOp.EOP)]
    return packets
