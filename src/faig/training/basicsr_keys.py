"""Every key of BasicSR's option files, and what becomes of it: honoured, without effect on the result, or refused.

Decided from what BasicSR's ``SRModel`` and the paper's ``ReTrainModel`` and ``DIV2KInterpretDataset`` do with each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from faig.imaging.blurs import HELD, TAPS

Read = Callable[[Any], Any]


@dataclass(frozen=True)
class Honoured:
    """A key that does here what it does in BasicSR.

    Attributes:
        ours: the setting that it becomes, as `TrainingConfig` names it; empty where it is one of several, or a check.
        read: makes the setting's value; raises ValueError for what it cannot be.
        default: what BasicSR takes where the key is absent.
        only: the values that are supported; all, where it is empty.
        needed: whether the key must be there.
        note: for people.
    """

    ours: str = ""
    read: Read = lambda value: value
    default: Any = None
    only: tuple[Any, ...] = ()
    needed: bool = False
    note: str = ""


def number(value: Any) -> float:
    """A number; YAML reads some (1e6) as text."""
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None


def integer(value: Any) -> int:
    """A whole number."""
    if not (read := number(value)).is_integer():
        raise ValueError(f"{value!r} is not a whole number")
    return int(read)


def numbers(value: Any) -> list[float]:
    """A list of numbers."""
    if not isinstance(value, list) or not value:
        raise ValueError(f"{value!r} is not a list of numbers")
    return [number(part) for part in value]


def level(value: Any) -> float:
    """The only entry of a list of levels."""
    levels = numbers(value)
    if len(levels) != 1:
        raise ValueError(f"{value!r} is not a list of one level, and only one is supported")
    return levels[0]


def held(value: Any) -> float:
    """The only σ of a list, such as a kernel of so few taps as BasicSR's holds: faig's would have more."""
    sigma = level(value)
    if sigma > HELD:
        raise ValueError(f"{sigma:g} is more than a kernel of {TAPS} taps holds; {HELD:g} at most, or a file of faig's")
    return sigma


def path(value: Any) -> Any:
    """A path, from the user's folder where it begins with ``~``."""
    if not isinstance(value, str) or not value.startswith("~"):
        return value
    try:
        return str(Path(value).expanduser())
    except RuntimeError:
        raise ValueError(f"{value!r} begins with the folder of a user whom this machine does not know") from None


