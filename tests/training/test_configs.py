"""The configurations that ship: each is valid, and the paper's are the paper's."""

import re
from pathlib import Path

import pytest
import yaml

from faig import zoo
from faig.common.settings import flat
from faig.experiment.studies import read_study
from faig.experiment.training_study.config import SEED, TrainingStudyConfig
from faig.experiment.truth.config import TruthConfig
from faig.training.config import TrainingConfig, read_config

CONFIGS = Path(__file__).parents[2] / "configs" / "train"


@pytest.mark.parametrize("file", sorted(CONFIGS.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CONFIGS)))
def test_every_configuration_can_be_read(file):
    config, notes = read_config(file)
    assert notes == []
    pair, _, role = file.stem.rpartition("-")
    assert config.name == f"{pair}/{role}"
    assert pair.startswith(config.network.architecture)
    start = config.network.start
    assert start is not None if role == "target" else start is None or start.endswith("/baseline")


def named_networks(config: TrainingStudyConfig) -> list[str]:
    """All of a training study: start, baseline, teachers, and starts of arms."""
    arms = [config.settings(arm) for arm in config.arms]
    own = [arm.network.get("start") for arm in arms] + [name for arm in arms for name in arm.teachers.values()]
    return [name for name in (config.start, config.baseline, *own) if name is not None]


@pytest.mark.parametrize("file", sorted((CONFIGS.parent / "study").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_can_be_read(file):
    config = read_study(file)
    if isinstance(config, TruthConfig):
        networks = [
            config.networks.format(pair=pair, seed=seed, role=role)
            for pair in config.pairs
            for seed in config.training_seeds
            for role in ("target", "baseline")
        ]
        assert all((CONFIGS.parents[1] / network).is_file() for network in networks)
        return
    if isinstance(config, TrainingStudyConfig):
        named = [name.replace(SEED, str(seed)) for seed in config.training_seeds for name in named_networks(config)]
        assert all((CONFIGS.parents[1] / network).is_file() for network in named)
        return
    assert all(zoo.find(network).is_file() for network in (config.baseline, config.target))
    assert config.comparison(file.parent, {}).find is not None


KEPT = sorted((CONFIGS.parents[1] / "docs" / "results").glob("*/config.yaml"))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.parent.name)
def test_the_settings_of_kept_results_can_be_run_again(file):
    assert read_study(file).command == yaml.safe_load(file.read_text(encoding="utf-8"))["command"]


def test_the_documented_configuration_has_every_setting():
    """The commented example in the docs is valid and complete, and the defaults that it tells are the defaults."""
    text = (CONFIGS.parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    example = yaml.safe_load(re.findall(r"```yaml\n(name: .*?)```", text, re.DOTALL)[0])
    config = TrainingConfig.model_validate(example)
    told = {name for name in flat(example) if not name.startswith("network.arguments")}
    every = flat(config.model_dump()) | {"validation.lr": {}, "network.arguments": {}}
    assert told | {"validation.lr"} == {name for name in every if not name.startswith("network.arguments")}
    bare = {"name": "a", "data": {"gt": "b"}, "optimizer": {"iterations": 1}, "out": "c"}
    defaults = flat(TrainingConfig.model_validate(bare).model_dump())
    changed = {name for name, value in flat(config.model_dump()).items() if defaults.get(name, value) != value}
    needed = {"name", "data.gt", "optimizer.iterations", "out"}
    assert changed - needed == {"data.degradation.blur", "data.degradation.noise", "optimizer.learning_rate"} | {
        name for name in changed if defaults[name] is None
    }


@pytest.mark.parametrize("pair", ["srresnet-x2", "srcnn-style-x2"])
def test_the_papers_settings(pair):
    baseline, target = (read_config(CONFIGS / f"{pair}-{role}.yaml")[0] for role in ("baseline", "target"))
    for config, iterations, rate in ((baseline, 1_000_000, 2e-4), (target, 100_000, 5e-5)):
        adam = config.optimizer
        assert (adam.iterations, adam.learning_rate, adam.restart_every) == (iterations, rate, 250_000)
        assert (adam.betas, adam.ema, config.data.batch, config.data.lr_patch * 2) == ((0.9, 0.99), 0.999, 16, 64)
        assert config.data.flip
        assert config.data.rotate
        assert (config.validation.every, config.validation.images) == (5000, None)
    assert baseline.data.degradation.blur == baseline.data.degradation.noise == 0
    blur = target.data.degradation
    assert (blur.blur, blur.blur_probability, blur.noise, blur.noise_probability) == (2, 0.5, 0.1, 0.5)
    assert target.network.start == f"runs/train/{pair}-baseline/network.safetensors"
