"""The page of a training study, from its tables: a picture, three lines, folded tables."""

import math
import shlex
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel

from faig.common.files import new_folder, replacing
from faig.common.plain import without_folders
from faig.common.settings import validated
from faig.common.statistics import Estimate
from faig.report import training_attributed, training_banks
from faig.report.escape import markdown
from faig.report.figures.training_study_chart import draw_training_study
from faig.report.kept import KEPT, keep
from faig.results.reader import Results
from faig.results.run_directory import CONFIG, read_config
from faig.results.training_tables import (
    AHEAD,
    ATTRIBUTED,
    ATTRIBUTED_LAYERS,
    COST,
    FOUND_UNITS,
    GAINS,
    HALVES,
    PROBABILITIES,
    SWITCHED,
    TRAINED,
)

COMMAND = "training"
PARTS = ("training", "control", "arms", "attributed")
SHOWN = ("start", "baseline", "learn", "measure", "degrade", "functions", *PARTS)  # settings


class AttributedSettings(BaseModel):
    """Of where what arms learned is."""

    branches: dict[str, list[str]]


class TrainingStudySettings(BaseModel):
    """What the page says of the study's settings."""

    title: str
    asked: str
    answer: str | None = None
    control: str
    images: str | None = None
    attributed: AttributedSettings | None = None


def write_training_study(run: Path, file: Path) -> Path:
    """Write the page of a finished study, its picture beside it, and its tables into the folder of the page's name.

    Args:
        run: the directory of the study, or the folder that an earlier call wrote.
        file: ends in ``.md``.

    Returns:
        The file.

    Raises:
        InputError: a table is missing, or cannot be read.
    """
    values = read_config(run / CONFIG)
    config = validated(TrainingStudySettings, values, str(run / CONFIG))
    results, folder, picture = Results.of(run), file.with_suffix(""), file.with_suffix(".png")
    gains, ahead, cost, trained = map(results.needed, (GAINS, AHEAD, COST, TRAINED))
    found, classified = results.table(FOUND_UNITS), results.table(PROBABILITIES)
    held = _held(results, config)
    where = [training_attributed.found(held)] if held else []
    where += [training_banks.found(classified)] if classified is not None else []
    shown = without_folders({name: values[name] for name in SHOWN if values.get(name)})
    with new_folder(folder, force=True, ours=(CONFIG, *KEPT)) as part:
        keep(results, part)
    draw_training_study(picture, gains, trained)
    answer = f"{markdown(config.answer)} " if config.answer else ""
    parts = [
        f"# {markdown(config.title)}",
        f"![What every arm gained over the start, by kind of input; ticks are seeds]({picture.name})",
        "\n".join(
            [
                f"- **Asked.** {markdown(config.asked)}",
                f"- **Found.** {answer}{' '.join([_found(gains, ahead, config.control), *where])}",
                f"- **Cost.** {_cost(cost)}",
            ]
        ),
        "## Gained over the start",
        "Gains are dB of PSNR over the start, means over photos and seeds; in brackets the 95% interval over photos, "
        "after ± the standard deviation between seeds. *Ahead* is the gain less another arm's, seed by seed and image "
        "by image. Two arms are told apart where the interval leaves 0 out and the mean is more than the deviation.",
        _folded("By arm and input, in dB", _matrix(gains, ["arm"], "gain")),
        "## Ahead of others",
        _folded("By arm, other arm and input, in dB", _matrix(ahead, ["arm", "against"], "ahead")),
        *_switched(results.table(SWITCHED)),
        "## By seed",
        _folded("Gained, in dB", _matrix(trained, ["arm", "seed"], "gain")),
        "## Cost",
        _folded("By arm; means over seeds", _costs(cost)),
    ]
    if held:
        parts += ["## Where it is", training_attributed.about(held)]
        parts += [_folded(about, _table(heads, lines)) for about, heads, lines in training_attributed.tables(held)]
    if classified is not None:
        about, heads, lines = training_banks.table(classified)
        parts += ["## What classifiers tell", training_banks.ABOUT, _folded(about, _table(heads, lines))]
    if found is not None:
        parts += ["## Rankings that units are of", _folded("By seed, method and function", _rows(found))]
    settings = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True).strip()
    parts += ["## Settings", _folded("As in the file of the study", f"```yaml\n{settings}\n```")]
    images = ["--images", Path(config.images).name] if config.images else []
    again = [
        shlex.join(["faig", "run", (folder / CONFIG).as_posix(), "--out", f"runs/{folder.name}", *images]),
        shlex.join(["faig", "report", folder.as_posix(), "--markdown", file.as_posix()])
        + "   # this page, of its tables",
    ]
    parts.append("\n".join(["```sh", *again, "```"]))
    with replacing(file) as part_file:
        part_file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return file


def _held(results: Results, config: TrainingStudySettings) -> training_attributed.Held | None:
    """What the study says of where what arms learned is; None where it was not asked."""
    if config.attributed is None:
        return None
    attributed, layers, trained, cost = map(results.needed, (ATTRIBUTED, ATTRIBUTED_LAYERS, TRAINED, COST))
    halves = results.table(HALVES)
    return training_attributed.Held(attributed, layers, halves, trained, cost, config.attributed.branches)


