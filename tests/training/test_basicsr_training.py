"""Training as BasicSR does it: optimiser, schedule, average, files; and the paper's two files one after the other."""

import math

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch.nn import functional

from conftest import tiny_network, training_config
from faig.common.errors import FaigWarning, InputError
from faig.imaging.degradation import Degradation
from faig.imaging.images import list_images, read_image, write_image
from faig.networks.architectures import build
from faig.networks.checkpoint import load_network, network_metadata
from faig.training.config import read_config
from faig.training.data import Patches, degrade_batch
from faig.training.loop import train
from published import published


def by_hand(config, *, adam, loss_weight=1.0, reduction="mean", period=12):
    """The averaged weights after BasicSR's steps, written down once more: plain Adam, plain loss, plain average."""
    torch.manual_seed(config.seed)
    network = build(config.network.architecture, **config.network.arguments)
    average = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    optimizer = torch.optim.Adam(network.parameters(), lr=config.optimizer.learning_rate, **adam)
    patches = Patches(config.data, config.network.scale, config.seed)
    low, high, ema = config.optimizer.final_learning_rate, config.optimizer.learning_rate, config.optimizer.ema
    for done in range(config.optimizer.iterations):
        begun = period * max(0, math.ceil(done / period) - 1)  # the period with done <= its end
        optimizer.param_groups[0]["lr"] = low + (high - low) * (1 + math.cos(math.pi * (done - begun) / period)) / 2
        gt, lr = degrade_batch(patches.batch(done), config.network.scale, config.data.degradation)
        optimizer.zero_grad()
        (loss_weight * functional.l1_loss(network(lr), gt, reduction=reduction)).backward()
        optimizer.step()
        for name, weight in network.named_parameters():
            average[name].mul_(ema).add_(weight.detach(), alpha=1 - ema)
    return average


def far(first, second) -> float:
    return max(float((weight - second[name]).abs().max()) for name, weight in first.items())


