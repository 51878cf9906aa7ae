"""BasicSR's option files, as the paper's authors published them, read as our configuration."""

from typing import Any

from faig.degradation import TAPS
from faig.errors import InputError
from faig.settings import flat

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


def translate(values: dict[str, Any], place: str) -> tuple[dict[str, Any], list[str]]:
    """Settings for `TrainingConfig`, and a line for each given one that has no counterpart.

    Args:
        values: the option file.
        place: its name, for the messages.

    Raises:
        InputError: a setting asks for what `train` does not do, or one that is needed is missing.
    """
    options = Options(values, place)
    architecture, arguments = _network(options)
    scale = arguments["scale"]
    options.must("scale", scale, scale)
    options.must("network_g.num_out_ch", arguments.get("channels", 3), arguments.get("channels", 3))
    gt_size = options.need("datasets.train.gt_size")
    if gt_size % scale:
        raise InputError(f"{place}: datasets.train.gt_size: {gt_size} is not divisible by scale {scale}")
    name = str(options.take("name", "training"))
    every = options.take("logger.save_checkpoint_freq", 5000)
    ours: dict[str, Any] = {
        "name": name,
        "out": f"experiments/{name}",
        "seed": options.take("manual_seed", 0),
        "network": {
            "architecture": architecture,
            "arguments": arguments,
            "start": options.take("path.pretrain_network_g"),
        },
        "data": {
            "gt": options.need("datasets.train.dataroot_gt"),
            "lr_patch": gt_size // scale,
            "batch": options.take("datasets.train.batch_size_per_gpu", 16) * max(1, options.take("num_gpu", 1)),
            "flip": options.take("datasets.train.use_flip", True),
            "rotate": options.take("datasets.train.use_rot", True),
            "workers": options.take("datasets.train.num_worker_per_gpu", 0),
            "degradation": {
                "blur": options.only("datasets.train.sigma_list", 0.0),
                "blur_probability": options.take("datasets.train.kernel_prob", 0.0),
                "noise": options.only("datasets.train.noise_list", 0.0),
                "noise_probability": options.take("datasets.train.noise_prob", 0.0),
            },
        },
        "optimizer": _optimizer(options),
        "validation": _validation(options, scale),
        "filters": options.take("train.finetuned_neuron_index_file"),
        "top": options.take("train.neuron_ratio"),
        "checkpoint_every": int(every),
        "report_every": int(options.take("logger.print_freq", 100)),
        "tensorboard": options.take("logger.use_tb_logger", False),
    }
    options.must("datasets.train.kernel_size", TAPS, TAPS)
    return ours, options.rest()


class Options:
    """Nested settings that are taken out one by one, so that what is left can be told."""

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

    def must(self, key: str, allowed: Any, default: Any) -> None:
        """Refuse any value but one."""
        value = self.take(key, default)
        if value != allowed:
            raise InputError(f"{self.place}: {key}: {value!r} is not supported; only {allowed!r} is")

    def only(self, key: str, default: Any) -> Any:
        """The one entry of a list."""
        found = self.take(key, [default])
        if not isinstance(found, list) or len(found) != 1:
            raise InputError(f"{self.place}: {key}: {found!r} is not a list of one level, and only one is supported")
        return found[0]

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
    told = {ours: options.take(f"network_g.{theirs}") for theirs, ours in names.items()}
    given = {key: value for key, value in told.items() if value is not None}
    arguments = {"scale": options.left.get("scale", 2)} | given
    return architecture, arguments


def _optimizer(options: Options) -> dict[str, Any]:
    options.must("train.optim_g.type", "Adam", "Adam")
    options.must("train.optim_g.weight_decay", 0, 0)
    options.must("train.scheduler.type", "CosineAnnealingRestartLR", "CosineAnnealingRestartLR")
    options.must("train.pixel_opt.type", "L1Loss", "L1Loss")
    options.must("train.pixel_opt.loss_weight", 1.0, 1.0)
    options.must("train.pixel_opt.reduction", "mean", "mean")
    iterations = int(options.need("train.total_iter"))
    periods = options.take("train.scheduler.periods", [iterations])
    weights = options.take("train.scheduler.restart_weights", [1] * len(periods))
    if len(set(periods)) != 1 or set(weights) != {1}:
        raise InputError(
            f"{options.place}: train.scheduler: periods {periods} with restart_weights {weights}: "
            "only equal periods with weights of 1 are supported"
        )
    if options.take("train.warmup_iter", -1) > 0:
        raise InputError(f"{options.place}: train.warmup_iter: no warm-up is supported; only -1 is")
    return {
        "iterations": iterations,
        "learning_rate": options.need("train.optim_g.lr"),
        "final_learning_rate": options.take("train.scheduler.eta_min", 0.0),
        "restart_every": int(periods[0]),
        "betas": options.take("train.optim_g.betas", [0.9, 0.999]),
        "ema": options.take("train.ema_decay", 0.0),
    }


def _validation(options: Options, scale: int) -> dict[str, Any] | None:
    gt, lr = options.take("datasets.val.dataroot_gt"), options.take("datasets.val.dataroot_lq")
    every = options.take("val.val_freq", 5000)
    options.must("val.metrics.psnr.type", "calculate_psnr", "calculate_psnr")
    options.must("val.metrics.psnr.crop_border", scale, scale)
    options.must("val.metrics.psnr.test_y_channel", False, False)
    if gt is None:
        return None
    name = str(options.take("datasets.val.name", "validation"))
    return {"gt": gt, "every": int(every), "lr": {name: lr} if lr else {}}
