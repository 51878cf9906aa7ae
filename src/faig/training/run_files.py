"""The files of a training run besides its checkpoints: the trained network, and how long it took."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from faig import zoo
from faig.common.errors import InputError
from faig.common.files import REPLACED, replacing, set_aside
from faig.common.tensors import METADATA_KEY
from faig.networks.checkpoint import network_metadata, save_network, save_pickle
from faig.training import checkpoints
from faig.training.config import TrainingConfig

if TYPE_CHECKING:
    from accelerate import Accelerator

RESULT = "network.safetensors"
TIME = "time.json"  # all that differs from run to run, but for the events of TensorBoard
CURVES = "tensorboard"
MODELS = "models"  # BasicSR's


def start_again(folder: Path) -> None:
    """Set what an earlier run left aside, until `write_result` has written the network of the new one."""
    if (folder / RESULT).exists():  # that run is whole: what it replaced itself is not needed any more
        shutil.rmtree(folder / REPLACED, ignore_errors=True)
    ours = [folder / CURVES, folder / TIME, folder / RESULT, *checkpoints.every(folder)]
    set_aside(folder, [path for path in ours if path.exists()])


def write_result(config: TrainingConfig, weights: Mapping[str, Tensor], averaged: AveragedModel, record: Any) -> None:
    """Write the trained network, in BasicSR's layout too where that is asked for; then what it replaces goes.

    Args:
        config: of the run.
        weights: the state dict of the network as it was trained.
        averaged: its average, the one that is kept.
        record: what the file of the network says of it, see `metadata`.
    """
    average = averaged.module.state_dict()
    if config.basicsr:
        sets = {"params": weights, "params_ema": average} if config.optimizer.ema else {"params": weights}
        plain: dict[str, Any] = {METADATA_KEY: json.dumps(record, sort_keys=True)}  # BasicSR looks at the sets alone
        plain |= {key: {name: tensor.cpu().contiguous() for name, tensor in each.items()} for key, each in sets.items()}
        (config.out / MODELS).mkdir(exist_ok=True)
        for path in basicsr_files(config):
            with replacing(path) as part:
                save_pickle(plain, part)
    save_network(config.out / RESULT, average, record)
    shutil.rmtree(config.out / REPLACED, ignore_errors=True)


def basicsr_files(config: TrainingConfig) -> list[Path]:
    """Where BasicSR writes the network at the end of a run."""
    return [config.out / MODELS / f"net_g_{end}.pth" for end in (config.optimizer.iterations, "latest")]


def check_ours(config: TrainingConfig) -> None:
    """Refuse to write over networks of BasicSR's own, in a folder that holds nothing of ours.

    Raises:
        InputError: there is one.
    """
    if not config.basicsr or (config.out / RESULT).exists() or checkpoints.exist(config.out):
        return
    for path in basicsr_files(config):
        if path.exists():
            message = f"{path}: is of another program's run; choose another name, or replace it with fresh=True"
            raise InputError(message, setting="force")


def write_time(folder: Path, done: int, seconds: float) -> None:
    """Note how long the iterations took that are done, in all sessions together."""
    with replacing(folder / TIME) as part:
        part.write_text(json.dumps({"iterations": done, "seconds": round(seconds, 3)}) + "\n", encoding="utf-8")


def read_time(folder: Path) -> float:
    """Seconds that earlier sessions took; 0 where nobody noted them."""
    try:
        return float(json.loads((folder / TIME).read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def metadata(config: TrainingConfig, record: dict[str, Any], accelerator: "Accelerator") -> dict[str, Any]:
    """What the file of a trained network says of it: what determined it, and nothing of where or how long."""
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
        "config": config.model_dump(mode="json", exclude={"out"}),
        "start": start,
        "hardware": f"{accelerator.num_processes} x {hardware}",
        **record,
    }
    return {
        "architecture": config.network.architecture,
        "arguments": config.network.arguments,
        "training": training,
    }
