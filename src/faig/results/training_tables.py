"""The tables of a training study: what was found, trained and measured, and which arm is ahead."""

from faig.results.columns import CONTROLS, FUNCTION, LAYER, LEAK, OFF, PROPORTION, WRECKED
from faig.results.table import Table, count, interval, measured, share, text

SECTION = "training"
_ARM = text("arm", "the way to train, by the name that the study gives it")
_SEED = count("seed", "of the start, and of the training")
_INPUT = text("input", "the kind of input that was measured: a degradation, or `clean`", "input")
_DELTA = measured("convergence_delta", "of the integral, see `docs/method.md`; empty where the method takes none")
_BARRIER = measured("barrier", "the largest loss on the path / the larger end's; empty where there is no path", least=0)
_GAIN = "dB over the start, mean over images"

FOUND_UNITS = Table(
    "found.csv",
    "Of each start, method and function: how far the ranking can be trusted that arms take units from.",
    SECTION,
    (
        *(_SEED, text("method", "that ranked the units"), FUNCTION),
        *(_DELTA, _BARRIER),
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
PROBABILITIES = Table(
    "probabilities.csv",
    "Of each arm whose networks have banks, seed, bank and input: how far the classifier mixes the bank in; intervals "
    "are over photos.",
    SECTION,
    (
        *(_ARM, _SEED, text("bank", "by the degradation whose filters it is of"), _INPUT),
        interval("probability", "mean over images", least=0, most=1),
        share(
            "auc",
            "how often it is larger on an image with the bank's degradation than on one of this input, over all pairs "
            "(the area under the ROC curve); empty for the degradation itself",
            gaps=True,
        ),
    ),
    keys=4,
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

GIVEN_BACK = (
    interval("switched_off", "1 - E(F', start) / E(trained, start) on the own degradation", most=1),
    interval("leak", "the largest E(F', trained) on another input / E(trained, start)", least=0),
    interval("switched_off_pixels", "as `switched_off`, of the squared error of all channels", most=1),
    interval("leak_pixels", "as `leak`, of the squared error of all channels", least=0),
    interval("psnr_gain", "dB over the trained network on the own degradation"),
)
_CHOSEN = (
    *(_ARM, _SEED, text("chosen", "the method that ranked the filters, or the branch that they all are of")),
    *(FUNCTION, PROPORTION),
)
HALVES = Table(
    "halves.csv",
    "Of each arm, seed, function, knob at half strength, and input: PSNR less the trained network's; intervals are "
    "over photos.",
    SECTION,
    (
        *(_ARM, _SEED, FUNCTION),
        text(
            "knob",
            "`learned`, the set of that method, by output images; or one of the controls",
            values=("learned", *CONTROLS),
        ),
        _INPUT,
        interval("change", "dB, mean over images"),
    ),
    keys=5,
)
ATTRIBUTED = Table(
    "attributed.csv",
    "Of each arm and seed: what changes where filters get the start's weights back, the first ones or a branch.",
    SECTION,
    (
        *(*_CHOSEN, count("filters", "given back"), *GIVEN_BACK),
        measured("psnr_elsewhere", "dB over the trained network on the other input that loses most, mean over images"),
        *(_DELTA, _BARRIER, WRECKED),
    ),
    keys=len(_CHOSEN),
)
ATTRIBUTED_LAYERS = Table(
    "attributed-layers.csv",
    "Of each row of `attributed.csv`, and layer: how many of the filters it has.",
    SECTION,
    (*_CHOSEN, LAYER, count("filters", "of the layer"), count("found", "of them given back")),
    keys=len(_CHOSEN) + 1,
)

TRAINING_TABLES = (
    FOUND_UNITS,
    PSNRS,
    TRAINED,
    GAINS,
    AHEAD,
    SWITCHED,
    PROBABILITIES,
    COST,
    HALVES,
    ATTRIBUTED,
    ATTRIBUTED_LAYERS,
)
