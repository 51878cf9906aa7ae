"""Readers tried with files that were made hostile, for as long as is asked: ``make fuzz``.

Hypothesis makes the files; each kind is tried in a process of its own, which may die without taking the counts along.
What fails is kept, and printed as a command that repeats it. What reads the same file stands against what faig reads.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from faig.common.errors import LONGEST, InputError
from faig.imaging.decoding import LIMIT
from hostile import configurations, oracles
from hostile.configurations import as_bytes, as_yaml
from hostile.corpus import READERS
from hostile.item import Item
from hostile.mutations import TEXT, mutated, retold, revalued
from hostile.shipped import PREDICTOR

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "runs" / "fuzz"  # git ignores runs/
LONG = 10.0  # seconds of a processor for a file
HANGS = 120.0  # seconds on the clock after which a process is given up
MEMORY = 6 << 30  # bytes of addresses beyond what a process has when it begins
BATCH = 50
FAULTS = ("tracebacks", "over 10 s", "accepted wrong", "killed")
COUNTS = ("trials", "refused", "accepted", *FAULTS)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        reader: of `READERS`.
        suffix: of the files.
        files: what makes their content.
        differs: what another reader says of what was read; empty where it agrees.
    """

    reader: str
    suffix: str
    files: st.SearchStrategy[bytes]
    differs: Callable[[Path, Any], str]


def contents(reader: str, suffix: str) -> list[bytes]:
    """The files of the corpus that are accepted, so that most of what is made of them is nearly right."""
    items: list[Item] = READERS[reader].items(Path("trap"))
    right = [item.make for item in items if not item.refused and item.name.endswith(suffix)]
    return [as_bytes(content) for content in right if isinstance(content, bytes | str)]


def picture(suffix: str) -> Kind:
    """Pictures of one format."""
    return Kind("images", suffix, mutated(contents("images", suffix)), oracles.picture)


def settings(reader: str, base: dict[str, Any]) -> Kind:
    """Settings of a run, as text and as values."""
    files = mutated([as_yaml(base).encode()], TEXT) | revalued(base).map(lambda value: as_yaml(value).encode())
    return Kind(reader, ".yaml", files, lambda path, read: "")


def tensors(reader: str, differs: Callable[[Path, Any], str]) -> Kind:
    """Safetensors files, as bytes and by what their heads say."""
    valid = contents(reader, ".safetensors")
    return Kind(reader, ".safetensors", mutated(valid) | retold(valid), differs)


def texts(reader: str, suffix: str, differs: Callable[[Path, Any], str]) -> Kind:
    """Texts."""
    return Kind(reader, suffix, mutated(contents(reader, suffix), TEXT), differs)


def predictor() -> Kind:
    """What a predictor learned, as text and as values."""
    altered = revalued(PREDICTOR).map(lambda value: json.dumps(value).encode())
    files = mutated([json.dumps(PREDICTOR).encode()], TEXT) | altered
    return Kind("predictors", ".json", files, oracles.learned)


KINDS: dict[str, Callable[[], Kind]] = {
    "png": partial(picture, ".png"),
    "tif": partial(picture, ".tif"),
    "jpg": partial(picture, ".jpg"),
    "bmp": partial(picture, ".bmp"),
    "webp": partial(picture, ".webp"),
    "weights.safetensors": partial(tensors, "weights", oracles.weights),
    "weights.pth": lambda: Kind("weights", ".pth", mutated(contents("weights", ".pth")), oracles.weights),
    "settings.yaml": partial(texts, "settings", ".yaml", oracles.settings),
    "study.yaml": partial(settings, "studies", configurations.STUDY),
    "training.yaml": partial(settings, "training", configurations.TRAINING),
    "ranking.csv": partial(texts, "rankings", ".csv", oracles.order),
    "ranking.txt": partial(texts, "rankings", ".txt", oracles.order),
    "rankings.safetensors": partial(tensors, "rankings", oracles.order),
    "learned.safetensors": partial(tensors, "learned sets", oracles.sets),
    "scores.safetensors": partial(tensors, "scores", oracles.scores),
    "predictor.json": predictor,
}


