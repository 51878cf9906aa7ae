"""Other aims than the GT, and a pull to the start: what patches shall become, and how far weights may go."""

import itertools

import pytest
import torch
from safetensors.torch import load_file

from conftest import nudged, tiny_network, training_config
from faig.common.errors import InputError
from faig.networks.checkpoint import load_network, save_network
from faig.training.config import OTHERS
from faig.training.loop import Report, squared_distance, train
from faig.training.teachers import Goals

ARGUMENTS = {"scale": 2, "features": 4, "blocks": 1}
DRAWN = ("blur", "noise", "jpeg:40")
CPU = torch.device("cpu")


@pytest.fixture
def files(tmp_path) -> dict[str, str]:
    """The network that training begins with, and one nearby for each thing that may be done to a patch."""
    start, made = tiny_network(), {}
    for place, name in enumerate(("start", *DRAWN, OTHERS)):
        made[name] = str(tmp_path / f"network{place}.safetensors")
        network = nudged(start, seed=place) if place else start
        save_network(made[name], network.state_dict(), {"architecture": "srresnet", "arguments": ARGUMENTS})
    return made


def taught(settings, files, teachers, **changes):
    data = settings["data"] | {"degradation": {"blur": 2, "noise": 0.1, "degrade": {"jpeg:40": 0.5}}}
    network = settings["network"] | {"start": files["start"]}
    return training_config(
        settings, data=data, network=network, teachers={name: files[name] for name in teachers}, **changes
    )


@pytest.mark.slow
@pytest.mark.parametrize("count", range(5))
def test_each_patch_has_the_teacher_of_the_first_that_was_done_to_it(settings, files, count):
    combinations = list(itertools.product((False, True), repeat=len(DRAWN)))
    generator = torch.Generator().manual_seed(0)
    gt, lr = (torch.rand(len(combinations), 3, side, side, generator=generator) for side in (16, 8))
    for teachers in itertools.permutations((*DRAWN, OTHERS), count):  # in whatever order the file names them
        goals = Goals(taught(settings, files, teachers), CPU)
        made = goals(gt, lr, torch.tensor(combinations))
        for place, chosen in enumerate(combinations):
            done = [name for name, yes in zip(DRAWN, chosen, strict=True) if yes and name in teachers]
            who = done[0] if done else OTHERS
            expected = goals.teachers[who](lr[place, None])[0] if who in teachers else gt[place]
            assert torch.allclose(made[place], expected, atol=1e-6), (teachers, chosen)


@pytest.mark.slow
def test_a_network_comes_to_do_what_it_is_taught(settings, files):
    """A goal that is left out, or not the teacher's, would leave it further away."""
    optimizer = {"iterations": 80, "learning_rate": 3e-3, "ema": 0.5}
    lr = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    teacher = load_network(files[OTHERS])

    def apart(file) -> float:
        return float((load_network(file)(lr) - teacher(lr)).abs().mean())

    by_teacher = train(taught(settings, files, [OTHERS], optimizer=optimizer))
    assert apart(by_teacher) < 0.5 * apart(files["start"])
    by_gt = train(taught(settings, files, [], optimizer=optimizer), fresh=True)
    assert apart(by_gt) > 0.8 * apart(files["start"])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"teachers": {"motion": "a.pth"}}, "teachers: 'motion' is none of blur, noise, others"),
        ({"teachers": {"blur": ""}}, "is empty"),
        ({"optimizer": {"iterations": 1, "pull_to_start": 0.1}}, "pull_to_start needs network.start"),
        ({"optimizer": {"iterations": 1, "pull_to_start": -1}}, "greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, changes, wrong):
    with pytest.raises(ValueError, match=wrong):
        training_config(settings, **changes)


def test_a_teacher_of_another_scale_is_refused(settings, files, tmp_path):
    other = {"architecture": "srresnet", "arguments": ARGUMENTS | {"scale": 4}}
    files[OTHERS] = str(tmp_path / "x4.safetensors")
    save_network(files[OTHERS], tiny_network(scale=4).state_dict(), other)
    with pytest.raises(InputError, match=r"teachers\.others: .*x4\.safetensors enlarges .* by 4, and the network RGB"):
        Goals(taught(settings, files, [OTHERS]), CPU)


def distance(settings, files, pull, **changes) -> float:
    optimizer = {"iterations": 30, "learning_rate": 1e-3, "ema": 0.5, "pull_to_start": pull}
    trained = load_file(train(taught(settings, files, (), optimizer=optimizer, **changes), fresh=True))
    start = load_file(files["start"])
    return float(squared_distance(trained.values(), (start[name] for name in trained)))


@pytest.mark.slow
def test_the_harder_the_pull_the_nearer_the_weights_stay(settings, files):
    distances = [distance(settings, files, pull) for pull in (None, 0.1, 1.0, 10.0)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < distances[0] / 10


def test_squared_distance_by_hand():
    assert float(squared_distance([torch.tensor([1.0, 2.0]), torch.tensor(3.0)], [torch.zeros(2), torch.ones(())])) == 9


class Killed(Exception):
    """Stands for kill -9."""


def test_a_killed_run_is_pulled_to_the_same_start_and_taught_the_same(settings, files, tmp_path):
    optimizer = settings["optimizer"] | {"pull_to_start": 1.0}
    teachers = ["noise", OTHERS]
    unbroken = train(taught(settings, files, teachers, optimizer=optimizer, out=str(tmp_path / "unbroken")))
    killed = taught(settings, files, teachers, optimizer=optimizer, out=str(tmp_path / "killed"))

    def die(report: Report) -> None:
        if report.iteration == 8:
            raise Killed

    with pytest.raises(Killed):
        train(killed, die)
    with pytest.raises(InputError, match=r"was written with files\.teachers\."):
        train(taught(settings, files, ["blur", OTHERS], optimizer=optimizer, out=str(tmp_path / "killed")))
    first, second = load_file(unbroken), load_file(train(killed))
    assert all(torch.equal(weight, second[key]) for key, weight in first.items())
