"""The training loop, to be read from top to bottom."""

import math
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from faig import zoo
from faig.common.distributed import any_process, join_processes, share_of_batch, tf32
from faig.common.errors import InputError
from faig.common.files import alone_in
from faig.filters import FilterSet
from faig.networks.architectures import build
from faig.networks.checkpoint import network_metadata, save_network
from faig.networks.compatibility import check_same_keys
from faig.networks.fingerprint import fingerprint, network_fingerprint
from faig.training import checkpoints
from faig.training.config import OptimizerConfig, TrainingConfig
from faig.training.data import Patches, degrade_batch
from faig.training.monitoring import Board, Mean, Validation
from faig.zoo.scores import chosen_by

if TYPE_CHECKING:
    from accelerate import Accelerator

LAYOUT = torch.channels_last  # what a GPU's matrix units want; on CPUs it depends on the machine
RESULT = "network.safetensors"


@dataclass(frozen=True)
class Report:
    """What the loop says while it runs.

    Attributes:
        iteration: how many are done.
        loss: mean absolute error since the last report, in [0, 1].
        speed: iterations per second of this session.
        left: seconds to the end at that speed.
        psnr: in dB by kind of input, where this iteration validated.
    """

    iteration: int
    loss: float
    speed: float
    left: float
    psnr: dict[str, float]


def train(
    config: TrainingConfig,
    say: Callable[[Report], None] = lambda report: None,
    *,
    device: str = "cpu",
    max_seconds: float = math.inf,
    strict: bool = False,
    fresh: bool = False,
) -> Path | None:
    """Train a network, or only some of its filters; or go on where a killed run stopped.

    Under ``torchrun`` every process takes its share of each batch, and their gradients are averaged; the folder of
    the run must then be one that all of them see.

    Args:
        config: what to do. Its ``out`` folder keeps checkpoints, and at the end ``network.safetensors``.
        say: called by the first process every ``report_every`` iterations.
        device: ``cpu``, ``cuda``, ...
        max_seconds: stop after so long, with a checkpoint.
        strict: let a damaged training image end the run; otherwise it is left out with a warning.
        fresh: start again: remove checkpoints and result of an earlier run.

    Returns:
        The file of the trained network: the averaged (EMA) weights, with the record of their training. None where
        time ran out before the end.

    Raises:
        InputError: the starting network, the data, the ranking or the checkpoint on disk do not fit the
            configuration, the loss is not finite, or another process trains in the folder.
    """
    accelerator = join_processes(device)
    alone = alone_in(config.out) if accelerator.is_main_process else nullcontext()
    with alone, tf32(config.optimizer.precision != "float32"):
        return _train(config, say, accelerator, max_seconds, strict, fresh)


