"""The tables of a training study: what was found, trained and measured, and which arm is ahead."""

from faig.results.columns import FUNCTION, LEAK, OFF, WRECKED
from faig.results.table import Table, count, interval, measured, text

SECTION = "training"
_ARM = text("arm", "the way to train, by the name that the study gives it")
_SEED = count("seed", "of the start, and of the training")
_INPUT = text("input", "the kind of input that was measured: a degradation, or `clean`", "input")
_GAIN = "dB over the start, mean over images"

FOUND_UNITS = Table(
    "found.csv",
    "Of each start, method and function: how far the ranking can be trusted that arms take units from.",
    SECTION,
    (
        *(_SEED, text("method", "that ranked the units"), FUNCTION),
        measured("convergence_delta", "of the integral, see `docs/method.md`; empty where the method takes none"),
        measured("barrier", "the largest loss on the path / the larger end's; empty where there is no path", least=0),
    ),
    keys=3,
)
PSNRS = Table(
    "psnr.csv",
    "In the folder of each arm: of each seed, input and image, the PSNR of the trained network.",
    SECTION,
    (
        *(_ARM, _SEED, _INPUT, text("image", "its name"), text("photo", "that it is of")),
        measured("psnr", "in dB against the GT, all channels, border = scale"),
    ),
    keys=4,
)
TRAINED = Table(
    "trained.csv",
    "Of each arm, seed and input: what the training gained; intervals are over photos.",
    SECTION,
    (
        *(_ARM, _SEED, _INPUT, interval("gain", _GAIN)),
        interval("ahead", "dB over the control of the same seed, image by image; empty for the control"),
    ),
    keys=3,
    main=True,
)
GAINS = Table(
    "gains.csv",
    "Of each arm and input: what the trainings of all seeds gained on average; intervals are over photos.",
    SECTION,
    (_ARM, _INPUT, interval("gain", _GAIN, spread=True)),
    keys=2,
    small=True,
)
AHEAD = Table(
    "ahead.csv",
    "Of each arm, each other that it is held against, and input: how far it is ahead, seed by seed and image by image.",
    SECTION,
    (
        *(_ARM, text("against", "the control, or another arm"), _INPUT),
        interval("ahead", "dB more than the other, mean over seeds and images", spread=True),
    ),
    keys=3,
    small=True,
)
SWITCHED = Table(
    "switched.csv",
    "Of each arm and function: how far training switched it off, and what that changed elsewhere; means over seeds, "
    "`target` being the start.",
    SECTION,
    (
        *(_ARM, FUNCTION, OFF, LEAK),
        interval("switched_off_pixels", "as `switched_off`, of the squared error of all channels", most=1, spread=True),
        interval("leak_pixels", "as `leak`, of the squared error of all channels", least=0, spread=True),
        WRECKED,
    ),
    keys=2,
    small=True,
)
COST = Table(
    "cost.csv",
    "Of each arm and seed: what it cost, and how far the weights moved.",
    SECTION,
    (
        *(_ARM, _SEED, count("iterations", "of the training"), count("parameters", "of the network")),
        count("trained", "of the parameters, those that may move"),
        measured("multiply_adds", "of convolutions and matrix products, per LR pixel", least=0),
        measured("moved", "‖trained - start‖ / ‖start‖ over all parameters; empty without a start", least=0),
    ),
    keys=2,
    main=True,
)

TRAINING_TABLES = (FOUND_UNITS, PSNRS, TRAINED, GAINS, AHEAD, SWITCHED, COST)
