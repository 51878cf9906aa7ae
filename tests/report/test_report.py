"""The report: what it takes from a run's files, its bytes, its charts as files, and bad input."""

import base64
import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from faig.attribution.files.ranking_file import RankingFile
from faig.common.errors import InputError
from faig.report.figures.drawing import Drawing
from faig.report.figures.export import export_drawings
from faig.report.figures.teaser import draw_teaser
from faig.report.html.html_table import Grid
from faig.report.html.page import _trust, write_report
from faig.report.markdown import write_markdown
from faig.results.reader import Results
from faig.results.scores import ScoresInfo

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("undrawn")]


@pytest.fixture(scope="module")
def reported(study_run) -> tuple[Path, str]:
    page = write_report(study_run)
    return study_run, page.read_text(encoding="utf-8")


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def test_every_section_of_a_whole_study_is_there(reported):
    _, page = reported
    sections = ["claims", "comparison", "distribution", "strength", "prediction", "locations"]
    sections += ["tables", "run"]
    assert re.findall(r'<section id="([\w-]+)">', page) == sections
    assert page.count('<li class="claim"') == 12
    top = page[page.index("<h1>") : page.index("<nav ")]
    assert 'id="before-after"' in top  # the pictures come first
    for name in ("compare/summary.csv", "sweep/modulation.csv", "predict/accuracy.csv", "mine/odd &lt;table&gt;.csv"):
        assert f"{name} <small>" in page
    assert "b &lt;i&gt;" in page
    assert "target: " in page  # configurations, as text
    assert "convergence delta" in page


def test_nothing_in_it_points_outside(reported):
    _, page = reported
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "default-src 'none'" in page


def test_equal_files_give_equal_bytes(reported, undrawn, tmp_path):
    run, page = reported
    again = shutil.copytree(run, tmp_path / "elsewhere")
    (again / "report.html").unlink()
    assert write_report(again).read_text(encoding="utf-8") == page
    names = set(data_of(page)["charts"])
    assert set(undrawn) == names
    assert {"effect-blur", "tradeoff-noise", "leak-blur", "layers", "groups", "accuracy"} <= names
    assert {f"strength-blur+noise-{measure}" for measure in ("psnr", "sharpness", "noise", "step")} <= names
    one = {}  # of each kind
    for name, drawing in undrawn.items():
        one[re.sub(r"-(blur\+noise|blur|noise)(?=-|$)", "", name)] = drawing
    assert len(one) > 8
    first = export_drawings(tmp_path / "first", one.values())
    second = export_drawings(tmp_path / "second", [Drawing.of(drawing.chart) for drawing in [*one.values()][::3]])
    assert {path.name for path in first.iterdir()} == {
        f"{drawing.chart.name}.{suffix}" for drawing in one.values() for suffix in ("png", "svg")
    }
    assert all(path.read_bytes() == (first / path.name).read_bytes() for path in second.iterdir())


def test_the_map_holds_the_best_filters_in_order(reported):
    run, page = reported
    mapped = data_of(page)["map"]
    ranking = pd.read_csv(run / "compare" / "filters-noise.csv")
    noise = next(one for one in mapped["functions"] if one["name"] == "noise")
    indices = np.frombuffer(base64.b64decode(noise["index"]), "<u4")
    scores = np.frombuffer(base64.b64decode(noise["score"]), "<f4")
    assert len(indices) == len(ranking) // 10 > 10
    assert list(indices) == list(ranking["index"][: len(indices)])
    assert scores == pytest.approx(ranking["score"][: len(scores)].to_numpy(), rel=1e-6)
    name, _, inputs, start = next(layer for layer in mapped["layers"] if layer[0] == ranking["layer"][0])
    assert start + ranking["out"][0] * inputs + ranking["in"][0] == ranking["index"][0], name


def test_a_file_that_is_none_of_rankings_is_refused(study_run, tmp_path):
    run = shutil.copytree(study_run / "compare", tmp_path / "run")
    shutil.copy(run / "scores.safetensors", run / "rankings.safetensors")
    with pytest.raises(InputError, match=r"rankings\.safetensors: is not a file of rankings"):
        write_report(run)


