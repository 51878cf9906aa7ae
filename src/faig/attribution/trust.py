"""What speaks against a ranking, or against what was learned: one line each."""

from collections.abc import Mapping

CONNECTED = 1.1  # barrier above which a pair is not connected
CLOSES = 0.05  # residual above which an integral does not close
REACHED = 0.5  # of what altering everything does; a set that does less turns its function hardly at all


def disconnected(barriers: Mapping[str, float]) -> str | None:
    """One line that says that the path leaves the working networks, where a barrier (by degradation) says so."""
    bad = {kind: value for kind, value in barriers.items() if value > CONNECTED}
    if not bad:
        return None
    listed = ", ".join(f"{value:.2f} on {kind}" for kind, value in bad.items())
    return (
        f"the pair is not connected (barrier {listed}; above {CONNECTED} a network on the path works worse than "
        "both ends): do not trust the ranking. Is the target fine-tuned from the baseline?"
    )


def not_closing(residuals: Mapping[str, float]) -> str | None:
    """One line that says that the integral misses the change of loss, where a residual (by degradation) says so."""
    bad = {kind: value for kind, value in residuals.items() if not value <= CLOSES}
    if not bad:
        return None
    listed = ", ".join(f"{value:.0%} on {kind}" for kind, value in bad.items())
    return (
        f"the integral does not close (it misses {listed} of the change of loss; above {CLOSES:.0%} contributions do "
        "not add up to what they explain): do not trust the ranking. Do more nodes help? If not, the network's "
        "gradients are wrong"
    )


def not_learned(losses: Mapping[str, tuple[float, float]]) -> str | None:
    """One line that says that the target does a job no better than the baseline.

    Args:
        losses: by degradation, of the target and of the baseline; the lower, the better.
    """
    bad = [kind for kind, (target, baseline) in losses.items() if not target < baseline]
    if not bad:
        return None
    return (
        f"on {' and '.join(bad)} the target's loss is not below the baseline's, so there is no function to find: are "
        "the two swapped, or has training not learned this?"
    )


def tied(scores: Mapping[str, float]) -> str | None:
    """One line that says that all scores for a degradation are equal.

    Args:
        scores: the one score that all units have, by degradation.
    """
    if not scores:
        return None
    listed = " and ".join(f"{kind} ({value:g})" for kind, value in scores.items())
    return f"all scores are equal for {listed}: the order is that of the network, and says nothing"


def not_reached(reached: Mapping[str, float]) -> str | None:
    """One line that says which functions what was learned hardly turns; None where it turns all.

    Args:
        reached: by degradation; see `Attribution.reached`.
    """
    hardly = [f"{max(share, 0):.0%} ({kind})" for kind, share in reached.items() if share < REACHED]
    if not hardly:
        return None
    shares = " and ".join(hardly)
    return f"what was learned does only {shares} of what altering everything does, on the images it was learned on"
