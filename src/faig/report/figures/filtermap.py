"""The filter map: where the best filters of each function are, compactly enough for a page."""

import base64
from typing import Any

from torch import Tensor

from faig.attribution.files.ranking_file import RankingFile
from faig.imaging.colours import COLOURS

KEPT = 0.1  # of the filters, those whose scores are shown
MOST = 200_000  # of them, however large the network


def filter_map(rankings: RankingFile, colours: dict[str, str]) -> dict[str, Any]:
    """What the page's script draws, of the run's own method; each function in its place of `COLOURS`.

    Scores and flat indices of the best `KEPT` are little-endian float32 and uint32 in base64, best first, so that a
    position is a rank.

    Returns:
        ``method``, ``layers`` (``[name, out, in, start]``), ``total`` (filters of the network) and ``functions``
        (``name``, ``colour``, ``index``, ``score``).
    """
    space = rankings.space
    count = min(MOST, max(1, int(len(space) * KEPT)))
    default_rankings = [rankings.get(rankings.default, kind) for kind in rankings.degradations]
    best = {ranking.degradation: (ranking.order[:count], ranking.scores) for ranking in default_rankings}
    return {
        "method": rankings.default,
        "layers": [(layer.name, layer.out, layer.inputs, layer.start) for layer in space.layers],
        "total": len(space),
        "functions": [
            {"name": kind, "colour": COLOURS.index(colours[kind])}
            | {"index": packed(indices, "<u4"), "score": packed(scores[indices], "<f4")}
            for kind, (indices, scores) in best.items()
        ],
    }


def packed(values: Tensor, form: str) -> str:
    """Numbers in base64, as the bytes of a NumPy type (``<u4``, ``<f4``)."""
    return base64.b64encode(values.numpy().astype(form).tobytes()).decode("ascii")
