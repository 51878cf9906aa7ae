"""The training loop, to be read from top to bottom."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from faig import zoo
from faig.checkpoint import check_same_keys, network_metadata, save_network
from faig.degradation import Degradation
from faig.errors import InputError
from faig.files import clear_parts, replacing
from faig.images import list_images, mod_crop, read_image
from faig.networks import build
from faig.restoration import psnr, restore
from faig.training.config import OptimizerConfig, TrainingConfig, ValidationConfig
from faig.training.data import Patches

STATE = "state.pth"


@dataclass(frozen=True)
class Report:
    """What the loop says while it runs.

    Attributes:
        iteration: how many are done.
        loss: mean absolute error of the last batch, in [0, 1].
        speed: iterations per second of this session.
        left: seconds to the end at that speed.
        psnr: in dB by kind of input, where this iteration validated.
    """

    iteration: int
    loss: float
    speed: float
    left: float
    psnr: dict[str, float]


def train(config: TrainingConfig, say: Callable[[Report], None] = lambda report: None, *, device: str = "cpu") -> Path:
    """Train a network, or go on where a killed run stopped.

    Args:
        config: what to do. Its ``out`` folder keeps ``state.pth`` (to resume) and at the end ``network.safetensors``.
        say: called after every iteration.
        device: where to compute.

    Returns:
        The file of the trained network: the averaged (EMA) weights, with the record of their training.

    Raises:
        InputError: the starting network, the data or the state on disk do not fit the configuration.
    """
    # The network, and the averaged copy that is kept in the end.
    torch.manual_seed(config.seed)
    if config.network.start is None:
        network = build(config.network.architecture, **config.network.arguments)
    else:
        network = zoo.load(config.network.start)
        told = build(config.network.architecture, **config.network.arguments)
        check_same_keys(told.state_dict(), network.state_dict(), "the configuration", config.network.start)
    scale = config.network.arguments["scale"]
    network.to(device).train().requires_grad_(True)
    averaged = copy.deepcopy(network).requires_grad_(False)

    # Data, optimiser, and where an earlier process stopped.
    patches = Patches(config.data, scale, config.seed)
    adam = torch.optim.Adam(network.parameters(), lr=config.optimizer.learning_rate, betas=config.optimizer.betas)
    config.out.mkdir(parents=True, exist_ok=True)
    clear_parts(config.out)
    record: dict[str, Any] = {"validation": [], "seconds": 0.0}
    done = resume(config, network, averaged, adam, record)
    first, started, earlier = done, time.monotonic(), record["seconds"]

    for iteration in range(done, config.optimizer.iterations):
        for group in adam.param_groups:
            group["lr"] = learning_rate(config.optimizer, iteration)
        gt, lr = (t.to(device) for t in patches.batch(iteration))
        loss = functional.l1_loss(network(lr), gt)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        with torch.no_grad():
            for kept, new in zip(averaged.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - config.optimizer.ema)

        done = iteration + 1
        if not math.isfinite(loss.item()):
            raise InputError(f"{config.out}: the loss is not finite at iteration {done}; lower the learning rate")
        last = done == config.optimizer.iterations
        scores = {}
        if config.validation and (done % config.validation.every == 0 or last):
            scores = validate(averaged, config.validation, scale, device)
            record["validation"].append({"iteration": done, **scores})
        passed = time.monotonic() - started
        record["seconds"] = earlier + passed
        speed = (done - first) / passed
        say(Report(done, loss.item(), speed, (config.optimizer.iterations - done) / speed, scores))
        if done % config.checkpoint_every == 0 or last:
            save_state(config, done, network, averaged, adam, record)

    result = config.out / "network.safetensors"
    metadata = {
        "architecture": config.network.architecture,
        "arguments": config.network.arguments,
        "training": {"config": config.model_dump(mode="json"), "start": origin(config), **record},
    }
    save_network(result, averaged.state_dict(), metadata)
    return result


def learning_rate(config: OptimizerConfig, iteration: int) -> float:
    """Cosine from ``learning_rate`` at 0 to ``final_learning_rate`` at the last iteration."""
    share = (1 + math.cos(math.pi * iteration / config.iterations)) / 2
    return config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * share


def validate(network: nn.Module, config: ValidationConfig, scale: int, device: str) -> dict[str, float]:
    """Mean PSNR in dB (RGB, border = scale) on clean, blurry and noisy input."""
    kinds = {
        "clean": Degradation(),
        "blur": Degradation(blur=config.blur),
        "noise": Degradation(noise=config.noise),
    }
    files = list(list_images(config.gt).items())[: config.images]
    total = dict.fromkeys(kinds, 0.0)
    for name, path in files:
        gt = mod_crop(read_image(path), scale)
        for kind, degradation in kinds.items():
            lr = degradation(gt, scale, name=name).to(device)
            total[kind] += psnr(restore(network, lr).cpu(), gt, border=scale) / len(files)
    return total


def save_state(
    config: TrainingConfig,
    done: int,
    network: nn.Module,
    averaged: nn.Module,
    adam: torch.optim.Optimizer,
    record: dict[str, Any],
) -> None:
    """Write all that `resume` needs, whole or not at all."""
    state = {
        "config": config.model_dump_json(),
        "done": done,
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "adam": adam.state_dict(),
        "record": record,
    }
    with replacing(config.out / STATE) as part:
        torch.save(state, part)


def resume(
    config: TrainingConfig,
    network: nn.Module,
    averaged: nn.Module,
    adam: torch.optim.Optimizer,
    record: dict[str, Any],
) -> int:
    """Put back what `save_state` wrote; returns how many iterations are done.

    Raises:
        InputError: the state was written by another configuration.
    """
    path = config.out / STATE
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if state["config"] != config.model_dump_json():
        raise InputError(f"{path}: belongs to another configuration; choose another out folder or remove it")
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    adam.load_state_dict(state["adam"])
    record.update(state["record"])
    return int(state["done"])


def origin(config: TrainingConfig) -> dict[str, Any] | None:
    """The training record of the network that this one was fine-tuned from."""
    if config.network.start is None:
        return None
    found = network_metadata(zoo.find(config.network.start)).get("training")
    return found if isinstance(found, dict) else {}
