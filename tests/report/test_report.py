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
from faig.report.figures.chart import Chart, Series
from faig.report.figures.comparison_charts import comparison_charts
from faig.report.figures.export import export_charts
from faig.report.figures.pictures import pictures
from faig.report.figures.teaser import draw_teaser, teaser_caption
from faig.report.html.html_table import Grid
from faig.report.html.page import _trust, write_report
from faig.report.markdown import write_markdown
from faig.results.reader import Results
from faig.results.scores import ScoresInfo
from faig.results.table import write_table
from faig.results.tables import IMAGES

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
    sections = ["claims", "before-after", "comparison", "distribution", "strength", "prediction", "locations"]
    sections += ["tables", "run"]
    assert re.findall(r'<section id="([\w-]+)">', page) == sections
    assert page.count('<li class="claim"') == 12
    for name in ("compare/summary.csv", "sweep/modulation.csv", "predict/accuracy.csv", "mine/odd &lt;table&gt;.csv"):
        assert f"{name} <small>" in page
    assert "b &lt;i&gt;" in page
    assert "target: " in page  # configurations, as text
    assert "convergence delta" in page


def test_nothing_in_it_points_outside(reported):
    _, page = reported
    outside_plotly = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    links = re.findall(r'(?:src|href)="([^"]*)"', outside_plotly)
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
    for name, chart in undrawn.items():
        one[re.sub(r"-(blur\+noise|blur|noise)(?=-|$)", "", name)] = chart
    assert len(one) > 8
    first = export_charts(tmp_path / "first", one.values())
    second = export_charts(tmp_path / "second", list(one.values())[::3])
    assert {path.name for path in first.iterdir()} == {
        f"{chart.name}.{suffix}" for chart in one.values() for suffix in ("png", "svg")
    }
    assert all(path.read_bytes() == (first / path.name).read_bytes() for path in second.iterdir())


def test_a_chart_has_the_numbers_of_its_table(reported):
    run, page = reported
    rows = pd.read_csv(run / "compare" / "summary.csv")
    rows = rows[(rows["method"] == "signed") & (rows["reverted"] == "noise")].sort_values("proportion")
    traces = {trace.get("name"): trace for trace in data_of(page)["charts"]["leak-noise"]["data"]}
    assert traces["signed"]["x"] == pytest.approx([5, 30])
    assert traces["signed"]["y"] == pytest.approx(list(rows["leak"]))


def test_a_trade_off_stands_in_both_measures_with_the_controls(reported):
    run, page = reported
    charts, knobs = data_of(page)["charts"], pd.read_csv(run / "compare" / "knobs.csv")
    for end, column in (("", ""), ("-pixels", "_pixels")):
        traces = {trace["name"]: trace for trace in charts[f"tradeoff-blur{end}"]["data"] if "name" in trace}
        rows = knobs.query("reverted == 'blur' and knob == 'blend'").sort_values("position", ascending=False)
        assert traces["blend"]["x"] == pytest.approx([0, *rows[f"leak{column}"]])
        assert traces["blend"]["y"] == pytest.approx([0, *rows[f"switched_off{column}"]])
        assert traces["DNI"]["y"][-1] == pytest.approx(1)  # the baseline
        assert traces["DNI"]["line"]["width"] < traces["faig"]["line"]["width"]


def test_controls_of_a_sweep_are_thin_lines_of_psnr_alone(reported):
    charts = data_of(reported[1])["charts"]
    traces = {trace["name"]: trace for trace in charts["strength-blur-psnr"]["data"] if "name" in trace}
    assert set(traces) == {"clean", "blur", "noise", "DNI on blur", "blend on blur"}
    assert traces["DNI on blur"]["line"]["width"] < traces["blur"]["line"]["width"]
    assert {trace["name"] for trace in charts["strength-blur-noise"]["data"] if "name" in trace} == {
        "clean",
        "blur",
        "noise",
    }


