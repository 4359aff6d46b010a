"""The module that cocotb runs for a test in a user's own file: it has all names of this file."""

from pathlib import Path

from draupnir.cocotb_tests.lib.own import load
from draupnir.cocotb_tests.lib.session import Session

globals().update(vars(load(Path(Session.here().test_file))))
