"""The longest delay at a chip's buses. The module needs no compiler, because the command line shows this number."""

LONGEST_DELAY = (1 << 16) - 1  # clocks; the bridge on a board has 16 bits for a delay
