"""Every way in which one file of a finished run can be other than what was written, one change at a time.

`changes` yields them all: each cell of each table, each column, rows, and the files themselves. `make_run` makes a run
that has every table. A change says whether what is left is still a valid run: then a command may take it.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import torch
import yaml
from safetensors import safe_open
from safetensors.torch import save_file

from faig.common.tensors import METADATA_KEY
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig, ImagesConfig
from faig.imaging.images import write_image
from faig.results.table import Column, Table, write_table
from faig.results.tables import TABLES
from study import DEGRADE, make_study

EVIL = "<script>alert(1)</script>"
NO_NUMBERS = ("many", EVIL, "nan", "1e999", "٣")
NUMBERS = ("", "inf", "-1", "2.5", "1e30")
TEXTS = ("", "no-such", EVIL, "../../evil", "a|b`c`[d](javascript:e)", "\x1b[31m", "$x_{", "_x", "a\nb")

COMMANDS: dict[str, tuple[Callable[[Path], list[object]], tuple[str, ...]]] = {  # arguments, and which files they read
    "report": (
        lambda run: ["report", run, "--markdown", run.parent / "pages" / "kept.md"],
        (
            *(f"[!t]*/{name}" for name in TABLES if "/" not in name),
            *(name for name in TABLES if "/" in name),
            *("[!t]*/config.yaml", "compare/*.safetensors", "teaser/*.png", "modulation/*/*.png", "odd*.csv"),
        ),
    ),
    "truth": (lambda run: ["report", run / "truth", "--markdown", run.parent / "pages" / "truth.md"], ("truth/*",)),
    "distribution": (
        lambda run: ["distribution", run / "compare"],
        ("compare/scores.safetensors", "compare/rankings.safetensors"),
    ),
    "compare": (lambda run: _again(run / "compare"), ("compare/effects.csv", "compare/summary.csv")),
    "attribute": (lambda run: _again(run / "finding"), ("finding/check.csv", "finding/scores.safetensors")),
    "sweep": (
        lambda run: _again(run / "sweep"),
        ("sweep/modulation.csv", "modulation/pictures.csv", "modulation/*/*.png", "compare/filters-*.csv"),
    ),
}


def _again(run: Path) -> list[object]:
    """A finished run is left as it is, and its tables are printed."""
    return ["run", run / "config.yaml", "--out", run]


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        file: in the run.
        name: what is changed, and how: unique.
        make: changes the file.
        valid: whether the run is still one that a command may take without a word.
    """

    file: str
    name: str
    make: Callable[[Path], None]
    valid: bool = False


