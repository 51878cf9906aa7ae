"""docs/results/truth.md and its pictures, from the pieces that benchmarks/truth.py keeps."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pieces import kept
from scipy import stats
from truth_parts import KINDS, TOP, Sizes, Small, scores

from faig.common.files import replacing
from faig.filters import FilterSet, Scores, rank
from faig.intervention.edit import revert
from faig.intervention.measure import effects
from faig.networks.inference import restore
from faig.truth import precision, rank_correlation, specific

PROPORTIONS = (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1)
SHOWN = ("faig", "signed", "signed-net", "predicted", "predicted-output", "gradient", "change", "ig", "random")
TRUTHS = ("alone", "Shapley", "greedy")


def write_report(out: Path, docs: Path, studied: Sequence[tuple[str, int]], sizes: Sizes) -> None:
    """Write the page, two pictures and the numbers."""
    (docs / "results").mkdir(parents=True, exist_ok=True)
    ones = [Small(pair, seed, sizes) for pair, seed in studied]
    rows, curves = [], []
    for one in ones:
        more, curve = brute_rows(one, out / f"{one.pair}-{one.seed}")
        rows += more
        curves += curve
    brute, curve = pd.DataFrame(rows), pd.DataFrame(curves)
    planted, decoys = (read(out, studied, name) for name in ("planted.json", "decoys.json"))
    draw_curves(curve, docs / "results" / "truth-curves.png")
    draw_constructions(planted, decoys, docs / "results" / "truth-constructions.png")
    text = page(brute, curve, planted, decoys, studied, sizes)
    with replacing(docs / "results" / "truth.md") as part:
        part.write_text(text, encoding="utf-8")


def brute_rows(one: Small, folder: Path) -> tuple[list[dict], list[dict]]:
    """Agreement of every method with both truths, and the curves, of one pair."""
    whole = kept(folder / "alone.safetensors")
    change = {key.removeprefix("loss/"): rows[None] for key, rows in whole.items() if key.startswith("loss/")}
    parts = [kept(folder / f"coalition-{k}.safetensors") for k in range(one.sizes.pairs)]
    shares = {kind: torch.stack([part[kind] for part in parts]) for kind in parts[0]}
    rankings, path = scores(one.target, one.baseline, one.cases, one.seed, one.sizes.draws)
    outputs = {name: outputs_of(net, one) for name, net in (("target", one.target), ("baseline", one.baseline))}
    rows, curves = [], []
    for kind in KINDS:
        truth, share = specific(change, kind), specific({k: v.mean(0, keepdim=True) for k, v in shares.items()}, kind)
        halves = [specific({k: v[h::2].mean(0, keepdim=True) for k, v in shares.items()}, kind) for h in range(2)]
        rankings["alone"], rankings["Shapley"] = ({kind: values} for values in (truth, share))
        rankings["greedy"] = {kind: first(kept(folder / f"greedy-{kind}.safetensors")["order"], truth)}
        told = {"pair": one.pair, "seed": one.seed, "kind": kind, "barrier": path.barriers()[kind]}
        told["halves"] = rank_correlation(*halves) if len(parts) > 1 else float("nan")
        for method, by_kind in rankings.items():
            values = by_kind[kind]
            row = told | {"method": method}
            for name, known in (("alone", truth), ("shapley", share)):
                row |= {name: rank_correlation(values, known), f"{name}_top": precision(values, known, TOP)}
            rows.append(row)
            curves += [
                told | {"method": method, "proportion": proportion} | measured(one, outputs, values, kind, proportion)
                for proportion in PROPORTIONS
                if method != "greedy" or proportion <= TOP
            ]
        del rankings["alone"], rankings["Shapley"], rankings["greedy"]
    return rows, curves


def first(order: torch.Tensor, truth: Scores) -> Scores:
    """A ranking whose first are these, and then those of the truth."""
    values = truth.double() - truth.max() - 1
    values[order] = torch.arange(len(order), 0, -1).double()
    return values.float()


def outputs_of(network: torch.nn.Module, one: Small) -> dict[str, list[torch.Tensor]]:
    """What a network makes of the images that effects are measured on."""
    return {kind: [restore(network, case.lr[kind]) for case in one.others] for kind in one.others[0].lr}


def measured(one: Small, outputs: dict, values: Scores, kind: str, proportion: float) -> dict[str, float]:
    """Switched off and leak of the top of a ranking."""
    altered = outputs_of(revert(one.target, one.baseline, FilterSet.top(one.space, rank(values), proportion)), one)
    whole = effects(outputs["target"][kind], outputs["baseline"][kind], "gray").mean()
    left = effects(altered[kind], outputs["baseline"][kind], "gray").mean()
    elsewhere = max(effects(altered[k], outputs["target"][k], "gray").mean() for k in altered if k != kind)
    return {"off": 1 - left / whole, "leak": elsewhere / whole}


def read(out: Path, studied: Sequence[tuple[str, int]], name: str) -> pd.DataFrame:
    """The rows of all pairs."""
    found = [
        pd.DataFrame(json.loads((out / f"{pair}-{seed}" / name).read_text())).assign(pair=pair, seed=seed)
        for pair, seed in studied
    ]
    return pd.concat(found, ignore_index=True)


def interval(values: pd.Series) -> str:
    """Mean over seeds, and half of its 95% t interval."""
    count = len(values)
    if count < 2:
        return f"{values.mean():.2f}"
    half = stats.t.ppf(0.975, count - 1) * values.std() / np.sqrt(count)
    return f"{values.mean():.2f} ±{half:.2f}"


def table(rows: pd.DataFrame, by: str, columns: dict[str, str], order: Sequence[str]) -> str:
    """A Markdown table: a row for each value of ``by``."""
    lines = [f"| {by} | " + " | ".join(columns.values()) + " |", "|---|" + "---|" * len(columns)]
    for name in order:
        group = rows[rows[by] == name]
        if len(group):
            lines.append(f"| `{name}` | " + " | ".join(interval(group[column]) for column in columns) + " |")
    return "\n".join(lines)


def page(
    brute: pd.DataFrame, curve: pd.DataFrame, planted: pd.DataFrame, decoys: pd.DataFrame,
    studied: Sequence[tuple[str, int]], sizes: Sizes,
) -> str:  # fmt: skip
    """The text."""
    order = list(dict.fromkeys((*TRUTHS, *SHOWN, *brute["method"])))
    parts = [
        HEAD.format(
            **vars(sizes)
            | {"pairs": ", ".join(f"{pair} ({seed})" for pair, seed in studied), "coalitions": sizes.pairs}
        )
    ]
    for pair in dict.fromkeys(brute["pair"]):
        for kind in KINDS:
            rows = brute[(brute["pair"] == pair) & (brute["kind"] == kind)]
            at = curve[(curve["pair"] == pair) & (curve["kind"] == kind) & (curve["proportion"] == TOP)]
            both = rows.merge(at[["seed", "method", "off", "leak"]], on=["seed", "method"], how="left")
            columns = {
                "alone": "rank correlation, alone",
                "shapley": "Shapley",
                "alone_top": "precision at 1%, alone",
                "shapley_top": "Shapley",
                "off": "switched off at 1%",
                "leak": "leak",
            }
            parts.append(f"### {pair}, {kind}\n\n{table(both, 'method', columns, order)}\n")
            halves, barrier = (interval(rows[rows["method"] == "faig"][name]) for name in ("halves", "barrier"))
            parts.append(f"Half of the coalitions against the other half: {halves}; barrier {barrier}.\n")
    parts.append(PLANTED.format(**vars(sizes)))
    for pair in dict.fromkeys(planted["pair"]):
        for kind in KINDS:
            rows = planted[(planted["pair"] == pair) & (planted["kind"] == kind)].copy()
            rows["gain"], rows["clean"] = (
                rows["psnr"] - rows["psnr_baseline"],
                rows["psnr_clean"] - rows["psnr_clean_baseline"],
            )
            one = rows[rows["method"] == "faig"]
            learned = interval((one["psnr_target"] - one["psnr_baseline"])[one["drift"] == 0])
            gains = [f"{size:g}: {interval(g['gain'])} ({interval(g['clean'])})" for size, g in one.groupby("drift")]
            wide = rows.pivot_table(index=["seed", "method"], columns="drift", values="recall").reset_index()
            columns = {size: f"drift {size:g}" for size in sizes.drifts}
            parts.append(
                f"### {pair}, {kind}\n\nCarriers {interval(one['carriers'])} of {one['planted'].iloc[0]} planted. "
                f"PSNR gained in dB (on clean images), by drift: {'; '.join(gains)}. The trained target: {learned}.\n\n"
                f"{table(wide, 'method', columns, order)}\n"
            )
    parts.append(DECOYS)
    for pair in dict.fromkeys(decoys["pair"]):
        rows = decoys[decoys["pair"] == pair].copy()
        rows["share"] = rows["in_top"] / rows["top"]
        rows["case"] = rows["decoy"] + " " + rows["size"].map("{:g}".format)
        for method in ("faig", "signed", "predicted", "change"):
            some = rows[rows["method"] == method]
            wide = some.pivot_table(index=["seed", "case"], columns="version", values=["share", "barrier"])
            wide.columns = ["_".join(column) for column in wide.columns]
            columns = {
                "share_without": "without decoys",
                "share_with": "with",
                "share_aligned": "aligned",
                "share_aligned without": "aligned, without",
                "barrier_with": "barrier with",
                "barrier_aligned": "barrier aligned",
            }
            shown = table(wide.reset_index(), "case", columns, list(dict.fromkeys(rows["case"])))
            parts.append(f"### {pair}, `{method}`\n\n{shown}\n")
    return "\n".join(parts)


def draw_curves(curve: pd.DataFrame, path: Path) -> None:
    """Switched off and leak against the proportion, mean over seeds."""
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(zip(curve["pair"], curve["kind"], strict=True)))
    figure = Figure(figsize=(4 * len(cases), 6), layout="constrained")
    panels = figure.subplots(2, len(cases), squeeze=False)
    for place, (pair, kind) in enumerate(cases):
        rows = curve[(curve["pair"] == pair) & (curve["kind"] == kind)]
        for line, value in enumerate(("off", "leak")):
            axes = panels[line, place]
            for method, group in rows[rows["method"].isin((*TRUTHS, *SHOWN))].groupby("method", sort=False):
                mean = group.groupby("proportion")[value].mean()
                axes.plot(mean.index, mean, marker=".", label=method, linestyle="--" if method in TRUTHS else "-")
            axes.set(
                xscale="log",
                title=f"{pair}, {kind}",
                xlabel="proportion",
                ylabel={"off": "switched off"}.get(value, value),
            )
            axes.set_ylim(-0.1, 1.1 if value == "off" else 1.5)
            axes.grid(alpha=0.3)
    panels[0, 0].legend(fontsize=7)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=90, metadata={"Software": None})


def draw_constructions(planted: pd.DataFrame, decoys: pd.DataFrame, path: Path) -> None:
    """Recall against drift, and decoys in the top 1% against their scale."""
    from matplotlib.figure import Figure

    pairs = list(dict.fromkeys(planted["pair"]))
    figure = Figure(figsize=(5 * len(pairs), 7), layout="constrained")
    panels = figure.subplots(2, len(pairs), squeeze=False)
    for place, pair in enumerate(pairs):
        for method in SHOWN:
            rows = planted[(planted["pair"] == pair) & (planted["method"] == method)]
            mean = rows.groupby("drift")["recall"].mean()
            panels[0, place].plot(mean.index, mean, marker=".", label=method)
        panels[0, place].set(title=pair, xlabel="drift / planted change", ylabel="recall of the carriers", ylim=(0, 1))
        for version, style in (("with", "-"), ("aligned", ":"), ("without", "--")):
            for place_, method in enumerate(("faig", "signed", "predicted", "change")):
                chosen = (decoys["pair"] == pair) & (decoys["method"] == method) & (decoys["decoy"] == "scaled")
                rows = decoys[chosen & (decoys["version"] == version)]
                mean = rows.groupby("size")["in_top"].mean() / rows["top"].iloc[0]
                panels[1, place].plot(mean.index, mean, style, color=f"C{place_}", label=f"{method}, {version}")
        panels[1, place].set(xscale="log", xlabel="scale of the decoys", ylabel="share of the top 1%", ylim=(0, 1))
    for line in panels:
        line[0].legend(fontsize=7)
        for axes in line:
            axes.grid(alpha=0.3)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=90, metadata={"Software": None})


HEAD = """# Are these the right filters?

