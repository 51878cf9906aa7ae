"""What the page shows is what the library makes, bit for bit."""

import dataclasses
import functools
import itertools

import pytest
import torch

from conftest import nudged
from explore_client import read_png
from faig.attribution.integration.tiling import PROGRAM
from faig.common.errors import InputError
from faig.experiment.sweep import Way, restored_at
from faig.explore.alterations import Alteration
from faig.explore.explorer import PREVIEW, Explorer, difference, png
from faig.explore.messages import MOST_STRENGTH, Change, Input, MapChange, Worse
from faig.explore.numbers import DRAWS, SIDE
from faig.explore.running import Stopped, clipped_output
from faig.filters import FilterSet
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.images import mod_crop, round8, to_uint8
from faig.imaging.metrics import in_channels, psnr, ssim
from faig.imaging.photos import photograph
from faig.intervention import edit
from faig.intervention.knob import blend, dni, turn
from faig.intervention.measure import measure, measure_reference
from faig.intervention.summary import summarise
from faig.networks.inference import restore
from faig.pair import Pair

CROP = (40, 30, 61, 45)
BLURRY = Input(photo="chelsea", crop=CROP, worse=Worse(blur=2.0, noise=0.05, jpeg=70, seed=3))
BRUSHED = ((0, 9), (30, 41))


def lr_of(shown: Input, subject, scale: int = 2):
    photo = photograph(shown.photo)
    if shown.crop is not None:
        x, y, width, height = shown.crop
        photo = photo[:, y : y + height, x : x + width]
    if shown.worse is None:
        return photo, None
    gt = mod_crop(photo, scale)
    degradation = shown.worse.degradation(subject.downsampling)
    return degradation(gt, scale, seed=shown.worse.seed, name="photo"), gt


def expected(change: Change, subject):
    """The network of a change, by the library's own functions."""
    target, baseline = subject.pair.target, subject.pair.baseline
    if change.map is not None:
        units = FilterSet.of(subject.pair.space, [index for run in change.map.units for index in range(*run)])
        if change.map.action == "strength":
            return edit.modulate(target, baseline, units, change.map.strength)
        if change.map.action == "cut":
            return edit.cut(target, units)
        return {"revert": edit.revert, "graft": edit.graft}[change.map.action](target, baseline, units)
    if change.way in ("DNI", "blend"):
        return {"DNI": dni, "blend": blend}[change.way](target, baseline, change.position)
    way = {"images": "images", "set": "weights"}[change.way]
    return turn(target, baseline, subject.units, change.strengths, way)