def _found(gains: pd.DataFrame, ahead: pd.DataFrame, control: str) -> str:
    """What the control gained, which arm is the furthest ahead of it on every input, and all other comparisons."""
    own = [f"{row['input']} {_number(row, 'gain')}" for row in gains[gains["arm"] == control].to_dict("records")]
    sentences = [f"The control `{markdown(control)}` gains, in dB: {markdown(', '.join(own))}."]
    best = []
    for kind, rows in ahead[ahead["against"] == control].groupby("input", sort=False):
        *_, row = rows.sort_values("ahead", na_position="first").to_dict("records")
        by = f"`{markdown(row['arm'])}` by {_number(row, 'ahead')}" if row["ahead"] > 0 and _apart(row) else "no arm"
        best.append(f"on {markdown(kind)} {by}")
    sentences.append(f"Furthest ahead of it: {', '.join(best)}.")
    for (arm, other), rows in ahead[ahead["against"] != control].groupby(["arm", "against"], sort=False):
        apart = [f"{row['input']} {_number(row, 'ahead')}" for row in rows.to_dict("records") if _apart(row)]
        difference = f"`{markdown(arm)}` less `{markdown(other)}`"
        sentences.append(f"{difference}: {markdown(', '.join(apart)) or 'not told apart on any input'}.")
    return " ".join(sentences)


def _apart(row: dict[Hashable, Any]) -> bool:
    """Whether two arms are told apart: by photos, and by seeds where there are several."""
    by_photos = row["ahead_low"] > 0 or row["ahead_high"] < 0
    return bool(by_photos and not abs(row["ahead"]) <= row["ahead_spread"])


def _cost(cost: pd.DataFrame) -> str:
    """How much was trained, and how far it moved."""
    counts = {name: _range(cost[name], "{:,.0f}") for name in ("iterations", "parameters", "trained", "multiply_adds")}
    return (
        f"{len(cost)} trainings of {counts['iterations']} iterations, of {counts['trained']} of {counts['parameters']} "
        f"parameters; {counts['multiply_adds']} multiply-adds per LR pixel; the weights moved by "
        f"{_range(cost['moved'].dropna(), '{:.1%}')} of their norm."
    )


def _range(values: "pd.Series[Any]", form: str) -> str:
    ends = [form.format(end) for end in (values.min(), values.max())] if len(values) else ["nothing known"]
    return " to ".join(dict.fromkeys(ends))


def _number(row: dict[Hashable, Any], name: str, form: str = "{:+.2f}") -> str:
    """A number with its interval, and its spread where it has one; signed where no other form is asked for."""
    estimate = Estimate.of_row(row, name)
    if math.isnan(estimate.value):
        return ""
    ends = "" if math.isnan(estimate.low) else f" [{form.format(estimate.low)}, {form.format(estimate.high)}]"
    spread = row.get(f"{name}_spread", math.nan)
    return form.format(estimate.value) + ends + ("" if math.isnan(spread) else f" ±{spread:.2f}")


def _matrix(rows: pd.DataFrame, keys: Sequence[str], name: str) -> str:
    """A number by keys down and by input across."""
    inputs = [*dict.fromkeys(rows["input"])]
    lines = [
        [
            *map(markdown, key),
            *(_number(of_input, name) for of_input in group.set_index("input").loc[inputs].to_dict("records")),
        ]
        for key, group in rows.groupby(list(keys), sort=False)
    ]
    return _table([*keys, *map(str, inputs)], lines)


def _switched(rows: pd.DataFrame | None) -> list[str]:
    """How far functions are switched off, where that was asked."""
    if rows is None:
        return []
    names = [f"{name}{end}" for end in ("", "_pixels") for name in ("switched_off", "leak")]
    lines = [
        [
            *map(markdown, (row["arm"], row["function"])),
            *(_number(row, name, "{:.2f}") for name in names),
            markdown(row["wrecked"]),
        ]
        for row in rows.to_dict("records")
    ]
    heads = ["arm", "function", "switched off, in maps", "leak", "switched off, in pixels", "leak", "wrecked"]
    return [
        "## Switched off",
        _folded("By arm and function; 1: does exactly what the baseline does", _table(heads, lines)),
    ]


def _costs(cost: pd.DataFrame) -> str:
    names = ["iterations", "parameters", "trained", "multiply_adds"]
    lines = [
        [markdown(arm), *(f"{group[name].mean():,.0f}" for name in names), f"{group['moved'].mean():.2%}"]
        for arm, group in cost.groupby("arm", sort=False)
    ]
    heads = ["arm", "iterations", "parameters", "trained", "multiply-adds per LR pixel", "weights moved by"]
    return _table(heads, lines)


def _rows(rows: pd.DataFrame) -> str:
    cells = [[f"{cell:.3g}" if isinstance(cell, float) else markdown(cell) for cell in row] for row in rows.to_numpy()]
    return _table([*rows.columns], cells)


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(cells)} |" for cells in ([*map(markdown, heads)], *lines)]
    return "\n".join([rows[0], "|---" * len(heads) + "|", *rows[1:]])


def _folded(summary: str, content: str) -> str:
    return f'<details markdown="1">\n<summary>{summary}</summary>\n\n{content}\n\n</details>'