def test_headline_and_charts_are_of_the_runs_own_method(study_run, undrawn, tmp_path):
    run = shutil.copytree(study_run, tmp_path / "study")
    file = run / "compare" / "rankings.safetensors"
    dataclasses.replace(RankingFile.load(file), default="signed").save(file)
    page = write_report(run).read_text(encoding="utf-8")
    tiles = re.search(r'<ul class="tiles">(.*?)</ul>', page, re.S)[1]
    assert tiles.count("<small>signed: ") == 2
    summary = pd.read_csv(run / "compare" / "summary.csv").query("method == 'signed' and proportion == 0.05")
    less = summary[["switched_off", "switched_off_pixels"]].min(axis=1)
    assert set(re.findall(r"<b>(−?\d+)%</b>", tiles)) == {f"{round(100 * off)}".replace("-", "−") for off in less}
    assert tiles.count(" in gradient maps and ") == 3  # switched off of both, leak of the one that is written about
    assert "faig" not in tiles
    data = data_of(page)
    assert data["map"]["method"] == "signed"
    assert "best filters for deblurring by signed" in page
    assert {series.name for series in undrawn["tradeoff-blur"].chart.series if series.heavy} == {"signed"}
    assert "The filters are those of signed." in page
    assert "Reverting 5% of the filters by faig" in page  # what the paper claims, of its method
    assert "Reverting 5% of the filters by signed" in page


@pytest.mark.parametrize(
    ("stage", "sections"),
    [
        ("compare", ["claims", "comparison", "distribution", "run"]),
        ("sweep", ["claims", "strength", "run"]),
        ("retrain", ["claims", "locations", "run"]),
        ("mine", ["tables", "run"]),
    ],
)
def test_a_single_run_shows_what_it_has(study_run, tmp_path, stage, sections):
    run = shutil.copytree(study_run / stage, tmp_path / "run")
    page = write_report(run).read_text(encoding="utf-8")
    assert re.findall(r'<section id="([\w-]+)">', page) == sections


def test_scores_and_rankings_alone_are_enough(study_run, tmp_path):
    for name in ("scores.safetensors", "rankings.safetensors"):
        shutil.copy(study_run / "compare" / name, tmp_path)
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'<section id="([\w-]+)">', page) == ["distribution", "run"]
    assert "<h1>The filters of a network</h1>" in page  # nothing says what they do
    assert not (tmp_path / "figures").exists()


def test_the_markdown_holds_claims_tables_and_pictures(study_run, tmp_path, faig):
    run = shutil.copytree(study_run, tmp_path / "study")
    shutil.rmtree(run / "sweep")  # its charts are many
    draw_teaser(run)
    file = tmp_path / "kept" / "study.md"
    code, out, _ = faig("report", run, "--markdown", file)
    assert code == 0
    assert f"Markdown: {file}" in out
    text = file.read_text(encoding="utf-8")
    opening, claims, *_ = re.split(r"\n## ", text)
    assert re.fullmatch(r"!\[One image, .+ reverted\]\(study/teaser.png\)", opening.splitlines()[2])
    assert re.findall(r"^- \*\*(\w+)\.\*\*", opening, re.MULTILINE) == ["Found", "Cost"]
    folded = re.findall(r"<summary>(.+)</summary>", claims)
    assert sum(summary.startswith("<strong>holds") for summary in folded) >= 3
    summary = pd.read_csv(run / "compare" / "summary.csv")
    share = summary["proportion"].min()
    table = text.split(f"[summary.csv](study/summary.csv): {100 * share:.3g}% of the filters")[1].split("</details>")[0]
    assert table.count("\n|") == 2 + (summary["proportion"] == share).sum()
    linked = re.findall(r"!\[.+\]\((study/[\w+-]+\.png)\)", text)
    folder = tmp_path / "kept" / "study"
    assert {f"study/{path.name}" for path in folder.glob("*.png")} == set(linked)
    assert summary.equals(pd.read_csv(folder / "summary.csv"))
    assert {"study/teaser.png", "study/layers.png", "study/tradeoff-blur.png", "study/levels-noise.png"} <= set(linked)
    assert all((tmp_path / "kept" / path).stat().st_size < 100_000 for path in linked)

    # Again, of a study of a folder of one's own: its images are not copied, all else is the same to the byte.
    before = {path: (tmp_path / "kept" / path).read_bytes() for path in linked if path != "study/teaser.png"}
    kinds = dict.fromkeys(["blur", "noise"], 1)
    settings = {"command": "study", "images": "/home/ann/mine", "degrade": kinds, "reference": {}}
    settings |= {"find": {"folder": "Set14", "crops": 14}, "measure": {"folder": "BSD100", "crops": {"a": 9, "b": 8}}}
    settings["compare"] = {"methods": sorted(set(summary["method"]))}
    (run / "config.yaml").write_text(json.dumps(settings) + "\n", encoding="utf-8")
    again = write_markdown(run, file).read_text(encoding="utf-8")
    assert "- **Asked.** Which filters do deblurring and denoising?" in again
    assert "look for them on 14 crops of Set14; what these do is measured on 17 crops of BSD100." in again
    assert f"faig run {folder / 'config.yaml'} --out runs/study --images mine\n" in again
    assert "/home/ann" not in (folder / "config.yaml").read_text(encoding="utf-8")
    assert not (folder / "teaser.png").exists()
    assert before == {path: (tmp_path / "kept" / path).read_bytes() for path in before}
    after = "## What holds"
    assert again.split(after)[1].split("## Again")[0] == text.split(after)[1].split("## Again")[0]

    # The folder beside the page is a run: the page can be made of it again.
    titled = write_markdown(folder, file, "Mine").read_text(encoding="utf-8")
    assert titled.splitlines()[0] == "# Mine"
    assert titled.splitlines()[1:-3] == again.splitlines()[1:-3]
    assert before == {path: (tmp_path / "kept" / path).read_bytes() for path in before}


