import pytest
import torch

from faig.common.errors import InputError
from faig.imaging.cases import (
    Case,
    crop_case,
    degradations_of,
    degrade_case,
    describe_images,
    load_cases,
    make_cases,
    write_photos,
)
from faig.imaging.degradation import paper_preset
from faig.imaging.images import read_image, write_image


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


def test_sizes_that_do_not_fit(folder, caplog):
    with pytest.raises(
        InputError, match=r"a: GT is 8x12, but the blur LR is 4x6 and the scale 4: expected a GT of 16x24$"
    ):
        load_cases(folder / "gt", {"blur": folder / "blur"}, 4)
    write_image(folder / "gt" / "a.png", torch.zeros(3, 13, 8))
    with pytest.raises(
        InputError, match=r"a\.png: 8x13 is not divisible by scale 2; crop it, or leave strict_size out"
    ):
        load_cases(folder / "gt", {"blur": folder / "blur"}, 2, strict_size=True)
    assert caplog.messages == []
    assert load_cases(folder / "gt", {"blur": folder / "blur"}, 2)[0].gt.shape == (3, 12, 8)
    assert caplog.messages == ["1 of 2 GT images are cropped to multiples of 2"]


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
    assert (part.photo, crop_case(part, 0, 0, 2, 3).photo) == ("x", "x")


def made_and_loaded(folder):
    return make_cases(folder / "gt", paper_preset(), 2), load_cases(folder / "gt", {"blur": folder / "blur"}, 2)


def test_an_image_is_its_own_photo_where_nothing_is_said(folder):
    for cases in made_and_loaded(folder):
        assert [case.photo for case in cases] == ["a", "b"]
    write_photos(folder / "gt", {"a": "a", "b": "b"})
    assert not (folder / "gt" / "photos.csv").exists()


def test_the_photo_of_a_crop_is_read_beside_it(folder):
    write_photos(folder / "gt", {"b": "cat, sleeping", "a": "cat, sleeping", "elsewhere": "dog"})
    for cases in made_and_loaded(folder):
        assert [(case.name, case.photo) for case in cases] == [("a", "cat, sleeping"), ("b", "cat, sleeping")]
        assert cases[0].to("cpu").photo == "cat, sleeping"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("image,photo\na,x\n", "does not list the image 'b'"),
        ("image,photo\na,x\nb,y\na,z\n", "lists the image 'a' twice"),
        ("name,photo\na,x\nb,y\n", "its first line is not image,photo"),
        ("", "its first line is not image,photo"),
        ("image,photo\na,x\nb\n", "the line 'b' does not name an image and its photo"),
        ("image,photo\na,\nb,y\n", "the line 'a,' does not name an image and its photo"),
        ('image,photo\na,"x\n', "is no table"),
        (b"image,photo\na,\xff\n", "is no table"),
    ],
)
def test_a_table_of_photos_that_does_not_fit(folder, table, message):
    (folder / "gt" / "photos.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(InputError, match=rf"gt/photos\.csv: .*{message}") as error:
        make_cases(folder / "gt", paper_preset(), 2)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("photos", "words"),
    [("abc", "3 photos"), ("a", "1 photo"), ("xxy", "3 crops of 2 photos"), ("x", "1 crop of 1 photo")],
)
def test_images_in_words(photos, words):
    blank = torch.zeros(3, 2, 2)
    assert describe_images(Case(name, blank, {}, photo) for name, photo in zip("abc", photos, strict=False)) == words


def test_values_that_are_not_finite():
    gt = torch.zeros(3, 4, 4)
    case = Case("x", gt, {"blur": torch.full((3, 2, 2), float("nan"))})
    with pytest.raises(InputError, match="x: the blur image holds values that are not finite"):
        case.check(2)


def div2k(folder):
    """GT and LR folders in which the LR of ``0801.png`` is ``0801x2.png``."""
    for place, end, size in (("gt", "", (48, 32)), ("lr", "x2", (24, 16))):
        for number, name in enumerate(("0801", "0802")):
            (folder / place).mkdir(exist_ok=True, parents=True)
            write_image(folder / place / f"{name}{end}.png", torch.full((3, *size), number / 4))
    return folder / "gt", {"blur": folder / "lr"}


def test_names_of_lr_images_may_end_with_more(tmp_path):
    gt, lr = div2k(tmp_path)
    cases = load_cases(gt, lr, 2, lr_suffix="x2")
    assert [case.name for case in cases] == ["0801", "0802"]
    assert torch.equal(cases[1].lr["blur"], read_image(tmp_path / "lr" / "0802x2.png"))
    with pytest.raises(InputError, match=r"has no partner named '080[12]' .*; pass lr_suffix='x2'") as caught:
        load_cases(gt, lr, 2)
    assert caught.value.setting == "lr_suffix"
    with pytest.raises(InputError, match=r"0801x2\.png: its name does not end with 'x4'"):
        load_cases(gt, lr, 2, lr_suffix="x4")
    (tmp_path / "lr" / "0802x2.png").rename(tmp_path / "lr" / "0803x2.png")
    with pytest.raises(InputError, match=r"has no partner named '080[12]' among the blur images in .*lr$"):
        load_cases(gt, lr, 2)
    with pytest.raises(InputError, match=r"0803x2\.png: has no partner named '0803'|0802\.png: has no partner"):
        load_cases(gt, lr, 2, lr_suffix="x2")


@pytest.mark.slow
def test_the_commands_take_the_ending(tmp_path, faig):
    gt, lr = div2k(tmp_path)
    out, images = tmp_path / "out", ["--gt", gt, "--lr-suffix", "x2"]
    code, printed, err = faig("restore", "srcnn-style-x2/target", lr["blur"], out, *images)
    assert code == 0, err
    assert (code, sorted(path.name for path in out.iterdir())) == (0, ["0801.png", "0802.png"]), err
    assert "0802" in printed
    code, _, err = faig("restore", "srcnn-style-x2/target", lr["blur"], tmp_path / "more", "--gt", gt)
    assert code == 2
    assert "lr_suffix='x2'" in err
    assert "--lr-suffix" in err
    code, _, err = faig("restore", "srcnn-style-x2/target", lr["blur"], tmp_path / "more", "--lr-suffix", "x2")
    assert (code, err) == (2, "error: --lr-suffix x2: is for pairs of images, and no --gt is given\n")
    asked = ["--pair", "srcnn-style-x2", "--gt", gt, "--out", tmp_path / "run", "--lr-suffix", "x2"]
    code, _, err = faig("attribute", *asked, "--lr", f"blur={tmp_path / 'lr'}", "--method", "change")
    assert code == 0, err
    code, _, err = faig("attribute", *asked[:-4], "--lr-suffix", "x2", "--degrade", "blur=2", "--out", tmp_path / "no")
    assert code == 2
    assert "is of LR folders, and none is given" in err
