"""Columns that several tables of a run have."""

from faig.results.table import Column, count, interval, measured, text, wreck

METHOD = text("method", "that ranked the filters", "method")
RANKED_BY = text("method", "that ranked the filters")  # of all that have scores, whether the run asked for it or not
REVERTED = text("reverted", "the function whose top filters have the baseline's weights", "function")
INPUT = text("input", "the kind of input that was measured: a degradation, or `clean`", "input")
FUNCTION = text("function", "the degradation whose filters these are", "function")
FUNCTIONS = text("functions", "one, or several joined by `+`", "functions")
CONTROLS = ("DNI", "blend")
KNOB = "`DNI` (all parameters mixed) or `blend` (the two output images averaged)"
PROPORTION = Column("proportion", "size of the set / number of filters", least=1e-9, most=1)
WRECKED = wreck()
EFFECT = (
    measured(
        "effect_target_baseline",
        "E(target, baseline): what reverting everything would do, but for the biases",
        least=0,
    ),
    measured("psnr", "of the altered network in dB against the GT, all channels, border = scale"),
    measured("psnr_target", "of the target"),
    measured("psnr_baseline", "of the baseline"),
    measured("ssim", "of the altered network against the GT, all channels, border = scale"),
    *(
        column
        for name, unit in (("psnr", "dB "), ("ssim", ""))
        for column in (
            measured(
                f"{name}_gain",
                f"{unit}over the network that was altered: reverting alters the target, grafting the baseline",
            ),
            measured(f"{name}_gain_worst", "the same of the image that loses most"),
        )
    ),
    measured(
        "effect_spread",
        "for `random`, whose row is a mean over seeds: the standard deviation between them",
        least=0,
    ),
    WRECKED,
)
OFF = interval("switched_off", "1 - E(F', baseline) / E(target, baseline) on the own degradation", most=1, spread=True)
LEAK = interval(
    "leak",
    "the largest E(F', target) on another input / E(target, baseline)",
    least=0,
    spread=True,
    optional=True,
)
PIXELS = (
    interval("switched_off_pixels", "as `switched_off`, of the squared error of all channels", most=1, spread=True),
    interval("leak_pixels", "as `leak`, of the squared error of all channels", least=0, spread=True, optional=True),
    text("loses_most", "the other input that loses most PSNR, mean over images", "input", optional=True),
    measured("psnr_elsewhere", "dB over the target on that input, mean over images", optional=True),
    measured(
        "psnr_elsewhere_worst", "dB over the target on the one image of any other input that loses most", optional=True
    ),
)
ON = (
    interval(
        "switched_on", "1 - E(F', target) / E(target, baseline) of the same filters as a graft", most=1, spread=True
    ),
    interval("switched_on_pixels", "as `switched_on`, of the squared error of all channels", most=1, spread=True),
)
PSNR_GAIN = interval("psnr_gain", "dB over the baseline on the own degradation", spread=True)
TRAINABLE = (FUNCTION, text("trainable", "which filters may change: the found ones, or as many others"))
LAYER = text("layer", "name of the layer")
DRAWS = count("seeds", "how many draws the row is a mean of, where chance decides")
