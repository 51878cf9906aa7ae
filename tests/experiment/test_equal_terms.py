"""A comparison's sizes at equal terms, chosen on the images that filters are found on; and its controls."""

import shutil
from pathlib import Path

import pytest

from faig.attribution.files.ranking_file import RankingFile
from faig.common.errors import FaigWarning
from faig.experiment import compare as comparing
from faig.experiment.compare import Comparison, compare
from faig.experiment.comparison_tables import summary_row
from faig.experiment.config import CompareConfig, ImagesConfig
from faig.filters import FilterSet, FilterSpace
from faig.intervention.comparison import Reverted, differences
from faig.intervention.edit import revert
from faig.intervention.equal_terms import AS_MUCH_OFF, NO_MORE_LEAK, sizes_at_equal_terms
from faig.intervention.knob import CONTROLS
from faig.intervention.measure import measure, measure_reference
from faig.networks.checkpoint import load_network
from faig.results.cells import read_table
from faig.results.comparison_tables import EQUAL_TERMS, KNOBS

pytestmark = pytest.mark.slow

PROPORTIONS = [0.005, 0.01, 0.2, 1.0]
DEGRADE = {"blur": 2.0, "noise": 0.1}


def config(place: Path, **changes) -> CompareConfig:
    settings = {
        "baseline": str(place / "baseline.safetensors"),
        "target": str(place / "target.safetensors"),
        "images": ImagesConfig(gt=place / "gt", degrade=DEGRADE),
        "find": ImagesConfig(gt=place / "find", degrade=DEGRADE),
        "methods": ["faig", "change", "random"],
        "proportions": [f"{100 * share:g}%" for share in PROPORTIONS],
        "nodes": 2,
        "threads": 1,
    }
    return CompareConfig(**settings | changes)


@pytest.fixture(scope="module")
def run(place, tmp_path_factory) -> Path:
    return compare(config(place), tmp_path_factory.mktemp("compared") / "run")


class Killed(Exception):
    """Stands for kill -9."""


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """The first image of what every altered network was measured on, in order."""
    seen: list[str] = []

    def counted(network, reference, *others):
        seen.append(reference.cases[0].name)
        return measure(network, reference, *others)

    monkeypatch.setattr(comparing, "measure", counted)
    return seen


def by_hand(place: Path, run: Path, part: str, method: str, kind: str, size: float) -> Reverted:
    """What a set does on the images of a part."""
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    cases = ImagesConfig(gt=place / part, degrade=DEGRADE).cases(2, 0)
    reference = measure_reference(target, baseline, 2, cases)
    chosen = FilterSet.top(FilterSpace.of(target), RankingFile.load(run).get(method, kind).order, size)
    return Reverted.of(kind, [measure(revert(target, baseline, chosen), reference, 2)], reference)


def test_sizes_are_chosen_where_filters_are_found_and_leads_measured_elsewhere(place, run):
    rows = read_table(run, EQUAL_TERMS).set_index(["method", "reverted", "constraint"])
    assert len(rows) == 2 * 2 * 2
    assert set(rows["chosen_on"]) == {"finding images"}
    for kind in DEGRADE:
        paper, expected = (by_hand(place, run, part, "faig", kind, 0.01) for part in ("find", "gt"))
        sizes = sizes_at_equal_terms(
            paper, PROPORTIONS, lambda size, kind=kind: by_hand(place, run, "find", "change", kind, size)
        )
        for constraint in (NO_MORE_LEAK, AS_MUCH_OFF):
            row = rows.loc["change", kind, constraint]
            assert row["proportion"] == sizes[constraint]
            if row["proportion"]:
                other = by_hand(place, run, "gt", "change", kind, row["proportion"])
                leads = differences(expected, other, seed=0)
                for name, sign in (("switched_off", -1), ("leak", 1)):
                    for end in ("", "_pixels"):
                        assert row[f"{name}{end}_ahead"] == pytest.approx(sign * leads[f"{name}{end}"], abs=1e-6)


def test_the_choice_is_told_what_was_measured_on_the_finding_images(place, run, tmp_path, monkeypatch):
    """Sizes may be equal by chance; numbers are not."""
    asked = {}

    def spied(paper, sizes, measured):
        asked.setdefault("paper", paper)
        asked.setdefault("other", measured(0.2))
        return sizes_at_equal_terms(paper, sizes, measured)

    monkeypatch.setattr(comparing, "sizes_at_equal_terms", spied)
    compare(config(place, methods=["faig", "change"]), tmp_path / "run")
    for name, method, size in (("paper", "faig", 0.01), ("other", "change", 0.2)):
        expected = by_hand(place, run, "find", method, "blur", size)
        assert asked[name].maps.own == pytest.approx(expected.maps.own)
        assert asked[name].pixels.left == pytest.approx(expected.pixels.left)
        assert asked[name].maps.own != pytest.approx(by_hand(place, run, "gt", method, "blur", size).maps.own)


