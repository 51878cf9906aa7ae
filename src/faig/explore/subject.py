"""What is explored: a pair, its functions and what turns each, and the rankings of its units."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faig import zoo
from faig.attribution.files.ranking_file import RANKINGS, RankingFile
from faig.attribution.files.score_files import load_scores
from faig.attribution.files.unit_files import STRENGTHS
from faig.attribution.methods import DEFAULT, MASK, METHODS
from faig.attribution.raw_scores import RawScores
from faig.common.errors import InputError
from faig.experiment.config import SweepConfig
from faig.experiment.networks import configured_pair
from faig.experiment.studies import read_study
from faig.experiment.study.config import StudyConfig
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.truth.config import TruthConfig
from faig.filters import FilterSet, Order, Scores, rank
from faig.imaging.degradation import Degradation, named
from faig.intervention.edit import Units
from faig.intervention.wreck import LEVELS
from faig.networks.checkpoint import network_metadata
from faig.pair import Pair
from faig.results.run_directory import CONFIG
from faig.training.config import DegradationConfig
from faig.training.record import Trained, drawn, training_of
from faig.zoo.learned import reached_by, turned_by
from faig.zoo.scores import SCORES, chosen_by


@dataclass(frozen=True)
class Function:
    """What a pair has learned to undo.

    Attributes:
        degradation: of inputs that show it; None where nothing says how to make them.
        trained: None where nothing says.
        source: the name of what turns it, without folders of this machine: a file, or ``srresnet-x2/blur@learned``.
        method: that found this; empty where nothing says.
        units: what turns it.
        reached: the share of what altering everything does that a shipped learned set does; None of any other.
    """

    degradation: Degradation | None
    trained: Trained | None
    source: str
    method: str
    units: Units
    reached: float | None = None

    @property
    def set(self) -> str:
        """What turns it, for people: ``learned 1%``."""
        if not isinstance(self.units, FilterSet):
            return f"strengths of every {self.units.space.unit}"
        share = 100 * len(self.units) / len(self.units.space)
        return f"{self.method} {share:.2g}%".strip()


@dataclass(frozen=True)
class Ranking:
    """Units of the network by a method, for one function.

    Attributes:
        order: flat indices, best first.
        scores: one per unit.
    """

    order: Order
    scores: Scores
    confidence: Scores | None = None


@dataclass(frozen=True)
class Subject:
    """A pair to explore.

    Attributes:
        name: of the pair or of the run, for people.
        pair: both networks.
        functions: by name.
        rankings: by method and function.
        raw: raw scores, from which a unit's own share of the loss is known.
        downsampling: of the pair's images.
        named: the pair as options of the command line name it: ``{"pair": "srresnet-x2"}``, or baseline and target.
        argument: the same for ``faig explore``.
        architecture: what the target's file says it is built from: ``architecture`` and ``arguments``.
    """

    name: str
    pair: Pair
    functions: Mapping[str, Function]
    rankings: Mapping[str, Mapping[str, Ranking]]
    raw: RawScores | None
    downsampling: str
    named: Mapping[str, str]
    argument: str
    architecture: Mapping[str, Any]

    @property
    def units(self) -> dict[str, Units]:
        """What turns each function."""
        return {name: function.units for name, function in self.functions.items()}

    @classmethod
    def of_pair(cls, name: str, device: str = "cpu") -> "Subject":
        """A pair of the zoo, with the scores and learned sets that it has.

        Raises:
            InputError: there is no such pair, or it has no scores.
        """
        file = zoo.folder(name) / SCORES
        if not file.is_file():
            raise InputError(f"{name}: ships no scores, so nothing to turn; attribute it, and explore the run")
        raw, metadata = load_scores(file)
        own = METHODS[metadata["method"]]
        methods = [method for method in METHODS.values() if method.source is own.source]
        scores = {method.name: {kind: method.scores(raw, kind) for kind in raw.degradations} for method in methods}
        pair = Pair(target=f"{name}/target", baseline=f"{name}/baseline", device=device)
        sources = {kind: turned_by(name, kind) for kind in raw.degradations}
        by = {kind: source.rpartition("/")[2].partition("@")[2] or DEFAULT for kind, source in sources.items()}
        metadata_of_target = network_metadata(zoo.find(f"{name}/target"))
        training = training_of(metadata_of_target)
        downsampling = training.downsampling if training else "bilinear"
        found = _functions(
            sources, by, chosen_by(sources, pair.target, baseline=pair.baseline), training, {}, downsampling
        )
        reached = reached_by(name)
        return cls(
            name=name,
            pair=pair,
            functions={
                kind: dataclasses.replace(function, reached=reached.get(kind) if by[kind] == MASK.name else None)
                for kind, function in found.items()
            },
            rankings={
                method: {kind: Ranking(rank(values), values) for kind, values in of_method.items()}
                for method, of_method in scores.items()
            },
            raw=raw,
            downsampling=downsampling,
            named={"pair": name},
            argument=f"--pair {name}",
            architecture=_architecture(metadata_of_target),
        )

    @classmethod
    def of_run(cls, run: Path, device: str = "cpu") -> "Subject":
        """The pair of a run of ``faig attribute``, ``compare``, ``sweep`` or of a whole study, with what it found.

        Raises:
            InputError: it is no such run, or its networks are not where they were.
        """
        if not run.is_dir():
            raise InputError(f"{run}: no such run directory")
        home = next((each for each in (run, run / "compare") if (each / RANKINGS).is_file() or _learned(each)), None)
        at = next((each / CONFIG for each in (run, run / "compare", run.parent) if (each / CONFIG).is_file()), None)
        if at is None:
            raise InputError(f"{run}: holds no {CONFIG}; give the directory of a run, such as faig attribute's")
        config = read_study(at)
        if isinstance(config, TruthConfig | TrainingStudyConfig):
            raise InputError(f"{run}: is a study of several pairs; give a run of faig attribute or compare")
        config = config.model_copy(update={"device": device})
        pair = configured_pair(config)
        file = RankingFile.load(home) if home is not None and (home / RANKINGS).is_file() else None
        if isinstance(config, SweepConfig):
            sources, default = dict(config.filters), ""
        elif home is None:
            raise InputError(f"{run}: holds no {RANKINGS}; attribute first")
        else:
            learned = _learned(home)
            default = "strengths" if learned or file is None else file.default
            sources = dict.fromkeys(learned or (file.degradations if file else []), str(home))
        images = config.images_of("find", run) if isinstance(config, StudyConfig) else config.images
        made = images.degradations() if images.degrade else {}
        metadata = network_metadata(zoo.find(config.target)) if config.arch is None else {}
        training = training_of(metadata)
        numbering: dict[str, Any] = {"unit": config.unit, "everything": config.everything}
        chosen = chosen_by(sources, pair.target, baseline=pair.baseline, **numbering)
        scores = None if home is None else home / SCORES
        rankings: dict[str, dict[str, Ranking]] = {}
        for each in file.rankings if file else ():
            ranking = Ranking(each.order, each.scores, each.confidence)
            rankings.setdefault(each.method, {})[each.degradation] = ranking
        return cls(
            name=run.absolute().name,
            pair=pair,
            functions=_functions(sources, dict.fromkeys(sources, default), chosen, training, made, images.downsampling),
            rankings=rankings,
            raw=load_scores(scores)[0] if scores is not None and scores.is_file() else None,
            downsampling=images.downsampling,
            named={"baseline": shown(config.baseline), "target": shown(config.target)},
            argument=shown(str(run)),
            architecture=_architecture(metadata),
        )

    def contributions(self, index: int) -> dict[str, float]:
        """What the integral counts of the change of loss to one unit, by input, where that is known."""
        signed: dict[str, Tensor] = {} if self.raw is None else self.raw.signed
        return {kind: float(rows[:, index].mean()) for kind, rows in signed.items() if index < rows.shape[1]}


def shown(name: str) -> str:
    """A name without the folders of this machine: what is absolute is shown by its last part."""
    return Path(name).name if Path(name).is_absolute() else name


def _learned(home: Path) -> list[str]:
    """The functions of whose learned strengths there are files."""
    before, after = STRENGTHS.split("{}")
    files = sorted(home.glob(STRENGTHS.format("*")))
    return [file.name.removeprefix(before).removesuffix(after) for file in files]


def _architecture(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metadata[key] for key in ("architecture", "arguments") if key in metadata}


def _functions(
    sources: Mapping[str, str],
    methods: Mapping[str, str],
    chosen: Mapping[str, Units],
    training: DegradationConfig | None,
    made: Mapping[str, Degradation],
    downsampling: str,
) -> dict[str, Function]:
    functions = {}
    for name, source in sources.items():
        trained = Trained.of(name, drawn(training) or (made[name].steps if name in made else ()))
        level = LEVELS.get(name) if trained is None else trained.middle
        degradation = made.get(name) or (None if level is None else named(name, level, downsampling))
        functions[name] = Function(degradation, trained, shown(source), methods[name], chosen[name])
    return functions


def random_units(units: FilterSet, seed: int) -> FilterSet:
    """As many units as a set has, drawn at random."""
    order = torch.randperm(len(units.space), generator=torch.Generator().manual_seed(seed))
    return FilterSet.of(units.space, order[: len(units)])
