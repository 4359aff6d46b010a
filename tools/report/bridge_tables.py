"""The bridge's protocol as Markdown for rtl/bridge/README.md. All of it comes from rtl/bridge/protocol.py."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc

from draupnir.rtl.bridge import protocol
from draupnir.rtl.bridge.protocol import EXCHANGES, Item

MARK = "<!-- protocol -->"


def markdown() -> str:
    """The frames, then each command with the contents of its request and its response."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"{MARK}\n\n## On the line\n"
    yield (getdoc(protocol) or "").partition("\n\n")[2].partition("\n\nThis module")[0]
    yield "\n| | |\n|---|---|"
    bytes_ = (protocol.END, protocol.ESC, protocol.ESC_END, protocol.ESC_ESC)
    yield f"| END, ESC, ESC_END, ESC_ESC | {', '.join(f'{byte:#x}' for byte in bytes_)} |"
    yield f"| CRC | 16 bits, polynomial 0x1021, begins with {protocol.CRC_INIT:#x} (CRC-16/IBM-3740) |"
    yield f"| longest frame | {protocol.PAYLOAD} bytes and the CRC |"
    yield "\nA request is a number, a command and its arguments; the response begins with the same two bytes. Integers"
    yield "have their least significant byte first. *n* times is as often as the frame has room for."
    yield "\n| command | | request | response |\n|---|---|---|---|"
    for exchange in EXCHANGES:
        request = _items(exchange.request, exchange.repeated_request)
        response = _items(exchange.response, exchange.repeated_response)
        command = exchange.command
        yield f"| {command.value} {command.name} | {exchange.meaning} | {request} | {response} |"
    yield f"\nTo a command that is none of these the response has {protocol.REFUSED:#x} added to it."


def _items(items: tuple[Item, ...], repeated: tuple[Item, ...]) -> str:
    texts = [_item(item) for item in items]
    if repeated:
        texts.append("*n* times: " + "; ".join(_item(item) for item in repeated))
    return "; ".join(texts)


def _item(item: Item) -> str:
    return f"`{item.name}` ({_size(item.size)}): {item.meaning.rstrip('.')}"


def _size(size: int | str) -> str:
    if isinstance(size, int):
        return "1 byte" if size == 1 else f"{size} bytes"
    return "the rest" if size == "rest" else "as many bytes as the pins need"