HONOURED: dict[str, Honoured] = {
    "name": Honoured("name", needed=True, note="the folder is `experiments/NAME`"),
    "model_type": Honoured(
        only=("SRModel", "ReTrainModel"), needed=True, note="`ReTrainModel` with `finetuned_neuron_index_file`"
    ),
    "scale": Honoured(read=integer, needed=True, note="that of `network_g`"),
    "num_gpu": Honoured(
        default=1, note="times `batch_size_per_gpu` is the batch of all processes together; how many, `torchrun` says"
    ),
    "manual_seed": Honoured("seed", integer, 0, note="0 where it is absent"),
    "datasets.train.type": Honoured(only=("DIV2KInterpretDataset",), needed=True, note="LR patches are made of GT"),
    "datasets.train.dataroot_gt": Honoured("data.gt", path, needed=True),
    "datasets.train.io_backend.type": Honoured(only=("disk", "lmdb"), note="the path alone tells which"),
    "datasets.train.gt_size": Honoured("data.lr_patch", integer, needed=True, note="divided by the scale"),
    "datasets.train.use_flip": Honoured("data.flip", note="or `use_hflip`; must be given"),
    "datasets.train.use_hflip": Honoured(note="BasicSR's later name of `use_flip`"),
    "datasets.train.use_rot": Honoured("data.rotate", needed=True, note="`true` needs `use_flip: true`"),
    "datasets.train.kernel_prob": Honoured("data.degradation.blur_probability", number, needed=True),
    "datasets.train.kernel_size": Honoured(read=integer, only=(TAPS,)),
    "datasets.train.sigma_list": Honoured(
        "data.degradation.blur", held, needed=True, note=f"one level, {HELD:g} at most: what {TAPS} taps hold"
    ),
    "datasets.train.noise_prob": Honoured("data.degradation.noise_probability", number, needed=True),
    "datasets.train.noise_list": Honoured("data.degradation.noise", level, needed=True, note="one level"),
    "datasets.train.mean": Honoured(read=numbers, only=([0, 0, 0],), note="a network of faig takes images in [0, 1]"),
    "datasets.train.std": Honoured(read=numbers, only=([1, 1, 1],), note="a network of faig takes images in [0, 1]"),
    "datasets.train.batch_size_per_gpu": Honoured("data.batch", integer, needed=True, note="times `num_gpu`"),
    "datasets.train.num_worker_per_gpu": Honoured("data.workers", integer, 0),
    "datasets.val.type": Honoured(only=("PairedImageDataset",)),
    "datasets.val.name": Honoured(default="validation", note="the name of the LR folder"),
    "datasets.val.dataroot_gt": Honoured("validation.gt", path),
    "datasets.val.dataroot_lq": Honoured("validation.lr", path, note="absent: clean, blurry and noisy LR are made"),
    "datasets.val.io_backend.type": Honoured(only=("disk",)),
    "datasets.val.filename_tmpl": Honoured(only=("{}",), note="LR and GT have equal names"),
    "network_g.type": Honoured(needed=True, note="`MSRResNet` or `srcnn_style_net`"),
    "network_g.num_in_ch": Honoured(read=integer, only=(3,)),
    "network_g.num_out_ch": Honoured(read=integer, only=(3,)),
    "network_g.num_feat": Honoured(read=integer, note="of `MSRResNet`"),
    "network_g.num_block": Honoured(read=integer, note="of `MSRResNet`"),
    "network_g.upscale": Honoured(read=integer, note="of `MSRResNet`; 4 where it is absent"),
    "network_g.scale": Honoured(read=integer, note="of `srcnn_style_net`"),
    "path.pretrain_network_g": Honoured("network.start", path),
    "path.param_key_g": Honoured(
        "network.start_key", default="params", note="the average begins at `params_ema` where the file has them"
    ),
    "path.strict_load_g": Honoured("network.strict", default=True),
    "path.experiments_root": Honoured("out", path, note="in place of `experiments/NAME`"),
    "train.total_iter": Honoured("optimizer.iterations", number, needed=True),
    "train.warmup_iter": Honoured(read=number, note="no warm-up: -1"),
    "train.ema_decay": Honoured("optimizer.ema", number, 0.0),
    "train.optim_g.type": Honoured(only=("Adam",), needed=True),
    "train.optim_g.lr": Honoured("optimizer.learning_rate", number, needed=True),
    "train.optim_g.betas": Honoured("optimizer.betas", numbers, [0.9, 0.999]),
    "train.optim_g.eps": Honoured("optimizer.eps", number, 1e-8),
    "train.optim_g.weight_decay": Honoured("optimizer.weight_decay", number, 0.0),
    "train.optim_g.amsgrad": Honoured("optimizer.amsgrad", default=False),
    "train.optim_g.maximize": Honoured(only=(False,)),
    "train.optim_g.decoupled_weight_decay": Honoured(only=(False,)),
    "train.scheduler.type": Honoured(only=("CosineAnnealingRestartLR",), needed=True),
    "train.scheduler.periods": Honoured("optimizer.restart_every", numbers, needed=True, note="equal ones"),
    "train.scheduler.restart_weights": Honoured(read=numbers, note="each 1"),
    "train.scheduler.eta_min": Honoured("optimizer.final_learning_rate", number, 0.0),
    "train.pixel_opt.type": Honoured(only=("L1Loss",), needed=True),
    "train.pixel_opt.loss_weight": Honoured("optimizer.loss_weight", number, 1.0),
    "train.pixel_opt.reduction": Honoured("optimizer.reduction", default="mean", note="`mean` or `sum`"),
    "train.finetuned_neuron_index_file": Honoured("filters", path, note="a file of the paper's, or any ranking"),
    "train.neuron_ratio": Honoured("top", number),
    "val.val_freq": Honoured("validation.every", number, 5000),
    "val.metrics.*.type": Honoured(note="`calculate_psnr` is measured; others are named as left out"),
    "val.metrics.*.crop_border": Honoured(read=integer, note="of `calculate_psnr`: the scale"),
    "val.metrics.*.test_y_channel": Honoured(note="of `calculate_psnr`: false"),
    "logger.print_freq": Honoured("report_every", number, 100),
    "logger.save_checkpoint_freq": Honoured("checkpoint_every", number, 5000),
    "logger.use_tb_logger": Honoured("tensorboard", default=False),
}

