"""The pages of the commands are the commands': every option, and examples that parse."""

import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from faig.cli.app import COMMANDS, load_command

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "commands"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return runpy.run_path(str(ROOT / "scripts" / "command_pages.py"))["pages"]()


def test_pages_are_made_of_the_commands(pages):
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")} == pages


def test_the_site_lists_them_all(pages):
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    listed = next(entry["Commands"] for entry in site["nav"] if "Commands" in entry)
    assert [path for entry in listed for path in entry.values()] == [
        "commands.md",
        *(f"commands/{name}" for name in pages),
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_parse(pages, name):
    examples = [line for line in re.findall(r"```sh\n(.*)\n```", pages[f"{name}.md"]) if "[OPTIONS]" not in line]
    assert examples
    for example in examples:
        program, called, *arguments = shlex.split(example)
        assert (program, called) == ("faig", name)
        command = load_command(name)
        if hasattr(command, "commands"):
            command, arguments = command.commands[arguments[0]], arguments[1:]
        command.make_context(example, arguments)  # raises where an option or argument is not there


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "completed"), [("faig res", ["restore"]), ("faig restore --str", ["--strict-size", "--strength"])]
)
def test_the_shell_completes_commands_and_options(typed, completed):
    words = {"_FAIG_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    script = "from faig.cli import main; main()"
    command = [sys.executable, "-c", f"import sys; sys.argv[0] = 'faig'; {script}"]
    done = subprocess.run(command, env=os.environ | words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, completed), done.stderr
