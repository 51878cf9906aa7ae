"""The one exception that means: the input is at fault, and here is the way out."""

import re
import reprlib

LONGEST = 2000  # letters of a message: names and values in it may come from a file, and be of any length


class InputError(ValueError):
    """Bad input. The message is one line that names the place, the value and the way out.

    The command line prints it without a traceback and exits with code 2. Of a very long one the middle is left out.

    Attributes:
        setting: the parameter that is at fault or helps, where there is one: the command line names its option.
    """

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        half = LONGEST // 2 - 5
        super().__init__(message if len(message) <= LONGEST else f"{message[:half]} [...] {message[-half:]}")
        self.setting = setting

    def at(self, place: object) -> "InputError":
        """The same, with the place where it happened named first."""
        return InputError(f"{place}: {self}", setting=self.setting)


def option_of(error: BaseException) -> str | None:
    """The option of the command line for the setting that an error names, such as ``--memory``; None if it has none."""
    setting = getattr(error, "setting", None)
    return None if setting is None else f"--{setting.replace('_', '-')}"


def for_command_line(error: BaseException) -> str:
    """An error in one line, with the option in place of Python's ``name=True``, or at the end."""
    text, option = " ".join(str(error).split()), option_of(error)
    if option is None or option in text:
        return text
    named = re.sub(r"\b\w+=True\b", option, text)
    return named if named != text else f"{text} ({option})"


def printable(text: str) -> str:
    """A text on one line, with escapes for what a terminal would obey: names come from files of others."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def shown(value: object) -> str:
    """A value for a message: a text in quotes, with escapes for what is not printable, and cut where it is long."""
    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = 60
    return brief.repr(value)


def not_written(error: UnicodeEncodeError) -> str:
    """A message for a name that is not text: the system gave bytes that are none in its encoding."""
    return (
        f"{shown(error.object)}: is no text that can be written; rename it, or use a locale of UTF-8 if yours is none"
    )


NO_MEMORY = (  # what torch, OpenCV, onnxruntime and the C++ library say, each by errors of its own
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "Insufficient memory",
    "Failed to allocate",
    "bad_alloc",
    "bad allocation",
)


def lacks_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it came of, is that memory does not suffice."""
    while error is not None:
        of_ours = isinstance(error, InputError)  # it may speak of memory as of any setting
        if isinstance(error, MemoryError) or (not of_ours and any(sign in str(error) for sign in NO_MEMORY)):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def first_line(error: BaseException) -> str:
    """The first line of an error's message without what colours a terminal, or the name of its type."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return (text.splitlines() or [type(error).__name__])[0]


class FaigWarning(UserWarning):
    """A result was computed, but there is a reason to read it with care."""
