"""BasicSR's option files, as the paper's authors published them, read as our configuration."""

import re
from typing import Any

from faig.common.errors import InputError
from faig.common.settings import flat
from faig.imaging.blurs import TAPS

NETWORKS = {
    "MSRResNet": (
        "srresnet",
        {"upscale": "scale", "num_feat": "features", "num_block": "blocks", "num_in_ch": "channels"},
    ),
    "srcnn_style_net": ("srcnn-style", {"scale": "scale"}),
}


def is_basicsr(values: dict[str, Any]) -> bool:
    """Whether these settings are in BasicSR's layout."""
    return "network_g" in values


def translate(values: dict[str, Any], file: str) -> tuple[dict[str, Any], list[str]]:
    """Settings for `TrainingConfig`, and a line for each setting of the file that has no counterpart.

    Args:
        values: the option file.
        file: its name, for the messages.

    Raises:
        InputError: a setting asks for what `train` does not do, or one that is needed is missing.
    """
    options = Options(values, file)
    architecture, arguments = _network(options)
    scale = arguments["scale"]
    if options.integer("scale", scale) != scale:
        raise InputError(f"{file}: scale: differs from that of network_g, {scale}")
    options.must("network_g.num_out_ch", 3, 3)
    gt_size = options.integer("datasets.train.gt_size")
    if gt_size % scale:
        raise InputError(f"{file}: datasets.train.gt_size: {gt_size} is not divisible by scale {scale}")
    name = str(options.take("name", "training"))
    if not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", name):
        raise InputError(f"{file}: name: {name!r} becomes the name of a folder; use letters, digits and _.+-")
    processes = options.take("num_gpu", 1)  # which of them is for torchrun to say
    processes = 1 if processes == "auto" else Options({"num_gpu": processes}, file).integer("num_gpu")
    ratio = options.number("train.neuron_ratio", 0.0)
    ours: dict[str, Any] = {
        "name": name,
        "out": f"experiments/{name}",
        "seed": options.integer("manual_seed", 0),
        "network": {
            "architecture": architecture,
            "arguments": arguments,
            "start": options.take("path.pretrain_network_g"),
        },
        "data": {
            "gt": options.need("datasets.train.dataroot_gt"),
            "lr_patch": gt_size // scale,
            "batch": options.integer("datasets.train.batch_size_per_gpu", 16) * max(1, processes),
            "flip": options.take("datasets.train.use_flip", True),
            "rotate": options.take("datasets.train.use_rot", True),
            "workers": options.integer("datasets.train.num_worker_per_gpu", 0),
            "degradation": {
                "blur": options.only("datasets.train.sigma_list", 0.0),
                "blur_probability": options.number("datasets.train.kernel_prob", 0.0),
                "noise": options.only("datasets.train.noise_list", 0.0),
                "noise_probability": options.number("datasets.train.noise_prob", 0.0),
            },
        },
        "optimizer": _optimizer(options),
        "validation": _validation(options, scale),
        "filters": options.take("train.finetuned_neuron_index_file"),
        "top": f"{100 * ratio}%" if ratio else None,
        "checkpoint_every": options.integer("logger.save_checkpoint_freq", 5000),
        "report_every": options.integer("logger.print_freq", 100),
        "tensorboard": options.take("logger.use_tb_logger", False),
    }
    options.must("datasets.train.kernel_size", TAPS, TAPS)
    return ours, options.rest()


