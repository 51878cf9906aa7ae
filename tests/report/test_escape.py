"""Whatever people call things is shown, and never obeyed: on the page, in Markdown, SVG, notebooks and the terminal."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
import yaml
from rich.table import Table

import faig
from conftest import nudged, tiny_network
from faig.cli.output import screen
from faig.common.tensors import load_tensors, save_tensors
from faig.report.escape import markdown
from faig.report.figures.chart import Chart, Series
from faig.report.figures.drawing import Drawing
from faig.report.html.page import write_report
from faig.report.markdown import write_markdown
from faig.results.tables import SECTIONS

EVIL = '<img src=x onerror="window.evil=1">|`x`[l](javascript:evil())&amp;\'$x_{ *b* \\'
COLUMNS = {  # by table, columns of texts that people choose
    "compare/layers.csv": "layer",
    "predict/accuracy.csv": "predictor",
    "predict/levels.csv": "image",
    "retrain/gained.csv": "trainable",
    "retrain/retrained.csv": "trainable",
}
METHOD_TABLES = ("summary", "differences", "areas", "effects", "grafts")


@pytest.fixture(scope="module")
def run(study_run, tmp_path_factory) -> Path:
    """A study in which everything that may have any name has the same evil one."""
    from hostile.tables import read, write

    run = shutil.copytree(study_run, tmp_path_factory.mktemp("evil") / "study")
    (run / "compare" / "config.yaml").unlink()  # where nothing says what methods there are, they have any name
    renamed = {file: (column, None) for file, column in COLUMNS.items()}
    renamed |= {f"compare/{name}.csv": ("method", "ig") for name in METHOD_TABLES}
    for file, (column, old) in renamed.items():
        header, *rows = read(run / file)
        place = header.index(column)
        old = old or rows[-1][place]
        write(
            run / file,
            [header, *([EVIL if (n, cell) == (place, old) else cell for n, cell in enumerate(row)] for row in rows)],
        )
    write(run / "mine" / "odd <table>.csv", [[EVIL, "n"], [EVIL, "1"]])
    settings = {"command": "compare", "target": EVIL, "baseline": EVIL, "other": EVIL}
    (run / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    tensors, metadata = load_tensors(run / "compare" / "scores.safetensors", "scores")
    told = {"method": EVIL, "quadrature": EVIL, "distrust": EVIL, "versions": {EVIL: EVIL}}
    save_tensors(run / "compare" / "scores.safetensors", tensors, metadata | told)
    tensors, metadata = load_tensors(run / "compare" / "rankings.safetensors", "rankings")
    metadata = json.loads(json.dumps(metadata).replace('"faig"', json.dumps(EVIL)).replace('"blur"', json.dumps(EVIL)))
    save_tensors(run / "compare" / "rankings.safetensors", tensors, metadata)
    return run


class Parsed(HTMLParser):
    """Tags, and texts with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def harmless(page: str) -> Parsed:
    """No tag or attribute is the evil name's."""
    parsed = Parsed(page)
    assert not [tag for tag, attributes in parsed.tags if "onerror" in attributes or attributes.get("src") == "x"]
    return parsed


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_page_shows_every_name_and_obeys_none(run):
    page = write_report(run).read_text(encoding="utf-8")
    parsed = harmless(page)
    shown = [text for text in parsed.texts if EVIL in text]
    assert len(shown) > 20
    assert EVIL in {text.strip() for text in shown}
    data = json.loads(next(text for text in parsed.texts if text.startswith('{"charts"')))
    assert data["map"]["functions"][0]["name"] == EVIL  # the page's script sets it as text
    assert any(EVIL in told for points in data["charts"].values() for *_, told in points)  # and so are points


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_browser_runs_nothing_of_it(run, browser):
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(write_report(run).as_uri())
    page.wait_for_selector(".plot svg")
    page.locator("#map canvas").first.focus()
    page.keyboard.press("Home")
    assert EVIL in page.locator("#filter").inner_text()
    assert any(EVIL[:30] in text for text in page.locator(".plot svg text").all_text_contents())
    page.locator(".plot[data-chart=accuracy]").focus()
    page.keyboard.press("End")
    assert EVIL in page.locator(".plot[data-chart=accuracy] output").inner_text()
    assert page.evaluate("window.evil") is None
    assert page.locator("img[src=x]").count() == 0
    assert said == []
    context.close()


