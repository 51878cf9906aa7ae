"""The option files that the paper's authors published, for BasicSR."""

from copy import deepcopy
from typing import Any

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


def published(**changes: Any) -> dict[str, Any]:
    """The settings of the target's file with some changed, by dotted name with __ for the dot; None takes one out."""
    values = deepcopy(PUBLISHED)
    for name, value in changes.items():
        *folders, leaf = name.split("__")
        place: dict[str, Any] = values
        for folder in folders:
            place = place.setdefault(folder, {})
        if value is None:
            place.pop(leaf, None)
        else:
            place[leaf] = value
    return values
