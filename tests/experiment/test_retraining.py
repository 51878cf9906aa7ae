"""Training only found filters: they move, and nothing else does, to the last bit."""

import pytest
import torch
from safetensors.torch import load_file

from conftest import tiny_network, training_config
from faig.attribution.files.rankings import write_index, write_ranking
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, rank
from faig.networks.checkpoint import save_network
from faig.training.loop import train

pytestmark = pytest.mark.slow

ARGUMENTS = {"srresnet": {"scale": 2, "features": 4, "blocks": 1}, "srcnn-style": {"scale": 2, "widths": [4, 6]}}


@pytest.mark.parametrize("kind", ["csv", "txt"])
@pytest.mark.parametrize("architecture", list(ARGUMENTS))
def test_only_the_filters_change(settings, tmp_path, architecture, kind):
    start = tiny_network(architecture)
    network = {
        "architecture": architecture,
        "arguments": ARGUMENTS[architecture],
        "start": str(tmp_path / "start.safetensors"),
    }
    save_network(
        network["start"], start.state_dict(), {"architecture": architecture, "arguments": network["arguments"]}
    )
    space = FilterSpace.of(start)
    scores = torch.rand(len(space), generator=torch.Generator().manual_seed(0))
    scores[5] = 2.0  # of the first layer
    ranking = tmp_path / f"ranking.{kind}"
    if kind == "csv":
        write_ranking(ranking, space, scores)
    else:
        write_index(ranking, scores)
    chosen = FilterSet.top(space, rank(scores), 0.05)
    changes = {"network": network, "filters": str(ranking), "top": "5%", "checkpoint_every": 4}
    trained = load_file(train(training_config(settings, **changes)))

    touched = space.spread(chosen.mask)
    for key, before in start.state_dict().items():
        same = trained[key] == before
        allowed = touched[key].expand_as(same) if key in touched else torch.zeros_like(same)
        assert same[~allowed].all(), key
    moved = space.sum_per_unit({key: (trained[key] - w).abs() for key, w in start.state_dict().items()}) > 0
    assert 5 in chosen
    assert torch.equal(moved, chosen.mask)


def test_a_ranking_of_another_network(settings, tmp_path):
    start = tiny_network()
    save_network(tmp_path / "start.safetensors", start.state_dict(), {})
    (tmp_path / "index.txt").write_text("1\n0\n")
    network = settings["network"] | {"start": str(tmp_path / "start.safetensors")}
    with pytest.raises(InputError, match=r"index\.txt: ranks 2 filters"):
        train(training_config(settings, network=network, filters=str(tmp_path / "index.txt"), top=0.01))
