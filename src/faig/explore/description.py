"""A pair in words and numbers, as the page takes it."""

from typing import Any

import torch

from faig.attribution.trust import REACHED
from faig.common.version import __version__
from faig.explore.explorer import PREVIEW, Explorer
from faig.explore.messages import WAYS
from faig.explore.photos import BYTES, EXAMPLES
from faig.explore.subject import Subject
from faig.filters import Strengths
from faig.imaging.colours import colours_of
from faig.imaging.decoding import most_megapixels
from faig.report.claims.claim import job
from faig.report.figures.filtermap import KEPT, MOST, packed


def describe(explorer: Explorer, *, curves: bool = False) -> dict[str, Any]:
    """What the page knows of a pair before anything is computed; JSON-able.

    Flat indices and scores are little-endian uint32 and float32 in base64, best first; of a ranking the best tenth.

    Args:
        explorer: of the pair.
        curves: measure each function's curve, which takes seconds; else ``curve`` is None where it is not known yet.

    Raises:
        InputError: the limit of an image's pixels that the environment sets is no number.
    """
    subject, pair = explorer.subject, explorer.pair
    space = pair.space
    for point in explorer.curves.missing() if curves else ():
        explorer.curves.measure(point)
    measured = explorer.curves.measured()
    colours = colours_of(subject.functions)
    count = min(MOST, max(1, int(len(space) * KEPT)))
    photos = {name: explorer.photos.pixels(name) for name in EXAMPLES}
    return {
        "name": subject.name,
        "version": __version__,
        "scale": pair.scale,
        "channels": pair.channels,
        "parameters": sum(weight.numel() for weight in pair.target.parameters()),
        "functions": [
            {
                "name": name,
                "job": job(name),
                "colour": colours[name],
                "trained": None if function.trained is None else vars(function.trained),
                "set": function.set,
                "hardly": function.reached if function.reached is not None and function.reached < REACHED else None,
                "degradation": None if function.degradation is None else str(function.degradation),
                "curve": measured[name]["images"] if name in measured else None,
            }
            for name, function in subject.functions.items()
        ],
        "down": subject.downsampling,
        "ways": list(WAYS[:-1]),
        "space": {
            "unit": space.unit,
            "units": len(space),
            "layers": [[layer.name, layer.out, layer.inputs, layer.start] for layer in space.layers],
        },
        "methods": [
            {
                "name": method,
                "functions": {
                    name: {
                        "index": packed(ranking.order[:count], "<u4"),
                        "score": packed(ranking.scores[ranking.order[:count]].float(), "<f4"),
                    }
                    for name, ranking in rankings.items()
                },
            }
            for method, rankings in subject.rankings.items()
        ],
        "sets": {
            name: packed((Strengths.of(units).values != 1).nonzero().flatten(), "<u4")
            for name, units in subject.units.items()
        },
        "examples": [
            {
                "id": name,
                "title": example.title,
                "credit": example.credit,
                "width": photos[name].shape[1],
                "height": photos[name].shape[0],
            }
            for name, example in EXAMPLES.items()
        ],
        "limits": {"bytes": BYTES, "pixels": int(most_megapixels() * 1e6)},
        "command": f"faig explore {subject.argument}",
        "preview": PREVIEW,
    }


def describe_unit(subject: Subject, index: int) -> dict[str, Any]:
    """One unit: its place, kernels, ranks (from 1), and what the integral counts to it.

    Raises:
        InputError: there is no such unit.
    """
    pair = subject.pair
    layer = pair.space.layer_of(index)
    out, inp = divmod(index - layer.start, layer.inputs)
    kernels = None
    if layer.unit == "filter":
        part, place = layer.kernels, index - layer.start
        baseline, target = (
            part.split(network.get_parameter(part.key).detach())[place].cpu()
            for network in (pair.baseline, pair.target)
        )
        kernels = {
            "baseline": baseline.tolist(),
            "target": target.tolist(),
            "difference": (target - baseline).tolist(),
        }
    ranks: dict[str, dict[str, Any]] = {}
    for method, rankings in subject.rankings.items():
        for name, ranking in rankings.items():
            place_of = torch.nonzero(ranking.order == index).flatten().tolist()
            ranks.setdefault(method, {})[name] = {
                "rank": place_of[0] + 1 if place_of else None,
                "score": float(ranking.scores[index]),
                "confidence": None if ranking.confidence is None else float(ranking.confidence[index]),
            }
    return {
        "index": index,
        "layer": layer.name,
        "out": out,
        "in": inp,
        "kernels": kernels,
        "ranks": ranks,
        "predicted": subject.contributions(index),
    }
