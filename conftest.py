"""For all tests: Hypothesis makes the same examples in every run, and compiling a kernel may take its time."""

from hypothesis import settings

settings.register_profile("draupnir", deadline=None, derandomize=True, database=None)
settings.load_profile("draupnir")