def make_run(folder: Path) -> Path:
    """A run with every table: those of `make_study`, and plausible rows of the others."""
    folder.mkdir(exist_ok=True)
    run = make_study(folder)
    (folder / "pages").mkdir()
    (run / "config.yaml").write_text(yaml.safe_dump({"command": "study", "degrade": DEGRADE}), "utf-8")
    images = {"images": ImagesConfig(gt=folder / "gt", degrade=DEGRADE), "threads": 1}
    networks = {name: str(folder / f"{name}.safetensors") for name in ("baseline", "target")}
    attribute_run(AttributeConfig(**networks, **images, nodes=2, top=0.3), run / "finding")
    for table in TABLES.values():
        if not list(run.glob(f"**/{table.name}")):
            home = run / ("truth" if table.names[:2] == ("pair", "seed") else "more")
            (home / table.name).parent.mkdir(parents=True, exist_ok=True)
            write_table(home, table, [plausible(table, place) for place in range(2)])
    for place in range(2):
        (run / "more" / "images" / f"folder{place}").mkdir()
        write_image(run / "more" / "images" / f"folder{place}" / "one.png", torch.full((3, 8, 8), 0.5))
    settings = {"command": "truth", "stages": ["agreement", "planted", "decoys"], "pairs": ["a"], "training_seeds": [0]}
    settings |= {"crops": 1, "side": 8, "nodes": 2, "shapley": {"pairs": 1}, "planted": {"proportion": 0.1, "steps": 1}}
    (run / "truth" / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return run


def plausible(table: Table, place: int) -> dict[str, Any]:
    """A row that a table may have; rows of two places have different keys."""

    def cell(column: Column) -> Any:
        if column.kind == "number":
            key = column.name in table.names[: table.keys]
            return (place + 1 if column.whole else 0.25 * (place + 1)) if key or place == 0 or not column.gaps else None
        if column.values:
            return column.values[min(place, len(column.values) - 1)]
        names = {"method": ("faig", "ig"), "file": (f"folder{place}",) * 2}
        return names.get("method" if column.name == "method" else column.kind, tuple(DEGRADE))[place]

    row = {part.name: cell(part) for column in table.columns for part in column.parts()}
    return row | ({kind: place for kind in DEGRADE} if table.variable is not None else {})


def changes(run: Path) -> Iterator[Change]:
    """All changes of a run that `make_run` made, in an order that does not change."""
    for path in sorted(run.rglob("*")):
        file = path.relative_to(run).as_posix()
        table = next((table for name, table in TABLES.items() if f"/{file}".endswith(f"/{name}")), None)
        if path.is_dir() or not readers(Change(file, "", print)):
            continue
        yield from _of_any_file(file)
        if table:
            yield from _of_table(file, table, path)
        elif path.name == "config.yaml":
            yield from _of_settings(file, path)
        elif path.suffix == ".safetensors":
            yield from _of_tensors(file, path)


def readers(change: Change) -> list[str]:
    """The names of the commands that read a file."""
    return [name for name, (_, files) in COMMANDS.items() if any(map(PurePath(change.file).match, files))]


def _of_any_file(file: str) -> Iterator[Change]:
    def directory(path: Path) -> None:
        path.unlink()
        path.mkdir()

    def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
        return lambda path: path.write_bytes(change(path.read_bytes())) and None

    yield Change(file, f"{file}: a directory", directory)
    yield Change(file, f"{file}: gone", lambda path: path.unlink(), True)
    yield Change(file, f"{file}: empty", rewritten(lambda _: b""))
    cut_off = rewritten(lambda data: data[: len(data) * 2 // 3 - 1].rstrip())  # within a line
    yield Change(file, f"{file}: cut off", cut_off, "/filters-" in file)  # a ranking may hold the first filters alone
    yield Change(file, f"{file}: of zero bytes", rewritten(lambda data: bytes(len(data))))
    yield Change(file, f"{file}: of another encoding", rewritten(lambda data: b"\xff\xfe" + data))
    yield Change(file, f"{file}: an image", rewritten(lambda _: b"\x89PNG\r\n\x1a\n"))


def read(path: Path) -> list[list[str]]:
    """Header and rows."""
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def write(path: Path, rows: list[list[str]]) -> None:
    """What `read` gave."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _edited(edit: Callable[[list[list[str]]], None]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        rows = read(path)
        edit(rows)
        write(path, rows)

    return make


def _of_table(file: str, table: Table, path: Path) -> Iterator[Change]:
    header, *rows = read(path)
    parts = {part.name: part for column in table.columns for part in column.parts()}
    for place, name in enumerate(header):
        part = parts.get(name) or table.variable
        assert part is not None
        for cell in (*NO_NUMBERS, *NUMBERS) if part.kind == "number" else TEXTS:
            if cell != rows[-1][place]:
                edit = _edited(lambda rows, place=place, cell=cell: rows[-1].__setitem__(place, cell))
                unknown = part.kind == "method" and file.startswith("more/")  # no settings say which there are
                yield Change(file, f"{file}: {name} = {cell!r}", edit, unknown or _may_be(part, cell))
        optional = any(name in column.names and column.optional and not column.ends for column in table.columns)
        left_out = _edited(lambda rows, place=place: [row.pop(place) for row in rows] and None)
        further = table.variable is not None and name not in parts
        yield Change(file, f"{file}: without the column {name}", left_out, optional or further)
        doubled = _edited(lambda rows, place=place: [row.append(row[place]) for row in rows] and None)
        yield Change(file, f"{file}: the column {name} twice", doubled)
        renamed = _edited(lambda rows, place=place: rows[0].__setitem__(place, f"{rows[0][place]} "))
        yield Change(file, f"{file}: the column {name} renamed", renamed)
    further = _edited(lambda rows: [row.append("1" if number else EVIL) for number, row in enumerate(rows)] and None)
    yield Change(file, f"{file}: a further column", further)
    yield Change(file, f"{file}: a row twice", _edited(lambda rows: rows.append(rows[-1])))
    yield Change(file, f"{file}: a cell too many", _edited(lambda rows: rows[-1].append("1")))
    yield Change(file, f"{file}: a cell too few", _edited(lambda rows: rows[-1].pop() and None))
    for place in dict.fromkeys((0, len(rows) // 2, len(rows) - 1)):
        gone = _edited(lambda rows, place=place: rows.pop(1 + place) and None)
        yield Change(file, f"{file}: without row {place}", gone, True)
    yield Change(file, f"{file}: without rows", _edited(lambda rows: rows.__delitem__(slice(1, None))), True)
    for place, name in enumerate(header[: table.keys]):
        for value in dict.fromkeys(row[place] for row in rows):
            only = _edited(
                lambda rows, place=place, value=value: rows.__setitem__(
                    slice(1, None), [row for row in rows[1:] if row[place] == value]
                )
            )
            yield Change(file, f"{file}: only rows of {name} {value!r}", only, True)


def _may_be(column: Column, cell: str) -> bool:
    """Whether a column is declared to hold such a cell: a hole, another number within bounds, a free text."""
    if not cell:
        return column.gaps
    if column.kind == "number":
        if cell in NO_NUMBERS or (math.isinf(float(cell)) and not column.infinite):
            return False
        whole = not column.whole or float(cell).is_integer()
        return whole and column.least <= float(cell) <= column.most
    beside = column.kind == "file" and cell.isprintable() and ".." not in cell  # looked for where it is shown, else not
    return beside or (column.kind == "text" and not column.values)


def _of_settings(file: str, path: Path) -> Iterator[Change]:
    known = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key in known:
        for value in (None, [], {"a": {"b": 1}}, EVIL, -1, [None]):

            def make(path: Path, key: str = key, value: Any = value) -> None:
                path.write_text(yaml.safe_dump(known | {key: value}), encoding="utf-8")

            yield Change(file, f"{file}: {key} = {value!r}", make, True)  # not all settings matter to a report
    for text in ("- 1\n", "a: [\n", "a: 1\na: 2\n", "? [1]\n: 2\n", "a: !!python/name:os.system\n", "x\n", "a: \x00\n"):
        yield Change(file, f"{file}: {text!r}", lambda path, text=text: path.write_text(text) and None)


def _of_tensors(file: str, path: Path) -> Iterator[Change]:
    with safe_open(path, framework="pt") as opened:
        metadata = json.loads(opened.metadata()[METADATA_KEY])
        tensors = {name: opened.get_tensor(name) for name in sorted(opened.keys())}

    def stored(changed: dict[str, Any], values: dict[str, torch.Tensor]) -> Callable[[Path], None]:
        return lambda path: save_file(values, path, {METADATA_KEY: json.dumps(changed)})

    for key in sorted(metadata):
        without = {name: value for name, value in metadata.items() if name != key}
        yield Change(file, f"{file}: without {key}", stored(without, tensors), True)
        for value in (None, [], {}, 1, EVIL, [EVIL], [[EVIL, -1, 2]], {EVIL: EVIL}):
            changed = stored(metadata | {key: value}, tensors)
            yield Change(file, f"{file}: {key} = {value!r}", changed, True)
    yield Change(file, f"{file}: metadata is a list", stored([metadata], tensors))  # type: ignore[arg-type]
    for name, tensor in tensors.items():
        others = {key: value for key, value in tensors.items() if key != name}
        yield Change(file, f"{file}: without {name}", stored(metadata, others), True)
        worse = {
            "shorter": tensor.flatten()[1:].clone(),
            "longer": torch.cat([tensor, tensor]),
            "a number": torch.tensor(1.0),
            "of whole numbers": torch.ones(tensor.shape, dtype=torch.int64),
            "of complex numbers": tensor.to(torch.complex64),
            "of holes": torch.full(tensor.shape, math.nan),
        }
        for how, value in worse.items():
            yield Change(file, f"{file}: {name} {how}", stored(metadata, others | {name: value}), True)


def fault(run: Path, change: Change, command: str, called: Callable[..., tuple[int, str, str]]) -> str:
    """What is wrong with how a command takes a change; empty where nothing is. The run is afterwards as it was.

    Nothing is wrong where it exits with 2 and one line that names the file or its run, or where the change is valid,
    and no page holds markup or a path that came from a table.

    Args:
        run: of `make_run`.
        change: of it.
        command: of `COMMANDS`.
        called: runs a command and gives its exit code, standard output and standard error.
    """
    path, arguments = run / change.file, COMMANDS[command][0](run)
    before = path.read_bytes()
    beside = {inside.name for inside in run.parent.iterdir()}
    change.make(path)
    try:
        code, _, err = called(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        if path.is_dir():
            path.rmdir()
        path.write_bytes(before)
    if {inside.name for inside in run.parent.iterdir()} != beside:
        return "it wrote outside the run"
    if code == 2:
        named = path.name in err or str(arguments[1]) in err
        return "" if named and err.count("\n") == 1 and "Traceback" not in err else f"it said {err!r}"
    if code or not change.valid:
        return f"exit code {code} {err!r}" if code else "it was taken without a word"
    pages = [page for page in (run / "report.html", run.parent / "pages" / "kept.md") if page.exists()]
    return "a page holds markup of a table" if any(EVIL in page.read_text("utf-8") for page in pages) else ""
