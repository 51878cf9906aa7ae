"""Charts: the numbers of tables, one meaning a colour, limits with marks, and how they are drawn."""

import itertools
import math
import re
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import rc_context

from faig.imaging.colours import COLOURS, FIXED, GREY, INK
from faig.report.figures.chart import BEYOND, Chart, Series
from faig.report.figures.charts import charts_of
from faig.report.figures.drawing import APART, HATCHES, LINES, MARKERS, TOP, Drawing, _apart
from faig.report.figures.style import SETTINGS
from faig.results.reader import Results

NONE = (-math.inf, math.inf)
FUNCTIONS = {"deblurring": "blur", "denoising": "noise"}


@pytest.fixture(scope="module")
def charts(study_run) -> dict[str, Chart]:
    return {chart.name: chart for group in charts_of(Results.of(study_run)).values() for chart in group}


def series_of(chart: Chart) -> dict[str, Series]:
    return {series.name: series for series in chart.series}


@pytest.mark.slow
def test_a_chart_has_the_numbers_of_its_table(study_run, charts):
    rows = pd.read_csv(study_run / "compare" / "summary.csv").query("method == 'signed' and reverted == 'noise'")
    signed = series_of(charts["leak-noise"])["signed"]
    assert signed.x == pytest.approx([5, 30])
    assert signed.y == pytest.approx(list(rows.sort_values("proportion")["leak"]))


@pytest.mark.slow
def test_a_trade_off_stands_in_both_measures_with_the_controls(study_run, charts):
    knobs = pd.read_csv(study_run / "compare" / "knobs.csv")
    for end, column in (("", ""), ("-pixels", "_pixels")):
        chart = charts[f"tradeoff-blur{end}"]
        series = series_of(chart)
        rows = knobs.query("function == 'blur' and knob == 'blend'").sort_values("position", ascending=False)
        assert series["blend"].x == pytest.approx(list(rows[f"leak{column}"]))
        assert series["blend"].y == pytest.approx(list(rows[f"switched_off{column}"]))
        assert series["DNI"].y[-1] == pytest.approx(1)  # the baseline
        assert (series["faig"].heavy, series["DNI"].heavy) == (True, False)
        assert chart.scale == "log"


@pytest.mark.slow
def test_controls_of_a_sweep_are_lines_of_psnr_alone(charts):
    series = series_of(charts["strength-blur-psnr"])
    assert set(series) == {"clean", "blur", "noise", "DNI on blur", "blend on blur"}
    assert {name for name, line in series.items() if line.heavy} == {"clean", "blur", "noise"}
    assert set(series_of(charts["strength-blur-noise"])) == {"clean", "blur", "noise"}


@pytest.mark.slow
def test_a_colour_means_a_function_and_nothing_else(charts):
    """Lines and bars of inputs have their function's colour, clean ones grey; what is about none has that of text."""
    assert len(charts) > 20
    for chart in charts.values():
        about = {kind for kind in FIXED if kind in re.split(r"[-+]", chart.name)} | {
            kind for job, kind in FUNCTIONS.items() if job in chart.title
        }
        for series in chart.series:
            kinds = [kind for kind in ("clean", *FIXED) if kind in re.split(r"[ +]", series.name)]
            kinds = kinds or [FUNCTIONS[series.name]] if series.name in FUNCTIONS else kinds
            if kinds:
                assert series.colour == (GREY if kinds == ["clean"] else FIXED[kinds[0]]), (chart.name, series.name)
            elif series.heavy:
                assert [series.colour] == [FIXED[kind] for kind in about], (chart.name, series.name)
            else:
                assert series.colour == INK, (chart.name, series.name)


@pytest.mark.slow
def test_what_shares_a_colour_is_told_apart_by_its_look(charts):
    for chart in charts.values():
        looks = [
            (series.colour, series.kind, series.look % (len(HATCHES) if series.kind == "bars" else len(MARKERS)))
            for series in chart.series
        ]
        assert len(set(looks)) == len(looks), chart.name
        lines = [(series.look % len(LINES), series.look % len(MARKERS)) for series in chart.series]
        assert len(set(lines)) >= len({look for _, _, look in looks})


