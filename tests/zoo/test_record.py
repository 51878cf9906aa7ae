"""What `faig zoo show` says of a network."""

import re
from pathlib import Path

import pytest

from faig import zoo
from faig.zoo.record import training_facts


@pytest.mark.parametrize("width", ["60", "80"])
def test_a_network_is_told_in_a_screen_without_folders_of_who_trained_it(faig, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    example = Path(__file__).parents[2] / "examples" / "three-degradations" / "pair"
    for name in [*zoo.names(), *(str(example / f"{role}.safetensors") for role in zoo.ROLES)]:
        code, out, _ = faig("zoo", "show", name)
        assert code == 0
        assert len(out.splitlines()) <= 24
        facts = out.rpartition("The whole record")[0]
        assert max(map(len, facts.splitlines())) <= int(width)
        assert "BSD400" in facts
        assert "iterations" in facts
        assert "PSNR" in facts
        told = faig("zoo", "show", name, "--json")[1]
        assert "../" not in told
        assert not re.search(r'"/', told)
        if name.endswith("pair/target.safetensors"):
            assert "jpeg 10 (probability 0.35)" in " ".join(facts.split())


@pytest.mark.parametrize(
    "training", [None, 7, [], {"config": 3}, {"config": {"data": {"gt": 5, "degradation": {"degrade": ["x"]}}}}]
)
def test_a_record_of_another_shape_says_nothing(training):
    assert training_facts({"training": training}) == {}


def test_ranges_and_several_levels_of_a_step_are_told():
    specs = {"jpeg:30..95": 0.5, "blur:0.5..3+noise:0.1": 0.3, "jpeg:10": 0.2}
    training = {"config": {"data": {"degradation": {"blur": 2.0, "blur_probability": 0.5, "degrade": specs}}}}
    said = training_facts({"training": training})["degraded"]
    assert said == (
        "blur 2 (probability 0.5), jpeg 30 to 95 (probability 0.5), blur 0.5 to 3 (probability 0.3), "
        "noise 0.1 (probability 0.3), jpeg 10 (probability 0.2)"
    )
