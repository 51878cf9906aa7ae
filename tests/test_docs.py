"""Numbers in the documentation are those of the tables that are kept beside it."""

import json
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_what_is_said_of_learned_strengths_is_what_was_measured():
    table = json.loads((DOCS / "results" / "knob-realesr-general.json").read_text(encoding="utf-8"))
    text = " ".join((DOCS / "method.md").read_text(encoding="utf-8").split())
    in_map, in_pixels = (table["leak_ratio"][f"{measure} clean off 0.5"] for measure in ("map", "pixels"))
    assert f"is {in_map:.2f} of DNI's in gradient maps and {in_pixels:.2f} in pixels" in text
    most = max(row["off_map"] for row in table["curves"]["strengths"])
    assert f"no more than {most:.2f} off" in text
    assert table["leak_ratio"]["map clean off 0.9"] is None

    def leak(knob: str) -> float:
        rows = table["curves"][knob]
        return min(row["leak_map_clean"] for row in rows if row["off_map"] >= 0.5)

    assert leak("blend") < leak("strengths") < leak("DNI")


def test_what_is_said_of_predictions_is_what_was_measured():
    table = json.loads((DOCS / "results" / "prediction-untouched.json").read_text(encoding="utf-8"))
    text = (DOCS / "method.md").read_text(encoding="utf-8")
    assert list(table) == ["srresnet-x2", "srcnn-style-x2"]
    for pair, found in table.items():
        untouched, answers = found["untouched"], found["untouched"]["answers"]
        named = sum(count for answer, count in answers.items() if answer not in ("clean", "unknown"))
        assert untouched["photos"] == sum(answers.values()) == len(untouched["by_photo"]) == 60
        numbers = [answers["clean"], answers["unknown"], named, untouched["called_degraded_above_0.8"]]
        row = " | ".join(map(str, numbers))
        assert f"| `{pair}` | {row} | {untouched['highest_probability_of_a_named_degradation']:.2f} |" in text
        shares = []
        for kind in ("clean", "blur", "noise"):
            right, told = found["training_scale"][kind]["right_of_three"], found["training_scale"][kind]["answers"]
            shares.append(f"{right['share']:.1%} [{right['share_low']:.1%}, {right['share_high']:.1%}]")
            shares.append(str(told.get("unknown", 0)))
            assert sum(told.values()) == 60
        assert f"| `{pair}` | {' | '.join(shares)} |" in text
    noisy = [found["training_scale"]["noise"]["answers"] for found in table.values()]
    assert f"{' and '.join(str(told['noise']) for told in noisy)} of the 60 noisy images are called noise" in text
    assert all(told["noise"] + told["blur+noise"] == 60 for told in noisy)


def test_no_untouched_photo_is_surely_degraded():
    table = json.loads((DOCS / "results" / "prediction-untouched.json").read_text(encoding="utf-8"))
    for found in table.values():
        assert found["untouched"]["called_degraded_above_0.8"] == 0
        for photo in found["untouched"]["by_photo"].values():
            sure = max(share for kind, share in photo["probabilities"].items() if kind != "clean") > 0.8
            assert not sure or photo["answer"] == "unknown"
        assert all(
            found["training_scale"][kind]["right_of_three"]["share"] >= 0.95 for kind in ("clean", "blur", "noise")
        )
