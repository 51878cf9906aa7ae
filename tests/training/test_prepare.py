"""Training images made ready: crops, and one LMDB of them."""

import contextlib
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import tifffile
import torch

from batches import same
from conftest import training_config
from faig.common.errors import InputError
from faig.imaging.cases import read_photos
from faig.imaging.images import list_images, read_image, write_image
from faig.training import prepare
from faig.training.data import Patches
from faig.training.image_sources import FolderSource, LmdbSource, open_source
from faig.training.prepare import META, crop_folder, pack_lmdb, starts


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1200, [0, 240, 480, 720]), (1210, [0, 240, 480, 720, 730]), (480, [0]), (481, [0, 1]), (100, [0])],
)
def test_crops_reach_the_border(size, expected):
    assert starts(size, 480, 240) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("workers", [1, 2])
def test_crop(drawn, tmp_path, workers):
    count = crop_folder(drawn, tmp_path / "sub", crop=30, step=8, workers=workers)
    assert read_photos(tmp_path / "sub", ["stripes0_s001", "stripes2_s002"]) == {
        "stripes0_s001": "stripes0",
        "stripes2_s002": "stripes2",
    }
    subs = list_images(tmp_path / "sub")
    assert count == len(subs) == 3 * 2 * 3  # 36: 0, 6; 40: 0, 8, 10
    first = read_image(drawn / "stripes2.png")
    assert torch.equal(read_image(subs["stripes2_s001"]), first[:, :30, :30])
    assert torch.equal(read_image(subs["stripes2_s006"]), first[:, -30:, -30:])


def test_crop_keeps_what_floating_point_holds(tmp_path):
    (tmp_path / "deep").mkdir()
    values = np.linspace(0, 1, 12 * 9 * 3, dtype=np.float32).reshape(12, 9, 3)
    tifffile.imwrite(tmp_path / "deep" / "a.tiff", values, photometric="rgb")
    crop_folder(tmp_path / "deep", tmp_path / "sub", crop=480, step=240, workers=1)
    found, before = read_image(tmp_path / "sub" / "a_s001.png"), read_image(tmp_path / "deep" / "a.tiff")
    torch.testing.assert_close(found, before, rtol=0, atol=1e-5)


def test_cropping_again_leaves_none_of_the_old(drawn, tmp_path):
    crop_folder(drawn, tmp_path / "sub", crop=8, step=8, workers=1)
    (tmp_path / "sub" / "notes.txt").write_text("mine")
    count = crop_folder(drawn, tmp_path / "sub", crop=30, step=30, workers=1, force=True)
    assert len(list_images(tmp_path / "sub")) == count
    assert (tmp_path / "sub" / "notes.txt").exists()


def test_crop_keeps_16_bits(tmp_path):
    (tmp_path / "deep").mkdir()
    pixels = np.arange(20 * 20 * 3, dtype=np.uint16).reshape(20, 20, 3) * 50
    cv2.imwrite(str(tmp_path / "deep" / "a.png"), pixels)
    crop_folder(tmp_path / "deep", tmp_path / "sub", crop=480, step=240, workers=1)
    assert np.array_equal(cv2.imread(str(tmp_path / "sub" / "a_s001.png"), cv2.IMREAD_UNCHANGED), pixels)


def test_lmdb_holds_the_files_as_they_are(settings, drawn, tmp_path):
    assert pack_lmdb(drawn, tmp_path / "gt.lmdb", workers=1) == 3
    assert sorted(path.name for path in (tmp_path / "gt.lmdb").iterdir()) == ["data.mdb", META]
    lines = (tmp_path / "gt.lmdb" / META).read_text().splitlines()
    assert lines == [f"stripes{i}.png (40,36,3) 1" for i in range(3)]
    packed, folder = open_source(tmp_path / "gt.lmdb"), open_source(drawn)
    assert isinstance(packed, LmdbSource)
    assert isinstance(folder, FolderSource)
    assert len(packed) == len(folder)
    assert all(np.array_equal(packed.read(i), folder.read(i)) for i in range(3))
    assert packed.place(1) == f"{tmp_path / 'gt.lmdb'}: stripes1"
    data = training_config(settings).data
    from_lmdb = Patches(data.model_copy(update={"gt": tmp_path / "gt.lmdb"}), 2, seed=1)
    assert same(from_lmdb.batch(3), Patches(data, 2, seed=1).batch(3))


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_what_is_no_lmdb_and_what_cannot_be_packed(drawn, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"not a database")
    with pytest.raises(InputError, match=r"bad: is no LMDB, or is damaged: data\.mdb is cut short"):
        open_source(tmp_path / "bad")
    pack_lmdb(drawn, tmp_path / "cut.lmdb", workers=1)
    whole = (tmp_path / "cut.lmdb" / "data.mdb").read_bytes()
    (tmp_path / "cut.lmdb" / "data.mdb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.lmdb: is no LMDB, or is damaged: data\.mdb has \d+ bytes of \d+"):
        open_source(tmp_path / "cut.lmdb")
    shutil.rmtree(tmp_path / "cut.lmdb")
    (drawn / "stripes0.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"stripes0\.png: is not an image"):
        pack_lmdb(drawn, tmp_path / "gt.lmdb", workers=1)
    with pytest.raises(InputError, match=r"stripes0\.png: is not an image"):
        crop_folder(drawn, tmp_path / "sub", crop=8, step=8, workers=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "gt"]


def test_the_commands(drawn, tmp_path, faig):
    code, out, _ = faig("data", "crop", drawn, tmp_path / "sub", "--crop", 20, "--step", 20, "--workers", 1)
    assert (code, out) == (0, f"12 sub-images in {tmp_path / 'sub'}\n")
    code, out, _ = faig("data", "lmdb", tmp_path / "sub", tmp_path / "sub.lmdb", "--workers", 1)
    assert (code, out) == (0, f"12 images in {tmp_path / 'sub.lmdb'}\n")
    code, _, err = faig("data", "lmdb", tmp_path / "sub", tmp_path / "sub.lmdb", "--workers", 1)
    assert code == 2
    assert err == f"error: {tmp_path / 'sub.lmdb'}: exists and is not empty; pass --force to write into it\n"


def test_no_more_processes_than_images(tmp_path, monkeypatch):
    started = []

    def pool(count):
        started.append(count)
        return contextlib.nullcontext(SimpleNamespace(map=map))

    monkeypatch.setattr(prepare, "worker_pool", pool)
    (tmp_path / "gt").mkdir()
    for name in ("a", "b"):
        write_image(tmp_path / "gt" / f"{name}.png", torch.rand(3, 20, 20))
    crop_folder(tmp_path / "gt", tmp_path / "out", crop=8, step=8, workers=1000)
    assert started
    assert set(started) == {2}
