"""Training images made ready: cut into sub-images, or packed into an LMDB."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.progress import Track, silent
from faig.common.workers import worker_pool
from faig.imaging.cases import PHOTOS, read_photos, write_photos
from faig.imaging.decoding import Bytes, decode, read_bytes, to_image
from faig.imaging.images import list_images, write_pixels

T = TypeVar("T")
AHEAD = 64  # files that wait in memory at most
META = "meta_info.txt"


def crop_folder(
    gt: Path, out: Path, *, crop: int, step: int, workers: int, force: bool = False, track: Track = silent
) -> int:
    """Cut every image of a folder into overlapping square sub-images, ``<name>_s001.png`` and so on.

    ``photos.csv`` beside them says which image each was cut from.

    Args:
        gt: folder of images.
        out: folder to make.
        crop: side of a sub-image in pixels; an image that is smaller keeps its side.
        step: pixels from one sub-image to the next; the last row and column reach the border.
        workers: processes.
        force: allow ``out`` to exist.
        track: shows how far it is.

    Returns:
        How many sub-images there are.

    Raises:
        InputError: an image is damaged, or ``out`` exists.
    """
    files = list_images(gt)
    photos = read_photos(gt, files)
    with new_folder(out, force, ours=("*_s[0-9][0-9][0-9].png", PHOTOS)) as part:
        job = partial(_crop_file, out=part, crop=crop, step=step)
        names = _in_processes(job, list(files.values()), workers, "cropping images", track)
        cut = {name: photo for photo, parts in zip(photos.values(), names, strict=True) for name in parts}
        write_photos(part, cut)
    return len(cut)


def starts(size: int, crop: int, step: int) -> list[int]:
    """Where the crops of a side begin: every ``step`` pixels, and the last one at the border."""
    last = max(0, size - crop)
    return [*range(0, last, step), last]


def _crop_file(path: Path, out: Path, crop: int, step: int) -> list[str]:
    """Write the sub-images of a file; returns their names."""
    pixels = decode(read_bytes(path), str(path))
    if pixels.dtype not in (np.uint8, np.uint16):  # floating point in [0, 1]
        pixels = (to_image(pixels, str(path)).clamp(0, 1) * 65535).round().numpy().astype(np.uint16).transpose(1, 2, 0)
    height, width, _ = pixels.shape
    corners = [(top, left) for top in starts(height, crop, step) for left in starts(width, crop, step)]
    names = [f"{path.stem}_s{number:03d}" for number in range(1, len(corners) + 1)]
    for name, (top, left) in zip(names, corners, strict=True):
        write_pixels(out / f"{name}.png", pixels[top : top + crop, left : left + crop])
    return names


def pack_lmdb(images: Path, out: Path, *, workers: int, force: bool = False, track: Track = silent) -> int:
    """Pack the image files of a folder, as they are, into an LMDB that BasicSR reads too.

    Keys are file names without suffix; ``meta_info.txt`` has a line ``name.png (height,width,channels) 1`` for each.

    Args:
        images: folder of images.
        out: folder to make.
        workers: processes.
        force: allow ``out`` to exist.
        track: shows how far it is.

    Returns:
        How many images there are.

    Raises:
        InputError: an image is damaged, or ``out`` exists.
    """
    import lmdb

    files = list_images(images)
    try:
        size = sum(path.stat().st_size for path in files.values())
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from None
    with new_folder(out, force) as part, _lmdb_errors(out):
        # Room for whole pages; the file grows only as far as it is filled.
        env = lmdb.open(str(part), map_size=2 * size + (1 << 20) + 8192 * len(files), readahead=False, sync=False)
        shapes = _in_processes(_checked, list(files.values()), workers, "packing images", track)
        with env, (part / META).open("w", encoding="utf-8") as meta:
            for (name, path), (data, shape) in zip(files.items(), shapes, strict=True):
                with env.begin(write=True) as transaction:  # each its own: an open one keeps all in memory
                    transaction.put(name.encode(), data.tobytes())
                meta.write(f"{path.name} ({','.join(map(str, shape))}) 1\n")
            env.sync(True)
        (part / "lock.mdb").unlink(missing_ok=True)
    return len(files)


@contextmanager
def _lmdb_errors(out: Path) -> Iterator[None]:
    """Raise LMDB's own errors, such as a full disk, as InputError."""
    import lmdb

    try:
        yield
    except lmdb.Error as error:
        raise InputError(f"{out}: cannot be written: {error}") from None


def _checked(path: Path) -> tuple[Bytes, tuple[int, ...]]:
    data = read_bytes(path)
    return data, decode(data, str(path)).shape


def _in_processes(
    job: Callable[[Path], T], files: Sequence[Path], workers: int, label: str, track: Track
) -> Iterable[T]:
    """The job's results in the order of the files."""
    if workers == 1:
        yield from track(map(job, files), label, len(files))
        return
    with worker_pool(min(workers, len(files))) as pool:
        parts = (files[start : start + AHEAD] for start in range(0, len(files), AHEAD))
        yield from track((result for part in parts for result in pool.map(job, part)), label, len(files))
