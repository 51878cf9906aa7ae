"""The likeliest slips on the command line: none passes in silence, and each message names option and way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faig.cli.app import load_command
from faig.cli.predict import OF_SHIPPED
from faig.cli.restore import OF_TRUTH, PLAIN
from faig.cli.sweep import steps
from faig.common.errors import InputError

PREDICT = {max(each.opts, key=len): each for each in load_command("predict").params if each.expose_value}
OWN = [option for option, each in PREDICT.items() if each.name not in OF_SHIPPED]


def test_what_predict_takes_with_a_shipped_pair_is_an_option():
    assert {each.name for each in PREDICT.values()} >= OF_SHIPPED
    assert {"--top", "--downsampling", "--unit", "--strict-size", "--everything", "--seed"} <= set(OWN)


@pytest.mark.parametrize("option", OWN)
def test_no_option_of_predict_is_passed_over(faig, place, option):
    """All that only a pair of one's own would look at is refused without one, whatever there will be."""
    value = [] if getattr(PREDICT[option], "is_flag", False) else ["1"]
    code, out, err = faig("predict", place / "gt" / "one.png", option, *value)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {' '.join([option, *value])}: the zoo's pairs predict by what they ship")
    assert err.count("\n") == 1


RESTORE = {max(each.opts, key=len): each for each in load_command("restore").params if each.expose_value}
TURNING = {"--filters", "--strength", "--way", "--baseline"}  # each says by itself that something is turned
UNSEEN = {option for option, each in RESTORE.items() if each.name not in PLAIN - OF_TRUTH} - TURNING


def test_what_restore_takes_is_an_option():
    assert {each.name for each in RESTORE.values()} >= PLAIN
    assert {"--top", "--unit", "--everything", "--strict-size", "--lr-suffix"} == UNSEEN


@pytest.mark.parametrize("option", sorted(UNSEEN))
def test_no_option_of_restore_is_passed_over(faig, place, tmp_path, option):
    """Neither what is of functions where none is turned, nor what is of GT images where there are none."""
    value = [] if getattr(RESTORE[option], "is_flag", False) else ["1"]
    code, out, err = faig("restore", place / "gt" / "one.png", option, *value, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {' '.join([option, *value])}: is ")
    assert not (tmp_path / "out").exists()


MISTAKES = {
    "noise as of 255": ("degrade {p}/gt {t}/out --noise 25", "--noise", "25 of 255 is 0.098"),
    "noise as of 255 in a spec": ("degrade {p}/gt {t}/out --degrade noise:25", "--degrade", "25 of 255 is 0.098"),
    "noise as of 255 by name": ("attribute {ON} --degrade noise=25", "--degrade", "25 of 255 is 0.098"),
    "too much blur": ("degrade {p}/gt {t}/out --blur 30", "--blur", "outside 0 to 10"),
    "steps that miss the end": ("sweep {ON} --strengths 0:1:0.3", "--strengths", "steps of 0.3 from 0 miss 1"),
    "strengths without 1": ("sweep {ON} --strengths 0,0.3", "--strengths", "0 and 1 among them (got [0.0, 0.3])"),
    "steps that go down": ("sweep {ON} --strengths 0:1:-0.5", "--strengths", "miss 1"),
    "no nodes": ("attribute {ON} --degrade blur=2 --nodes 0", "--nodes", "(got 0)"),
    "no proportion": ("compare {ON} --degrade blur=2 --proportions 0", "--proportions", "proportion 0 is outside"),
    "no stability": ("attribute {ON} --degrade blur=2 --stable 200%", "--stable", "proportion 200% is outside"),
    "another table": (
        "revert {pair} --filters {p}/table.csv --out {t}/net.safetensors",
        "table.csv",
        "'layer'; a ranking",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_option_and_a_way_out(faig, place, pair, tmp_path, mistake):
    (place / "table.csv").write_text("rank,index\n1,2\n")
    command, option, way_out = MISTAKES[mistake]
    fixed = {"{p}": [place], "{t}": [tmp_path], "{pair}": pair, "{ON}": [*pair, "--gt", place / "gt"]}
    words = []
    for word in command.split():
        own = next((key for key in fixed if word == key), None)
        words += fixed[own] if own else [word.replace("{p}", str(place)).replace("{t}", str(tmp_path))]
    ranked = ["--filters", "blur=none.csv", "--degrade", "blur=2"] if words[0] == "sweep" else []
    ours = [] if words[0] in ("degrade", "revert") else ["--out", tmp_path / "run"]
    code, out, err = faig(*words, *ranked, *ours)
    assert (code, out) == (2, "")
    assert option in err
    assert way_out in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@given(st.integers(-20, 20), st.integers(0, 300), st.integers(1, 100))
def test_steps_reach_their_end_or_are_refused(first, length, step):
    low, high, by = first / 10, (first + length) / 10, step / 10
    if length % step:
        with pytest.raises(InputError, match="miss"):
            steps(f"{low:g}:{high:g}:{by:g}")
    else:
        found = steps(f"{low:g}:{high:g}:{by:g}")
        assert found == pytest.approx([(first + place) / 10 for place in range(0, length + 1, step)])
