"""The entry point of `draupnir`. It imports nothing at first, so that from the first moments on Ctrl-C is one line."""

import sys


def main() -> None:
    """Run the command line of this process, and exit."""
    try:
        from draupnir.tools import cli
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    cli.main()
