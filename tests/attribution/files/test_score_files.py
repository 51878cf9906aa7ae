from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from conftest import path_scores
from faig.attribution.files.score_files import load_scores, mean_over_images, save_scores
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import InputError


@pytest.fixture
def found(pair):
    from conftest import tiny_cases

    return path_scores(*pair, tiny_cases(), gauss_legendre(3))


def test_round_trip_is_exact(found, tmp_path):
    save_scores(tmp_path / "scores.safetensors", found, {"method": "faig"})
    back, metadata = load_scores(tmp_path / "scores.safetensors")
    assert back.images == found.images
    assert list(back.score) == ["clean", "blur", "noise"]
    for part in ("score", "signed", "total", "losses"):
        ours, theirs = getattr(found, part), getattr(back, part)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[kind], theirs[kind]) for kind in ours)
    assert metadata["method"] == "faig"
    assert metadata["convergence_delta"] == back.delta() == found.delta()
    assert metadata["barrier"] == back.barriers()


def test_contract_of_the_file(found, tmp_path):
    save_scores(tmp_path / "scores.safetensors", found, {})
    with safe_open(tmp_path / "scores.safetensors", framework="pt") as file:
        assert len(file.metadata()) == 1  # several keys would come in random order
        rows = file.get_tensor("score/blur")
    assert rows.dtype == torch.float32
    assert rows.shape == (3, found.score["blur"].shape[1])


def test_equal_input_gives_equal_bytes(found, tmp_path):
    files = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    for file in files:
        save_scores(file, found, {"b": 1, "a": {"y": 2, "x": 3}})
    assert files[0].read_bytes() == files[1].read_bytes()


def test_photos_are_kept_where_images_are_crops(found, tmp_path):
    files = [tmp_path / name for name in ("whole.safetensors", "crops.safetensors")]
    save_scores(files[0], found, {})
    save_scores(files[1], replace(found, photos=["a", "a", "b"]), {})
    (whole, of_whole), (crops, of_crops) = (load_scores(file) for file in files)
    assert whole.photos == whole.images
    assert "photos" not in of_whole
    assert crops.photos == of_crops["photos"] == ["a", "a", "b"]
    mean = mean_over_images(crops)
    assert mean.photos == mean.images == ["mean of 3 images"]


@pytest.mark.parametrize("content", [b"", b"no scores", None])
def test_what_is_no_file_of_scores(tmp_path, content):
    file = tmp_path / "scores.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"scores\.safetensors: is not a file of scores"):
        load_scores(file)
