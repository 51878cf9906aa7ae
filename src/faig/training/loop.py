"""The training loop, to be read from top to bottom."""

import math
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from faig.common.distributed import any_process, join_processes, share_of_batch, tf32
from faig.common.errors import InputError
from faig.common.files import alone_in, put_back
from faig.common.signals import stop_if_signalled
from faig.networks.fingerprint import network_fingerprint
from faig.training import checkpoints
from faig.training.banks import label_error, place_banks
from faig.training.config import OptimizerConfig, TrainingConfig
from faig.training.data import Patches, degrade_batch
from faig.training.monitoring import Board, Mean, Validation
from faig.training.run_files import (
    CURVES,
    RESULT,
    check_ours,
    metadata,
    read_time,
    start_again,
    write_result,
    write_time,
)
from faig.training.start import check_batch, first_average, first_network, rates_of, train_at
from faig.training.teachers import Goals

if TYPE_CHECKING:
    from accelerate import Accelerator

LAYOUT = torch.channels_last  # what a GPU's matrix units want; on CPUs it depends on the machine


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
        fresh: start again; what an earlier run left lies in ``.replaced`` until the new one is whole.

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
        if accelerator.is_main_process and not fresh:
            put_back(config.out)
        accelerator.wait_for_everyone()
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
    network = first_network(config, accelerator.device).train()
    place_banks(network, config)
    check_batch(config, network, accelerator.num_processes)
    network.to(memory_format=LAYOUT)  # type: ignore[call-overload]
    rates = rates_of(network, config)
    partly = train_at(network, rates)
    downsampling = config.data.degradation.downsampling
    validation = Validation(config.validation, scale, downsampling) if config.validation else None
    averaged = first_average(config, network)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    begun = [weight.detach().clone() for weight in weights] if optimizer.pull_to_start else []
    goals = Goals(config, accelerator.device)
    arguments = optimizer.model_dump(include={"betas", "eps", "weight_decay", "amsgrad"})
    adam = torch.optim.Adam(weights, lr=optimizer.learning_rate, fused=True, **arguments)

    # Where an earlier process stopped.
    record: dict[str, Any] = {"validation": []}
    window, period = Mean(accelerator.device), Mean(accelerator.device)  # losses since the last report, validation
    done, earlier = 0, 0.0
    share = share_of_batch(config.data.batch, accelerator)
    patches = Patches(config.data, scale, config.seed, share=share, strict=strict)
    settings = config.result_settings() | {
        "files": {
            "data.gt": patches.source.fingerprint(),
            "network.start": [network_fingerprint(each) for each in (network, averaged.module)]
            if config.network.start
            else None,
            "rates": rates.fingerprint if rates else None,
            "teachers": goals.fingerprints,
        }
    }
    if state := None if fresh else checkpoints.latest(config.out, settings):
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        adam.load_state_dict(state["adam"])
        record, done, earlier = state["record"], state["done"], read_time(config.out)
        window.load(state["window"])
        period.load(state["period"])
    first = done

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
            start_again(config.out)
        else:
            check_ours(config)
    board_on = config.tensorboard and accelerator.is_main_process and done < total
    with closing(Board(config.out / CURVES, on=board_on, done=done)) as board:
        while done < total and not over_time:
            # One step.
            stop_if_signalled()
            batch = next(batches)
            if isinstance(batch, InputError):
                raise batch
            gt, lr = degrade_batch(batch.to(accelerator.device), scale, config.data.degradation)
            with narrow:
                output = running(lr.contiguous(memory_format=LAYOUT))
            error = functional.l1_loss(output.float(), goals(gt, lr, batch.chosen))
            loss = error * error_weight(optimizer, gt.numel() * accelerator.num_processes)
            if optimizer.pull_to_start:
                loss = loss + optimizer.pull_to_start * squared_distance(weights, begun)
            if config.label_loss:
                loss = loss + config.label_loss * label_error(network, config, lr, batch.chosen)
            accelerator.backward(loss)
            for group in adam.param_groups:
                group["lr"] = learning_rate(optimizer, done)
            before = [weight.detach().clone() for weight, _ in partly]
            adam.step()
            with torch.no_grad():  # Adam's steps do not shrink with the gradient, so it is they that are made smaller
                for (weight, part), old in zip(partly, before, strict=True):
                    weight.copy_(torch.lerp(old, weight, part))
            adam.zero_grad(set_to_none=True)
            averaged.update_parameters(network)
            window.add(error.detach())
            period.add(error.detach())
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
                write_time(config.out, done, earlier + passed)

    if done < total:
        return None
    if accelerator.is_main_process:
        write_result(config, network.state_dict(), averaged, metadata(config, record, accelerator))
    accelerator.wait_for_everyone()
    return config.out / RESULT


def learning_rate(config: OptimizerConfig, iteration: int) -> float:
    """Cosine from ``learning_rate`` to ``final_learning_rate``, again and again every ``restart_every`` iterations.

    As in BasicSR's ``CosineAnnealingRestartLR``, each cosine is followed to its very end: the step after the last of a
    period has ``final_learning_rate``, and the one after that is the second of the next.
    """
    period = config.restart_every or config.iterations
    position = (iteration - 1) % period + 1 if iteration else 0
    share = (1 + math.cos(math.pi * position / period)) / 2
    return config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * share


def error_weight(config: OptimizerConfig, values: int) -> float:
    """What the mean absolute error over so many values is multiplied by to be the loss."""
    return config.loss_weight * (values if config.reduction == "sum" else 1)


def squared_distance(weights: Iterable[Tensor], begun: Iterable[Tensor]) -> Tensor:
    """``‖w - w_start‖²`` over all trained weights."""
    return torch.stack([(weight - old).square().sum() for weight, old in zip(weights, begun, strict=True)]).sum()
