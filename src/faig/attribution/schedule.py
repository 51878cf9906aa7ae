"""Units of attribution: one image with one degradation, computed once and kept until the run is whole.

A finished unit is kept under a key that says everything that determines it. So a rerun skips what is there, whoever
made it; a changed weight, image or setting finds nothing; and it makes no difference how many threads, processes or
machines took part.
"""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import torch

from faig.attribution.cache import Cache
from faig.attribution.integration.accumulate import ComputeOptions, Sample, samples_of
from faig.attribution.integration.path import WeightPath
from faig.attribution.raw_scores import Contribution, RawScores, beside, join
from faig.common.progress import Track
from faig.imaging.cases import CLEAN, Case
from faig.networks.fingerprint import fingerprint
from faig.networks.tiling import Tiler

Integrate = Callable[[WeightPath, Sequence[Sample], ComputeOptions], list[Contribution]]


@dataclass(frozen=True)
class Job:
    """Units that are computed together.

    Attributes:
        samples: the units.
        compute: how passes are computed.
        small: whether one thread is enough, so that others can do other jobs at the same time.
    """

    samples: list[Sample]
    compute: ComputeOptions
    small: bool


@dataclass(frozen=True)
class Schedule:
    """The units of a set of cases, and in which jobs they are computed.

    Attributes:
        cache: where finished units are.
        path: from target to baseline.
        cases: the images.
        tiler: divides those that are too large.
        threads: how many this process may use.
        precision: see `gradients.LossGradients`.
        determined: what determines the scores of every unit; JSON-able.
        integrate: computes the contributions of some samples.
        clean: whether clean images have units too.
        jointly: whether the samples of a case must be integrated together.
    """

    cache: Cache
    path: WeightPath
    cases: Sequence[Case]
    tiler: Tiler
    threads: int
    precision: str
    determined: dict[str, Any]
    integrate: Integrate
    clean: bool = True
    jointly: bool = False

    def compute(self, track: Track, label: str, share: slice = slice(None)) -> int:
        """Compute the units that are missing; returns how many jobs that took.

        Args:
            track: shows progress.
            label: says what the progress is of.
            share: which of the jobs, largest first, this process does.
        """
        jobs = sorted(self._jobs(), key=lambda job: -job.samples[0].lr.numel())[share]
        missing = [left for job in jobs if (left := self._missing(job)).samples]
        threads_before = torch.get_num_threads()
        try:
            for _ in track(self._done(missing), label, len(missing)):
                pass
        finally:
            torch.set_num_threads(threads_before)
        return len(missing)

    def gather(self) -> RawScores:
        """All units, put together in the order of the cases."""
        units = (beside([self.cache.load(self.key(sample)) for sample in self._samples(case)]) for case in self.cases)
        return dataclasses.replace(join(units), photos=[case.photo for case in self.cases])

    def key(self, sample: Sample) -> str:
        """What a unit is kept under: a hash of all that determines it."""
        images = {"gt": sample.gt, sample.kind: sample.lr} | ({} if sample.clean is None else {CLEAN: sample.clean})
        determined = self.determined | {"kind": sample.kind, "images": fingerprint(sorted(images.items()))}
        return hashlib.sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:32]

    def _samples(self, case: Case) -> list[Sample]:
        return [sample for sample in samples_of(case) if self.clean or sample.kind != CLEAN]

    def _jobs(self) -> Iterator[Job]:
        """All jobs, in an order that does not depend on what is done already."""
        if self.path.device.type == "cpu":
            for case in self.cases:
                yield from self._jobs_of(self._samples(case))
            return
        by_size = sorted(self.cases, key=lambda case: case.gt.shape)
        for _, same_size in itertools.groupby(by_size, key=lambda case: case.gt.shape):
            versions = [self._samples(case) for case in same_size]
            _, height, width = versions[0][0].lr.shape
            grid = self.tiler.grid(height, width)
            together = max(1, self.tiler.most_pixels() // (height * width)) if len(grid) == 1 else 1
            step = max(1, together // len(versions[0]))
            for start in range(0, len(versions), step):
                samples = list(itertools.chain.from_iterable(versions[start : start + step]))
                yield Job(samples, ComputeOptions(grid, together, self.precision), small=False)

    def _jobs_of(self, samples: list[Sample]) -> Iterator[Job]:
        """The jobs of one case, on a CPU."""
        _, height, width = samples[0].lr.shape
        small = height * width <= self.tiler.most_pixels(self.threads)
        compute = ComputeOptions(() if small else self.tiler.grid(height, width), 1, self.precision)
        split = len(self.cases) < self.threads and not self.jointly
        for part in [[sample] for sample in samples] if split else [samples]:
            yield Job(part, compute, small)

    def _missing(self, job: Job) -> Job:
        """What is left of a job. Samples that go through the network together are computed together again."""
        left = [sample for sample in job.samples if self.key(sample) not in self.cache]
        return dataclasses.replace(
            job, samples=job.samples if left and (self.jointly or job.compute.together > 1) else left
        )

    def _done(self, jobs: list[Job]) -> Iterator[Job]:
        """Jobs as they are finished: small ones on all threads at once, each by one thread, then the others in turn.

        This thread keeps the units, so that the others need not wait for the disk.
        """
        small = [job for job in jobs if job.small]
        paths = [self.path.twin() for _ in range(min(self.threads, len(small)))]
        with ThreadPoolExecutor(len(paths) or 1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            try:
                for done in as_completed([pool.submit(self._computed, job, paths) for job in small]):
                    yield self._save(*done.result())
            finally:
                pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.threads)
        for job in jobs:
            if not job.small:
                yield self._save(*self._computed(job, [self.path]))

    def _computed(self, job: Job, paths: list[WeightPath]) -> tuple[Job, list[Contribution]]:
        path = paths.pop()
        try:
            return job, self.integrate(path, job.samples, job.compute)
        finally:
            paths.append(path)

    def _save(self, job: Job, contributions: list[Contribution]) -> Job:
        for sample, part in zip(job.samples, contributions, strict=True):
            self.cache.save(self.key(sample), RawScores.of(sample.name, {sample.kind: part}))
        return job
