"""Option files in BasicSR's layout, as the paper's authors published them."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from faig.common.errors import InputError
from faig.training.config import read_config

# The settings of the published files; values are the paper's.
PUBLISHED = {
    "name": "train_srresnet_target",
    "model_type": "SRModel",
    "scale": 2,
    "num_gpu": 1,
    "manual_seed": 0,
    "datasets": {
        "train": {
            "name": "DIV2K",
            "type": "DIV2KInterpretDataset",
            "dataroot_gt": "datasets/DF2K/DIV2K_train_HR_sub.lmdb",
            "io_backend": {"type": "lmdb"},
            "gt_size": 64,
            "use_flip": True,
            "use_rot": True,
            "kernel_prob": 0.5,
            "kernel_size": 21,
            "sigma_list": [2],
            "noise_prob": 0.5,
            "noise_list": [0.1],
            "use_shuffle": True,
            "num_worker_per_gpu": 6,
            "batch_size_per_gpu": 16,
            "dataset_enlarge_ratio": 100,
            "prefetch_mode": None,
        },
        "val": {
            "name": "Set14",
            "type": "PairedImageDataset",
            "dataroot_gt": "datasets/Set14/GTmod12",
            "dataroot_lq": "datasets/Set14/LRbicx2",
            "io_backend": {"type": "disk"},
        },
    },
    "network_g": {
        "type": "MSRResNet",
        "num_in_ch": 3,
        "num_out_ch": 3,
        "num_feat": 64,
        "num_block": 16,
        "upscale": 2,
    },
    "path": {"pretrain_network_g": "baseline.pth", "strict_load_g": True, "resume_state": None},
    "train": {
        "ema_decay": 0.999,
        "optim_g": {"type": "Adam", "lr": 5e-5, "weight_decay": 0, "betas": [0.9, 0.99]},
        "scheduler": {
            "type": "CosineAnnealingRestartLR",
            "periods": [250000, 250000, 250000, 250000],
            "restart_weights": [1, 1, 1, 1],
            "eta_min": 1e-7,
        },
        "total_iter": 100000,
        "warmup_iter": -1,
        "pixel_opt": {"type": "L1Loss", "loss_weight": 1.0, "reduction": "mean"},
    },
    "val": {
        "val_freq": 5e3,
        "save_img": False,
        "metrics": {"psnr": {"type": "calculate_psnr", "crop_border": 2, "test_y_channel": False}},
    },
    "logger": {
        "print_freq": 100,
        "save_checkpoint_freq": 1e4,
        "use_tb_logger": True,
        "wandb": {"project": None, "resume_id": None},
    },
    "dist_params": {"backend": "nccl", "port": 29500},
}


@pytest.fixture
def read(tmp_path):
    def read(**changes):
        """Read the published settings with some changed, by dotted name with __ for the dot."""
        values = deepcopy(PUBLISHED)
        for name, value in changes.items():
            *folders, leaf = name.split("__")
            place = values
            for folder in folders:
                place = place[folder]
            place[leaf] = value
        file = tmp_path / "train.yml"
        file.write_text(yaml.safe_dump(values))
        return read_config(file)

    return read


def test_the_published_settings(read):
    config, notes = read()
    assert (config.name, config.out, config.seed) == (
        "train_srresnet_target",
        Path("experiments/train_srresnet_target"),
        0,
    )
    assert config.network.model_dump() == {
        "architecture": "srresnet",
        "arguments": {"scale": 2, "features": 64, "blocks": 16, "channels": 3},
        "start": "baseline.pth",
    }
    data = config.data
    assert (data.gt, data.lr_patch, data.batch) == (Path("datasets/DF2K/DIV2K_train_HR_sub.lmdb"), 32, 16)
    assert (data.flip, data.rotate, data.workers) == (True, True, 6)
    blur = data.degradation
    assert (blur.blur, blur.blur_probability, blur.noise, blur.noise_probability) == (2, 0.5, 0.1, 0.5)
    adam = config.optimizer
    assert (adam.iterations, adam.learning_rate, adam.final_learning_rate) == (100_000, 5e-5, 1e-7)
    assert (adam.restart_every, adam.betas, adam.ema) == (250_000, (0.9, 0.99), 0.999)
    assert config.validation.lr == {"Set14": Path("datasets/Set14/LRbicx2")}
    assert (config.validation.every, config.checkpoint_every, config.report_every) == (5000, 10_000, 100)
    assert (config.tensorboard, config.filters, config.top) == (True, None, None)
    left = {note.split(":")[0] for note in notes}
    assert left == {
        "model_type",
        "datasets.train.name",
        "datasets.train.type",
        "datasets.train.io_backend.type",
        "datasets.train.use_shuffle",
        "datasets.train.dataset_enlarge_ratio",
        "datasets.val.type",
        "datasets.val.io_backend.type",
        "path.strict_load_g",
        "val.save_img",
        "dist_params.backend",
        "dist_params.port",
    }


def test_the_plain_chain_and_retraining(read):
    config, _ = read(
        network_g={"type": "srcnn_style_net", "scale": 2},
        train__finetuned_neuron_index_file="faig_blur_index.txt",
        train__neuron_ratio=0.01,
    )
    assert (config.network.architecture, config.network.arguments) == ("srcnn-style", {"scale": 2})
    assert (config.filters, config.top) == ("faig_blur_index.txt", 0.01)
    all_of_them, _ = read(train__finetuned_neuron_index_file="faig_blur_index.txt", train__neuron_ratio=1)
    assert all_of_them.top == 1


def test_numbers_that_yaml_reads_as_text(read):
    config, _ = read(
        num_gpu="auto",
        train__total_iter="1e6",
        logger__save_checkpoint_freq="5e3",
        datasets__train__batch_size_per_gpu="16",
    )
    assert (config.optimizer.iterations, config.checkpoint_every, config.data.batch) == (1_000_000, 5000, 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "../../elsewhere"}, r"name: '\.\./\.\./elsewhere' becomes the name of a folder"),
        ({"datasets__train__gt_size": "wide"}, r"datasets\.train\.gt_size: 'wide' is not a number"),
        ({"datasets__train__gt_size": 64.5}, r"datasets\.train\.gt_size: 64\.5 is not a whole number"),
        ({"train__scheduler__periods": 2}, r"periods: 2 is not a list of numbers"),
        ({"train__neuron_ratio": 2}, r"top: proportion 200\.0% is outside"),
        ({"network_g__type": "EDSR"}, r"network_g\.type: 'EDSR' is not one of MSRResNet, srcnn_style_net"),
        ({"network_g__num_feat": "many"}, r"network_g\.num_feat: 'many' is not a number"),
        ({"datasets__train__sigma_list": [1, 2]}, r"sigma_list: \[1.0, 2.0\] is not a list of one level"),
        ({"datasets__train__kernel_size": 15}, r"kernel_size: 15 is not supported; only 21 is"),
        ({"datasets__train__gt_size": 63}, r"gt_size: 63 is not divisible by scale 2"),
        ({"datasets__train__dataroot_gt": None}, r"datasets\.train\.dataroot_gt: is missing"),
        ({"train__optim_g__type": "SGD"}, r"train\.optim_g\.type: 'SGD' is not supported; only 'Adam' is"),
        ({"train__scheduler__periods": [1, 2]}, "only equal periods with weights of 1"),
        ({"train__warmup_iter": 100}, "no warm-up is supported"),
        ({"val__metrics__psnr__test_y_channel": True}, "test_y_channel: True is not supported"),
        ({"scale": 3}, r"scale: differs from that of network_g, 2"),
    ],
)
def test_what_has_no_counterpart_but_would_change_the_result(read, change, message):
    with pytest.raises(InputError, match=message):
        read(**change)
