"""pyverilog's parser and syntax tree, imported without the warnings that Python gives for their sources.

Python compiles a source when it is imported for the first time. Those of pyverilog have invalid escapes in their
strings, and from Python 3.12 on users would see a SyntaxWarning for each.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyverilog.vparser import ast
    from pyverilog.vparser.parser import ParseError, VerilogParser

__all__ = ["ParseError", "VerilogParser", "ast"]
