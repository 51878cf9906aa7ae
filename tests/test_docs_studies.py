"""What the page of studies says of those that were run is in their tables."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).parents[1] / "docs"
PARTS = ("switched_off", "switched_off_pixels", "leak", "leak_pixels")


@pytest.fixture
def said():
    return " ".join((DOCS / "studies.md").read_text(encoding="utf-8").split())


def table(study, name, *keys):
    rows = pd.read_csv(DOCS / "results" / study / f"{name}.csv", dtype={"arm": str})  # 5e-5 is the name of one
    return rows.set_index(list(keys)).sort_index() if keys else rows


def of_seeds(values):
    """Mean and standard deviation of what each seed has, as they are told."""
    return f"{values.mean():.2f} ± {values.std():.2f}"


def test_what_protecting_units_keeps(said):
    gains = table("guided", "gains", "arm", "input").gain
    lost = gains["all-free", "blur"]
    kept = {arm: f"{gains[arm, 'blur'] - lost:.2f}" for arm in gains.index.levels[0]}
    jpeg = {arm: gains["all-free", "jpeg"] - gains[arm, "jpeg"] for arm in gains.index.levels[0]}
    protecting = [arm for arm in jpeg if arm.partition("-")[0] in ("found", "random", "layers")]
    assert f"{-lost:.2f} dB of deblurring go. With the found 20% protected {kept['found-20']} dB of that stay" in said
    assert f"with 20% at random {kept['random-20']}, with as many of the same layers {kept['layers-20']}" in said
    assert f"with the found 50% {kept['found-50']}, with 50% at random {kept['random-50']}" in said
    within = max(abs(jpeg[arm]) for arm in protecting)
    assert f"gains the same {gains['all-free', 'jpeg']:.2f} dB to within {within + 0.005:.2f}" in said
    pulled = [f"{kept[arm]} dB for {jpeg[arm]:.2f} dB of JPEG" for arm in ("pull-1", "pull-4")]
    assert f"keeps {pulled[0]}, or {pulled[1].replace(' dB', '').replace(' of JPEG', '')}, without" in said


def test_what_few_units_unlearn(said):
    rows = table("unlearning", "switched", "arm")
    off = {arm: f"{row.switched_off:.2f} / {row.switched_off_pixels:.2f}" for arm, row in rows.iterrows()}
    few = [rows.loc[arm, part] for arm in ("found-1", "random-1", "change-1") for part in ("leak", "leak_pixels")]
    assert f"{off['found-1']} by the found 1%, {off['random-1']} by 1% at random" in said
    assert f"{off['change-1']} by the 1% that changed most, at leaks of {min(few):.2f} to {max(few):.2f}" in said
    assert f"{off['found-5']} by the found 5%, {off['random-5']} at random" in said
    everything = rows.loc["all-free"]
    leak = f"{everything.leak:.2f} / {everything.leak_pixels:.2f}"
    assert f"{off['all-free']} by all, at a leak of {leak}" in said
    spread = rows[[f"{part}_spread" for part in PARTS]].drop("all-free").max().max()
    assert f"Between seeds the standard deviation is up to {spread:.2f}" in said
    ahead = table("unlearning", "ahead", "arm", "against", "input")
    one, five = (ahead.loc[f"found-{size}", f"random-{size}", "noise"] for size in (1, 5))
    assert one.ahead_low < 0 < one.ahead_high
    assert five.ahead_high < 0  # unlearned further: a lower PSNR
    assert f"the found 5% goes {-five.ahead:.2f} dB further" in said


def test_what_a_second_branch_gains_and_costs(said):
    ahead = table("branches", "ahead", "input").ahead
    seeds = table("branches", "trained", "arm", "input").loc["two"].ahead
    assert f"ahead by {ahead['clean']:.2f} dB on clean images and by {ahead['noise']:.2f} dB on noisy ones" in said
    assert (seeds[["clean", "noise"]] > 0).all()
    assert f"ahead by {ahead['blur']:.2f} dB on average, and by {seeds['blur'].min():.2f} dB with one seed" in said
    cost = table("branches", "cost").groupby("arm").mean(numeric_only=True)
    more = cost.loc["two"] / cost.loc["one"] - 1
    assert f"costs {more.multiply_adds:.0%} more multiply-adds and {more.parameters:.0%} more parameters" in said


def test_what_filters_hold_in_a_second_branch(said):
    rows = table("branches", "attributed", "chosen", "arm", "function")
    whole = rows.loc["second-branch", "two"]
    off, leaked = (of_seeds(whole.loc["noise", part]) for part in ("switched_off", "leak"))
    lost = -whole.loc["noise", "psnr_elsewhere"].mean()
    assert f"denoising is off to {off} at a leak of {leaked}, and other inputs lose {lost:.2f} dB" in said
    assert f"deblurring stays ({of_seeds(whole.loc['blur', 'switched_off'])})" in said
    two, one = (rows.loc["faig", arm, "noise"].query("proportion == 0.01") for arm in ("two", "one"))
    assert f"off to {of_seeds(two.switched_off)} at a leak of {two.leak.mean():.2f}" in said
    assert f"({of_seeds(one.switched_off)} at {one.leak.mean():.2f} with one branch)" in said
    assert f"{['no', 'one', 'two', 'three'][two.wrecked.notna().sum()]} of three networks are wrecked" in said
    layers = table("branches", "attributed-layers").query("arm == 'two' and function == 'noise' and proportion == 0.01")
    layers = layers[layers.chosen == "faig"]
    second = layers[layers.layer.isin(second_branch())]
    share, found = (second[part].sum() / layers[part].sum() for part in ("filters", "found"))
    assert f"of them {found:.0%} are in the branch, which has {share:.0%} of all filters" in said


def second_branch():
    """The layers of which all filters are reverted where the whole branch is."""
    layers = table("branches", "attributed-layers").query("chosen == 'second-branch'")
    return set(layers[layers.filters == layers.found].layer)


def test_what_gentler_training_leaves_in_few_filters(said):
    rows = table("gentle", "attributed").query("proportion == 0.01")
    means = rows.groupby(["chosen", "function", "arm"]).switched_off.mean()
    arms = ("5e-5", "5e-4"), ("5e-5-long",), ("5e-4-short",)
    shares = {
        (method, which): [" to ".join(f"{means[method, of, arm]:.2f}" for arm in which) for of in ("blur", "noise")]
        for method in ("faig", "learned")
        for which in arms
    }
    by_rate, long, short = ([shares[method, which] for method in ("faig", "learned")] for which in arms)
    assert f"by FAIG {by_rate[0][0]} of deblurring and {by_rate[0][1]} of denoising" in said
    assert f"by a learned set {by_rate[1][0]} and {by_rate[1][1]}, and the less it leaks on denoising" in said
    assert (
        f"by FAIG {long[0][0]} of deblurring and {long[0][1]} of denoising are in 1% (learned {' and '.join(long[1])})"
        in said
    )
    assert f"it is {' and '.join(short[0])} ({' and '.join(short[1])})" in said
    assert f"is one of working networks at every rate (barrier {rows.barrier.max():.2f})" in said
    moved = table("gentle", "cost").groupby("arm").moved.mean()
    assert f"moves the weights by {moved['5e-5'] * 100:.0f} to {moved['5e-4']:.0%}" in said
    assert f"the weights move by {moved['5e-5-long']:.0%}," in said
    assert f"they move by {moved['5e-4-short']:.0%}," in said
    gains = table("gentle", "gains", "arm", "input").gain
    least, most = (
        " and ".join(f"{gains[arm, 'blur']:+.2f}" for arm in each)
        for each in (("5e-5", "5e-4-short"), ("5e-4", "5e-5-long"))
    )
    assert f"(deblurring {least} dB in the two that went least far, {most} in those that went furthest)" in said


INPUTS = ("clean", "blur", "noise")


def test_what_banks_of_found_filters_gain(said):
    """By how many dB one arm is ahead of another on each kind of input, and how well classifiers tell these."""
    rows = table("banks", "ahead", "arm", "against", "input")
    ahead = {pair: " / ".join(f"{rows.ahead[(*pair, kind)]:+.2f}" for kind in INPUTS) for pair in ARM_PAIRS}
    gains = table("banks", "gains", "arm", "input").gain.unstack()
    free = gains.loc[["one", "found", "random", "layers"]]
    most = (free.max() - free.min()).max()
    assert f"others of the same layers and no banks differ by {most:.2f} dB at most" in said
    assert f"({ahead['begun', 'one']} dB ahead of those)" in said
    assert f"learn {ahead['found-alone', 'begun']} dB and those of random ones {ahead['random-alone', 'begun']}" in said
    learned = rows.ahead["found-alone", "begun"] / -rows.ahead["begun", "one"]
    assert 0.4 < learned["noise"] < 0.6  # half of it
    assert learned["blur"] < 0.1  # next to none
    assert f"found ones are {ahead['found-alone', 'random-alone']} dB ahead of random ones" in said
    assert f"and {ahead['found-alone', 'layers-alone']} of others of the same layers" in said
    assert f"{ahead['found-alone', 'few-free']} dB ahead of the same filters without a switch" in said
    assert f"With labels they are {ahead['found-labels', 'found-alone']} dB ahead of themselves without" in said
    assert f"{ahead['found-labels', 'random-labels']} of random ones and {ahead['found-labels', 'few-free']}" in said
    by_photos = (rows.ahead_low > 0) | (rows.ahead_high < 0)
    apart = rows.index[by_photos & (rows.ahead.abs() > rows.ahead_spread)]
    clearly = {pair: [kind for kind in INPUTS if (*pair, kind) in apart] for pair in ARM_PAIRS[3:]}
    assert clearly == {  # as the page words it
        ("found-alone", "random-alone"): [],
        ("found-alone", "layers-alone"): ["blur"],
        ("found-alone", "few-free"): [],
        ("found-labels", "found-alone"): ["clean", "noise"],
        ("found-labels", "random-labels"): ["clean", "blur"],
        ("found-labels", "few-free"): ["clean", "noise"],
    }
    told = table("banks", "probabilities").groupby(["arm", "bank", "input"]).auc.mean().groupby(["arm", "bank"]).min()
    for arm, name in (("found-alone", "without labels"), ("found-labels", "with them")):
        assert f"{told[arm, 'blur']:.2f} for blur and {told[arm, 'noise']:.2f} for noise {name}" in said
    cost = table("banks", "cost").groupby("arm").mean(numeric_only=True)
    more = cost.loc["found"] / cost.loc["one"] - 1
    assert f"{more.multiply_adds:.0%} more multiply-adds and {more.parameters:.0%} more parameters" in said
    assert f"{cost.trained['found-alone']:,.0f} weights against {cost.trained['few-free']:,.0f}" in said


ARM_PAIRS = (
    *(("begun", "one"), ("found-alone", "begun"), ("random-alone", "begun")),
    *(("found-alone", other) for other in ("random-alone", "layers-alone", "few-free")),
    *(("found-labels", other) for other in ("found-alone", "random-labels", "few-free")),
)


def test_what_is_found_again_of_planted_functions():
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    rows = table("planted", "planted")
    recalls = rows.groupby(["drift", "method", "pair", "function"]).recall.mean()
    ranges = {
        (drift, method): f"{100 * of_method.min():.0f} to {of_method.max():.0%}"
        for (drift, method), of_method in recalls.groupby(level=[0, 1])
    }
    faig, net, predicted, control = (ranges[0, name] for name in ("faig", "signed-net", "predicted", "random"))
    assert f"FAIG finds {faig} again among as many first ones" in text
    assert f"`signed-net` {net}, `predicted` {predicted}, random filters {control}. Once everything" in text
    most = rows.drift.max()
    drifted = [ranges[most, name] for name in ("faig", "signed-net", "predicted", "random")]
    assert f"{most:g} times as far as what was planted, it is {', '.join(drifted[:3])} and {drifted[3]}: drift" in text
    networks = rows.drop_duplicates(["pair", "seed", "function", "drift"])
    gains = (networks.psnr - networks.psnr_baseline).groupby([networks.drift, networks.pair, networks.function]).mean()
    resnet, srcnn = (gains[0, f"{name}-small"] for name in ("srresnet-x2", "srcnn-style-x2"))
    assert f"SRResNet gains {resnet['blur']:.2f} dB on blur and {resnet['noise']:.2f} on noise" in text
    assert f"the SRCNN-style network {srcnn['blur']:.2f}, " in text
    assert f"and {srcnn['noise']:.2f} (0.87 and 3.78)" in text


def test_what_the_gentler_twins_of_the_shipped_pairs_hold(said):
    results = DOCS / "results"
    twins = json.loads((results / "twins.json").read_text(encoding="utf-8"))
    learned = {
        pair: json.loads((results / f"knob-{file}.json").read_text(encoding="utf-8"))["functions"]
        for pair, file in (
            *(("srresnet-x2", "srresnet"), ("srresnet-x2-gentle", "srresnet-gentle")),
            *(("srcnn-style-x2", "srcnn-style"), ("srcnn-style-x2-gentle", "srcnn-style-gentle")),
        )
    }
    faig = {
        (pair, row["function"]): row
        for pair, measured in twins.items()
        for row in measured["given_back"]
        if (row["method"], row["proportion"]) == ("faig", 0.01)
    }

    def of_twin(pair: str, function: str, name: str = "switched_off") -> tuple[str, str]:
        """Of the learned set, and of FAIG's 1%: the twin's number for the shipped pair's."""
        ends = (f"{pair}-gentle", pair)
        numbers = [
            [f"{rows[name]:.2f}" for rows in each]
            for each in ([learned[end][function]["off"] for end in ends], [faig[end, function] for end in ends])
        ]
        return " for ".join(numbers[0]), " for ".join(numbers[1])

    for pair in ("srresnet-x2", "srcnn-style-x2"):
        twin, shipped = (f"{twins[end]['change']:.2f}" for end in (f"{pair}-gentle", pair))
        assert re.search(rf"`{pair}`'s (weights )?move by {twin}(, as far as .+?,)? in place of {shipped}", said)
    blur, noise = (of_twin("srresnet-x2", function) for function in ("blur", "noise"))
    assert blur[0] == "1.00 for 1.00"
    assert (
        f"deblurring off to 1.00 by the learned set as before (FAIG {blur[1]}), denoising {noise[0]} ({noise[1]})"
        in said
    )
    assert f"at a leak of {of_twin('srresnet-x2', 'noise', 'leak')[0]}." in said
    blur, noise = (of_twin("srcnn-style-x2", function) for function in ("blur", "noise"))
    assert f"denoising is in 1% as before ({noise[0]}; FAIG {noise[1]})" in said
    gains = [f"{twins[end]['gains']['blur']['gain']:+.2f}" for end in ("srcnn-style-x2-gentle", "srcnn-style-x2")]
    assert f"learned {gains[0]} dB in place of {gains[1]}, less is ({blur[0]})" in said
    assert f"and FAIG's 1% leak {of_twin('srcnn-style-x2', 'blur', 'leak')[1]}." in said
    more = [
        learned[f"{pair}-gentle"][function]["off"]["leak"] > learned[pair][function]["off"]["leak_high"]
        for pair in ("srresnet-x2", "srcnn-style-x2")
        for function in ("blur", "noise")
    ]
    assert f"learned sets leak more in {['no', 'one', 'two', 'three', 'four'][sum(more)]} of the four" in said
    short = {
        gentle: max(
            function["knobs"]["images"]["short_of_controls"]
            for pair, functions in learned.items()
            for function in functions.values()
            if pair.endswith("-gentle") == gentle
        )
        for gentle in (True, False)
    }
    assert (
        f"at most {short[True]:.2f} dB under the better of DNI and blend, on the shipped pairs {short[False]:.2f}"
        in said
    )