Written by `python benchmarks/truth.py`. Small pairs, whose filters can all be reverted one by one
(`configs/train/truth`,
`scripts/small_pairs.py`), with the seed of their training: {pairs}. Every number is a mean over these seeds, ±
half of its 95% t interval where there are several.

![Switched off and leak, by the proportion of filters reverted](truth-curves.png)

## Brute force

Filters are ranked on {crops} crops each of two photos, {side} GT pixels a side, and reverted alone on the same;
switched off and leak are measured on two other photos. **alone**: the loss that reverting a filter alone adds on its
degradation, less what it changes on the other one and on clean images (as `signed` asks). **Shapley**: the same of
Shapley values, from {coalitions} pairs of complementary coalitions. **greedy**: one filter after the other, each the
one that does most then. `signed-net`: `signed` with the absolute value taken after the sums. `predicted`: brute force
predicted by one forward and {draws} + 1 backward passes an image (`faig.truth.predicted`); `predicted-output`: its
change of output.
"""
PLANTED = """
## Planted functions

Two disjoint random sets, each {planted:.0%} of every layer. One is trained on noisy images, then the other on blurry
ones ({steps} steps each); each also learns to leave everything else as it was. **Carriers** are the planted filters
that make up 90% of the loss when reverted one by one. Recall: share of the carriers among as many first filters of a
ranking. PSNR is measured on the two other photos; what the trained target gains there stands beside it. **Drift**:
everything but the planted filters fine-tuned on clean images, and to keep what was made of degraded ones, until it
has moved so many times as far as the planted filters had. Where no PSNR was gained, nothing was planted, and recall
says little.

![Recall against drift; decoys in the top 1%](truth-constructions.png)
"""
DECOYS = """
## Decoys

Hidden channels scaled (two of each link, by the factor and by its inverse) or swapped with their readers: the
function stays. The share of the top 1% that the moved filters make up, without and with the move, and after
`faig.networks.align`.
"""
