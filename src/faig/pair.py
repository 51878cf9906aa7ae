"""A pair of networks in hand: from two networks to a measured effect."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from faig import zoo
from faig.attribution.cache import Cache
from faig.attribution.integration.path import WeightPath
from faig.attribution.methods import DEFAULT, method_of
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.common.files import new_folder
from faig.common.progress import Track, silent
from faig.common.settings import validated
from faig.filters import FilterSpace
from faig.imaging.cases import Case
from faig.intervention import edit, knob
from faig.intervention.edit import Units
from faig.intervention.knob import WAYS
from faig.intervention.measure import Reference, measure, measure_reference
from faig.intervention.summary import summarise
from faig.networks.checkpoint import Builder, load_builder, network_metadata
from faig.networks.export import save_reloadable
from faig.networks.fingerprint import case_fingerprints
from faig.networks.inference import channels_of, scale_of

if TYPE_CHECKING:
    import pandas as pd


class Pair:
    """A target and the baseline that it was fine-tuned from.

    Args:
        target: θ: a network, the name of one in the zoo (``srresnet-x2/target``), or a file.
        baseline: θ̄: the same.
        arch: builder of a network that the package does not know, or ``file.py:function``.
        device: where to compute.
        unit: what is ranked and altered as one: ``filter`` (the paper's), ``channel`` or ``layer``.
        everything: whether the parameters that are in no filter are ranked after them, by channel.

    Raises:
        InputError: a file cannot be loaded; or the two are of different architectures, or have equal weights.
    """

    def __init__(
        self,
        *,
        target: nn.Module | str | Path,
        baseline: nn.Module | str | Path,
        arch: Builder | str | None = None,
        device: str = "cpu",
        unit: str = "filter",
        everything: bool = False,
    ) -> None:
        builder = load_builder(arch) if isinstance(arch, str) else arch
        self.target, self.baseline = (
            (network if isinstance(network, nn.Module) else zoo.load(str(network), builder)).to(device)
            for network in (target, baseline)
        )
        self._files = {
            role: None if isinstance(network, nn.Module) else zoo.find(str(network))
            for role, network in (("target", target), ("baseline", baseline))
        }
        self.name = "" if isinstance(target, nn.Module) else f"{target} against {baseline}"
        self.unit, self.everything = unit, everything
        self._references: dict[str, Reference] = {}
        # The straight path between the two, in parameter space.
        self.path = WeightPath.of_pair(self.target, self.baseline, self.name or "target and baseline")

    @cached_property
    def space(self) -> FilterSpace:
        """The numbering of the units."""
        return FilterSpace.of(self.target, self.unit, self.everything)

    @cached_property
    def scale(self) -> int:
        """How many times larger an output is than its input."""
        return scale_of(self.target)

    @cached_property
    def channels(self) -> int:
        """Of the images that it takes and gives: 3 for RGB, 1 for gray."""
        return channels_of(self.target)

    def attribute(
        self,
        cases: Sequence[Case],
        method: str = DEFAULT,
        *,
        cache: Cache | None = None,
        track: Track = silent,
        **options: Any,
    ) -> Attribution:
        """Score every unit for each degradation.

        Args:
            cases: what filters are found on; see `make_cases`.
            method: one of ``METHODS``.
            cache: `FolderCache` keeps what is computed, so that a killed process goes on.
            track: shows progress; `faig.progress_bar` is one.
            options: of `Options`: ``nodes``, ``tolerance``, ``budget``, ``memory``, ``threads``, ``seed``, ...

        Raises:
            InputError: there is no such method or option, or the cases do not fit.
        """
        chosen = method_of(method)
        settings = validated(Options, options, "attribute")
        return chosen.attribute(self, list(cases), settings, cache, track=track)

    def revert(self, units: Units) -> nn.Module:
        """The target with a function off: a filter set given its baseline weights back, or strengths as they are."""
        return edit.revert(self.target, self.baseline, units)

    def modulate(self, units: Units, strength: float) -> nn.Module:
        """The target with a function at ``strength``: 0 is `revert`, 1 is the target, 1.5 overshoots."""
        return edit.modulate(self.target, self.baseline, units, strength)

    def turn(self, functions: Mapping[str, Units], strengths: Mapping[str, float], way: str = WAYS[0]) -> nn.Module:
        """The target with functions at strengths, by ``images`` or by ``weights``; see `knob.turn`."""
        return knob.turn(self.target, self.baseline, functions, strengths, way)

    def graft(self, units: Units) -> nn.Module:
        """The baseline with a function's target weights: are they enough?"""
        return edit.graft(self.target, self.baseline, units)

    def measure(
        self, network: nn.Module, cases: Sequence[Case], *, channel: str = "gray", seed: int = 0, track: Track = silent
    ) -> "pd.DataFrame":
        """What an altered network does, compared with target, baseline and GT.

        Args:
            network: e.g. what `revert` gives.
            cases: what to measure on; best others than filters were found on.
            channel: ``gray``, or ``blue`` as the published script.
            seed: of the intervals.
            track: shows progress.

        Returns:
            A row for each input (the degradations, and clean), see `summary.summarise`; 95% intervals over photos in
            the columns ``..._low`` and ``..._high``.

        Raises:
            InputError: the cases do not fit the networks.
        """
        import pandas as pd

        cases = list(cases)
        key = f"{channel} {case_fingerprints(cases)}"
        if key not in self._references:
            reference = measure_reference(self.target, self.baseline, self.scale, cases, channel, None, track)
            self._references = {key: reference}
        reference = self._references[key]
        measured = measure(network, reference, self.scale, channel, None)
        return pd.DataFrame(summarise(measured, reference, seed)).set_index("input")

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        arch: Builder | str | None = None,
        device: str = "cpu",
        unit: str = "filter",
        everything: bool = False,
        **download: Any,
    ) -> "Pair":
        """A pair of the zoo, of a folder, or of a Hugging Face hub repository, by the name that its ecosystem uses.

        Args:
            name: ``srresnet-x2``, a folder that `save_pretrained` wrote, or ``OWNER/REPOSITORY``.
            arch: as in `Pair`.
            device: as in `Pair`.
            unit: as in `Pair`.
            everything: as in `Pair`.
            download: of a repository: ``revision``, ``token``, ``cache_dir``, ``force_download``,
                ``local_files_only``, as `huggingface_hub.snapshot_download` takes them.

        Raises:
            InputError: there is no such pair, or it cannot be read.
        """
        from faig.zoo import hub

        folder = hub.fetch(str(name), **download)
        target, baseline = (folder / f"{role}.safetensors" for role in ("target", "baseline"))
        pair = cls(target=target, baseline=baseline, arch=arch, device=device, unit=unit, everything=everything)
        pair.name = str(name)
        return pair

    def save_pretrained(self, folder: str | Path, *, force: bool = False) -> None:
        """Write the pair as a folder that `from_pretrained`, ``faig zoo push`` and ``faig zoo pull`` read.

        Args:
            folder: is made.
            force: replace a pair that is there.

        Raises:
            InputError: the folder is not empty; or a network's weights are recognised as those of another network.
        """
        from faig.zoo.hub import NEEDED

        with new_folder(Path(folder), force=force, ours=NEEDED) as part:
            for role, network in (("target", self.target), ("baseline", self.baseline)):
                file = self._files[role]
                record = {} if file is None else network_metadata(file)
                save_reloadable(part / f"{role}.safetensors", network, record)

    def push_to_hub(
        self, repository: str, *, private: bool = False, token: str | None = None, commit_message: str | None = None
    ) -> None:
        """Write the pair to a Hugging Face hub repository, which is made where it does not exist, in one commit.

        Args:
            repository: ``OWNER/REPOSITORY``.
            private: make it private, where it is made.
            token: of the hub; else that of ``hf auth login``.
            commit_message: else one that names the pair.

        Raises:
            InputError: as `save_pretrained`, or the repository cannot be written; then nothing new stays there.
        """
        from faig.zoo import hub

        with tempfile.TemporaryDirectory() as folder:
            staged = Path(folder) / repository.rpartition("/")[2]
            self.save_pretrained(staged)
            hub.push(str(staged), repository, private=private, token=token, message=commit_message)

    def __repr__(self) -> str:
        parameters = sum(weight.numel() for weight in self.target.parameters())
        name = self.name or type(self.target).__name__
        return f"Pair({name}: ×{self.scale}, {parameters:,} parameters, {len(self.space):,} {self.space.unit}s)"


def load_pair(name: str, *, device: str = "cpu", unit: str = "filter", everything: bool = False) -> Pair:
    """A pair of the zoo by name, e.g. ``srresnet-x2``.

    Raises:
        InputError: there is no such pair.
    """
    zoo.folder(name)  # names the pairs that there are
    return Pair(target=f"{name}/target", baseline=f"{name}/baseline", device=device, unit=unit, everything=everything)
