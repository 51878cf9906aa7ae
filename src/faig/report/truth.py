"""The page of a ground truth study, such as ``docs/results/truth.md``, from its tables."""

from pathlib import Path

from pydantic import BaseModel

from faig.common.errors import InputError
from faig.common.files import new_folder, replacing
from faig.common.settings import validated
from faig.report.escape import markdown
from faig.report.figures.truth_charts import draw_truth
from faig.report.kept import KEPT, keep
from faig.report.truth_sections import SECTIONS
from faig.results.reader import Results
from faig.results.run_directory import CONFIG, command_of, read_config

COMMAND = "truth"


class ShapleySettings(BaseModel):
    """Of the Shapley values."""

    pairs: int


class PlantedSettings(BaseModel):
    """Of the functions that are planted."""

    proportion: float
    steps: int


class TruthSettings(BaseModel):
    """What the page says of the study's settings."""

    stages: list[str]
    pairs: list[str]
    training_seeds: list[int]
    crops: int
    side: int
    nodes: int
    shapley: ShapleySettings
    planted: PlantedSettings


def write_truth(run: Path, file: Path) -> Path:
    """Write the page of a finished study, its pictures beside it, and its tables into the folder of the page's name.

    The page tells of the stages ``agreement``, ``planted`` and ``decoys``, of those that the study has.

    Args:
        run: the directory of the study, or the folder that an earlier call wrote.
        file: ends in ``.md``.

    Returns:
        The file.

    Raises:
        InputError: the run is no ground truth study, has none of these stages, or a table is missing.
    """
    if command_of(run) != COMMAND:
        raise InputError(f"{run}: is no ground truth study")
    config = validated(TruthSettings, read_config(run / CONFIG), str(run / CONFIG)).model_dump()
    results, folder = Results.of(run), file.with_suffix("")
    sections = {name: section for name, section in SECTIONS.items() if name in config["stages"]}
    if not sections:
        raise InputError(f"{run}: has no stage that a page tells of: {', '.join(SECTIONS)}")
    tables = {name: section.of(results) for name, section in sections.items()}
    with new_folder(folder, force=True, ours=(CONFIG, *KEPT)) as part:
        keep(results, part, [table.name for section in sections.values() for table in section.tables])
    pictures = {}
    for name, section in sections.items():
        kind, shows = section.picture
        picture = file.with_name(f"{file.stem}-{kind}.png")
        draw_truth(picture, kind, *tables[name])
        pictures[name] = f"![{shows}]({picture.name})"
    studied = [f"{markdown(pair)} ({seed})" for seed in config["training_seeds"] for pair in config["pairs"]]
    first, *_ = sections.items()
    found = [f"- **Found.** {section.found(*tables[name])}" for name, section in sections.items()]
    opening = [f"# {first[1].title}", pictures[first[0]], "\n".join([f"- **Asked.** {first[1].asked}", *found])]
    study = f"faig run {(folder / CONFIG).as_posix()} --out runs/{folder.name}"
    parts = [HEAD.format(study=study, pairs=", ".join(studied))]
    for name, section in sections.items():
        shown = "" if name == first[0] else pictures[name]
        parts += [section.head.format(**config, picture=shown).strip() + "\n", *section.parts(*tables[name])]
    again = f"faig report {folder.as_posix()} --markdown {file.as_posix()}   # this page, of the tables beside it"
    text = "\n\n".join(opening) + "\n\n" + "\n".join(parts) + f"\n```sh\n{again}\n```\n"
    with replacing(file) as part_file:
        part_file.write_text(text, encoding="utf-8")
    return file


HEAD = """## The study

Computed by `{study}`. The pairs (`configs/train/truth`, `scripts/small_pairs.py`), with the seed of their training:
{pairs}. Every number is a mean over these seeds, ± half of its 95% t interval where there are several.
"""
