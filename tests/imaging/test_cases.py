import pytest
import torch

from faig.common.errors import InputError
from faig.imaging.cases import Case, crop_case, degradations_of, degrade_case, load_cases, make_cases
from faig.imaging.degradation import paper_preset
from faig.imaging.images import write_image


@pytest.fixture
def folder(tmp_path):
    """GT images b, a (written in this order), and their LR versions."""
    for name in ("gt", "blur", "clean"):
        (tmp_path / name).mkdir()
    for value, name in enumerate("ba"):
        gt = torch.full((3, 12, 8), value / 2)
        write_image(tmp_path / "gt" / f"{name}.png", gt)
        for kind in ("blur", "clean"):
            write_image(tmp_path / kind / f"{name}.png", gt[:, ::2, ::2])
    return tmp_path


def test_loads_by_name(folder):
    cases = load_cases(folder / "gt", {"blur": folder / "blur", "clean": folder / "clean"}, 2)
    assert [case.name for case in cases] == ["a", "b"]
    assert degradations_of(cases) == ["blur"]
    for case in cases:
        assert case.gt.shape == (3, 12, 8)
        for lr in case.lr.values():
            assert lr.shape == (3, 6, 4)
            assert lr.mean().item() == pytest.approx(case.gt.mean().item())


def test_sizes_that_do_not_fit(folder):
    with pytest.raises(
        InputError, match=r"a: GT is 8x12, but the blur LR is 4x6 and the scale 4: expected a GT of 16x24$"
    ):
        load_cases(folder / "gt", {"blur": folder / "blur"}, 4)
    write_image(folder / "gt" / "a.png", torch.zeros(3, 13, 8))
    with pytest.raises(InputError, match=r"a\.png: 8x13 is not divisible by scale 2"):
        load_cases(folder / "gt", {"blur": folder / "blur"}, 2)
    assert load_cases(folder / "gt", {"blur": folder / "blur"}, 2, crop=True)[0].gt.shape == (3, 12, 8)


def test_makes_what_it_would_have_loaded(folder):
    made = make_cases(folder / "gt", paper_preset(), 2, seed=3)
    for case in made:
        again = degrade_case(case.name, case.gt, paper_preset(), 2, seed=3)
        assert list(case.lr) == ["clean", "blur", "noise"]
        assert all(torch.equal(lr, again.lr[kind]) for kind, lr in case.lr.items())
    other = make_cases(folder / "gt", paper_preset(), 2, seed=4)
    assert not torch.equal(made[0].lr["noise"], other[0].lr["noise"])


def test_a_crop_keeps_gt_and_lr_aligned():
    gt = torch.arange(3 * 24 * 30).view(3, 24, 30) / 3000
    case = Case("x", gt, {"clean": gt[:, ::3, ::3]})
    part = crop_case(case, 2, 4, 5, 3)
    assert part.gt.shape == (3, 15, 15)
    assert torch.equal(part.lr["clean"], part.gt[:, ::3, ::3])


def test_values_that_are_not_finite():
    gt = torch.zeros(3, 4, 4)
    case = Case("x", gt, {"blur": torch.full((3, 2, 2), float("nan"))})
    with pytest.raises(InputError, match="x: the blur image holds values that are not finite"):
        case.check(2)