def test_a_caption_says_what_was_measured(reported):
    """Pictures of 20 to 29 dB: the target's are the second of five for each input."""
    _, page = reported
    assert (
        "Deblurring reverted changes PSNR by +1.00 dB on the blurry input and by +1.00 dB on the noisy input. "
        "Denoising reverted changes PSNR by +2.00 dB on the blurry input and by +2.00 dB on the noisy input. "
        "That is against the target, on this one image."
    ) in page
    shots = Results.of(reported[0]).shots("")
    assert teaser_caption([dataclasses.replace(shot, psnr=float("nan")) for shot in shots]) == ""


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


def test_headline_and_charts_are_of_the_runs_own_method(study_run, tmp_path):
    run = shutil.copytree(study_run, tmp_path / "study")
    file = run / "compare" / "rankings.safetensors"
    dataclasses.replace(RankingFile.load(file), default="signed").save(file)
    page = write_report(run).read_text(encoding="utf-8")
    tiles = re.search(r'<ul class="tiles">(.*?)</ul>', page, re.S)[1]
    assert tiles.count("<small>signed, ") == 2
    summary = pd.read_csv(run / "compare" / "summary.csv").query("method == 'signed' and proportion == 0.05")
    less = summary[["switched_off", "switched_off_pixels"]].min(axis=1)
    assert re.findall(r"<b>(-?\d+)%</b>", tiles) == [f"{100 * off:.0f}" for off in less]
    assert tiles.count(" in gradient maps and ") == 2
    assert "faig" not in tiles
    data = data_of(page)
    assert data["map"]["method"] == "signed"
    assert "best filters for deblurring by signed" in page
    trade_off = data["charts"]["tradeoff-blur"]["data"]
    assert {trace["name"] for trace in trade_off if trace.get("line", {}).get("width") == 3} == {"signed"}
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
    assert "Plotly, Inc." not in page  # no chart, so nothing to draw it with
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
    claims = text.split("## What holds")[1].split("\n## ")[0]
    assert claims.count("**holds") >= 3
    rows = {line.count("|") for line in claims.splitlines() if line.startswith("|")}
    assert rows == {5}  # no cell breaks the table
    summary = pd.read_csv(run / "compare" / "summary.csv")
    share = summary["proportion"].min()
    table = text.split(f"### compare/summary.csv, {100 * share:.3g}% of the filters")[1].split("###")[0]
    assert table.count("\n|") == 2 + (summary["proportion"] == share).sum()
    linked = re.findall(r"!\[.+\]\((study/[\w+-]+\.png)\)", text)
    assert {f"study/{path.name}" for path in (tmp_path / "kept" / "study").glob("*.png")} == set(linked)
    assert "(study/summary.csv)" in text
    assert "Denoising reverted changes PSNR by +2.00 dB on the blurry input" in text
    assert summary.equals(pd.read_csv(tmp_path / "kept" / "study" / "summary.csv"))
    assert {"study/teaser.png", "study/layers.png", "study/tradeoff-blur.png", "study/levels-noise.png"} <= set(linked)
    assert all((tmp_path / "kept" / path).stat().st_size < 100_000 for path in linked)

    # Again, of a study of a folder of one's own: its images are not copied, all else is the same to the byte.
    before = {path: (tmp_path / "kept" / path).read_bytes() for path in linked if path != "study/teaser.png"}
    (run / "config.yaml").write_text("command: study\nimages: mine\n", encoding="utf-8")
    again = write_markdown(run, file).read_text(encoding="utf-8")
    assert "faig run study.yaml --images mine\n" in again
    assert not (tmp_path / "kept" / "study" / "teaser.png").exists()
    assert before == {path: (tmp_path / "kept" / path).read_bytes() for path in before}
    assert set(again.splitlines()) >= {
        line for line in text.split("## What holds")[1].splitlines() if "teaser" not in line
    }


def test_the_markdown_ends_in_md(study_run, tmp_path, faig):
    code, out, err = faig("report", study_run, "--markdown", tmp_path / "study.html")
    assert (code, out) == (2, "")
    assert "ends in .md" in err
    assert not list(tmp_path.iterdir())