class Options:
    """Nested settings that are taken out one by one, so that the rest can be reported."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        self.place = place
        self.left = flat(values)

    def take(self, key: str, default: Any = None) -> Any:
        """A setting by its dotted name; ``default`` where it is absent or null."""
        value = self.left.pop(key, None)
        return default if value is None else value

    def need(self, key: str) -> Any:
        """A setting that must be there."""
        value = self.take(key)
        if value is None:
            raise InputError(f"{self.place}: {key}: is missing")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number; YAML reads some (1e6) as text."""
        value = self.need(key) if default is None else self.take(key, default)
        try:
            return float(str(value))
        except ValueError:
            raise InputError(f"{self.place}: {key}: {value!r} is not a number") from None

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.number(key, default)
        if not value.is_integer():
            raise InputError(f"{self.place}: {key}: {value:g} is not a whole number")
        return int(value)

    def numbers(self, key: str, default: list[float]) -> list[float]:
        """A list of numbers."""
        values = self.take(key, default)
        if not isinstance(values, list) or not values:
            raise InputError(f"{self.place}: {key}: {values!r} is not a list of numbers")
        return [Options({key: value}, self.place).number(key) for value in values]

    def must(self, key: str, allowed: Any, default: Any) -> None:
        """Refuse any value but the allowed one."""
        value = self.take(key, default)
        if value != allowed:
            raise InputError(f"{self.place}: {key}: {value!r} is not supported; only {allowed!r} is")

    def only(self, key: str, default: float) -> float:
        """The only entry of a list of levels."""
        levels = self.numbers(key, [default])
        if len(levels) != 1:
            raise InputError(f"{self.place}: {key}: {levels!r} is not a list of one level, and only one is supported")
        return levels[0]

    def rest(self) -> list[str]:
        """A line for each setting that nobody took, unless it is null."""
        return [
            f"{key}: {value!r} has no counterpart and is left out"
            for key, value in self.left.items()
            if value is not None
        ]


def _network(options: Options) -> tuple[str, dict[str, Any]]:
    kind = options.need("network_g.type")
    if kind not in NETWORKS:
        raise InputError(f"{options.place}: network_g.type: {kind!r} is not one of {', '.join(NETWORKS)}")
    architecture, names = NETWORKS[kind]
    values = {ours: options.integer(f"network_g.{theirs}", -1) for theirs, ours in names.items()}
    return architecture, {"scale": 2} | {key: value for key, value in values.items() if value != -1}


def _optimizer(options: Options) -> dict[str, Any]:
    options.must("train.optim_g.type", "Adam", "Adam")
    options.must("train.optim_g.weight_decay", 0, 0)
    options.must("train.scheduler.type", "CosineAnnealingRestartLR", "CosineAnnealingRestartLR")
    options.must("train.pixel_opt.type", "L1Loss", "L1Loss")
    options.must("train.pixel_opt.loss_weight", 1.0, 1.0)
    options.must("train.pixel_opt.reduction", "mean", "mean")
    iterations = options.integer("train.total_iter")
    periods = options.numbers("train.scheduler.periods", [iterations])
    weights = options.numbers("train.scheduler.restart_weights", [1] * len(periods))
    if len(set(periods)) != 1 or set(weights) != {1}:
        raise InputError(
            f"{options.place}: train.scheduler: periods {periods} with restart_weights {weights}: "
            "only equal periods with weights of 1 are supported"
        )
    if options.integer("train.warmup_iter", -1) > 0:
        raise InputError(f"{options.place}: train.warmup_iter: no warm-up is supported; only -1 is")
    return {
        "iterations": iterations,
        "learning_rate": options.number("train.optim_g.lr"),
        "final_learning_rate": options.number("train.scheduler.eta_min", 0.0),
        "restart_every": int(periods[0]),
        "betas": options.numbers("train.optim_g.betas", [0.9, 0.999]),
        "ema": options.number("train.ema_decay", 0.0),
    }


def _validation(options: Options, scale: int) -> dict[str, Any] | None:
    gt, lr = options.take("datasets.val.dataroot_gt"), options.take("datasets.val.dataroot_lq")
    every = options.integer("val.val_freq", 5000)
    options.must("val.metrics.psnr.type", "calculate_psnr", "calculate_psnr")
    options.must("val.metrics.psnr.crop_border", scale, scale)
    options.must("val.metrics.psnr.test_y_channel", False, False)
    if gt is None:
        return None
    name = str(options.take("datasets.val.name", "validation"))
    return {"gt": gt, "every": every, "lr": {name: lr} if lr else {}}
