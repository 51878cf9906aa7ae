"""What stands in for torchvision while spandrel is imported."""

import sys
import types

import pytest
import torch

from faig.networks.torchvision_stand_in import InterpolationMode, normalize, rotate, torchvision_or_stand_in

BILINEAR = InterpolationMode.BILINEAR


def loaded() -> dict[str, types.ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "torchvision"}


@pytest.fixture
def without(monkeypatch):
    """No torchvision at all."""
    for name in loaded():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchvision", None)


def test_it_is_there_in_the_block_alone(without):
    del without
    before = loaded()
    with torchvision_or_stand_in():
        from torchvision.transforms.functional import normalize as found

        assert found is normalize
    assert loaded() == before
    with pytest.raises(ImportError):
        import torchvision  # noqa: F401


def test_it_goes_after_an_error_too(without):
    del without
    before = loaded()
    with pytest.raises(KeyError), torchvision_or_stand_in():
        raise KeyError
    assert loaded() == before


@pytest.mark.parametrize("fault", ["ImportError('libtorch_cuda.so')", "RuntimeError('operator torchvision::nms')"])
def test_one_of_another_torch_leaves_nothing(monkeypatch, tmp_path, fault):
    for name in loaded():
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(f"from torchvision import part\nraise {fault}")
    (tmp_path / "torchvision" / "part.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with torchvision_or_stand_in():
        from torchvision.transforms.functional import InterpolationMode as Found

        assert Found is InterpolationMode
    assert not loaded()


def test_a_right_one_is_taken(monkeypatch):
    real = types.ModuleType("torchvision.transforms.functional")
    modules = {name: types.ModuleType(name) for name in ("torchvision", "torchvision.transforms")}
    for name, module in {**modules, real.__name__: real}.items():
        monkeypatch.setitem(sys.modules, name, module)
    with torchvision_or_stand_in():
        assert sys.modules[real.__name__] is real
    assert sys.modules[real.__name__] is real


def test_normalize_by_hand():
    image = torch.tensor([0.5, 0.25]).view(2, 1, 1).expand(2, 3, 4)
    out = normalize(image, [0.5, 0.5], [0.5, 0.25])
    torch.testing.assert_close(out, torch.tensor([0.0, -1.0]).view(2, 1, 1).expand(2, 3, 4))


@pytest.mark.parametrize("mode", list(InterpolationMode))
def test_a_quarter_turn_is_counter_clockwise(mode):
    image = torch.rand(2, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(rotate(image, 90, mode), image.rot90(1, (-2, -1)), atol=1e-5, rtol=0)
    torch.testing.assert_close(rotate(image, torch.tensor(-90.0), mode), image.rot90(-1, (-2, -1)), atol=1e-5, rtol=0)
    torch.testing.assert_close(rotate(image[0], 0, mode), image[0], atol=1e-5, rtol=0)


def test_a_turn_keeps_distances_on_an_oblong_image():
    image = torch.zeros(1, 21, 41)
    image[0, 10, 20 + 8] = 1  # 8 to the right of the middle
    turned = rotate(image, 90, BILINEAR)
    assert turned[0, 10 - 8, 20] == pytest.approx(1, abs=1e-5)  # 8 above it


def test_what_comes_in_from_outside_is_black():
    turned = rotate(torch.ones(1, 9, 9), 45, BILINEAR)
    assert turned[0, 4, 4] == pytest.approx(1)
    assert turned[0, 0, 0] == 0
