"""One module for each command. Its click command has the name ``command``, and tools/cli.py lists it."""
