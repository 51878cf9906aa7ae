"""Training that frees what was found, protects it, or trains each unit as far as strengths say."""

import pytest
import torch
from safetensors.torch import load_file

from conftest import training_config
from faig.attribution.files.rankings import write_ranking
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Strengths
from faig.networks.checkpoint import load_network
from faig.training.loop import train

SHARE = 0.25


@pytest.fixture
def tuned(settings, tmp_path):
    """The settings of a fine-tuning, its start, and the top of a ranking that lies in a file."""
    start = train(training_config(settings, out=str(tmp_path / "start")))
    settings = settings | {"network": settings["network"] | {"start": str(start)}}
    space = FilterSpace.of(load_network(start))
    scores = torch.rand(len(space), generator=torch.Generator().manual_seed(0))
    write_ranking(tmp_path / "filters.csv", space, scores)
    chosen = FilterSet.of(space, scores.argsort(descending=True)[: round(SHARE * len(space))].tolist())
    return settings, start, chosen


def moved(start, end, chosen):
    """Whether each weight moved: those of the chosen filters, those of the others, and those in no filter."""
    before, after = load_file(start), load_file(end)
    spread = chosen.space.spread(chosen.mask)
    differs = {name: before[name] != after[name] for name in before}
    inside = [differs[name][part.expand_as(differs[name])] for name, part in spread.items()]
    outside = [differs[name][~part.expand_as(differs[name])] for name, part in spread.items()]
    rest = [differ.flatten() for name, differ in differs.items() if name not in spread]
    return torch.cat(inside), torch.cat(outside), torch.cat(rest)


def test_only_what_was_found_is_trained(tuned, tmp_path):
    settings, start, chosen = tuned
    end = train(training_config(settings, filters=str(tmp_path / "filters.csv"), top=SHARE))
    inside, outside, rest = moved(start, end, chosen)
    assert float(inside.float().mean()) > 0.9
    assert not outside.any()
    assert not rest.any()


def test_what_is_protected_stays_and_all_else_is_trained(tuned, tmp_path):
    settings, start, chosen = tuned
    end = train(training_config(settings, protect=str(tmp_path / "filters.csv"), top=SHARE))
    inside, outside, rest = moved(start, end, chosen)
    assert not inside.any()
    assert float(outside.float().mean()) > 0.9
    assert float(rest.float().mean()) > 0.9


@pytest.mark.parametrize("setting", ["protect", "filters"])
def test_strengths_say_how_fast_each_unit_is_trained(tuned, tmp_path, setting):
    """In one step, whose gradient is the same: the change of each weight is that of free training, times its rate."""
    settings, start, chosen = tuned
    settings |= {"optimizer": settings["optimizer"] | {"iterations": 1, "ema": 0.0}}
    strengths = torch.rand(len(chosen.space), generator=torch.Generator().manual_seed(1)) * 1.5
    file = tmp_path / "strengths.safetensors"
    Strengths(chosen.space, strengths).save(file)
    before, free, slow = (
        load_file(path)
        for path in (
            start,
            train(training_config(settings, out=str(tmp_path / "free"))),
            train(training_config(settings, out=str(tmp_path / "slow"), **{setting: str(file)})),
        )
    )
    far = (1 - strengths).abs()
    rates = chosen.space.spread(far if setting == "filters" else 1 - far)
    for name, weight in before.items():
        rate = rates.get(name, torch.tensor(0.0 if setting == "filters" else 1.0))
        torch.testing.assert_close(slow[name] - weight, rate * (free[name] - weight), rtol=1e-3, atol=1e-7)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(tuned, tmp_path):
    settings, _, _ = tuned
    protected = {"protect": str(tmp_path / "filters.csv"), "top": SHARE}
    unbroken = train(training_config(settings, out=str(tmp_path / "unbroken"), **protected))

    def die(report):
        if report.iteration == 8:
            raise KeyboardInterrupt

    killed = training_config(settings, out=str(tmp_path / "killed"), **protected)
    with pytest.raises(KeyboardInterrupt):
        train(killed, die)
    with pytest.raises(InputError, match=r"written with files\.rates = "):
        train(training_config(settings, out=str(tmp_path / "killed"), filters=protected["protect"], top=SHARE))
    first, second = load_file(unbroken), load_file(train(killed))
    assert all(torch.equal(weight, second[key]) for key, weight in first.items())


def test_a_ranking_needs_its_share_and_strengths_have_none(tuned, tmp_path):
    settings, start, chosen = tuned
    with pytest.raises(InputError, match=r"filters\.csv: is a ranking: say how many of it, top: 1%"):
        train(training_config(settings, protect=str(tmp_path / "filters.csv")))
    Strengths(chosen.space, torch.ones(len(chosen.space))).save(tmp_path / "strengths.safetensors")
    with pytest.raises(InputError, match=r"strengths\.safetensors: says of every unit"):
        train(training_config(settings, protect=str(tmp_path / "strengths.safetensors"), top=SHARE))
    with pytest.raises(InputError, match="leaves nothing to train"):
        train(training_config(settings, filters=str(tmp_path / "strengths.safetensors")))
    channels = FilterSpace.of(load_network(start), "channel", everything=True)
    Strengths(channels, torch.zeros(len(channels))).save(tmp_path / "all.safetensors")
    with pytest.raises(InputError, match="leaves nothing to train"):
        train(training_config(settings, protect=str(tmp_path / "all.safetensors")))
