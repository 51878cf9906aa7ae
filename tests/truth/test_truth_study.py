"""The ground truth study at a size of seconds: it ends, goes on after a kill, does again what changed, has a page."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
import yaml

from faig.common.errors import InputError
from faig.common.progress import silent
from faig.experiment.stage import kept_units
from faig.experiment.studies import read_study
from faig.experiment.truth.config import TruthConfig
from faig.experiment.truth.context import Subject
from faig.experiment.truth.study import STAGES, truth
from faig.report.truth import write_truth
from faig.results.cells import read_table
from faig.results.run_directory import CONFIG, UNITS
from faig.results.truth_tables import ALONE, DECOYS, GREEDY, PLANTED, TRUTH_TABLES

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
STUDIES = REPOSITORY / "configs" / "study"


def settings(**changes) -> TruthConfig:
    config = read_study(STUDIES / "truth-small.yaml")
    assert isinstance(config, TruthConfig)
    ours = {"networks": str(REPOSITORY / config.networks), "methods": ["faig", "signed-net", "predicted", "random"]}
    return TruthConfig.model_validate(config.model_dump() | ours | changes)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    said: list[str] = []
    run = truth(settings(), tmp_path_factory.mktemp("truth") / "run", say=said.append)
    assert said == [stage.name for stage in STAGES]
    return run


def test_every_stage_leaves_its_tables_and_no_units(done):
    tables = {table.name: read_table(done / stage.name, table) for stage in STAGES for table in stage.tables}
    assert {*tables} == {table.name for table in TRUTH_TABLES}
    assert all(len(rows) and set(rows["pair"]) == {"srresnet-x2-small"} for rows in tables.values())
    assert not list(done.rglob(UNITS))
    alone = tables[ALONE.name]
    assert set(alone["input"]) == {"clean", "blur", "noise"}
    assert set(alone["index"] % settings().every) == {0}
    assert set(tables[GREEDY.name]["index"]) <= set(range(3500))
    assert set(tables[PLANTED.name]["drift"]) == {0, 0.001}
    assert set(tables[DECOYS.name]["version"]) == {"without", "with", "aligned", "aligned without"}


def test_the_page_is_written_from_the_tables(done, tmp_path):
    page = write_truth(done, tmp_path / "docs" / "truth.md").read_text(encoding="utf-8")
    lines = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| `")}
    assert {
        f"`{name}`" for name in ("faig", "signed-net", "predicted", "random", "alone", "Shapley", "greedy")
    } <= lines
    # In a table of brute force the truth agrees with itself, and random scores with nothing.
    brute = page[page.index("### srresnet-x2-small, blur") :].splitlines()
    alone, random = (next(line for line in brute if line.startswith(f"| `{name}`")) for name in ("alone", "random"))
    assert float(alone.split("|")[2]) == 1
    assert abs(float(random.split("|")[2])) < 0.2
    assert "`scaled 4`" in page
    opening = page.split("\n\n")
    assert opening[1].startswith("![")
    assert opening[1].endswith("(truth-curves.png)")
    assert re.search(r"\*\*Found\.\*\* Rank correlation .+ `faig` -?\d\.\d\d to -?\d\.\d\d, ", opening[2])
    assert page.count("<details") == len(re.findall(r"^\|-", page, re.MULTILINE))  # every table is folded
    names = {path.name for path in (tmp_path / "docs").iterdir()}
    assert names == {"truth.md", "truth", "truth-curves.png", "truth-recall.png", "truth-decoys.png"}
    with pytest.raises(InputError, match="is no ground truth study"):
        write_truth(tmp_path, tmp_path / "truth.md")


@pytest.mark.parametrize(
    ("stages", "title"),
    [
        (["planted"], "Are planted filters found again?"),
        (["decoys"], "Are filters that only moved ranked high?"),
        (["decoys", "planted"], "Are planted filters found again?"),
        (["alone"], None),
    ],
)
def test_a_page_tells_of_the_stages_there_are_and_is_made_of_the_tables_beside_it(
    done, tmp_path, monkeypatch, stages, title
):
    for stage in stages:
        shutil.copytree(done / stage, tmp_path / "run" / stage)
    config = settings(stages=stages).model_dump(mode="json")
    (tmp_path / "run" / CONFIG).write_text(yaml.safe_dump(config), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    if title is None:
        with pytest.raises(InputError, match="has no stage that a page tells of: agreement, planted, decoys"):
            write_truth(Path("run"), Path("page.md"))
        return
    page, kinds = (
        write_truth(Path("run"), Path("page.md")).read_text("utf-8"),
        {"planted": "recall", "decoys": "decoys"},
    )
    assert page.startswith(f"# {title}\n")
    assert page.count("**Found.**") == len(stages)
    if "planted" in stages:
        rows = read_table(done / "planted", PLANTED)
        end = rows[(rows["drift"] == 0.001) & (rows["method"] == "faig")].groupby(["pair", "function"])
        low, high = (f"{getattr(end['recall'].mean(), name)():.2f}" for name in ("min", "max"))
        assert f"Once all else has moved 0.001 times as far as they had: `faig` {low} to {high}, " in page
        left = (end["psnr_reverted"].mean() - end["psnr_baseline"].mean()).round(2) + 0.0
        assert f"{left.min():.2f} to {left.max():.2f} dB over the baseline are left." in page
    assert {path.stem for path in Path("page").iterdir()} == {*stages, "config"}
    assert {path.stem for path in Path().glob("*.png")} == {f"page-{kinds[stage]}" for stage in stages}
    pictures = {path: path.read_bytes() for path in Path().glob("*.png")}
    shutil.rmtree("run")
    assert write_truth(Path("page"), Path("page.md")).read_text(encoding="utf-8") == page
    assert {path: path.read_bytes() for path in Path().glob("*.png")} == pictures


def test_a_study_runs_the_stages_that_it_names(tmp_path):
    said: list[str] = []
    run = truth(settings(stages=["greedy", "alone"]), tmp_path / "run", say=said.append)
    assert said == ["alone", "greedy"]
    assert {path.name for path in run.iterdir() if path.is_dir()} == {"alone", "greedy"}


def test_planted_functions_are_measured_with_each_set_reverted(done):
    rows = read_table(done / "planted", PLANTED)
    assert set(rows["function"]) == {"blur", "noise"}
    planted = rows[rows["drift"] == 0].drop_duplicates("function")
    # After two steps each set has done little; what the other set does is not this one's to take along.
    assert (planted["psnr_reverted"] != planted["psnr"]).all()
    assert ((planted["psnr_reverted"] - planted["psnr_baseline"]).abs() < 1).all()


def test_what_is_finished_is_left_alone_and_what_changed_is_done_again(done):
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*.csv")}
    truth(settings(processes=2), done)
    assert {path: path.stat().st_mtime_ns for path in done.rglob("*.csv")} == before
    changed = settings(decoys={"factors": [], "swaps": [1]})
    with pytest.raises(InputError, match=r"holds another study \(decoys.factors differs\)"):
        truth(changed, done)
    truth(changed, done, force=True)
    assert {path.name for path, time in before.items() if path.stat().st_mtime_ns != time} == {DECOYS.name}
    assert set(read_table(done / "decoys", DECOYS)["decoy"]) == {"swapped"}


def test_units_of_a_killed_stage_are_kept(tmp_path):
    (tmp_path / UNITS).mkdir()
    calls = []

    def unit(name: str, fails: bool = False) -> str:
        calls.append(name)
        if fails:
            raise KeyboardInterrupt
        return name

    alone = {"processes": 1, "threads": 1}
    with pytest.raises(KeyboardInterrupt):
        kept_units(tmp_path, {"a": partial(unit, "a"), "b": partial(unit, "b", True)}, silent, "units", **alone)
    units = kept_units(tmp_path, {"a": partial(unit, "a"), "b": partial(unit, "b")}, silent, "units", **alone)
    assert units == {"a": "a", "b": "b"}
    assert calls == ["a", "b", "b"]


@pytest.mark.usefixtures("forked")
def test_several_processes_compute_the_same_units(tmp_path):
    (tmp_path / UNITS).mkdir()
    units = {str(number): partial(pow, 2, number) for number in range(9)}
    two = {"processes": 2, "threads": 1}
    with pytest.raises(ZeroDivisionError):
        kept_units(tmp_path, {"bad": partial(divmod, 1, 0)} | units, silent, "units", **two)
    assert kept_units(tmp_path, units, silent, "units", **two) == {str(n): 2**n for n in range(9)}


def test_a_pair_travels_to_another_process_without_its_networks():
    subject = Subject(settings(), "srresnet-x2-small", 1)
    assert len(subject.pair.space) > 1000
    make, parts = subject.__reduce__()
    assert "pair" not in vars(make(*parts))
    assert make(*parts).key == "srresnet-x2-small-1"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"networks": "{pair}-{seed}.safetensors"}, r"must have \{role\} in it"),
        ({"stages": ["greedy"]}, "greedy goes on from alone"),
        ({"stages": ["alone", "agreement"]}, "agreement goes on from shapley, greedy"),
        ({"stages": []}, "at least 1 item"),
        ({"stages": ["planting"]}, "should be 'alone', 'shapley'"),
        ({"planted": {"drifts": [0.5, 0.1]}}, "must ascend"),
        ({"methods": ["faig", "none"]}, "is not one of faig"),
        ({"pairs": []}, "at least 1 item"),
    ],
)
def test_wrong_settings_are_refused(changes, wrong):
    with pytest.raises(ValueError, match=wrong):
        settings(**changes)


def test_a_study_that_cannot_begin_leaves_no_directory(tmp_path):
    for changes, wrong in (
        ({"training_seeds": [9]}, "cannot be loaded|no such|is no file"),
        ({"device": "cuda"}, "CPU"),
    ):
        with pytest.raises(InputError, match=wrong):
            truth(settings(**changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_whole_study_names_networks_that_are_there():
    config = read_study(STUDIES / "truth.yaml")
    assert isinstance(config, TruthConfig)
    files = [
        config.network(p, s, role)
        for p in config.pairs
        for s in config.training_seeds
        for role in ("target", "baseline")
    ]
    assert len(files) == 12
    assert all((REPOSITORY / file).is_file() for file in files)