def test_saved_images_are_compared_where_there_is_no_teaser(study_run, tmp_path):
    run = shutil.copytree(study_run / "compare", tmp_path / "run")
    picture = next((study_run / "figures" / "teaser").glob("*.png"))
    networks = [("target", "", None, ""), ("baseline", "", None, ""), ("grafted", "faig", 0.01, "blur")]
    networks += [
        ("reverted", "faig", 0.3, "blur"),
        ("reverted", "faig", 0.05, "blur"),
        ("reverted", "ig", 0.01, "blur"),
    ]
    rows = []
    for number, (intervention, method, proportion, function) in enumerate(networks):
        (run / "images" / f"n{number}").mkdir(parents=True)
        shutil.copy(picture, run / "images" / f"n{number}" / "first.png")
        numbers = {"proportion": proportion, "seed": 0 if method else None}
        row = {"intervention": intervention, "method": method, "function": function, "input": "blur"}
        rows.append(row | numbers | {"folder": f"n{number}"})
    write_table(run, IMAGES, rows)
    shots = Results.of(run).shots("faig")
    assert [(shot.input, shot.shown, shot.function, shot.file.parent.name) for shot in shots] == [
        ("blur", "target", "", "n0"),
        ("blur", "baseline", "", "n1"),
        ("blur", "reverted", "blur", "n4"),
    ]
    page = write_report(run).read_text(encoding="utf-8")
    assert 'alt="blurry input: deblurring reverted"' in page


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
    assert (len(long.rows), long.cut) == (2000, 3000)
    shaded = Grid.of("confusion.csv", pd.DataFrame({"is": ["a"], "a": [3], "b": [1]}), shaded=True)
    assert [cell.bar for cell in shaded.rows[0]] == [None, 75, 25]


def test_large_pictures_are_made_small(tmp_path):
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    one = pictures({"large": tmp_path / "large.png"})[0]
    assert (one.width, one.height) == (640, 480)
    assert one.uri.startswith("data:image/jpeg;base64,")
    many = pictures({str(i): tmp_path / "large.png" for i in range(3)}, share=0.05)
    assert sum(len(picture.uri) for picture in many) <= 0.05 * 8e6
    (tmp_path / "broken.png").write_text("no image")
    with pytest.raises(InputError, match=r"broken\.png: is not an image that can be read"):
        pictures({"broken": tmp_path / "broken.png"})


def test_a_wrecked_image_does_not_squeeze_the_trade_off(study_run, tmp_path):
    run = shutil.copytree(study_run, tmp_path / "study")
    table = run / "compare" / "summary.csv"
    wide = ((-0.03, 1.5), (-0.2, 1.05))
    cases = (
        (0.5, 0.2, 0.1, None),
        (-40.0, 30.0, 0.1, wide),
        (0.5, 30.0, 0.1, wide),
        (-40.0, 0.2, 0.1, ((-0.03, 0.2), (-0.2, 1.05))),
        (0.5, 0.2, 2.5, wide),  # DNI's
    )
    knobs = pd.read_csv(run / "compare" / "knobs.csv")
    for off, leak, of_knobs, window in cases:
        knobs.assign(switched_off=0.5, leak=of_knobs).to_csv(run / "compare" / "knobs.csv", index=False)
        rows = pd.read_csv(table).assign(switched_off=0.5, leak=0.2)
        rows.loc[0, ["switched_off", "leak"]] = [off, leak]
        rows.to_csv(table, index=False)
        chart = next(c for c in comparison_charts(Results.of(run)) if c.name.startswith("tradeoff-"))
        assert chart.window == window
        layout = chart.plotly()["layout"]
        assert ("range" in layout["xaxis"]) == (window is not None)
        chart.draw(tmp_path, ["png"])


def test_numbers_that_are_none_become_gaps():
    chart = Chart("c", "t", "x", "y", [Series("s", [1, 2], [0.5, float("nan")])])
    assert chart.plotly()["data"][0]["y"] == [0.5, None]


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
    assert "retrained.csv: has no column iterations" in err
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