def _train(
    config: TrainingConfig,
    say: Callable[[Report], None],
    accelerator: "Accelerator",
    max_seconds: float,
    strict: bool,
    fresh: bool,
) -> Path | None:
    started = time.monotonic()
    total, optimizer = config.optimizer.iterations, config.optimizer
    scale = config.network.scale

    # The network, what of it is trained, and the averaged copy that is kept in the end.
    network = first_network(config).train().to(accelerator.device).to(memory_format=LAYOUT)  # type: ignore[call-overload]
    chosen = chosen_filters(network, config)
    masks = train_only(network, chosen)
    validation = Validation(config.validation, scale) if config.validation else None
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(optimizer.ema)).requires_grad_(False)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    adam = torch.optim.Adam(weights, lr=optimizer.learning_rate, betas=optimizer.betas, fused=True)

    # Where an earlier process stopped.
    record: dict[str, Any] = {"validation": [], "seconds": 0.0}
    window, period = Mean(accelerator.device), Mean(accelerator.device)  # losses since the last report, validation
    done = 0
    share = share_of_batch(config.data.batch, accelerator)
    patches = Patches(config.data, scale, config.seed, share=share, strict=strict)
    settings = config.result_settings() | {
        "files": {
            "data.gt": patches.source.fingerprint(),
            "network.start": network_fingerprint(network) if config.network.start else None,
            "filters": fingerprint([("chosen", chosen.mask)]) if chosen else None,
        }
    }
    if state := None if fresh else checkpoints.latest(config.out, settings):
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        adam.load_state_dict(state["adam"])
        record, done = state["record"], state["done"]
        window.load(state["window"])
        period.load(state["period"])
    first, earlier = done, record["seconds"]

    # Data, and the network as it runs: in several processes, compiled.
    batches = iter(
        DataLoader(
            patches,
            batch_size=None,
            sampler=range(done, total),
            num_workers=config.data.workers,
            pin_memory=accelerator.device.type == "cuda",
        )
    )
    running: nn.Module = accelerator.prepare(network)
    if optimizer.compile:
        running = torch.compile(running, mode="reduce-overhead")  # type: ignore[assignment]
    narrow = torch.autocast(accelerator.device.type, torch.bfloat16, enabled=optimizer.precision == "bfloat16")
    over_time = False

    if accelerator.is_main_process:
        checkpoints.clear_leftovers(config.out)
        if fresh:
            checkpoints.clear(config.out)
            (config.out / RESULT).unlink(missing_ok=True)
    board_on = config.tensorboard and accelerator.is_main_process and done < total
    with closing(Board(config.out / "tensorboard", on=board_on, done=done)) as board:
        while done < total and not over_time:
            # One step.
            batch = next(batches)
            if isinstance(batch, InputError):
                raise batch
            gt, lr = degrade_batch(batch.to(accelerator.device), scale, config.data.degradation)
            with narrow:
                output = running(lr.contiguous(memory_format=LAYOUT))
            loss = functional.l1_loss(output.float(), gt)
            accelerator.backward(loss)
            for weight, mask in masks:
                assert weight.grad is not None
                weight.grad.mul_(mask)
            for group in adam.param_groups:
                group["lr"] = learning_rate(optimizer, done)
            adam.step()
            adam.zero_grad(set_to_none=True)
            averaged.update_parameters(network)
            window.add(loss.detach())
            period.add(loss.detach())
            done += 1
            passed = time.monotonic() - started

            # Now and then. Reading the loss waits for the GPU, so not at each step.
            validating = validation is not None and (done % validation.every == 0 or done == total)
            reporting = done % config.report_every == 0 or validating or done == total
            if max_seconds < math.inf and (reporting or accelerator.num_processes == 1):
                over_time = any_process(accelerator, passed > max_seconds)
            saving = done % config.checkpoint_every == 0 or done == total or over_time
            if reporting or saving:
                mean, mean_of_period = window.over(accelerator), period.over(accelerator)
                if not math.isfinite(mean):
                    raise InputError(f"{config.out}: the loss is not finite by iteration {done}; lower the rate")
                record["seconds"] = earlier + passed
            scores: dict[str, float] = {}
            if validation is not None and validating:
                record["validation"].append({"iteration": done, "loss": mean_of_period})
                period.clear()
                if accelerator.is_main_process:
                    scores = validation(averaged.module)
                    record["validation"][-1] |= scores
                    board.samples(lr, output, gt, done)
                    board.curve({f"PSNR {kind}": value for kind, value in scores.items()}, done)
            if reporting:
                window.clear()
                speed, rate = (done - first) / passed, learning_rate(optimizer, done)
                board.curve({"loss": mean, "learning rate": rate, "iterations/s": speed}, done)
                if accelerator.is_main_process:
                    say(Report(done, mean, speed, (total - done) / speed, scores))
            if over_time and not reporting and accelerator.is_main_process:
                say(Report(done, mean, (done - first) / passed, 0.0, {}))
            if saving and accelerator.is_main_process:
                if not all(bool(weight.isfinite().all()) for weight in weights):
                    raise InputError(f"{config.out}: weights are not finite by iteration {done}; lower the rate")
                state = {"network": network, "averaged": averaged, "adam": adam, "window": window, "period": period}
                state = {name: part.state_dict() for name, part in state.items()}
                checkpoints.save(config.out, done, state | {"settings": settings, "record": record})

    if done < total:
        return None
    result = config.out / RESULT
    if accelerator.is_main_process:
        save_network(result, averaged.module.state_dict(), metadata(config, record, accelerator))
    accelerator.wait_for_everyone()
    return result


def first_network(config: TrainingConfig) -> nn.Module:
    """The network to begin with: random, or the one to fine-tune.

    Raises:
        InputError: the one to fine-tune is not of the architecture that the configuration names.
    """
    torch.manual_seed(config.seed)
    network = build(config.network.architecture, **config.network.arguments)
    if config.network.start is not None:
        start = zoo.load(config.network.start)
        check_same_keys(network.state_dict(), start.state_dict(), "the configuration", config.network.start)
        network = start
    return network.requires_grad_(True)


def chosen_filters(network: nn.Module, config: TrainingConfig) -> FilterSet | None:
    """The filters to train where not all of the network is.

    Raises:
        InputError: the ranking is not of this network.
    """
    if config.filters is None or config.top is None:
        return None
    chosen = chosen_by({"": config.filters}, network, config.top)[""]
    if not isinstance(chosen, FilterSet):
        raise InputError(f"{config.filters}: says strengths; training takes a ranking", setting="filters")
    return chosen


def train_only(network: nn.Module, chosen: FilterSet | None) -> list[tuple[nn.Parameter, Tensor]]:
    """Freeze all but the weights of the chosen filters' layers, and give these, each with its mask of filters.

    A gradient that is zero from the first step on leaves Adam's moments, and so the weight, exactly as they were.
    """
    if chosen is None:
        return []
    spread, masks = chosen.space.spread(chosen.mask), []
    for name, weight in network.named_parameters():
        if name in spread and spread[name].any():
            masks.append((weight, spread[name].to(weight)))
        else:
            weight.requires_grad_(False)
    return masks


def learning_rate(config: OptimizerConfig, iteration: int) -> float:
    """Cosine from ``learning_rate`` to ``final_learning_rate``, again and again every ``restart_every`` iterations."""
    period = config.restart_every or config.iterations
    share = (1 + math.cos(math.pi * (iteration % period) / period)) / 2
    return config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * share


def metadata(config: TrainingConfig, record: dict[str, Any], accelerator: "Accelerator") -> dict[str, Any]:
    """What the file of a trained network says of it."""
    device = accelerator.device
    hardware = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{device.type}, {torch.get_num_threads()} threads"
    )
    start = None
    if config.network.start is not None:
        start = network_metadata(zoo.find(config.network.start)).get("training", {})
    training = {
        "config": config.model_dump(mode="json"),
        "start": start,
        "hardware": f"{accelerator.num_processes} x {hardware}",
        **record,
    }
    return {
        "architecture": config.network.architecture,
        "arguments": config.network.arguments,
        "training": training,
    }
