"""What the page shows is what the library makes, bit for bit."""

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conftest import nudged
from explore_changes import BLURRY, CHANGES, CROP, expected, lr_of
from explore_client import read_png
from faig.common.errors import InputError
from faig.explore.alterations import Alteration, AlteredNetworks
from faig.explore.explorer import PREVIEW, Explorer, difference, png
from faig.explore.messages import Change, Input, MapChange, Worse
from faig.explore.running import Stopped, clipped_output
from faig.filters import FilterSet
from faig.imaging.images import mod_crop, round8, to_uint8
from faig.imaging.metrics import in_channels, psnr, ssim
from faig.imaging.photos import photograph
from faig.intervention import edit
from faig.intervention.knob import turn
from faig.networks.inference import ForwardTiler, restore
from faig.networks.tiling import PROGRAM, whole
from faig.pair import Pair


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


@pytest.mark.slow
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


@given(runs=st.lists(st.tuples(st.integers(0, 135), st.integers(1, 40)), min_size=1, max_size=30))
def test_units_are_those_of_the_runs(subject, runs):
    """Runs of units may overlap, and come in any order."""
    halves = tuple((start, min(start + length, 136)) for start, length in runs)
    chosen = AlteredNetworks(subject).brushed(Change(way="map", map=MapChange(units=halves)))
    assert chosen.indices.tolist() == sorted({index for start, stop in halves for index in range(start, stop)})


def test_what_does_not_fit_memory_is_run_by_tiles(subject):
    shown = Input(photo="chelsea", worse=Worse(noise=0.1))
    lr, _ = lr_of(shown, subject)
    tiler = ForwardTiler(subject.pair.target, 2, 3e9, lr)
    small = Explorer(subject, memory=int(PROGRAM + tiler.held + 10_000 * tiler.bytes_per_pixel))
    assert len(small.grid(lr)) > 1
    change = Change(way="set", strengths={"blur": 0.5})
    outputs = [each.alter(shown, change, full=True) for each in (small, Explorer(subject))]
    tiled, whole = (to_uint8(told["pictures"]["altered"]).int() for told in outputs)
    assert (tiled - whole).abs().max() <= 1
    assert (tiled != whole).float().mean() < 1e-3


def test_what_no_memory_holds_is_refused_with_its_size(subject):
    small = Explorer(subject, memory=5 * 4 * 3 * 450 * 299)
    for worse in (None, Worse(noise=0.1)):
        with pytest.raises(InputError, match=r"the (photo|output) of \d+x\d+ pixels needs .*crop the photo"):
            small.prepare(Input(photo="chelsea", worse=worse), full=True)
    with pytest.raises(InputError, match=r"the photo of 451x300 pixels"):
        small.prepare(Input(photo="chelsea"))
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
        clipped_output(network, torch.rand(3, 8, 8), whole(8, 8), 2, check)
    assert next(questions) == asked + 1
    assert {name: len(module._forward_pre_hooks) for name, module in network.named_modules()} == before
    with pytest.raises(Stopped):
        explorer.alter(BLURRY, Change(strengths={"blur": 0.3}), check=_refuse)
    told = explorer.alter(BLURRY, Change(strengths={"blur": 0.3}))
    assert told["numbers"]["psnr"] > 0


def _refuse() -> None:
    raise Stopped


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


@pytest.mark.slow
def test_networks_of_any_kind_are_left_alone(explorer, subject):
    before = [weight.clone() for weight in (*subject.pair.target.parameters(), *subject.pair.baseline.parameters())]
    for change in (*CHANGES[4:24:6], *CHANGES[-4:]):  # each way, each action
        explorer.alter(BLURRY, change, numbers=True)
    after = [*subject.pair.target.parameters(), *subject.pair.baseline.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_is_too_large_to_be_kept_is_shown_as_well(explorer, monkeypatch):
    """Asked for in any order, with room for nothing: the preview is never taken for the whole."""
    expected = {full: Explorer(explorer.subject).prepare(BLURRY, full=full) for full in (False, True)}
    for room in (explorer._made, explorer._outputs):
        monkeypatch.setattr(room, "_most", 0)
    monkeypatch.setattr("faig.explore.explorer.PREVIEW", 8)
    small = explorer.prepare(BLURRY)
    assert small["size"] == [16, 16]
    for full in (True, False, True):
        told = explorer.prepare(BLURRY, full=full)
        assert told["whole"] == expected[True]["size"]
        if full:
            assert torch.equal(told["pictures"]["target"], expected[True]["pictures"]["target"])
            assert told["place"] == [0, 0, *told["size"]]
