"""The exception for wrong input. The command line prints it as one line, and exits with status 2."""


class InputError(Exception):
    """The user's input is wrong. The message is one line that says what is wrong, where, and what would be right."""
