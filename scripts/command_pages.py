"""A page for every command, docs/commands/NAME.md, made from the command line itself.

Run: python scripts/command_pages.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faig.cli.app import COMMANDS, load_command

FOLDER = Path(__file__).parents[1] / "docs" / "commands"
KINDS = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "path": "PATH"}


def pages() -> dict[str, str]:
    """The text of each page, by the file's name."""
    return {f"{name}.md": "\n".join(_page(name)).rstrip() + "\n" for name in COMMANDS}


def _page(name: str) -> Iterator[str]:
    command = load_command(name)
    yield f"# faig {name}"
    yield ""
    parts: dict[str, Any] = getattr(command, "commands", {})
    if not parts:
        yield from _command(f"faig {name}", command)
        return
    yield f"{_sentence(command.help)}\n"
    for part, inner in parts.items():
        yield f"## faig {name} {part}\n"
        yield from _command(f"faig {name} {part}", inner)


def _command(called: str, command: Any) -> Iterator[str]:
    """What it does, an example, how it is called, and every option."""
    context = command.make_context(called, [], resilient_parsing=True)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    yield f"{_sentence(command.help)}\n"
    usage = " ".join([called, "[OPTIONS]", *(_metavar(each, context) for each in arguments)])
    yield f"```sh\n{usage}\n```\n"
    for example in (command.epilog or "").removeprefix("Example: ").split(" — "):
        if example:
            where, _, line = example.rpartition(": ")
            yield f"{where[:1].upper()}{where[1:]}:\n\n```sh\n{line}\n```\n" if where else f"```sh\n{line}\n```\n"
    if arguments:
        yield "| argument | |\n|---|---|"
        for each in arguments:
            yield f"| `{_metavar(each, context)}` | {_cell(each.help or '')} |"
        yield ""
    yield '<div class="options" markdown="1">\n\n| option | takes | | default |\n|---|---|---|---|'
    for each in options:
        names = ", ".join(f"`{name}`" for name in [*each.opts, *each.secondary_opts])
        takes = "" if each.is_flag or each.count else f"`{_metavar(each, context)}`"
        yield f"| {names} | {takes.replace('|', '&#124;')} | {_cell(each.help or '')} | {_default(each)} |"
    yield "\n</div>\n"


def _metavar(parameter: Any, context: Any) -> str:
    """What stands for its value."""
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    kind = str(parameter.display_type(context)).strip("<>{}")
    return next((shown for name, shown in KINDS.items() if kind.startswith(name)), kind.upper())


def _default(option: Any) -> str:
    """What stands for an option that is not given."""
    if option.required:
        return "(required)"
    if isinstance(option.show_default, str):
        return _cell(option.show_default)
    if option.is_flag:
        return f"`{option.opts[0]}`" if option.default and option.secondary_opts else ""
    return "" if option.default in (None, [], ()) or callable(option.default) else f"`{option.default}`"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return _sentence(text).replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