WITHOUT_EFFECT: dict[str, str] = {  # by pattern; * stands for anything
    "find_unused_parameters": "how processes share gradients",
    "datasets.train.name": "a name for the log",
    "datasets.train.io_backend.*": "how files are read",
    "datasets.val.io_backend.*": "how files are read",
    "datasets.train.use_shuffle": "patches are always drawn at random",
    "datasets.train.dataset_enlarge_ratio": "there are no epochs: patches are drawn for ever",
    "datasets.train.prefetch_mode": "how batches are loaded",
    "datasets.train.num_prefetch_queue": "how batches are loaded",
    "datasets.train.pin_memory": "how batches are loaded",
    "datasets.train.persistent_workers": "how batches are loaded",
    "datasets.val_[0-9]*": "validation is on datasets.val alone",
    "path.ignore_resume_networks": "a run goes on from its own checkpoints",
    "train.optim_g.foreach": "how Adam is computed",
    "train.optim_g.fused": "how Adam is computed",
    "train.optim_g.capturable": "how Adam is computed",
    "train.optim_g.differentiable": "how Adam is computed",
    "val.metrics.*.better": "which checkpoint is said to be the best",
    "val.metrics.*.input_order": "PSNR is the same",
    "val.metrics.*.convert_to": "PSNR alone is measured",
    "val.save_img": "images of the validation are not kept",
    "val.pbar": "what is shown meanwhile",
    "val.use_pbar": "what is shown meanwhile",
    "val.suffix": "images of the validation are not kept",
    "logger.wandb.*": "curves go to TensorBoard",
    "dist_params.*": "processes are torchrun's matter",
}

_GAN = "training by a discriminator is not supported; leave it out"
_PERCEPTUAL = "only the pixel loss is supported; leave it out"
_DEGRADATION = "Real-ESRGAN's degradations are not these; write a file of faig's, with data.degradation.degrade"
_VALUES = "images are RGB in [0, 1]; leave it out"
_LISTED = "all images of the folder are used; make a folder of those listed, and leave it out"
_PAIRED = "LR patches are made of GT, as kernel_prob and noise_prob say; leave it out"

REFUSED: dict[str, str] = {  # by pattern: why, and the way out
    "network_d*": _GAN,
    "train.optim_d*": _GAN,
    "train.gan_opt*": _GAN,
    "train.net_d_*": _GAN,
    "train.ldl_opt*": _PERCEPTUAL,
    "train.perceptual_opt*": _PERCEPTUAL,
    "train.scheduler.milestones": "only CosineAnnealingRestartLR is supported; leave it out",
    "train.scheduler.gamma": "only CosineAnnealingRestartLR is supported; leave it out",
    "train.scheduler.restarts": "only CosineAnnealingRestartLR is supported; leave it out",
    "path.resume_state": "a run goes on from its own checkpoints, without being told; leave it out",
    "path.pretrain_network_d": _GAN,
    "path.param_key_d": _GAN,
    "path.strict_load_d": _GAN,
    "datasets.train.dataroot_lq": _PAIRED,
    "datasets.train.filename_tmpl": _PAIRED,
    "datasets.train.meta_info*": _LISTED,
    "datasets.val.meta_info*": _LISTED,
    "datasets.*.color": _VALUES,
    "datasets.val.mean": _VALUES,
    "datasets.val.std": _VALUES,
    "mod_scale": "GT is cropped to the scale; leave it out",
    "*_gt_usm": _DEGRADATION,
    "gt_size": _DEGRADATION,
    "queue_size": _DEGRADATION,
    **dict.fromkeys(("resize_*", "gaussian_noise_*", "noise_range*", "poisson_*", "gray_noise_*"), _DEGRADATION),
    **dict.fromkeys(("jpeg_range*", "second_blur_prob"), _DEGRADATION),
    **{f"datasets.train.{each}": _DEGRADATION for each in ("blur_*", "kernel_list*", "kernel_prob2", "*sinc_prob*")},
    **{f"datasets.train.{each}": _DEGRADATION for each in ("betag_*", "betap_*")},
}


def as_in(pattern: str, name: str) -> str:
    """A pattern with the parts of a key in place of its own that stand for any name."""
    parts = zip(pattern.split("."), [*name.split("."), *["*"] * pattern.count(".")], strict=False)
    return ".".join(theirs if part == "*" else part for part, theirs in parts)


def found(name: str, table: dict[str, Any]) -> Any:
    """The entry of a key in a table, which may stand under a pattern; None where it is not in it."""
    return next((entry for pattern, entry in table.items() if fnmatchcase(name, pattern)), None)


def documentation() -> str:
    """All keys as Markdown: the part of ``docs/training.md`` that lists them."""
    lines = ["| key | becomes | |", "|---|---|---|"]
    for name, key in HONOURED.items():
        only = " or ".join(f"`{value}`" for value in key.only)
        notes = [f"only {only}" if only else "", key.note, "must be given" if key.needed else ""]
        lines.append(
            f"| `{name}` | {f'`{key.ours}`' if key.ours else ''} | {'; '.join(part for part in notes if part)} |"
        )
    for heading, table in (("Without effect on the result", WITHOUT_EFFECT), ("Refused", REFUSED)):
        lines += ["", f"| {heading} | |", "|---|---|", *(f"| `{name}` | {why} |" for name, why in table.items())]
    return "\n".join(lines) + "\n"
