"""Numbers and curves are what the library measures."""

import functools

import pytest
import torch

from explore_changes import BLURRY, CHANGES, CROP, expected
from faig.experiment.sweep import Way, restored_at
from faig.explore.messages import MOST_STRENGTH, Change, MapChange
from faig.explore.numbers import DRAWS, SIDE
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.photos import photograph
from faig.intervention.knob import turn
from faig.intervention.measure import measure, measure_reference
from faig.intervention.summary import summarise
from faig.networks.inference import restore


@pytest.mark.slow
@pytest.mark.parametrize("change", [CHANGES[2], CHANGES[8], CHANGES[-4]], ids=str)
def test_numbers_are_the_librarys(explorer, subject, change):
    told = explorer.alter(BLURRY, change, numbers=True)["numbers"]
    x, y, width, height = CROP
    photo = photograph("chelsea")[:, y : y + height, x : x + width]
    side = min(width, height, 2 * SIDE) // 2 * 2
    left, top = (width - side) // 2 // 2 * 2, (height - side) // 2 // 2 * 2
    kinds = {"clean": Degradation(), "blur": Degradation(blur=2), "noise": Degradation(noise=0.1)}
    case = degrade_case("photo", photo[:, top : top + side, left : left + side], kinds, 2, seed=3)
    reference = measure_reference(subject.pair.target, subject.pair.baseline, 2, [case])
    network = expected(change, subject)
    rows = {row["input"]: row for row in summarise(measure(network, reference, 2), reference)}
    for kind in ("blur", "noise"):
        for name, column in (("off", "switched_off"), ("leak", "leak")):
            for end in ("", "_pixels"):
                assert told[f"{name}{end}"][kind] == pytest.approx(rows[kind][f"{column}{end}"], rel=1e-12)
    others = {other["input"]: other for other in told["others"]}
    assert list(others) == ["clean", "blur", "noise"]
    for kind, other in others.items():
        assert torch.equal(other["picture"], restore(network, case.lr[kind]))
        assert other["psnr"] == rows[kind]["psnr"]
        assert other["psnr_target"] == rows[kind]["psnr_target"]
    own = told["function"]
    assert others[own]["leak"] is None
    assert max(other["leak"] for kind, other in others.items() if kind != own) == pytest.approx(told["leak"][own])


@pytest.mark.slow
@pytest.mark.parametrize("change", [CHANGES[2], CHANGES[8], CHANGES[-4]], ids=str)
def test_a_control_is_as_many_units_at_random(explorer, subject, change):
    told = explorer.alter(BLURRY, change, numbers=True)["numbers"]["control"]
    drawn = [explorer.networks.parts(change, draw) for draw in range(DRAWS)]
    assert len(set(map(repr, drawn))) == DRAWS
    count = 20 if change.map else len(subject.units["blur"])
    assert told["of"].startswith(f"5 random sets of {count} filters")
    turned = []
    for parts in drawn:
        network = explorer.networks.one(parts[-1][1])
        weights = zip(network.parameters(), subject.pair.target.parameters(), strict=True)
        changed = torch.cat([(a != b).flatten(2).any(2).flatten() for a, b in weights if a.dim() == 4])
        assert int(changed.sum()) == count
        turned.append(tuple(changed.nonzero().flatten().tolist()))
    own = explorer.networks.brushed(change) if change.map else subject.units["blur"]
    assert tuple(own.indices.tolist()) not in turned
    assert len(set(turned)) > DRAWS // 2
    assert told["off"]["blur"][0] <= told["off"]["blur"][1]
    assert told["psnr"][0] <= told["psnr"][1]


@pytest.mark.parametrize("change", [Change(), *(Change(way=way, strengths={"blur": 0.5}) for way in ("DNI", "blend"))])
def test_what_turns_no_set_has_no_control(explorer, change):
    assert explorer.alter(BLURRY, change, numbers=True)["numbers"]["control"] is None


def test_a_network_that_is_far_from_both_ends_is_called_wrecked(explorer):
    everything = ((0, len(explorer.pair.space)),)
    change = Change(way="map", map=MapChange(action="cut", units=everything))
    assert "times as far from both ends" in explorer.alter(BLURRY, change, numbers=True)["numbers"]["wrecked"]
    assert explorer.alter(BLURRY, Change(), numbers=True)["numbers"]["wrecked"] == ""


def test_curves_are_what_a_sweep_measures(explorer, subject):
    curves = explorer.curves
    assert len(curves.missing()) == 2 * 2 * len(curves.strengths)
    assert 1.0 in curves.strengths
    assert curves.strengths[-1] == MOST_STRENGTH
    points = [("noise", "set", 0.5), ("noise", "images", 0.5)]
    for point in points:
        curves.measure(point)
    assert curves.measured()["noise"] == {"images": None, "set": None}
    assert not set(points) & set(curves.missing())
    cases = curves._cases_of("noise")
    ends = subject.pair.target, subject.pair.baseline
    for function, way, strength in points:
        network = turn(*ends, subject.units, {function: strength}, "weights" if way == "set" else way)
        always = Way("", "noise", functools.partial(lambda made, _: made, network))
        references = [measure_reference(*ends, 2, [case]) for case in cases]
        rows = [restored_at(always, reference, 2, [0.0, 1.0], None)[0] for reference in references]
        for name in ("psnr", "noise", "sharpness"):
            mean = sum(row[name] for row in rows) / len(rows)
            assert curves._measured[function, way, strength][name] == pytest.approx(mean, rel=1e-6)
