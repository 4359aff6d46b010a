"""For all tests: Hypothesis makes the same examples in every run, compiling may take its time, and Ctrl-C is heard.

Cocotb tests are run by a simulator, through cocotb_tests/tests, and not collected.
"""

import signal

from hypothesis import settings

from draupnir.emulator import chips
from draupnir.emulator.package import place

collect_ignore = [str(path.resolve()) for name in chips.names() if (path := place(chips.package(name), "tests"))]

settings.register_profile("draupnir", deadline=None, derandomize=True, database=None)
settings.load_profile("draupnir")

# A shell has what it begins in the background ignore Ctrl-C, and so would all that the tests begin, and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
