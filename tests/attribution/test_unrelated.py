"""Two networks of one architecture that nothing ties: the path check says so, and the run still ends in order."""

import pytest
import torch

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network


def in_another_order(network):
    """The same function, its channels between the blocks in another order: no path of working networks to itself."""
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    weights = network.state_dict()
    for key, weight in weights.items():
        if key.startswith("conv_first") or ".conv2." in key:
            weights[key] = weight[order]
        elif key == "upconv1.weight" or key.endswith("conv1.weight"):
            weights[key] = weight[:, order]
    return weights


@pytest.mark.slow
@pytest.mark.filterwarnings("always::faig.common.errors.FaigWarning")  # shown to the user, as outside of tests
def test_the_path_check_warns_and_the_run_ends(faig, tmp_path):
    target = zoo.load("srresnet-x2/target")
    save_network(tmp_path / "other.safetensors", in_another_order(target), {})
    other = zoo.load(str(tmp_path / "other.safetensors"))
    image = torch.rand(1, 3, 9, 7)
    torch.testing.assert_close(other(image), target(image), rtol=0, atol=1e-4)
    (tmp_path / "gt").mkdir()
    y, x = torch.meshgrid(torch.arange(30.0), torch.arange(34.0), indexing="ij")
    write_image(tmp_path / "gt" / "stripes.png", ((torch.sin(x / 2 + y / 5) + 1) / 2).expand(3, -1, -1))
    pair = ["--baseline", "srresnet-x2/target", "--target", tmp_path / "other.safetensors"]
    images = ["--gt", tmp_path / "gt", "--degrade", "blur=2", "--degrade", "noise=0.1"]
    code, out, err = faig("attribute", *pair, *images, "--nodes", 3, "--out", tmp_path / "run")
    assert code == 0, err
    assert err.count("the pair is not connected (barrier ") == 1
    assert "do not trust the ranking" in err
    assert "barrier" in out
    assert max(load_scores(tmp_path / "run" / "scores.safetensors")[1]["barrier"].values()) > 1.1
    assert {"filters-blur.csv", "filters-noise.csv", "blur_index.txt"} <= {f.name for f in (tmp_path / "run").iterdir()}
    assert "not connected" in (tmp_path / "run" / "log.txt").read_text()
    assert not (tmp_path / "run" / ".units").exists()