def judged(kind: Kind, path: Path) -> tuple[str, str]:
    """What became of a file, one of `COUNTS`, and details of a fault."""
    begun = time.process_time()
    try:
        read = READERS[kind.reader].read(path)
        said = ""
    except InputError as error:
        said = str(error)
    except Exception as error:
        return "tracebacks", f"{type(error).__name__}: {error}"
    if (seconds := time.process_time() - begun) > LONG:
        return "over 10 s", f"{seconds:.1f} s"
    if said:
        whole = len(said) <= LONGEST and "\n" not in said and str(path) in said
        return ("refused", "") if whole else ("tracebacks", f"not one line that names the file: {said}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            differs = kind.differs(path, read)
        except Exception as error:
            differs = f"the other reader fails: {type(error).__name__}: {error}"
    return ("accepted wrong", differs) if differs else ("accepted", "")


def tried(name: str, seed: int, seconds: float, batches: int, folder: Path) -> Counter[str]:
    """Try a kind until the time is up, or so many batches are done; the folder gets ``counts.json``."""
    kind, counts, seen = KINDS[name](), Counter[str](), set[str]()
    path, end = folder / f"current{kind.suffix}", time.monotonic() + seconds

    @given(kind.files)
    @hypothesis.settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def trial(content: bytes) -> None:
        path.write_bytes(content)
        became, details = judged(kind, path)
        counts.update(["trials", became])
        if became in FAULTS and details[:40] not in seen:
            seen.add(details[:40])
            keep(name, path, became, details)

    for batch in range(batches):
        if time.monotonic() > end:
            break
        hypothesis.seed(seed + batch)(trial)()
        (folder / "counts.json").write_text(json.dumps(counts))
    return counts


def keep(name: str, path: Path, became: str, details: str) -> None:
    """Keep a file that failed, and print how to repeat it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{name.partition('.')[0]}-{became.replace(' ', '-')}-{time.time_ns()}{path.suffix}"
    kept.write_bytes(path.read_bytes())
    told = " ".join(f"{details[:300]}".split())
    again = f"PYTHONPATH=tests python -m hostile.fuzz --kind {name} --file {kept}"
    print(f"{name}: {became}: {told}\n    {again}", flush=True)


def work(name: str, seed: int, seconds: float, folder: Path) -> None:
    """Try a kind in this process, within bounds, and without what libraries print of damaged files."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.environ[LIMIT] = "4"  # megapixels
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    warnings.simplefilter("ignore")
    tried(name, seed, seconds, sys.maxsize, folder)


def in_process(name: str, seed: int, seconds: float) -> Counter[str]:
    """Try a kind in processes of their own until the time is up; one that dies, or hangs, is one more fault."""
    counts, end = Counter[str](), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with tempfile.TemporaryDirectory() as held:
            folder = Path(held)
            worker = get_context("fork").Process(target=work, args=(name, seed, left, folder))
            worker.start()
            while worker.is_alive():
                worker.join(1)
                current = list(folder.glob("current*"))
                if current and time.time() - current[0].stat().st_mtime > HANGS:
                    worker.kill()
            if (folder / "counts.json").exists():
                counts.update(json.loads((folder / "counts.json").read_text()))
            if worker.exitcode:
                counts["killed"] += 1
                for current in folder.glob("current*"):
                    keep(name, current, "killed", f"the process ended with {worker.exitcode}")
        seed += 10_000
    return counts


def main() -> None:
    """Try every kind for an equal share of the time, and write the counts; or one kind; or one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**31)
    parser.add_argument("--kind", choices=list(KINDS))
    parser.add_argument("--file", type=Path)
    parser.add_argument("--json", type=Path)
    given_ = parser.parse_args()
    if given_.file:
        print(*judged(KINDS[given_.kind](), given_.file), sep=": ")
    else:
        chosen = [given_.kind] if given_.kind else list(KINDS)
        found = {name: in_process(name, given_.seed, given_.seconds / len(chosen)) for name in chosen}
        for name, counts in found.items():
            print(f"{name:22}", *(f"{counts[count]:>8} {count}" for count in COUNTS))
        if given_.json:
            table = {name: {count: counts[count] for count in COUNTS} for name, counts in found.items()}
            told = json.dumps({"seconds": given_.seconds, "kinds": table}, indent=1)
            given_.json.write_text(f"{told}\n", encoding="utf-8")
        sys.exit(any(counts[fault] for counts in found.values() for fault in FAULTS))


if __name__ == "__main__":
    main()
