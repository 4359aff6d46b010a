"""The one exception for input that is at fault: the command line turns it into one line and exit status 2."""


class InputError(Exception):
    """The user's input cannot be used. The message is one line: what, where, and what would be right."""
