"""The stage ``found``: which units would methods choose?"""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from faig.attribution.cache import MemoryCache
from faig.attribution.files.rankings import write_ranking
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.common.progress import Track
from faig.common.version import versions
from faig.experiment.stage import kept_units
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import FOUND, TrainingStudy, TrainingStudyStage
from faig.networks.fingerprint import case_fingerprints, network_fingerprint
from faig.results.table import write_table
from faig.results.training_tables import FOUND_UNITS


class Finding(TrainingStudyStage):
    """Every method that an arm asks for, on the images that are learned on; leaves rankings, and ``found.csv``."""

    last = FOUND_UNITS.name

    @staticmethod
    def wanted(config: TrainingStudyConfig) -> list[tuple[str, str]]:
        """What arms ask for, each ranking once: method and degradation."""
        asked = [config.settings(name).found for name in config.arms]
        return [*dict.fromkeys((each.method, kind) for each in asked if each for kind in each.degradations)]

    def determined(self) -> dict[str, Any]:
        """Networks, images and methods."""
        pairs = {seed: self.study.pair(seed) for seed in self.config.training_seeds}
        return {
            "pairs": {
                str(seed): [network_fingerprint(each) for each in (pair.target, pair.baseline)]
                for seed, pair in pairs.items()
            },
            "images": case_fingerprints(self.study.found_on),
            "methods": [[*each] for each in self.wanted(self.config)],
            "nodes": self.config.nodes,
            "seed": self.config.seed,
            "threads": self.config.threads,
            "versions": versions(),
        }

    def work(self, run: Path, track: Track) -> None:
        """Rank the units of each start."""
        seeds = self.config.training_seeds
        units = {str(seed): partial(find, self.study, seed, run) for seed in seeds}
        config = self.config
        found = kept_units(run, units, track, FOUND, processes=config.processes, threads=config.threads)
        write_table(run, FOUND_UNITS, pd.concat([pd.DataFrame(rows) for rows in found.values()], ignore_index=True))


def find(study: TrainingStudy, seed: int, run: Path) -> list[dict[str, Any]]:
    """Write the rankings of one start; returns the rows of the table."""
    config, pair, cache, rows = study.config, study.pair(seed), MemoryCache(), []
    options = Options(nodes=config.nodes, seed=seed + config.seed, threads=config.threads)
    (run / str(seed)).mkdir(exist_ok=True)
    for name, kind in Finding.wanted(config):
        method = METHODS[name]
        found = method.attribute(pair, study.found_on, method.applicable(options), cache)
        write_ranking(run / str(seed) / study.ranking(name, kind, seed).name, pair.space, found.scores[kind])
        rows.append(
            {
                "seed": seed,
                "method": name,
                "function": kind,
                "convergence_delta": found.convergence_delta.get(kind, float("nan")),
                "barrier": found.barrier.get(kind, float("nan")),
            }
        )
    return rows