def test_a_title_is_of_a_markdown_page(study_run, faig):
    code, _, err = faig("report", study_run, "--title", "Mine")
    assert code == 2
    assert "--markdown" in err


def test_the_markdown_lies_outside_the_run(study_run, faig):
    """Its folder of tables is a run, and the next report would take it for a stage."""
    before = sorted(study_run.rglob("*"))
    for file in (study_run / "page.md", study_run / "compare" / ".." / "page.md"):
        code, _, err = faig("report", study_run, "--markdown", file)
        assert code == 2
        assert "lies in the run, where its copies of tables would be read in their place" in err
    assert sorted(study_run.rglob("*")) == before


def test_the_markdown_ends_in_md(study_run, tmp_path, faig):
    code, out, err = faig("report", study_run, "--markdown", tmp_path / "study.html")
    assert (code, out) == (2, "")
    assert "ends in .md" in err
    assert not list(tmp_path.iterdir())


def test_a_table_joins_intervals_and_leaves_out_empty_columns():
    table = pd.DataFrame(
        {"leak": [0.25, -0.5], "leak_low": [0.1, np.nan], "leak_high": [0.3, np.nan], "none": [np.nan, np.nan]}
    )
    grid = Grid.of("t.csv", table.assign(name=["x", None]))
    assert grid.columns == [("leak", True), ("name", False)]
    (first, named), (second, unnamed) = grid.rows
    assert (first.text, first.interval, first.key, first.bar) == ("0.250", "0.100 – 0.300", 0.25, 25)
    assert (second.text, second.interval, second.bar) == ("−0.500", "", 0)
    assert (named.text, unnamed.text) == ("x", "")
    long = Grid.of("long.csv", pd.DataFrame({"n": range(3000)}))
    assert (len(long.rows), long.cut) == (500, 3000)
    shaded = Grid.of("confusion.csv", pd.DataFrame({"is": ["a"], "a": [3], "b": [1]}), shaded=True)
    assert [cell.bar for cell in shaded.rows[0]] == [None, 75, 25]


def test_from_the_command_line(study_run, tmp_path, faig):
    run = shutil.copytree(study_run / "retrain", tmp_path / "run")

    code, out, _ = faig("report", run)
    assert code == 0
    assert out.splitlines()[0] == f"report: {run / 'report.html'}"
    (tmp_path / "empty").mkdir()
    wrong = {
        tmp_path / "nowhere": "no such run directory",
        tmp_path / "empty": "holds no tables and no scores",
    }
    for path, message in wrong.items():
        code, out, err = faig("report", path)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert message in err
        assert err.count("\n") == 1
    before = (run / "report.html").read_bytes()
    (run / "retrained.csv").write_text("function,free\nblur,found\n")
    code, _, err = faig("report", run)
    assert code == 2
    assert "retrained.csv: has no column trainable" in err
    (run / "retrained.csv").write_bytes(b"")
    code, _, err = faig("report", run)
    assert code == 2
    assert "retrained.csv: cannot be read as a table" in err
    assert (run / "report.html").read_bytes() == before


def test_what_speaks_against_scores_stands_beside_their_numbers():
    class Run(Results):
        """A run with scores of two methods."""

        def __init__(self, **reasons: str) -> None:
            self.reasons = reasons

        def scores(self):
            for name in ("faig", "signed"):
                told = {"distrust": self.reasons[name]} if name in self.reasons else {}
                info = {"method": name, "convergence_delta": {"blur": 0.1}, "barrier": {"blur": 1.0}}
                yield name, ScoresInfo.model_validate(info | told)

    grid = _trust(Run(signed="the integral does not close"))
    assert [column for column, _ in grid.columns][-1] == "warning"
    assert [row[-1].text for row in grid.rows] == ["", "the integral does not close"]
    assert "warning" not in [column for column, _ in _trust(Run()).columns]
