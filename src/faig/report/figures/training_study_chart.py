"""The picture of a training study: what every arm gained over the start, on every kind of input."""

from pathlib import Path

import pandas as pd

from faig.common.files import replacing
from faig.imaging.colours import colours_of
from faig.report.figures.style import METADATA, SETTINGS, SOFT

RESOLUTION = 90  # dots per inch
ROW, WIDTH, EDGES = 0.32, 2.6, 1.3  # inches: of an arm, of a panel, of what is above and below


def draw_training_study(file: Path, gains: pd.DataFrame, trained: pd.DataFrame) -> None:
    """Draw it as PNG; equal tables give equal bytes.

    Args:
        file: to write.
        gains: the table `GAINS`: a mean with its interval for each arm and input.
        trained: the table `TRAINED`: a point for each seed.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    arms, inputs = ([*dict.fromkeys(gains[name])] for name in ("arm", "input"))
    colours = colours_of(map(str, inputs))
    with rc_context(SETTINGS):
        figure = Figure(figsize=(2 + WIDTH * len(inputs), EDGES + ROW * len(arms)), layout="constrained")
        panels = figure.subplots(1, len(inputs), sharey=True, squeeze=False)[0]
        for axes, kind in zip(panels, inputs, strict=True):
            means = gains[gains["input"] == kind].set_index("arm").loc[arms]
            ends = means[["gain_low", "gain_high"]].sub(means["gain"], axis=0).abs().T.to_numpy()
            axes.axvline(0, color=SOFT, lw=0.8)
            axes.errorbar(means["gain"], range(len(arms)), xerr=ends, fmt="o", color=colours[str(kind)], ms=5, lw=1.6)
            seeds = trained[trained["input"] == kind]
            axes.plot(seeds["gain"], [arms.index(arm) for arm in seeds["arm"]], "|", color=colours[str(kind)], ms=9)
            axes.set(title=kind, xlabel="dB over the start")
            axes.grid(axis="x")
        panels[0].set_yticks(range(len(arms)), arms)
        panels[0].invert_yaxis()
        with replacing(file) as part:
            figure.savefig(part, format="png", dpi=RESOLUTION, metadata=METADATA["png"])
