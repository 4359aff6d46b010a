"""The queue of a board, which a host keeps full."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from draupnir.emulator.speeds.runs import AT_REST
from draupnir.tools.host.device import BridgedChip


class BoardQueue:
    """The entries that a board still has to receive. The queue of the board gets none past one that waits for rest.

    entries : (cycle, addr) as for ``BridgedChip.events``, or (AT_REST, addr)
    advance : receives numbers of entries that the board has accepted; ``n_sent`` is their sum
    """

    def __init__(
        self,
        device: BridgedChip,
        entries: Iterator[tuple[int, int]],
        advance: Callable[[int], None],
    ) -> None:
        self._device, self._entries, self._advance = device, entries, advance
        self.n_sent = 0
        self._waiting: deque[tuple[int, int]] = deque()
        self._after_rest: tuple[int, int] | None = None

    @property
    def has_more(self) -> bool:
        """True if some entries are not in the queue of the board."""
        return bool(self._waiting) or self._after_rest is not None

    @property
    def needs_rest(self) -> bool:
        """True if the next of these entries waits for rest."""
        return not self._waiting and self._after_rest is not None

    def fill(self, is_at_rest: bool = False) -> None:
        """Queue entries until the queue of the board is full, the next entry waits for rest, or none remains."""
        if is_at_rest and self._after_rest is not None:
            self._waiting.append(self._after_rest)
            self._after_rest = None
        while True:
            self._read()
            if not self._waiting:
                return
            n_accepted = self._device.events(self._waiting)
            for _ in range(n_accepted):
                self._waiting.popleft()
            self.n_sent += n_accepted
            self._advance(n_accepted)
            if self._waiting:
                return

    def _read(self) -> None:
        """Read as many entries as a request has room for."""
        while len(self._waiting) < self._device.events_at_once and self._after_rest is None:
            entry = next(self._entries, None)
            if entry is None:
                return
            if entry[0] == AT_REST:
                self._after_rest = (0, entry[1])
            else:
                self._waiting.append(entry)
