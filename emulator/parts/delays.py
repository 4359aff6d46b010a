"""The longest delay at a chip's buses. The module needs no compiler, since the command line names this range."""

LONGEST_DELAY = (1 << 16) - 1  # clocks, of a handshake on a bus; a bridge on a board can make no longer one
