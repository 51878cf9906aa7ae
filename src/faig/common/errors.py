"""The one exception that means: the input is at fault, and here is the way out."""


class InputError(ValueError):
    """Bad input. The message is one line that names the place, the value and the way out.

    The command line prints it without a traceback and exits with code 2.
    """


class FaigWarning(UserWarning):
    """A result was computed, but there is a reason to read it with care."""
