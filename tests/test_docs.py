"""Numbers in the documentation are those of the tables that are kept beside it."""

import json
import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

import faig
from faig.networks.checkpoint import network_metadata
from faig.report.figures.teaser import teaser_caption
from faig.results.reader import Shot

DOCS = Path(__file__).parents[1] / "docs"


def test_the_first_page_shows_the_code_of_the_readme():
    """Which a test runs; what is said beside a line may differ."""

    def code(text: str) -> list[str]:
        block = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
        return [line.split("  #")[0] for line in block.splitlines()]

    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert code((DOCS / "index.md").read_text(encoding="utf-8")) == code(readme)


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_a_first_page_says_what_its_code_needs(page):
    """The image folders that stand in it, with a source each, and an install that all of its commands run after."""
    text = (DOCS.parent / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:python|sh)\n(.*?)```", text, re.DOTALL)
    folders = {name for block in blocks for name in re.findall(r"(?:make_cases\(\"|gt )(\w+)", block)}
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert "Set5" in folders
    for name in folders:
        assert re.search(rf"`{name}`\s+\([^)]+ (19|20)\d\d\)", prose), name
    [install] = [line for block in blocks for line in block.splitlines() if line.startswith("pip install")]
    assert "'.[all]'" in install


@pytest.mark.parametrize("name", ["knob", "twins"])
def test_a_page_of_measurements_is_made_of_what_was_measured(name, monkeypatch):
    scripts = DOCS.parent / "scripts"
    monkeypatch.syspath_prepend(str(scripts))
    page = runpy.run_path(str(scripts / f"{name}_page.py"))["page"]
    assert (DOCS / "results" / f"{name}.md").read_text(encoding="utf-8") == page()


KNOBS = ("realesr-general", "srresnet", "srcnn-style", "wild", "wild-small", "srresnet-gentle", "srcnn-style-gentle")


def test_what_is_said_of_the_knob_is_what_was_measured():
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    measured = {
        name: json.loads((DOCS / "results" / f"knob-{name}.json").read_text(encoding="utf-8")) for name in KNOBS
    }
    public = measured["realesr-general"]["functions"]["noise"]
    shares = public["leak_ratio"]["images"]
    half, most = (
        [shares[f"{measure}, noise {off} off, on clean"] for measure in ("map", "pixels")] for off in (0.5, 0.9)
    )
    assert f"at half of denoising off {half[0]:.2f} of DNI's in gradient maps and {half[1]:.2f} in pixels" in text
    blend = public["leak_ratio"]["blend"]
    also = [blend[f"{measure}, noise 0.9 off, on clean"] for measure in ("map", "pixels")]
    least = [each["map, noise-0.03 0.9 off, on clean"] for each in (blend, shares)]
    as_good = f"where blend is as good ({also[0]:.2f} and {also[1]:.2f})"
    assert f"at nine tenths {most[0]:.2f} and {most[1]:.2f}, {as_good}" in text
    assert f"noise of 0.03 blend leaks less there ({least[0]:.2f} against {least[1]:.2f})" in text
    assert f"switches denoising off to {public['curves']['images'][0]['off_map_noise']:.2f}" in text
    for name in ("srresnet", "srcnn-style"):
        for function, found in measured[name]["functions"].items():
            ends, off = [found["curves"]["images"][place] for place in (0, -1)], found["off"]
            others = [key.removeprefix("leak_map_") for key in ends[0] if key.startswith("leak_map_")]
            lost = min(ends[0][f"psnr_{other}"] - ends[1][f"psnr_{other}"] for other in others)
            cells = [f"`{name}-x2`", function, *(interval(off, each, 3) for each in ("switched_off", "leak"))]
            line = f"| {' | '.join(cells)} | {lost:+.2f} dB |"
            assert line.replace("-0", "−0") in text.replace("-0", "−0"), line
    noise = measured["srresnet"]["functions"]["noise"]
    ends, off = [noise["curves"]["images"][place] for place in (0, -1)], noise["off"]
    others = [key.removeprefix("leak_map_") for key in ends[0] if key.startswith("leak_map_")]
    lost = max(ends[1][f"psnr_{other}"] - ends[0][f"psnr_{other}"] for other in others)
    readme = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    switched_off, leak = (interval(off, each, 3) for each in ("switched_off", "leak"))
    assert f"switches denoising off to {switched_off} at a leak of {leak}" in readme
    assert f"costs no other input more than {lost:.2f} dB on average" in readme
    every = [found["knobs"]["images"] for pair in measured.values() for found in pair["functions"].values()]
    assert all(not knob["wrecked"] for knob in every)
    assert max(knob["falls"] for knob in every) <= 0.05
    worst = max(every, key=lambda knob: knob["short_of_controls"])
    short = interval(worst, "short_of_controls", 2)
    assert f"own images at no strength more than {short} dB under the better of DNI and blend" in text
    assert f"PSNR on the function's own images stays within {short} dB of the better of the two knobs" in readme
    assert f"of {len(every)} functions of {len(measured)} pairs" in readme


def interval(values: dict, name: str, digits: int) -> str:
    """A number with its interval."""
    low, high = (values[f"{name}_{end}"] for end in ("low", "high"))
    return f"{values[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def test_what_is_said_of_the_sets_of_the_wild_pairs_is_what_was_measured():
    text, off = " ".join((DOCS / "zoo.md").read_text(encoding="utf-8").split()), {}
    for pair in ("wild", "wild-small"):
        functions = json.loads((DOCS / "results" / f"knob-{pair}.json").read_text(encoding="utf-8"))["functions"]
        by_kind = {kind: found["curves"]["images"][0][f"off_map_{kind}"] for kind, found in functions.items()}
        off |= {(pair, kind): f"{value:.2f}" for kind, value in by_kind.items()}
        assert by_kind["jpeg"] < 0.05
    large = f"deblurring is off to {off['wild', 'blur']} and denoising to {off['wild', 'noise']} in gradient maps"
    assert f"{large}, of the small pair to {off['wild-small', 'blur']} and {off['wild-small', 'noise']}" in text


def test_what_is_said_of_the_first_picture_is_what_was_measured():
    rows = pd.read_csv(DOCS / "images" / "teaser.csv", keep_default_na=False)
    shots = [
        Shot(row["input"], row["shown"], row["function"], DOCS / row["file"], float(row["psnr"] or "nan"))
        for _, row in rows.iterrows()
    ]
    text = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert teaser_caption(shots) in text


ORIGINS = ("clean", "blur", "noise")


def test_what_is_said_of_predictions_is_what_was_measured():
    table = json.loads((DOCS / "results" / "prediction-untouched.json").read_text(encoding="utf-8"))
    text = (DOCS / "method.md").read_text(encoding="utf-8")
    assert list(table) == ["srresnet-x2", "srcnn-style-x2"]
    for pair, found in table.items():
        untouched, answers = found["untouched"], found["untouched"]["answers"]
        named = sum(count for answer, count in answers.items() if answer not in ("clean", "unknown"))
        assert untouched["photos"] == sum(answers.values()) == len(untouched["by_photo"]) == 60
        numbers = [answers["clean"], answers["unknown"], named, untouched["called_degraded_above_0.8"]]
        row = " | ".join(map(str, numbers))
        assert f"| `{pair}` | {row} | {untouched['highest_probability_of_a_named_degradation']:.2f} |" in text
        shares = []
        for kind in ("clean", "blur", "noise"):
            right, told = found["training_scale"][kind]["right_of_three"], found["training_scale"][kind]["answers"]
            shares.append(f"{right['share']:.1%} [{right['share_low']:.1%}, {right['share_high']:.1%}]")
            shares.append(str(told.get("unknown", 0)))
            assert sum(told.values()) == 60
        assert f"| `{pair}` | {' | '.join(shares)} |" in text
        called_clean = [str(found["training_scale_jpeg_90"][kind]["answers"].get("clean", 0)) for kind in ORIGINS]
        assert f"| `{pair}` | {' | '.join(called_clean)} |" in text
    noisy = [found["training_scale"]["noise"]["answers"] for found in table.values()]
    assert f"{' and '.join(str(told['noise']) for told in noisy)} of the 60 noisy images are called noise" in text
    assert all(told["noise"] + told["blur+noise"] == 60 for told in noisy)


def test_no_untouched_photo_is_surely_degraded():
    table = json.loads((DOCS / "results" / "prediction-untouched.json").read_text(encoding="utf-8"))
    for found in table.values():
        assert found["untouched"]["called_degraded_above_0.8"] == 0
        for photo in found["untouched"]["by_photo"].values():
            sure = max(share for kind, share in photo["probabilities"].items() if kind != "clean") > 0.8
            assert not sure or photo["answer"] == "unknown"
        assert all(
            found["training_scale"][kind]["right_of_three"]["share"] >= 0.95 for kind in ("clean", "blur", "noise")
        )


def test_what_is_said_of_the_time_to_an_answer_is_what_was_measured():
    text = (DOCS / "engine.md").read_text(encoding="utf-8")
    rows = json.loads((DOCS / "results" / "answer.json").read_text(encoding="utf-8"))["rows"]
    assert [row["procedure"] for row in rows] == ["published", "faig, 4 nodes", "faig, 6 nodes", "faig, 12 nodes"]
    for row in rows:
        both = [
            f"{row[f'{name}_{kind}']:.3f} / {row[f'{name}_pixels_{kind}']:.3f}"
            for kind in ("blur", "noise")
            for name in ("switched_off", "leak")
        ]
        lost = f"{row['psnr_gain_elsewhere_noise']:+.2f}"
        assert f"| {row['procedure']} | {row['speedup']:.1f} | {' | '.join(both)} | {lost} |" in text
    assert round(rows[3]["speedup"]) == 24
    assert rows[1]["speedup"] > 60
    assert rows[1]["switched_off_noise"] < rows[0]["switched_off_noise"]
    assert rows[1]["leak_noise"] < rows[0]["leak_noise"]


def measured_cells(study: str, method: str, share: float, kinds: tuple[str, ...]) -> str:
    """A row of a table of methods, as the results of a study say it."""
    rows = pd.read_csv(DOCS / "results" / study / "summary.csv", keep_default_na=False)
    cells = []
    for kind in kinds:
        chosen = (rows["method"] == method) & (rows["proportion"] == share) & (rows["reverted"] == kind)
        row = rows[chosen].iloc[0]
        off, leak = (f"{row[part]:.3f} / {row[f'{part}_pixels']:.3f}" for part in ("switched_off", "leak"))
        wrecked = " (wrecked)" if row["wrecked"] else ""
        cells.append(f"{off}, leak {leak}, {row['psnr_elsewhere']:+.2f} dB{wrecked}")
    return " | ".join(cells)


def test_the_table_of_the_readme_is_what_was_measured():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    named = {
        "1% by FAIG (the default)": ("faig", 0.01),
        "0.1% by `signed` (ours)": ("signed", 0.001),
        "1% by `signed` (ours)": ("signed", 0.01),
        "the 1% that changed most": ("change", 0.01),
        "1% at random": ("random", 0.01),
    }
    for name, (method, share) in named.items():
        assert f"| {name} | {measured_cells('methods-srresnet', method, share, ('blur', 'noise'))} |" in readme


def test_the_table_of_the_example_is_what_was_measured():
    readme = (DOCS.parent / "examples" / "three-degradations" / "README.md").read_text(encoding="utf-8")
    named = {
        "by FAIG": "faig",
        "by `signed`": "signed",
        "by `gradient-contrastive`": "gradient-contrastive",
        "that changed most": "change",
        "at random": "random",
    }
    for name, method in named.items():
        cells = measured_cells("three-degradations", method, 0.01, ("blur", "noise", "jpeg"))
        assert f"| {name} | {cells} |" in readme


@pytest.mark.parametrize(
    ("study", "verdict"), [("methods-srresnet", "holds"), ("methods-srcnn-style", "does not hold")]
)
def test_where_signed_is_said_to_beat_faig_it_does(study, verdict):
    """At sizes that were chosen on the finding images, on both functions and by both measures."""
    page = (DOCS / "results" / f"{study}.md").read_text(encoding="utf-8")
    [claim] = re.findall(r"<summary>(.+ FAIG can be beaten:.+)</summary>\n\n(.+)", page)
    assert claim[0].startswith(f"<strong>{verdict}:</strong>")
    assert claim[1].startswith("Signed on deblurring:")
    chosen = [line for line in page.splitlines() if re.match(r"\| (blur|noise) \| signed \| (no more|as much)", line)]
    assert len(chosen) == 4
    assert all("| finding images |" in line for line in chosen)


def test_what_the_example_says_of_its_pair_is_what_its_training_measured():
    folder = DOCS.parent / "examples" / "three-degradations"
    records = [
        network_metadata(folder / "pair" / f"{name}.safetensors")["training"]["validation"][-1]
        for name in ("target", "baseline")
    ]
    gained = {kind: records[0][kind] - records[1][kind] for kind in ("blur", "noise", "jpeg", "clean")}
    said = (
        f"On two images of Set5 the target gains {gained['blur']:.1f} dB on blurry, {gained['noise']:.1f} dB on noisy "
        f"and {gained['jpeg']:.1f} dB on compressed input, and loses {-gained['clean']:.1f} dB on clean input."
    )
    assert said in " ".join((folder / "README.md").read_text(encoding="utf-8").split())


def test_what_the_readme_says_of_the_ground_truth_is_what_was_measured():
    page = (DOCS / "results" / "truth.md").read_text(encoding="utf-8")
    alone = page.split("## Brute force")[1].split("## Planted functions")[0]
    ranges = {}
    for method in ("faig", "predicted"):
        found = re.findall(rf"^\| `{method}` \| (\S+) ±", alone, re.MULTILINE)
        assert len(found) == 4  # two pairs, two functions
        ranges[method] = f"{min(found)} to {max(found)}"
    said = f"rank correlation {ranges['faig']}; `predicted` has {ranges['predicted']}"
    assert said in " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())


def test_the_version_to_cite_is_this_one():
    lines = (DOCS.parent / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {faig.__version__}" in lines
