"""For all tests: Hypothesis makes the same examples in every run, compiling may take its time, and Ctrl-C is heard."""

import signal

from hypothesis import settings

settings.register_profile("draupnir", deadline=None, derandomize=True, database=None)
settings.load_profile("draupnir")

# A shell has what it begins in the background ignore Ctrl-C, and so would all that the tests begin, and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