@pytest.mark.slow
def test_a_method_looks_the_same_in_all_charts(charts):
    looks: dict[str, set[int]] = {}
    for name, chart in charts.items():
        if name.startswith(("tradeoff-", "switched-", "leak-")):
            for series in chart.series:
                looks.setdefault(series.name, set()).add(series.look)
    assert {"faig", "signed", "ig", "change", "random"} <= set(looks)
    assert all(len(look) == 1 for look in looks.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("off", "leak", "edges"),
    [(0.5, 0.2, 0), (-40.0, 30.0, 1), (0.5, 30.0, 0), (-40.0, 0.2, 1), (0.5, 0.0, 1), (0.5, 1e-9, 1)],
)
def test_a_wrecked_image_does_not_squeeze_the_trade_off_and_is_marked(study_run, tmp_path, off, leak, edges):
    run = shutil.copytree(study_run, tmp_path / "study")
    table = run / "compare" / "summary.csv"
    rows = pd.read_csv(table).assign(switched_off=0.5, leak=0.2)
    rows.loc[0, ["switched_off", "leak"]] = [off, leak]
    rows.to_csv(table, index=False)
    chart = next(c for c in charts_of(Results.of(run))["comparison"] if c.name.startswith("tradeoff-"))
    assert sum(bool(side.any()) for series in chart.series for side in [sum(map(abs, chart.beyond(series)))]) == edges
    assert (BEYOND in chart.explanation) == bool(edges)
    drawn = [np.concatenate(chart.at(series, number)) for number, series in enumerate(chart.series)]
    assert all(np.isfinite(places).all() for places in drawn)
    assert min(places.min() for places in drawn) >= -0.2
    told = [said for series in chart.series for said in chart.labels(series)]
    assert any(f"leak {leak:.3g}: switched off {off:.3g}".replace("-", "−") in said for said in told)
    drawing = Drawing.of(chart)
    low, high = drawing.figure.axes[0].get_ylim()
    assert -0.3 < low < high < 1.5


@settings(deadline=None)  # the first one imports scipy
@given(st.lists(st.floats(-1, 2), max_size=20))
def test_labels_stand_apart_in_order_and_within(heights):
    placed = list(_apart(sorted(heights)))
    assert len(placed) == len(heights)
    assert all(after - before >= APART - 1e-9 for before, after in itertools.pairwise(placed))
    if len(placed) <= TOP / APART:
        assert all(-1e-9 <= height <= TOP + 1e-9 for height in placed)


def test_labels_with_room_stay_where_they_are():
    assert list(_apart([0.1, 0.5, 0.9])) == pytest.approx([0.1, 0.5, 0.9])