@pytest.mark.slow
def test_markdown_keeps_its_tables_and_has_no_markup_of_names(run, tmp_path, monkeypatch):
    monkeypatch.setattr("faig.report.markdown._picture", lambda chart, part, folder: None)
    monkeypatch.setattr("faig.report.markdown.charts_of", lambda results: {section: [] for section in SECTIONS})
    text = write_markdown(run, tmp_path / "kept here.md").read_text(encoding="utf-8")
    assert markdown(EVIL) in text
    bare = re.sub(r"\\.", "", text)
    assert "<img" not in bare
    assert "[l](" not in bare
    assert "`x`" not in bare
    for table in re.findall(r"(?:^\|.*\n)+", bare, re.M):
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "(kept%20here/summary.csv)" in text
    assert text.count("<details") == text.count("</details>") == text.count("\n</summary>") + text.count("</summary>\n")


def test_a_chart_draws_every_name(tmp_path):
    """``$`` begins no formula, ``_`` hides no line, and what is not finite is a gap."""
    inf, nan = float("inf"), float("nan")
    names = [EVIL, "_hidden", "$\\frac{"]
    lines = [Series(name, [0.0, 1.0, inf], [nan, inf, -inf], [nan, 0, 0], [nan, inf, 1], heavy=True) for name in names]
    bars = [Series(name, names, [1.0, inf, nan], [0.0, 1, nan], [2.0, inf, nan], kind="bars") for name in names]
    for name, series in (("lines", lines), ("bars", bars), ("none", [])):
        drawing = Drawing.of(Chart(name, EVIL, EVIL, EVIL, series))
        drawing.save(tmp_path)
        for root in (ElementTree.parse(tmp_path / f"{name}.svg").getroot(), ElementTree.fromstring(drawing.inline(0))):
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not tags & {"img", "script", "a"}
    [legend] = Drawing.of(Chart("c", "t", "x", "y", bars)).figure.legends
    drawn = [text.get_text() for text in legend.get_texts()]
    assert drawn == [f"{EVIL[:39]}…", *names[1:]]  # a long name is drawn in part
    beside = [text.get_text() for text in Drawing.of(Chart("c", "t", "x", "y", lines)).figure.axes[0].texts]
    assert beside == []  # no point of them is finite


def test_a_notebook_shows_every_name():
    baseline = tiny_network("srcnn-style")
    pair = faig.Pair(target=nudged(baseline), baseline=baseline)
    images = {name: torch.rand(3, 24, 24) for name in ("one", EVIL)}
    found = pair.attribute(faig.make_cases(images, {EVIL: "blur:2", "noise": 0.1}, scale=pair.scale), nodes=1)
    assert EVIL in "".join(harmless(found._repr_html_()).texts)
    harmless(found.to_frame(EVIL)._repr_html_())
    assert found.plot(EVIL).get_axes()


def test_a_terminal_shows_every_name(capsys):
    table = Table("image", "\x1b[31m[red]n[/]", title="[bold]\x1b]0;t\x07", caption=":smile:")
    table.add_row("[/]\x1b[2J\x9b2J", "a\nb")
    screen.start()
    try:
        screen.result(table)
    finally:
        screen.stop()
    out = capsys.readouterr().out
    assert all(letter.isprintable() for letter in out.replace("\n", ""))
    for shown in ("[red]n[/]", "[/]\\x1b[2J\\x9b2J", "[bold]\\x1b]0;t", ":smile:"):
        assert shown in out
