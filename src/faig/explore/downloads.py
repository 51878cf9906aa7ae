"""What a visitor takes away: pictures, the altered network, the filters; each as one file."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from PIL import Image as Pillow

from faig.attribution.files.rankings import write_index, write_ranking
from faig.common.errors import InputError
from faig.explore.explorer import Explorer, png
from faig.explore.messages import Change, Input
from faig.explore.running import Check, never
from faig.filters import FilterSet, Scores, rank
from faig.imaging.images import Image, to_uint8
from faig.imaging.metrics import in_channels
from faig.networks.export import export
from faig.report.figures.strips import animation, labelled, strip

PNG, COMPARISON, GIF, CSV, INDEX = "png", "comparison", "gif", "csv", "index"
WEIGHTS = ("safetensors", "pth", "onnx")
KINDS = (PNG, COMPARISON, GIF, *WEIGHTS, CSV, INDEX)
FRAMES = 10  # of an animation, between the target and the change
HELD = 5  # frames for which each is shown where there is nothing in between


def downloaded(explorer: Explorer, shown: Input, change: Change, kind: str, check: Check = never) -> tuple[str, bytes]:
    """A file to take away, and its name.

    Args:
        explorer: runs networks.
        shown: the photo, and how it is made worse.
        change: what is turned.
        kind: ``png``: the altered output, whole; ``comparison``: input, baseline, target, altered and GT side by side;
            ``gif``: the preview, from the target to the change and back; ``safetensors``, ``pth``, ``onnx``: the
            altered network; ``csv``: the filters that are turned; ``index``: all filters, these first, as the paper's
            index files.
        check: asked while networks run.

    Raises:
        InputError: as of `Explorer.alter`; or what is turned cannot be in such a file.
    """
    match kind:
        case "png":
            altered = explorer.alter(shown, change, full=True, check=check)["pictures"]["altered"]
            return "altered.png", png(altered)
        case "comparison":
            return "comparison.png", _comparison(explorer, shown, change, check)
        case "gif":
            return "strengths.gif", _animation(explorer, shown, change, check)
        case "csv" | "index":
            return _filters(explorer, change, kind)
        case _:
            return f"altered.{kind}", _network(explorer, change, kind)


def filters_of(explorer: Explorer, change: Change) -> FilterSet:
    """The units that a change is about: what is brushed, or the sets of the functions that are turned, else of all.

    Raises:
        InputError: there is no such function, or one is turned by strengths of its own.
    """
    if change.way == "map":
        return explorer.networks.brushed(change)
    explorer.networks.parts(change)  # refuses functions that are not there
    units = explorer.subject.units
    turned = [name for name, strength in change.strengths.items() if strength != 1]
    joined = FilterSet.of(explorer.pair.space, [])
    for name in turned or units:
        own = units[name]
        if not isinstance(own, FilterSet):
            raise InputError(f"{name} is turned by strengths of its own for every unit, which is no list of units")
        joined |= own
    return joined


def _comparison(explorer: Explorer, shown: Input, change: Change, check: Check) -> bytes:
    before = explorer.prepare(shown, full=True, check=check)["pictures"]
    after = explorer.alter(shown, change, full=True, check=check)["pictures"]["altered"]
    pictures = {"baseline": before["baseline"], "target": before["target"], "altered": after, "GT": before["gt"]}
    images = {name: _picture(image) for name, image in pictures.items() if image is not None}
    size = images["altered"].size
    return strip(labelled({"input": _picture(before["input"]).resize(size, Pillow.Resampling.NEAREST), **images}))


def _animation(explorer: Explorer, shown: Input, change: Change, check: Check) -> bytes:
    frames = []
    for name, step in _steps(change):
        frames += labelled({name: _picture(explorer.alter(shown, step, check=check)["pictures"]["altered"])})
    return animation(frames)


def _steps(change: Change) -> list[tuple[str, Change]]:
    """From the target to a change, with names."""
    shares = [step / FRAMES for step in range(FRAMES + 1)]
    if change.map is None:
        levels = [{name: 1 + share * (s - 1) for name, s in change.strengths.items()} for share in shares]
        names = [", ".join(f"{name} {level:.2f}" for name, level in at.items()) for at in levels]
        changes = [change.model_copy(update={"strengths": at}) for at in levels]
        return list(zip(names, changes, strict=True))
    if change.map.action in ("graft", "cut"):
        return [*[("target", Change())] * HELD, *[(change.map.action, change)] * HELD]
    end = change.map.strength if change.map.action == "strength" else 0.0
    strengths = [1 + share * (end - 1) for share in shares]
    maps = [change.map.model_copy(update={"action": "strength", "strength": strength}) for strength in strengths]
    return [(f"{each.strength:.2f}", change.model_copy(update={"map": each})) for each in maps]


def _filters(explorer: Explorer, change: Change, kind: str) -> tuple[str, bytes]:
    space, chosen = explorer.pair.space, filters_of(explorer, change)
    scores = _scores(explorer, change)
    with tempfile.TemporaryDirectory(prefix="faig-") as folder:
        file = Path(folder) / ("filters.csv" if kind == CSV else "index.txt")
        if kind == CSV:
            write_ranking(file, space, scores, ranked=chosen)
        else:
            order = torch.cat([rank(scores, chosen), rank(scores, ~chosen)])
            places = torch.empty(len(order), dtype=torch.float64)
            places[order] = torch.arange(len(order), 0, -1, dtype=torch.float64)
            write_index(file, places)
        return file.name, file.read_bytes()


def _scores(explorer: Explorer, change: Change) -> Scores:
    """By which units are listed: of the first method for the function that is turned; else by their number."""
    space = explorer.pair.space
    turned = [name for name, strength in change.strengths.items() if strength != 1]
    rankings = next(iter(explorer.subject.rankings.values()), {})
    for name in (*turned, *rankings):
        if name in rankings and len(rankings[name].scores) == len(space):
            return rankings[name].scores
    return -torch.arange(len(space), dtype=torch.float64)


def _network(explorer: Explorer, change: Change, kind: str) -> bytes:
    subject, parts = explorer.subject, explorer.networks.parts(change)
    if len(parts) > 1 and kind != "onnx":
        raise InputError(
            f"the output images of {len(parts)} networks are averaged here, and a .{kind} file holds one; take ONNX, "
            "or turn by the way set"
        )
    altered = change.model_dump(mode="json", include={"way", "strengths"}) | dict(subject.named)
    metadata: dict[str, Any] = {**subject.architecture, "altered": altered}
    with tempfile.TemporaryDirectory(prefix="faig-") as folder:
        file = Path(folder) / f"altered.{kind}"
        try:
            export(explorer.networks.network(parts), file, metadata)
        except InputError as error:
            raise InputError(str(error).replace(f"{file}: ", "").replace(folder, "")) from None
        return file.read_bytes()


def _picture(image: Image) -> Pillow.Image:
    return Pillow.fromarray(to_uint8(in_channels(image, 3)).cpu().numpy().transpose(1, 2, 0))