def one_of_each() -> list[Chart]:
    line = Series("a", [1, 2, 3], [0.5, math.nan, 2], [0.4, math.nan, 1], [0.6, math.nan, 3], FIXED["blur"], heavy=True)
    bars = Series("b", ["x", "y"], [0.5, 1], [0.4, math.nan], [0.6, math.nan], GREY, 1, "bars")
    steps = Series("c", ["x", "y"], [0.2, 0.2], kind="steps")
    within = ((1.5, math.inf), (-math.inf, 1.0))
    return [
        Chart("lines", "t <&>", "x", "y", [line, Series("b <&>", [1, 3], [0, 1], look=1)]),
        Chart("limited", "t", "x", "y", [line], scale="log", within=within),
        Chart("percent", "t", "x", "y", [line], scale="percent"),
        Chart("bars", "t", "x", "y", [bars, Series("d", ["y", "x"], [1, -2], kind="bars"), steps]),
        Chart("long", "t", "x", "y", [Series("e", [f"layer.{n}.conv" for n in range(30)], [1] * 30, kind="bars")]),
        Chart("small", "t", "x", "y", [Series("f", [0.00123, 0.00345], [1e-6, 0.123456])], scale="log"),
        Chart("empty", "t", "x", "y", []),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("chart", one_of_each(), ids=lambda chart: chart.name)
def test_a_drawing_is_svg_in_the_pages_colours_and_alone(chart, tmp_path):
    drawing = Drawing.of(chart)
    svg = drawing.inline(3)
    root = ElementTree.fromstring(svg)
    assert root.get("width") is root.get("height") is None
    assert root.get("viewBox")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(name.startswith("chart3-") for name in ids)
    linked = re.findall(r'(?:href="|url\()#([^")]+)', svg)
    assert set(linked) <= set(ids)
    assert not {element.tag.rpartition("}")[2] for element in root.iter()} & {"style", "metadata", "script"}
    assert not re.search(r"#[0-9a-fA-F]{6}", svg)
    texts = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]
    assert chart.title in texts  # as text, not as outlines
    for series in chart.series:
        assert any(series.name in text for text in texts)
    axes = drawing.figure.axes[0]
    ticks = []
    with rc_context(SETTINGS):  # whose letters decide how many there are
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            ticks += [tick.label1.get_text() for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert len(ticks) > 3
    assert set(ticks) <= set(texts)
    assert set(texts) <= {*ticks, chart.title, chart.x, chart.y, *(s.name for s in chart.series)} | {
        f"{mark} {s.name}" for mark in MARKERS.values() for s in chart.series
    }  # numbers as they were, none shortened
    for form in ("png", "svg"):
        drawing.save(tmp_path / "first", [form])
        Drawing.of(chart).save(tmp_path / "second", [form])
        assert (tmp_path / "first" / f"{chart.name}.{form}").read_bytes() == (
            tmp_path / "second" / f"{chart.name}.{form}"
        ).read_bytes()


EVIL = (
    "_hidden",
    "$x$",
    "$\\frac{",
    "a<b>&c",
    "-->",
    "]]>",
    "</svg><script>alert(1)</script>",
    '"',
    "#123456",
    "1.23456",
    "",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("kind", ["line", "bars"])
def test_a_name_is_drawn_as_it_is(name, kind, tmp_path):
    x = [name, "other"] if kind == "bars" else [1, 2]
    drawing = Drawing.of(
        Chart("c", name, name, name, [Series(name, x, [1, 2], kind=kind), Series("z", x, [2, 1], kind=kind)])
    )
    root = ElementTree.fromstring(drawing.inline(0))
    texts = ["".join(element.itertext()).removeprefix("● ") for element in root.iter() if element.tag.endswith("}text")]
    assert texts.count(name) >= (3 if name else 0)  # title, label of an axis, series
    assert not any(element.tag.endswith("script") for element in root.iter())
    drawing.save(tmp_path, ["svg"])


@pytest.mark.parametrize("letters", [1, 30, 41, 1000])
@pytest.mark.parametrize("kind", ["line", "bars"])
@pytest.mark.parametrize("count", [1, 5, 30])
def test_long_and_many_names_leave_room_for_what_is_drawn(letters, kind, count):
    names = [f"{number}{'x' * letters}" for number in range(count)]
    x = names if kind == "bars" else list(range(1, count + 1))
    chart = Chart("c", names[0], names[0], names[0], [Series(name, x, [1.0] * count, kind=kind) for name in names[:5]])
    drawing = Drawing.of(chart)  # a warning of a layout that collapses is an error
    axes = drawing.figure.axes[0].get_window_extent()
    assert min(axes.width, axes.height) > 72  # an inch
    assert drawing.figure.get_figwidth() < 15
    legends = [legend.get_window_extent() for legend in drawing.figure.legends]
    beside = [text.get_window_extent() for text in drawing.figure.axes[0].texts]
    assert all(box.x1 <= drawing.figure.bbox.width + 1 for box in (*legends, *beside))
    assert names[0] in drawing.points()[0][2]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("part", ["x", "y", "low", "high"])
@pytest.mark.parametrize("scale", ["plain", "log"])
def test_what_is_not_finite_leaves_a_gap(value, part, scale):
    numbers = {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0], "low": [0.5, 1.5, 2.5], "high": [1.5, 2.5, 3.5]}
    numbers[part][1] = value
    drawing = Drawing.of(Chart("c", "t", "x", "y", [Series("s", **numbers, heavy=True)], scale=scale))
    ElementTree.fromstring(drawing.inline(0))
    assert len(drawing.points()) == (2 if part in "xy" else 3)


def test_points_are_said_with_interval_and_without_gaps():
    chart = one_of_each()[0]
    told = [text for *_, text in Drawing.of(chart).points()]
    assert told == ["a, x 1: y 0.5 [0.4, 0.6]", "a, x 3: y 2 [1, 3]", "b <&>, x 1: y 0", "b <&>, x 3: y 1"]
    limited = one_of_each()[1]
    places = Drawing.of(limited).points()
    assert [text for *_, text in places] == told[:2]  # in full, although both lie beyond
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y, _ in places)


def test_a_minus_is_of_numbers_and_names_keep_their_hyphens():
    line = Series("signed-net", [-1.5], [-2.0], [-3.0], [-1e-5], hover=["a-b"])
    assert Chart("c", "t", "x-y", "y", [line]).labels(line) == ["signed-net, x-y −1.5: y −2 [−3, −1e−05], a-b"]


def test_points_beyond_one_edge_share_one_mark():
    line = Series("s", [1, 2, 3, 4], [5, 6, 0, -7])
    axes = Drawing.of(Chart("c", "t", "x", "y", [line], within=(NONE, (-1, 1)))).figure.axes[0]
    marks = {each.get_marker(): list(each.get_xdata()) for each in axes.lines[1:]}
    assert marks == {"^": [1, 2], "v": [4]}
    assert len(axes.lines) == 1 + len(marks)


@pytest.mark.slow
def test_every_colour_of_functions_has_a_variable():
    for place, colour in enumerate(COLOURS):
        svg = Drawing.of(Chart("c", "t", "x", "y", [Series("s", [1, 2], [1, 2], colour=colour)])).inline(0)
        assert f"var(--c{place})" in svg