SETTINGS = {
    "plain": {},
    "betas": {"betas": (0.8, 0.95)},
    "eps": {"eps": 1e-3},
    "weight_decay": {"weight_decay": 0.05},
    "amsgrad": {"amsgrad": True, "learning_rate": 3e-2},
    "loss_weight": {"loss_weight": 1e-3, "eps": 1e-3},
    "reduction": {"reduction": "sum", "eps": 1e-3},
    "restart_every": {"restart_every": 4},
    "ema": {"ema": 0.5},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_the_optimiser_is_torchs_and_every_setting_of_it_counts(settings, name):
    changed = settings["optimizer"] | SETTINGS[name]
    config = training_config(settings, optimizer=changed)
    trained = load_file(train(config))
    adam = {key: changed[key] for key in ("eps", "weight_decay", "amsgrad") if key in changed}
    adam["betas"] = changed.get("betas", (0.9, 0.99))
    rest = {key: changed[key] for key in ("loss_weight", "reduction") if key in changed}
    expected = by_hand(config, adam=adam, period=changed.get("restart_every", 12), **rest)
    assert far(trained, expected) < 1e-6
    if name != "plain":  # and without the setting it would be another
        less = {key: value for key, value in changed.items() if key != name}
        without = by_hand(
            training_config(settings, optimizer={"ema": 0.9, **less}),
            adam={key: value for key, value in adam.items() if key != name} | ({"betas": (0.9, 0.99)}),
            period=less.get("restart_every", 12),
            **{key: value for key, value in rest.items() if key != name},
        )
        assert far(trained, without) > 1e-5


@pytest.fixture
def two_sets(tmp_path):
    """A file with two sets of weights, as BasicSR's are."""
    raw, averaged = (tiny_network(seed=seed).state_dict() for seed in (1, 2))
    file = tmp_path / "net_g.pth"
    torch.save({"params": raw, "params_ema": averaged}, file)
    return file, raw, averaged


@pytest.mark.parametrize(
    ("key", "ema", "expected"),
    [("params", 0, "raw"), ("params_ema", 0, "averaged"), (None, 0, "averaged"), ("params", 0.999999, "averaged")],
)
def test_param_key_says_where_training_begins(settings, two_sets, key, ema, expected):
    """The network at the named weights; the average, where there is one, at the averaged ones of the file."""
    file, raw, averaged = two_sets
    steps = {"iterations": 1, "learning_rate": 1e-9, "ema": ema}
    network = settings["network"] | {"start": str(file), "start_key": key}
    trained = load_file(train(training_config(settings, network=network, optimizer=steps)))
    begun = {"raw": raw, "averaged": averaged}
    assert far(trained, begun.pop(expected)) < 1e-5
    assert far(trained, begun.popitem()[1]) > 1e-2


def test_a_key_that_the_file_has_not(settings, two_sets):
    network = settings["network"] | {"start": str(two_sets[0]), "start_key": "weights"}
    with pytest.raises(InputError, match=r"net_g\.pth: holds no weights 'weights'; it holds params, params_ema"):
        train(training_config(settings, network=network))


def test_without_strict_what_fits_is_taken(settings, tmp_path):
    file = tmp_path / "narrow.pth"
    weights = tiny_network().state_dict()
    torch.save({"params": weights}, file)
    arguments = settings["network"]["arguments"] | {"blocks": 2}
    network = settings["network"] | {"arguments": arguments, "start": str(file), "start_key": "params"}
    steps = {"iterations": 1, "learning_rate": 1e-9, "ema": 0}
    with pytest.raises(InputError, match=r"body\.1\.conv1\.weight"):
        train(training_config(settings, network=network, optimizer=steps))
    config = training_config(settings, network=network | {"strict": False}, optimizer=steps)
    with pytest.warns(FaigWarning, match=r"narrow\.pth: 4 of 16 weights do not fit .* first body\.1\.conv1\.weight"):
        trained = load_file(train(config))
    assert far(weights, trained) < 1e-6
    torch.save({"params": {"other": torch.zeros(1)}}, file)
    with pytest.raises(InputError, match="has no weight that fits the configuration"):
        train(config, fresh=True)


@pytest.fixture
def papers_files(drawn, tmp_path, monkeypatch):
    """The two published files, on tiny images for a few iterations; nothing of their form is changed."""
    monkeypatch.chdir(tmp_path)
    lr = tmp_path / "lr"
    lr.mkdir()
    for name, path in list_images(drawn).items():
        write_image(lr / f"{name}.png", Degradation()(read_image(path), 2))
    tiny = {
        "datasets__train__dataroot_gt": str(drawn),
        "datasets__train__gt_size": 16,
        "datasets__train__batch_size_per_gpu": 2,
        "datasets__train__num_worker_per_gpu": 0,
        "datasets__val__dataroot_gt": str(drawn),
        "datasets__val__dataroot_lq": str(lr),
        "network_g__num_feat": 4,
        "network_g__num_block": 1,
        "train__total_iter": 6,
        "logger__use_tb_logger": False,
    }
    first = {"train__optim_g__lr": 1e-2, "datasets__train__kernel_prob": 0.0, "datasets__train__noise_prob": 0.0}
    begin = {"path__pretrain_network_g": "experiments/train_srresnet_baseline/models/net_g_6.pth"}
    files = {
        "baseline": published(**tiny, **first, name="train_srresnet_baseline", path__pretrain_network_g=None),
        "target": published(**tiny, **begin),
    }
    for name, values in files.items():
        (tmp_path / f"train_srresnet_{name}.yml").write_text(yaml.safe_dump(values))
    return tmp_path


def test_the_papers_two_files_one_after_the_other(papers_files, faig):
    code, _, err = faig("train", "train_srresnet_target.yml")
    assert code == 2
    assert "experiments/train_srresnet_baseline/models/net_g_6.pth: no such file" in err
    for name in ("baseline", "target"):
        code, out, err = faig("train", f"train_srresnet_{name}.yml")
        assert code == 0, err
        assert out == f"experiments/train_srresnet_{name}/network.safetensors\n"
        assert "dist_params.backend: 'nccl' has no effect on the result: processes are torchrun's matter" in err
    models = papers_files / "experiments" / "train_srresnet_baseline" / "models"
    assert sorted(path.name for path in models.iterdir()) == ["net_g_6.pth", "net_g_latest.pth"]
    kept = torch.load(models / "net_g_6.pth")
    averaged = load_file(models.parent / "network.safetensors")
    assert far(averaged, kept["params_ema"]) == 0
    assert far(averaged, kept["params"]) > 1e-3
    assert far(averaged, load_network(models / "net_g_latest.pth").state_dict()) == 0
    # The target went on from there, and its record says from what.
    target = papers_files / "experiments" / "train_srresnet_target" / "network.safetensors"
    record = network_metadata(target)["training"]["start"]
    assert record["config"]["name"] == "train_srresnet_baseline"
    assert 0 < far(load_file(target), averaged) < 1e-3
    assert "Set14" in network_metadata(target)["training"]["validation"][-1]


def test_a_network_of_basicsrs_own_is_not_written_over(papers_files, faig):
    models = papers_files / "experiments" / "train_srresnet_baseline" / "models"
    models.mkdir(parents=True)
    (models / "net_g_latest.pth").write_bytes(b"of another program")
    code, _, err = faig("train", "train_srresnet_baseline.yml")
    assert code == 2
    assert (
        "models/net_g_latest.pth: is of another program's run; choose another name, or replace it with --force" in err
    )
    assert (models / "net_g_latest.pth").read_bytes() == b"of another program"
    assert faig("train", "train_srresnet_baseline.yml", "--force")[0] == 0
    assert "params" in torch.load(models / "net_g_latest.pth")
    assert faig("train", "train_srresnet_baseline.yml")[0] == 0  # ours by now


def test_both_files_are_read_alike(papers_files):
    baseline, target = (read_config(papers_files / f"train_srresnet_{name}.yml")[0] for name in ("baseline", "target"))
    assert (baseline.network.start, baseline.data.degradation.blur_probability) == (None, 0)
    assert target.network.start == f"{baseline.out}/models/net_g_{baseline.optimizer.iterations}.pth"
