"""Runs that are killed go on where they were, and end in the same bytes."""

from pathlib import Path

import pytest

from faig.attribution import sources
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import METHODS
from faig.experiment.attribute import attribute_run
from faig.experiment.compare import compare
from faig.experiment.config import AttributeConfig, CompareConfig

pytestmark = pytest.mark.slow


class Killed(Exception):
    """Stands for kill -9."""


def killed_after(count: int):
    """A progress bar that dies when so many items have been asked for."""
    left = [count]

    def track(items, label, total):
        del label, total
        for item in items:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            yield item

    return track


def content(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "log.txt"
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_killed_attribution_ends_with_the_same_bytes(pair_settings, tmp_path, method):
    config = AttributeConfig(**pair_settings(), method=method)
    whole = attribute_run(config, tmp_path / "whole")
    if METHODS[method].combine is None:
        assert not (whole / "scores.safetensors").exists()
        return
    with pytest.raises(Killed):
        attribute_run(config, tmp_path / "killed", track=killed_after(1))
    assert not (tmp_path / "killed" / "scores.safetensors").exists()
    assert any((tmp_path / "killed" / ".units").rglob("*.safetensors"))
    assert content(attribute_run(config, tmp_path / "killed")) == content(whole)


def test_finished_units_are_not_computed_again(pair_settings, tmp_path, monkeypatch):
    config = AttributeConfig(**pair_settings())
    whole = attribute_run(config, tmp_path / "whole")
    with pytest.raises(Killed):
        attribute_run(config, tmp_path / "run", track=killed_after(1))
    units = sorted((tmp_path / "run" / ".units").iterdir())
    units.pop().unlink()
    kept = {(told["images"][0], told["degradations"][0]) for told in (load_scores(unit)[1] for unit in units)}
    assert kept
    computed = []
    along_path = sources.along_path

    def counted(path, space, rule, samples, *others):
        computed.extend((sample.name, sample.kind) for sample in samples)
        return along_path(path, space, rule, samples, *others)

    monkeypatch.setattr(sources, "along_path", counted)
    attribute_run(config, tmp_path / "run")
    assert len(kept) + len(computed) == 6
    assert not kept & set(computed)
    assert content(tmp_path / "run") == content(whole)


def test_a_finished_run_is_left_alone(pair_settings, tmp_path, monkeypatch):
    config = AttributeConfig(**pair_settings())
    before = content(attribute_run(config, tmp_path / "run"))
    monkeypatch.setattr(sources, "along_path", None)  # would fail
    assert content(attribute_run(config, tmp_path / "run")) == before


@pytest.fixture(scope="module")
def unbroken(pair_settings, tmp_path_factory) -> tuple[CompareConfig, Path]:
    config = CompareConfig(**pair_settings(), methods=["faig", "ig", "change"], proportions=[0.1])
    return config, compare(config, tmp_path_factory.mktemp("unbroken") / "run")


@pytest.mark.parametrize("after", [1, 4, 8, 12])
def test_a_killed_comparison_ends_with_the_same_files(unbroken, tmp_path, after):
    config, whole = unbroken
    with pytest.raises(Killed):
        compare(config, tmp_path / "killed", track=killed_after(after))
    assert content(compare(config, tmp_path / "killed")) == content(whole)
