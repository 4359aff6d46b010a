"""A second derivation of the scheduler from scheduler.v and fifo.v, with lists and a clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

N_PRIO = 57
FULL = 32


@dataclass
class BurstFifo:
    """A FIFO of four words, with pointers that count to 32."""

    n_pushed: int = 0
    n_popped: int = 0
    words: list[int] = field(default_factory=lambda: [0] * 4)

    @property
    def filling(self) -> int:
        return self.n_pushed - self.n_popped

    @property
    def head(self) -> int:
        return self.words[self.n_popped % 4]

    def push(self, word: int) -> bool:
        """Push a word. Return True if it is written."""
        is_kept = self.n_pushed % 32 < 4
        if is_kept:
            self.words[self.n_pushed % 32] = word
        self.n_pushed += 1
        return is_kept


@dataclass
class Scheduler:
    """Main FIFO, burst FIFOs and the turn, for a constant SPI_BURST_TIMEREF and a closed loop."""

    timeref: int
    main: deque[int] = field(default_factory=deque)
    bursts: list[BurstFifo] = field(default_factory=lambda: [BurstFifo() for _ in range(N_PRIO)])
    cycle: int = 0
    n_lost: int = 0
    n_undefined: int = 0
    n_dropped: int = 0

    @property
    def turn(self) -> int:
        return self.cycle // (self.timeref + 1) % N_PRIO if self.timeref else 0

    def outputs(self) -> tuple[int, int, int, int]:
        """Return empty, full, burst_end and data_out, which is -1 for an empty scheduler."""
        burst = self.bursts[self.turn]
        full = int(len(self.main) == FULL)
        if burst.filling:
            return 0, full, burst.head >> 8, burst.head & 0xFF
        return int(not self.main), full, 0, self.main[0] if self.main else -1

    def clock(self, pop: bool, event: int | None, spike: tuple[int, int, int] | None) -> None:
        """Do a clock; event : 13 bits from the controller; spike : (neuron, spk_ref, isi_ref) of the written neuron."""
        burst, full = self.bursts[self.turn], len(self.main) == FULL
        room = [fifo.filling < FULL for fifo in self.bursts]
        turn = self.turn
        if pop and burst.filling:
            self.n_undefined += burst.n_popped % 32 >= 4
            burst.n_popped += 1
        elif pop and self.main:
            self.main.popleft()
        if full and (event is not None or spike is not None):
            self.n_dropped += 1
        elif event is not None:
            self.main.append(event)
        elif spike is not None:
            self.main.append(spike[0])
        if event is None and spike is not None and self.timeref:
            neuron, spk_ref, isi_ref = spike
            for k in range(1, spk_ref + 1):
                ahead = (turn + k * (isi_ref + 1)) % N_PRIO
                if room[ahead]:
                    self.n_lost += not self.bursts[ahead].push(neuron | (k == spk_ref) << 8)
                else:
                    self.n_dropped += 1
        self.cycle += 1