LEVELS = [{}, {"blur": 0.0}, {"blur": 0.5}, {"noise": 1.3}, {"blur": 0.25, "noise": 0.5}, {"blur": 0, "noise": 0.0}]
CHANGES = [
    *(Change(way=way, strengths=at) for way, at in itertools.product(("images", "set", "DNI", "blend"), LEVELS)),
    *(
        Change(way="map", map=MapChange(action=action, strength=0.4, units=BRUSHED))
        for action in ("revert", "strength", "graft", "cut")
    ),
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_altered_picture_is_the_librarys(explorer, subject, change):
    told = explorer.alter(BLURRY, change, full=True)
    lr, gt = lr_of(BLURRY, subject)
    output = restore(expected(change, subject), lr)
    assert torch.equal(told["pictures"]["altered"], output)
    assert told["numbers"]["psnr"] == psnr(output, gt, border=2)
    assert told["numbers"]["ssim"] == ssim(output, gt, border=2)
    again = explorer.alter(BLURRY, change, full=True)
    assert torch.equal(again["pictures"]["altered"], output)


@pytest.mark.parametrize("worse", [None, Worse(), Worse(blur=1.0), Worse(jpeg=10), Worse(noise=0.2, seed=7)], ids=str)
@pytest.mark.parametrize("crop", [None, CROP, (0, 0, 31, 300), (100, 100, 16, 17)], ids=str)
def test_both_ends_are_the_librarys(explorer, subject, worse, crop):
    shown = Input(photo="chelsea", crop=crop, worse=worse)
    lr, gt = lr_of(shown, subject)
    full = explorer.prepare(shown, full=True)
    assert torch.equal(full["pictures"]["input"], lr)
    assert full["lr"] == [lr.shape[2], lr.shape[1]]
    assert full["size"] == full["whole"] == [2 * lr.shape[2], 2 * lr.shape[1]]
    assert full["place"] == [0, 0, *full["size"]]
    for name in ("baseline", "target"):
        output = restore(getattr(subject.pair, name), lr)
        assert torch.equal(full["pictures"][name], output)
        if gt is None:
            assert full["pictures"]["gt"] is None
            assert full["numbers"][name] is None
        else:
            assert torch.equal(full["pictures"]["gt"], gt)
            assert full["numbers"][name] == {"psnr": psnr(output, gt, border=2), "ssim": ssim(output, gt, border=2)}
    part = explorer.prepare(shown)
    left, top, width, height = (side // 2 for side in part["place"])
    assert part["place"] == [2 * left, 2 * top, 2 * width, 2 * height]
    assert max(width, height) <= PREVIEW
    assert torch.equal(part["pictures"]["input"], lr[:, top : top + height, left : left + width])
    if gt is not None:
        seen = gt[:, 2 * top : 2 * top + 2 * height, 2 * left : 2 * left + 2 * width]
        assert torch.equal(part["pictures"]["gt"], seen)


def test_the_preview_is_the_networks_output_on_the_middle(explorer, subject):
    shown = Input(photo="chelsea", worse=Worse(blur=2.0))
    lr, _ = lr_of(shown, subject)
    told = explorer.alter(shown, Change(strengths={"blur": 0.5}))
    x, y, width, height = (side // 2 for side in told["place"])
    assert (width, height) == (PREVIEW, PREVIEW)
    network = turn(subject.pair.target, subject.pair.baseline, subject.units, {"blur": 0.5})
    assert torch.equal(told["pictures"]["altered"], restore(network, lr[:, y : y + height, x : x + width]))


def test_a_difference_is_ten_times_what_is_changed():
    target = torch.tensor([[[0.0, 128.0, 255.0]]]) / 255
    altered = torch.tensor([[[0.0, 131.0, 200.0]]]) / 255
    assert to_uint8(difference(altered, target)).tolist() == [[[128, 158, 0]]]


def test_turning_an_image_way_again_runs_no_network(explorer, monkeypatch):
    explorer.alter(BLURRY, Change(strengths={"blur": 0.5}), full=True)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network is run")

    monkeypatch.setattr("faig.explore.explorer.clipped_output", refuse)
    explorer.alter(BLURRY, Change(strengths={"blur": 0.7}), full=True)
    with pytest.raises(AssertionError, match="is run"):
        explorer.alter(BLURRY, Change(way="set", strengths={"blur": 0.7}), full=True)


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


@pytest.mark.parametrize("change", [CHANGES[2], CHANGES[8], CHANGES[-4]], ids=str)
def test_a_control_is_as_many_units_at_random(explorer, subject, change):
    told = explorer.alter(BLURRY, change, numbers=True)["numbers"]["control"]
    drawn = [explorer.networks.parts(change, draw) for draw in range(DRAWS)]
    assert len(set(map(repr, drawn))) == DRAWS
    count = 20 if change.map else len(subject.units["blur"])
    assert told["of"].startswith(f"5 random sets of {count} filters")
    for parts in drawn:
        network = explorer.networks.one(parts[-1][1])
        weights = zip(network.parameters(), subject.pair.target.parameters(), strict=True)
        changed = sum(int((a != b).flatten(2).any(2).sum()) for a, b in weights if a.dim() == 4)
        assert changed == count
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


def test_what_does_not_fit_memory_is_run_by_tiles(subject):
    shown = Input(photo="chelsea", worse=Worse(noise=0.1))
    tiler = Explorer(subject).tiler
    room = PROGRAM + tiler._weights + 10_000 * tiler.bytes_per_pixel
    small = Explorer(subject, memory=int(room))
    lr, _ = lr_of(shown, subject)
    assert len(small.tiler.grid(*lr.shape[1:])) > 1
    change = Change(way="set", strengths={"blur": 0.5})
    outputs = [each.alter(shown, change, full=True) for each in (small, Explorer(subject))]
    tiled, whole = (to_uint8(told["pictures"]["altered"]).int() for told in outputs)
    assert (tiled - whole).abs().max() <= 1
    assert (tiled != whole).float().mean() < 1e-3


def test_what_no_memory_holds_is_refused_with_its_size(subject):
    small = Explorer(subject, memory=5_000_000)
    with pytest.raises(InputError, match=r"output of 450x300 pixels needs .*crop the photo"):
        small.prepare(Input(photo="chelsea", worse=Worse(noise=0.1)), full=True)
    assert small._outputs.bytes == 0


@pytest.mark.parametrize("asked", range(4))
def test_work_stops_between_layers_and_leaves_networks_as_they_were(explorer, asked):
    """Nobody waits any more from the so-manieth question on."""
    network = explorer.networks.one(Alteration("target"))
    before = {name: len(module._forward_pre_hooks) for name, module in network.named_modules()}
    questions = itertools.count()

    def check() -> None:
        if next(questions) >= asked:
            raise Stopped

    with pytest.raises(Stopped):
        clipped_output(network, torch.rand(3, 8, 8), explorer.tiler, check)
    assert next(questions) == asked + 1
    assert {name: len(module._forward_pre_hooks) for name, module in network.named_modules()} == before
    with pytest.raises(Stopped):
        explorer.alter(BLURRY, Change(strengths={"blur": 0.3}), check=_refuse)
    told = explorer.alter(BLURRY, Change(strengths={"blur": 0.3}))
    assert told["numbers"]["psnr"] > 0


def _refuse() -> None:
    raise Stopped


def test_curves_are_what_a_sweep_measures(explorer, subject):
    curves = explorer.curves
    assert len(curves.missing()) == 2 * 2 * len(curves.strengths)
    assert 1.0 in curves.strengths
    assert curves.strengths[-1] == MOST_STRENGTH
    points = [("noise", "set", 0.5), ("noise", "images", 0.5)]
    for point in points:
        curves.measure(point)
    assert curves.told()["noise"] == {"images": None, "set": None}
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


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        (Input(photo="nobody"), "no photo 'nobody'"),
        (Input(photo="chelsea", crop=(450, 0, 2, 5)), "is not inside"),
        (Input(photo="chelsea", crop=(0, 0, 0, 5)), "is not inside"),
        (Input(photo="chelsea", crop=(0, 0, 1, 1), worse=Worse()), "smaller than 2 pixels"),
        (Input(photo="chelsea", crop=(0, 0, 12, 12), worse=Worse()), "too small to compare"),
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_refused(explorer, shown, message):
    for full in (False, True):
        with pytest.raises(InputError, match=message):
            explorer.prepare(shown, full=full)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(strengths={"snow": 0.5}), "no function 'snow', only blur, noise"),
        (Change(way="DNI", strengths={"snow": 0.5}), "no function 'snow'"),
        (Change(way="map", map=MapChange()), "no filter is brushed"),
        (Change(way="map", map=MapChange(units=((5, 5),))), "no filters 5 to 5"),
        (Change(way="map", map=MapChange(units=((0, 10**9),))), "no filters 0 to 1000000000"),
    ],
    ids=str,
)
def test_what_cannot_be_turned_is_refused(explorer, change, message):
    with pytest.raises(InputError, match=message):
        explorer.alter(BLURRY, change)


