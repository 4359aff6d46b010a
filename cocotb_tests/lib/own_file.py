"""The module that cocotb is given for a test in a file of somebody's own: it has all names of that file."""

from pathlib import Path

from draupnir.cocotb_tests.lib.own import load
from draupnir.cocotb_tests.lib.session import Session

globals().update(vars(load(Path(Session.here().test_file))))
