"""The page of a ground truth study, ``docs/results/truth.md``, from its tables: text and two pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.settings import validated
from faig.report.escape import markdown
from faig.report.figures.truth_charts import OF_DECOYS, SHOWN, TRUTHS, draw_truth
from faig.results.reader import Results
from faig.results.run_directory import CONFIG, read_config
from faig.results.truth_tables import AGREEMENT, DECOYS, PLANTED, TOPS

COMMAND = "truth"
TOP = 0.01
TOLD = ("faig", "signed", "predicted", "random")  # of the methods, on the first lines


class ShapleySettings(BaseModel):
    """Of the Shapley values."""

    pairs: int


class PlantedSettings(BaseModel):
    """Of the functions that are planted."""

    proportion: float
    steps: int


class TruthSettings(BaseModel):
    """What the page says of the study's settings."""

    pairs: list[str]
    training_seeds: list[int]
    crops: int
    side: int
    nodes: int
    shapley: ShapleySettings
    planted: PlantedSettings


def is_truth(run: Path) -> bool:
    """Whether a run directory is that of a ground truth study."""
    return (run / CONFIG).is_file() and read_config(run / CONFIG).get("command") == COMMAND


def write_truth(run: Path, file: Path) -> Path:
    """Write the page of a finished study, and its two pictures beside it.

    Args:
        run: the directory of the study.
        file: ends in ``.md``.

    Returns:
        The file.

    Raises:
        InputError: the run is no ground truth study, or a table is missing.
    """
    if not is_truth(run):
        raise InputError(f"{run}: is no ground truth study")
    config = validated(TruthSettings, read_config(run / CONFIG), str(run / CONFIG)).model_dump()
    results = Results.of(run)
    agreement, tops, planted, decoys = map(results.needed, (AGREEMENT, TOPS, PLANTED, DECOYS))
    file.parent.mkdir(parents=True, exist_ok=True)
    curves, constructions = (f"{file.stem}-{name}.png" for name in ("curves", "constructions"))
    draw_truth(file.with_name(curves), file.with_name(constructions), tops=tops, planted=planted, decoys=decoys)
    command = f"faig report {run.as_posix()} --markdown {file.as_posix()}"
    studied = [f"{markdown(pair)} ({seed})" for seed in config["training_seeds"] for pair in config["pairs"]]
    found = _agree(agreement)
    settings = {
        "found": found,
        "command": command,
        "pairs": ", ".join(studied),
        "curves": curves,
        "constructions": constructions,
    }
    parts = [HEAD.format(**config | settings), *_brute_force(agreement, tops)]
    parts += [PLANTED_HEAD.format(**config | settings), *_planted(planted), DECOYS_HEAD, *_decoys(decoys)]
    with replacing(file) as part:
        part.write_text("\n".join(parts), encoding="utf-8")
    return file


def _agree(agreement: pd.DataFrame) -> str:
    """The range, over pairs and functions, of how well some methods agree with what each filter does alone."""
    means = agreement.groupby(["pair", "function", "method"])["alone"].mean().unstack()
    ends = {name: (means[name].min(), means[name].max()) for name in TOLD if name in means}
    return ", ".join(f"`{name}` {_number(low)} to {_number(high)}" for name, (low, high) in ends.items())


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # 0 has no sign


def _brute_force(agreement: pd.DataFrame, tops: pd.DataFrame) -> list[str]:
    """Of every pair and function: how well methods agree with the truths, and what their top 1% does."""
    columns = {
        "alone": "rank correlation, alone",
        "shapley": "Shapley",
        "alone_top": "precision at 1%, alone",
        "shapley_top": "Shapley",
        "switched_off": "switched off at 1%",
        "leak": "leak",
    }
    keys = ["pair", "seed", "function", "method"]
    rows = agreement.merge(tops[tops["proportion"] == TOP].drop(columns="proportion"), on=keys, how="left")
    order, parts = _ordered(rows["method"], (*TRUTHS, *SHOWN)), []
    for (pair, function), group in rows.groupby(["pair", "function"], sort=False):
        halves, barrier = (_mean(group.groupby("seed")[name].first()) for name in ("halves", "barrier"))
        parts += [
            f"### {markdown(pair)}, {function}\n\n{_table(group, 'method', columns, order)}\n",
            f"Half of the coalitions against the other half: {halves}; barrier {barrier}.\n",
        ]
    return parts


def _planted(planted: pd.DataFrame) -> list[str]:
    """Of every pair and function: how much was planted, and how much of it every method finds again."""
    drifts = {drift: f"drift {drift:g}" for drift in sorted(planted["drift"].unique())}
    order, parts = _ordered(planted["method"], SHOWN), []
    planted = planted.assign(
        gain=planted["psnr"] - planted["psnr_baseline"], clean=planted["psnr_clean"] - planted["psnr_clean_baseline"]
    )
    for pair, of_pair in planted.groupby("pair", sort=False):
        for function, rows in sorted(of_pair.groupby("function"), key=lambda item: str(item[0])):
            networks = rows.drop_duplicates(["seed", "drift"])  # the same for every method
            starts = networks.drop_duplicates("seed")
            gains = [
                f"{drift:g}: {_mean(group['gain'])} ({_mean(group['clean'])})"
                for drift, group in networks.groupby("drift")
            ]
            recall = rows.pivot_table(index=["seed", "method"], columns="drift", values="recall").reset_index()
            parts.append(
                f"### {markdown(pair)}, {function}\n\n"
                f"Carriers {_mean(starts['carriers'])} of {int(starts['planted'].iloc[0])} planted. "
                f"PSNR gained in dB (on clean images), by drift: {'; '.join(gains)}; by the trained target: "
                f"{_mean(starts['psnr_target'] - starts['psnr_baseline'])}.\n\n"
                f"{_table(recall, 'method', drifts, order)}\n"
            )
    return parts


