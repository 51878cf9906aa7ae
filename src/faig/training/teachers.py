"""What a network shall make of each patch: its GT, or what a teacher makes of it."""

import torch
from jaxtyping import Bool
from torch import Tensor

from faig import zoo
from faig.common.errors import InputError
from faig.networks.calls import evaluating, run
from faig.networks.fingerprint import network_fingerprint
from faig.networks.inference import channels_of, scale_of
from faig.training.config import OTHERS, TrainingConfig
from faig.training.data import GT, LR


class Goals:
    """By what was done to a patch: the output of its teacher, or the GT where it has none.

    A patch that several named things were done to has the teacher of the first of them: blur, noise, then specs in
    their order; ``others`` teaches those that none was done to.

    Args:
        config: of the run.
        device: of the patches.

    Raises:
        InputError: a teacher cannot be loaded, or enlarges otherwise than the network.
    """

    def __init__(self, config: TrainingConfig, device: torch.device) -> None:
        names = config.data.degradation.names
        files = {name: config.teachers[name] for name in (*names, OTHERS) if name in config.teachers}
        self.teachers = {name: zoo.load(file).to(device).requires_grad_(False) for name, file in files.items()}
        self.draws = {name: place for place, name in enumerate(names)}
        for name, teacher in self.teachers.items():
            if scale_of(teacher) != config.network.scale or channels_of(teacher) != 3:
                raise InputError(
                    f"teachers.{name}: {files[name]} enlarges images of {channels_of(teacher)} channels by "
                    f"{scale_of(teacher)}, and the network RGB by {config.network.scale}; choose another"
                )

    @property
    def fingerprints(self) -> dict[str, str]:
        """The hash of each teacher."""
        return {name: network_fingerprint(teacher) for name, teacher in self.teachers.items()}

    def __call__(self, gt: GT, lr: LR, chosen: Bool[Tensor, "batch draw"]) -> GT:
        """The goals of a batch.

        Args:
            gt: in [0, 1].
            lr: what is made of it, in [0, 1].
            chosen: what was done to which patches, in the order of `DegradationConfig.names`.
        """
        if not self.teachers:
            return gt
        goals, left = gt.clone(), torch.ones(len(gt), dtype=torch.bool, device=gt.device)
        for name, teacher in self.teachers.items():
            taught = left if name == OTHERS else left & chosen[:, self.draws[name]]
            if taught.any():
                with evaluating(teacher):
                    goals[taught] = run(teacher, lr[taught])
            left = left & ~taught
        return goals