def test_only_what_the_choice_needs_is_measured_on_the_finding_images(place, tmp_path, measured):
    compare(config(place, methods=["faig", "change"]), tmp_path / "run")
    on_find = measured.count("find0")
    # Per function FAIG's 1%; what changed most is measured once for all functions, and the whole is one more.
    assert 2 + 2 <= on_find <= 2 + 4
    measured.clear()
    compare(config(place, methods=["faig", "change"], find=None), tmp_path / "alone")
    assert set(measured) == {"gt0"}
    rows = read_table(tmp_path / "alone", EQUAL_TERMS)
    assert set(rows["chosen_on"]) == {"measured images"}
    measured.clear()
    compare(config(place, methods=["faig", "change"], proportions=[0.2]), tmp_path / "many")
    assert set(measured) == {"gt0"}  # without FAIG's 1% there are no equal terms
    assert not (tmp_path / "many" / EQUAL_TERMS.name).exists()


def test_a_choice_that_was_killed_goes_on(place, run, tmp_path, measured):
    def killing(items, label, *_):
        for place, item in enumerate(items):
            if place == 3 and label == "choosing sizes":
                raise Killed
            yield item

    with pytest.raises(Killed):
        compare(config(place), tmp_path / "run", track=killing)
    before = measured.copy()
    compare(config(place), tmp_path / "run")
    assert (tmp_path / "run" / EQUAL_TERMS.name).read_bytes() == (run / EQUAL_TERMS.name).read_bytes()
    assert "find0" in before
    again = measured[len(before) :]
    assert again.count("gt0") == 2 * 4  # the controls alone
    assert again.count("find0") < before.count("find0")


@pytest.mark.parametrize("shared", ["all", "one", "one of another name", "one at another level", "a photo", "none"])
def test_what_is_measured_on_is_never_held_out(place, tmp_path, shared):
    """One image in both sets is enough, and the warning names it."""
    find, degrade = tmp_path / "find", DEGRADE
    shutil.copytree(place / "find", find)
    copied = {"one": "gt1", "one of another name": "zebra", "one at another level": "gt1"}.get(shared)
    if copied:
        shutil.copy(place / "gt" / "gt1.png", find / f"{copied}.png")
    if shared == "one at another level":
        degrade = {"blur": 1.0, "noise": 0.05}
    if shared == "a photo":
        (find / "photos.csv").write_text("image,photo\nfind0,gt0\nfind1,other\n")
    images = ImagesConfig(gt=place / "gt" if shared == "all" else find, degrade=degrade)
    settings = config(place, find=images, methods=["faig", "change"])
    if shared == "none":
        assert Comparison(settings).held_out
        return
    what = f"{copied or 'gt0'}: is the same image as {'gt1' if copied else 'gt0'}"
    line = "find0: is by its name of the same photo as gt0" if shared == "a photo" else what
    with pytest.warns(FaigWarning, match=f"^{line}, which is measured on: so nothing is held out"):
        run = compare(settings, tmp_path / "run")
    assert set(read_table(run, EQUAL_TERMS)["chosen_on"]) == {"measured images"}


def test_controls_are_measured_as_the_sets_are(place, run):
    rows = read_table(run, KNOBS).set_index(["knob", "function", "position"])
    assert len(rows) == 2 * 2 * 4
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    reference = measure_reference(target, baseline, 2, config(place).images.cases(2, 0))
    for knob, make in CONTROLS.items():
        found = measure(make(target, baseline, 0.25), reference, 2)
        row, expected = rows.loc[knob, "noise", 0.25], summary_row("noise", [found], reference, seed=0)
        for name in ("switched_off", "leak", "switched_off_pixels", "leak_pixels", "leak_high", "psnr_elsewhere"):
            assert row[name] == pytest.approx(expected[name])
        assert row["loses_most"] == expected["loses_most"]
        assert row["psnr"] == pytest.approx(found["noise"].psnr.mean())
        assert row["psnr_gain"] == pytest.approx((found["noise"].psnr - reference.psnr["noise"][0]).mean())
        off = rows.loc[knob, "noise", 0.0]
        assert (off["switched_off"], off["switched_off_pixels"], off["wrecked"]) == (1, 1, "")
