"""Whether strength is a knob: jumps, a half that is worse than none, and controls that are better."""

import pandas as pd
import pytest

from faig.report.claims.claim import Verdict
from faig.report.claims.modulation import smooth

HOLDS, PARTLY, FAILS = Verdict.HOLDS, Verdict.PARTLY, Verdict.FAILS
NAN = float("nan")
BLEND = ("", "blend", "blur", 9)


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([NAN, 0.5, 0.5, 2.5], HOLDS),  # steps of a half: even shares are a half
        ([NAN, 1.25, 0.5, 0.5], HOLDS),
        ([NAN, 1.3, 0.5, 0.5], FAILS),
        ([NAN, 0.5, 0.5, 2.6], PARTLY),
    ],
)
def test_a_knob_without_jumps(shares, verdict):
    table = pd.DataFrame(
        {"functions": functions, "way": way, "input": given, "strength": n / 2, "psnr": 20.0 + n, "step_share": share}
        | {"wrecked": ""}
        # What it does to other inputs is not judged, nor what controls do.
        for functions, way, given, worse in (("blur", "weights", "blur", 1), ("blur", "weights", "noise", 9), BLEND)
        for n, share in enumerate(s * worse for s in shares)
    )
    found = smooth(table)
    assert found.verdict is verdict
    assert len(found.says) == 1
    assert "PSNR from 20.00 dB (off) to 22.00 dB (the target)" in found.says[0]


def turned(psnr: list[float], **controls: list[float]) -> pd.DataFrame:
    """Denoising at strengths 0, 0.25, 0.5, ... in even steps, with the PSNR of the controls."""
    ways = {("noise", "weights"): psnr} | {("", way): values for way, values in controls.items()}
    return pd.DataFrame(
        {"functions": functions, "way": way, "input": "noise", "strength": n / 4, "psnr": value, "step_share": 0.25}
        | {"wrecked": ""}
        for (functions, way), values in ways.items()
        for n, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("psnr", "verdict"),
    [
        ([20, 21, 22, 23, 24], HOLDS),
        ([20, 19.96, 22, 21, 24], HOLDS),  # within 0.05 dB, and it may fall as long as it is above off
        ([20, 19.94, 22, 23, 24], FAILS),
        ([20, 21, 22, 23, 19.9, 18], HOLDS),  # the target itself, and what is beyond it
    ],
)
def test_half_a_function_is_no_worse_than_none(psnr, verdict):
    found = smooth(turned(psnr))
    assert found.verdict is verdict
    assert ("at strength 0.25 it is −0.06 dB against off" in found.says[0]) == (verdict is FAILS)


def test_where_a_control_is_better_is_said():
    (said,) = smooth(turned([20, 21, 22, 23, 24], DNI=[20, 21.04, 21, 23, 24], blend=[20, 21.3, 22.5, 22, 24])).says
    assert said.endswith("; blend is better by up to 0.50 dB, at strength 0.25 and 0.5.")
    assert "DNI" not in said
    (said,) = smooth(turned([20, 21, 22, 23, 24], DNI=[20, 21.06, 21, 23, 24])).says
    assert said.endswith("; DNI is better by up to 0.06 dB, at strength 0.25.")


def test_a_wreck_on_the_way_is_no_knob():
    table = turned([20, 21, 22, 23, 24, 25])
    for strength, verdict in ((0, FAILS), (0.5, FAILS), (1.25, HOLDS)):
        wreck = {True: "PSNR 2.0 dB under the worse end's", False: ""}
        found = smooth(table.assign(wrecked=(table["strength"] == strength).map(wreck)))
        assert found.verdict is verdict
        assert (f"at strength {strength:g} the network is wrecked, PSNR 2.0 dB" in found.says[0]) == (verdict is FAILS)