def _decoys(decoys: pd.DataFrame) -> list[str]:
    """Of every pair and some methods: the share of the top 1% that decoys make up."""
    columns = {
        "share without": "without decoys",
        "share with": "with",
        "share aligned": "aligned",
        "share aligned without": "aligned, without",
        "barrier with": "barrier with",
        "barrier aligned": "barrier aligned",
    }
    decoys = decoys.assign(
        share=decoys["in_top"] / decoys["top"], case=decoys["decoy"] + " " + decoys["size"].map("{:g}".format)
    )
    parts = []
    for pair, of_pair in decoys.groupby("pair", sort=False):
        for method in OF_DECOYS:
            rows = of_pair[of_pair["method"] == method]
            if rows.empty:
                continue
            wide = rows.pivot_table(
                index=["seed", "case"], columns="version", values=["share", "barrier"], dropna=False
            )
            wide.columns = pd.Index([" ".join(column) for column in wide.columns])
            cases = list(dict.fromkeys(rows["case"]))
            parts.append(f"### {markdown(pair)}, `{method}`\n\n{_table(wide.reset_index(), 'case', columns, cases)}\n")
    return parts


def _ordered(methods: "pd.Series[Any]", first: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*first, *methods)))


def _mean(values: "pd.Series[Any]") -> str:
    """The mean over seeds, and half of its 95% t interval."""
    from scipy import stats  # slow to import

    count = len(values)
    if count < 2:
        return f"{values.mean():.2f}"
    half = stats.t.ppf(0.975, count - 1) * values.std() / np.sqrt(count)
    return f"{values.mean():.2f} ±{half:.2f}"


def _table(rows: pd.DataFrame, by: str, columns: Mapping[Any, str], order: Sequence[str]) -> str:
    """A Markdown table, folded: a row for each value of ``by``, means over seeds."""
    summary = f"By {by}: {', '.join(dict.fromkeys(columns.values()))}"
    lines = [f"| {by} | " + " | ".join(columns.values()) + " |", "|---|" + "---|" * len(columns)]
    for name in order:
        group = rows[rows[by] == name]
        if len(group):
            means = (_mean(group[column]) if column in group else "" for column in columns)
            lines.append(f"| `{markdown(name)}` | {' | '.join(means)} |")
    table = "\n".join(lines)
    return f'<details markdown="1">\n<summary>{summary}</summary>\n\n{table}\n\n</details>'


HEAD = """# Are these the right filters?

![Switched off and leak, by the proportion of filters reverted; a triangle at an edge: beyond it]({curves})

- **Asked.** How well does each method's ranking agree with what filters really do: each alone, and all together? On
  small pairs, whose filters can all be reverted one by one.
- **Found.** Rank correlation with what each filter does alone: {found}.

Computed by `faig run configs/study/truth.yaml`, written by `{command}`. The pairs (`configs/train/truth`,
`scripts/small_pairs.py`), with the seed of their training: {pairs}. Every number is a mean over these seeds, ± half of
its 95% t interval where there are several.

## Brute force

Filters are ranked on {crops} crops each of two photos, {side} GT pixels a side, and reverted alone on the same;
switched off and leak are measured on two other photos. **alone**: the loss that reverting a filter alone adds on its
degradation, less what it changes on the other one and on clean images (as `signed` asks). **Shapley**: the same of
Shapley values, from {shapley[pairs]} pairs of complementary coalitions. **greedy**: one filter after the other, each
the one that does most then. `signed-net`: `signed` with the absolute value taken after the sums. `predicted`: brute
force predicted by one forward and {nodes} + 1 backward passes an image.
"""
PLANTED_HEAD = """
## Planted functions

Two disjoint random sets, each {planted[proportion]:.0%} of every layer. One is trained on noisy images, then the other
on blurry ones ({planted[steps]} steps each); each also learns to leave everything else as it was. **Carriers** are the
planted filters that make up 90% of the loss when reverted one by one. Recall: share of the carriers among as many first
filters of a ranking. PSNR is measured on the two other photos; what the trained target gains there stands beside it.
**Drift**: everything but the planted filters fine-tuned on clean images, and to keep what was made of degraded ones,
until it has moved so many times as far as the planted filters had. Where no PSNR was gained, nothing was planted, and
recall says little.

![Recall against drift; decoys in the top 1%]({constructions})
"""
DECOYS_HEAD = """
## Decoys

Hidden channels scaled (two of each link, by the factor and by its inverse) or swapped with their readers: the
function stays. The share of the top 1% that the moved filters make up, without and with the move, and after
`faig.networks.align`.
"""
