"""The tables of altered networks: what reverting and grafting the top of rankings does."""

import math
from dataclasses import replace

from faig.results.columns import (
    CONTROLS,
    EFFECT,
    FUNCTION,
    INPUT,
    KNOB,
    LEAK,
    METHOD,
    OFF,
    ON,
    PIXELS,
    PROPORTION,
    REVERTED,
    WRECKED,
)
from faig.results.table import Table, interval, measured, share, text

SUMMARY = Table(
    "summary.csv",
    "Of each method, function and proportion: does reverting it switch the function off, and what else does it change?",
    "comparison",
    (
        *(METHOD, REVERTED, PROPORTION, OFF, LEAK, *PIXELS, *ON, WRECKED),
        measured(
            "passes",
            "what the method cost for all functions together: forward and backward, one image with one degradation; "
            "empty for a ranking from a file",
            least=0,
        ),
    ),
    keys=3,
    small=True,
)
DIFFERENCES = Table(
    "differences.csv",
    "Of FAIG and the run's own method, by function and proportion: the differences from every other method.",
    "comparison",
    (
        text("method", "that is compared with all others: FAIG, and the run's own", "method"),
        *(REVERTED, PROPORTION, text("other_method", "that it is compared with", "method")),
        interval("effect", "the method's minus the other's, on the own degradation; photos are resampled jointly"),
        interval("switched_off", "the method's minus the other's"),
        interval("leak", "the method's minus the other's: less is better"),
        interval("switched_off_pixels", "the same of `switched_off_pixels`"),
        interval("leak_pixels", "the same of `leak_pixels`: less is better"),
    ),
    keys=4,
    main=True,
)
EQUAL_TERMS = Table(
    "equal-terms.csv",
    "Of each function and method, twice: what its set does that was chosen to be at equal terms with FAIG's 1%.",
    "comparison",
    (
        *(REVERTED, text("method", "that is held against FAIG", "method")),
        text(
            "constraint",
            "`no more leak`: of at most 1% of the filters, the set that leaks no more and switches off most; "
            "`as much off`: the smallest that switches off as much, else the largest; by both measures",
            values=("no more leak", "as much off"),
        ),
        replace(PROPORTION, about=f"{PROPORTION.about}; 0 where no set leaks so little, and none is reverted", least=0),
        text(
            "chosen_on",
            "the images on which the proportion was chosen: `finding images`, or, where filters were found on no "
            "others, `measured images`, which flatters the method",
            values=("finding images", "measured images"),
        ),
        *(
            column
            for name, better, least, most in (("switched_off", "more", -math.inf, 1), ("leak", "less", 0, math.inf))
            for end, measure in (("", ""), ("_pixels", ", in pixels"))
            for column in (
                interval(f"{name}{end}", f"of that set on the measured images{measure}", least=least, most=most),
                interval(f"{name}{end}_ahead", f"by how much that is {better} than FAIG's"),
            )
        ),
        WRECKED,
    ),
    keys=3,
    small=True,
)
KNOBS = Table(
    "knobs.csv",
    "Of each function, control and position: what turning it down does without any attribution.",
    "comparison",
    (
        text("knob", KNOB, values=CONTROLS),
        replace(FUNCTION, about="that the numbers are of; the knob turns all of them"),
        share("position", "the target's share: 0 is the baseline, 1 would be the target"),
        *(OFF, LEAK),
        *PIXELS,
        interval("psnr", "in dB against the GT, on the own degradation"),
        interval("psnr_gain", "dB over the target there"),
        WRECKED,
    ),
    keys=3,
    main=True,
)
AREAS = Table(
    "areas.csv",
    "Of each method and function: how selective it is.",
    "comparison",
    (
        METHOD,
        REVERTED,
        interval("area", "under own effect minus the largest other one, over log proportion"),
        interval("selectivity", "own effect / the largest other one, at the smallest proportion", least=0),
    ),
    keys=2,
    main=True,
)
EFFECTS = Table(
    "effects.csv",
    "Of each method, reverted function, input and proportion: what changed.",
    "comparison",
    (
        *(METHOD, REVERTED, INPUT, PROPORTION),
        interval("effect", "E(F', target), mean over images", least=0),
        measured("effect_to_baseline", "E(F', baseline)", least=0),
        *EFFECT,
    ),
    keys=4,
)
CHECK = Table(
    "check.csv",
    "Of each function and input: what reverting the top of the run's own ranking does, on the images it was found on.",
    "comparison",
    (
        *(FUNCTION, INPUT, replace(PROPORTION, gaps=True)),
        interval("effect", "E(F', target), mean over images", least=0),
        interval("switched_off", "on the own degradation, see `summary.csv`; empty elsewhere", most=1),
        interval("leak", "on the own degradation: the largest elsewhere, see `summary.csv`; empty elsewhere", least=0),
        interval("switched_off_pixels", "as `switched_off`, of the squared error of all channels", most=1),
        interval("leak_pixels", "as `leak`, of the squared error of all channels", least=0),
        interval("psnr", "of the altered network in dB against the GT, RGB, border = scale"),
        interval("psnr_gain", "dB over the target"),
        measured("psnr_gain_worst", "the same of the image that loses most"),
        measured("psnr_target", "of the target"),
        measured("psnr_baseline", "of the baseline"),
        measured("ssim", "of the altered network"),
        measured("ssim_gain", "over the target's"),
        measured("ssim_gain_worst", "the same of the image that loses most"),
        WRECKED,
    ),
    keys=2,
)
GRAFTS = Table(
    "grafts.csv",
    "The same of the same filters' target weights on the baseline.",
    "comparison",
    (
        METHOD,
        text("grafted", "the function whose top filters have the target's weights", "function"),
        *(INPUT, PROPORTION),
        interval("effect", "E(F', baseline), mean over images", least=0),
        measured("effect_to_target", "E(F', target)", least=0),
        *EFFECT,
    ),
    keys=4,
)

COMPARISON_TABLES = (SUMMARY, DIFFERENCES, EQUAL_TERMS, KNOBS, AREAS, EFFECTS, CHECK, GRAFTS)
