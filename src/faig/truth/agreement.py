"""How well a ranking agrees with a true one (ours)."""

import torch

from faig.common.settings import count_of
from faig.filters import Scores, rank


def rank_correlation(scores: Scores, truth: Scores) -> float:
    """Spearman's, over all filters; 0 where either says the same of all of them."""
    from scipy.stats import rankdata  # slow to import

    ranks = torch.stack([torch.from_numpy(rankdata(values.double().numpy())) for values in (scores, truth)])
    centred = ranks - ranks.mean(1, keepdim=True)
    size = centred.norm(dim=1).prod()
    return float(centred.prod(0).sum() / size) if size else 0.0


def precision(scores: Scores, truth: Scores, proportion: float) -> float:
    """Share of the top set of the scores that is in the top set of the truth, both of that proportion."""
    size = count_of(proportion, len(truth))
    return float(torch.isin(rank(scores)[:size], rank(truth)[:size]).float().mean())


def recall(scores: Scores, members: torch.Tensor) -> float:
    """Share of a known set that stands among the first so many of the ranking.

    Args:
        scores: one per filter.
        members: ``[filter]``, true for those of the set.
    """
    first = rank(scores)[: int(members.sum())]
    return float(members[first].float().mean())
