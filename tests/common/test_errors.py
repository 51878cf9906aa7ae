"""Errors in Python's terms, and in the command line's."""

import re
from pathlib import Path

import pytest

from faig.common.errors import InputError, for_command_line, lacks_memory, option_of


@pytest.mark.parametrize(
    ("error", "option", "text"),
    [
        (InputError("a: is no image"), None, "a: is no image"),
        (InputError("more\nis needed", setting="memory"), "--memory", "more is needed (--memory)"),
        (InputError("a: exists; pass force=True", setting="force"), "--force", "a: exists; pass --force"),
        (InputError("start again with fresh=True", setting="force"), "--force", "start again with --force"),
        (InputError("too long", setting="max_time"), "--max-time", "too long (--max-time)"),
        (ValueError("another"), None, "another"),
    ],
)
def test_the_command_line_names_the_option(error, option, text):
    assert option_of(error) == option
    assert for_command_line(error) == text


def test_a_place_is_put_before_and_the_setting_stays():
    error = InputError("is not enough", setting="memory").at("a.png")
    assert (str(error), error.setting) == ("a.png: is not enough", "memory")


def test_errors_of_the_library_name_no_options():
    source = Path(__file__).parents[2] / "src" / "faig"
    named = [
        f"{path.relative_to(source)}: {line.strip()}"
        for path in sorted(source.rglob("*.py"))
        if path.parent.name != "cli"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r'(Error|Warning|message = |warn)\(?f?".*(?<![\w-])--[a-z]', line)
    ]
    assert named == []


def test_a_lack_of_memory_that_was_dealt_with_is_none():
    """A message of its own, raised from None, says more than that memory does not suffice."""

    dealt_with, passed_on = InputError("a.png: is too large; cut it"), InputError("a.png: fails")
    with pytest.raises(InputError):
        try:
            raise MemoryError
        except MemoryError:
            raise dealt_with from None
    with pytest.raises(InputError):
        try:
            raise MemoryError
        except MemoryError as error:
            raise passed_on from error
    assert not lacks_memory(dealt_with)
    assert lacks_memory(passed_on)