def test_a_gray_pair_is_shown_as_gray(subject):
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.PixelShuffle(2)
    baseline = torch.nn.Sequential(*layers)
    target = nudged(baseline)
    pair = Pair(target=target, baseline=baseline)
    units = {name: FilterSet.of(pair.space, [place]) for place, name in enumerate(subject.functions)}
    functions = {name: dataclasses.replace(each, units=units[name]) for name, each in subject.functions.items()}
    gray = Explorer(dataclasses.replace(subject, pair=pair, functions=functions, rankings={}, raw=None))
    told = gray.alter(BLURRY, Change(strengths={"blur": 0.0}), full=True, numbers=True)
    photo = in_channels(photograph("chelsea"), 1)[:, 30:75, 40:101]
    gt = mod_crop(photo, 2)
    lr = BLURRY.worse.degradation("bilinear")(gt, 2, seed=3, name="photo")
    assert torch.equal(told["pictures"]["altered"], restore(edit.revert(target, baseline, units["blur"]), lr))
    assert read_png(png(told["pictures"]["altered"])).shape[0] == 3
    assert torch.equal(round8(read_png(png(lr)))[:1], lr)


def test_networks_of_any_kind_are_left_alone(explorer, subject):
    before = [weight.clone() for weight in (*subject.pair.target.parameters(), *subject.pair.baseline.parameters())]
    for change in CHANGES:
        explorer.alter(BLURRY, change, numbers=True)
    after = [*subject.pair.target.parameters(), *subject.pair.baseline.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
