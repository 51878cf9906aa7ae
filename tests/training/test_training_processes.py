"""Training as the command line runs it: killed, stopped by the clock, in several processes, watched."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from conftest import training_config
from faig.attribution.files.rankings import write_ranking
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSpace
from faig.imaging.images import write_image
from faig.networks.checkpoint import load_network, network_metadata
from faig.training.config import TrainingConfig
from faig.training.loop import train
from processes import command, started, together

pytestmark = pytest.mark.slow


def written(settings: dict, folder: Path, **changes) -> Path:
    """A configuration of these settings."""
    file = folder / f"config-{len(list(folder.glob('config-*')))}.yaml"
    file.write_text(yaml.safe_dump(settings | changes))
    return file


def equal(first: Path, second: Path) -> bool:
    ours, theirs = load_file(first), load_file(second)
    return all(torch.equal(weight, theirs[key]) for key, weight in ours.items())


def test_kill_9_at_any_moment(settings, tmp_path, faig):
    """Killed three times, wherever it was; the end is that of a run that nobody touched."""
    longer = settings | {"optimizer": settings["optimizer"] | {"iterations": 200}, "checkpoint_every": 10}
    killed, chance = tmp_path / "killed", random.Random(1)
    for reached in (10, 50, 100):
        process = started(train, training_config(longer, out=str(killed)))
        while process.is_alive() and not (killed / f"state-{reached:08}.pth").exists():
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        assert process.is_alive(), "it had ended before it was killed"
        process.kill()
        process.join()
        assert not (killed / "network.safetensors").exists()
    code, _, err = faig("train", written(longer, tmp_path, out=str(killed)), "--resume")
    assert code == 0, err
    assert len(list(killed.glob("state-*.pth"))) == 2
    assert not list(killed.glob(".*.part"))
    unbroken = tmp_path / "unbroken"
    assert faig("train", written(longer, tmp_path, out=str(unbroken)))[1] == f"{unbroken / 'network.safetensors'}\n"
    assert equal(killed / "network.safetensors", unbroken / "network.safetensors")


def test_two_processes_are_as_good_as_one(settings, drawn, tmp_path):
    batch = settings["data"] | {"batch": 4}
    shared = {"data": batch, "validation": {"gt": str(drawn), "every": 6, "images": 1}}
    first = train(training_config(settings, out=str(tmp_path / "one"), **shared))
    file = written(settings, tmp_path, out=str(tmp_path / "two"), **shared)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "faig"]
    two = subprocess.run([*launch, "train", str(file)], capture_output=True, text=True, check=False)
    assert two.returncode == 0, two.stderr
    second = tmp_path / "two" / "network.safetensors"
    assert two.stdout.splitlines() == [str(second)]
    ours, theirs = load_file(first), load_file(second)
    start = torch.cat([weight.flatten() for weight in ours.values()])
    difference = torch.cat([(weight - theirs[key]).flatten() for key, weight in ours.items()])
    assert difference.norm() < 1e-4 * start.norm()
    assert "2 x cpu" in network_metadata(second)["training"]["hardware"]
    scores = [network_metadata(file)["training"]["validation"] for file in (first, second)]
    for mine, other in zip(*scores, strict=True):
        assert mine == pytest.approx(other, rel=1e-3)


def test_a_command_that_succeeds_ends_what_joined_it_to_the_others(faig):
    """Left to Python's end, one of four runs of two processes aborted on two busy cores, after all was done."""
    distributed = torch.distributed
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        assert faig("zoo", "list")[0] == 0
        assert not distributed.is_initialized()
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def test_a_batch_that_does_not_divide(settings, tmp_path):
    file = written(settings, tmp_path, data=settings["data"] | {"batch": 3})
    assert together(2, command, tmp_path, "train", file) == [2, 2]
    assert "data.batch: 3 does not divide among 2 processes" in (tmp_path / "stderr-0").read_text()


def test_stops_in_time_and_goes_on(settings, tmp_path, faig):
    steps = {"iterations": 100_000, "learning_rate": 1e-3}
    code, out, err = faig("train", written(settings, tmp_path, optimizer=steps), "--max-time", "0.3s")
    assert code == 0, err
    assert "of 100000; the same command goes on from" in out
    folder = Path(settings["out"])
    assert 0 < torch.load(max(folder.glob("state-*.pth")))["done"] < 100_000
    assert not (folder / "network.safetensors").exists()


def test_stopping_does_not_change_what_comes_out(settings, tmp_path):
    """Stopped after every single step, between reports; losses and weights are those of an unbroken run."""
    reported = {"report_every": 4, "checkpoint_every": 100}
    losses: dict[str, list] = {"unbroken": [], "stopped": []}
    unbroken = train(training_config(settings, out=str(tmp_path / "unbroken"), **reported), losses["unbroken"].append)
    steps = training_config(settings, out=str(tmp_path / "stopped"), **reported)
    stops = 0
    while (result := train(steps, losses["stopped"].append, max_seconds=0)) is None:
        stops += 1
    assert stops == 11
    assert equal(unbroken, result)
    told = {name: [(r.iteration, r.loss) for r in reports if r.iteration % 4 == 0] for name, reports in losses.items()}
    assert told["stopped"] == told["unbroken"]


def test_a_broken_checkpoint_is_passed_over(settings):
    config = training_config(settings)
    whole = train(config)
    kept = sorted(config.out.glob("state-*.pth"))
    assert [path.name for path in kept] == ["state-00000010.pth", "state-00000012.pth"]
    expected = load_file(whole)
    kept[1].write_bytes(kept[1].read_bytes()[:1000])
    with pytest.warns(FaigWarning, match=r"state-00000012\.pth: cannot be read"):
        again = train(config)
    assert all(torch.equal(weight, expected[key]) for key, weight in load_file(again).items())
    for path in config.out.glob("state-*.pth"):
        path.write_bytes(b"")
    with pytest.warns(FaigWarning), pytest.raises(InputError, match="none of its 2 checkpoints can be read"):
        train(config)


def test_resume_and_force(settings, tmp_path, faig):
    file = written(settings, tmp_path)
    code, _, err = faig("train", file, "--resume")
    assert code == 2
    assert "run: holds no checkpoint to go on from" in err
    result = train(training_config(settings))
    for path in Path(settings["out"]).glob("state-*.pth"):
        path.unlink()
    code, _, err = faig("train", file)
    assert code == 2
    assert "exists, without a checkpoint; pass --force" in err
    before = result.stat().st_mtime_ns
    assert faig("train", written(settings, tmp_path, seed=5), "--force")[0] == 0
    assert result.stat().st_mtime_ns > before
    assert network_metadata(result)["training"]["config"]["seed"] == 5
    code, _, err = faig("train", file, "--max-time", "soon")
    assert (code, err) == (2, "error: --max-time soon: write it as 2h30m, 9m or 45s\n")


@pytest.mark.filterwarnings("default::faig.common.errors.FaigWarning")
def test_workers_change_nothing_and_strict_is_one_line(settings, drawn, tmp_path, faig):
    alone = train(training_config(settings, out=str(tmp_path / "alone")))
    helped = train(training_config(settings, out=str(tmp_path / "helped"), data=settings["data"] | {"workers": 2}))
    assert equal(alone, helped)
    (drawn / "stripes1.png").write_bytes(b"damaged")
    code, _, err = faig("train", written(settings, tmp_path, data=settings["data"] | {"workers": 1}), "--strict")
    assert code == 2
    assert err.startswith(f"error: {drawn / 'stripes1.png'}: is not an image that can be read")
    assert err.count("\n") == 1
    err = faig("train", written(settings, tmp_path))[2]
    assert f"warning: {drawn / 'stripes1.png'}: is not an image" in err


def test_tensorboard(settings, drawn):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = training_config(settings, tensorboard=True, validation={"gt": str(drawn), "every": 6, "images": 1})
    train(config)
    seen = EventAccumulator(str(config.out / "tensorboard"))
    seen.Reload()
    assert set(seen.Tags()["scalars"]) >= {"loss", "learning rate", "PSNR clean", "PSNR blur", "PSNR noise"}
    assert [event.step for event in seen.Scalars("PSNR blur")] == [6, 12]
    assert len(seen.Scalars("loss")) == 12
    assert [event.step for event in seen.Images("patches: LR, output, GT")] == [6, 12]


def test_validation_on_lr_folders(settings, drawn, tmp_path):
    from faig.imaging.degradation import Degradation
    from faig.imaging.images import list_images, read_image

    lr = tmp_path / "lr"
    lr.mkdir()
    for name, path in list_images(drawn).items():
        write_image(lr / f"{name}.png", Degradation()(read_image(path), 2))
    made = {"gt": str(drawn), "every": 12}
    results = [
        train(training_config(settings, out=str(tmp_path / name), validation=validation))
        for name, validation in {"made": made, "read": made | {"lr": {"Set": str(lr)}}}.items()
    ]
    made, read = (network_metadata(result)["training"]["validation"][0] for result in results)
    assert read["Set"] == made["clean"]
    write_image(lr / "stripes0.png", torch.rand(3, 9, 9))
    with pytest.raises(InputError, match=r"stripes0\.png: 9x9 is not 1/2 of .*stripes0\.png, 36x40"):
        train(
            training_config(settings, out=str(tmp_path / "odd"), validation={"gt": str(drawn), "lr": {"Set": str(lr)}})
        )


def test_bfloat16_comes_near_float32(settings, tmp_path):
    narrow = settings["optimizer"] | {"precision": "bfloat16"}
    exact = load_file(train(training_config(settings, out=str(tmp_path / "exact"))))
    rough = load_file(train(training_config(settings, out=str(tmp_path / "rough"), optimizer=narrow)))
    assert rough["conv_first.weight"].dtype == torch.float32
    far = torch.cat([(weight - rough[key]).flatten() for key, weight in exact.items()]).abs().max()
    assert 0 < far < 0.02


def test_what_is_wrong_is_told_before_anything_is_done_or_removed(settings, drawn, tmp_path):
    result = train(training_config(settings))
    before = sorted(path.name for path in result.parent.iterdir())
    good = {"gt": str(drawn), "every": 1}
    for changes, message in (
        ({"data": settings["data"] | {"gt": "nope"}}, "data.gt: nope: is not a folder"),
        ({"validation": good | {"gt": "nope"}}, "validation: nope: is not a folder"),
        ({"validation": good | {"lr": {"a": "nope"}}}, "validation: nope: is not a folder"),
        ({"network": settings["network"] | {"start": "nope.pth"}}, "nope.pth: no such file"),
    ):
        with pytest.raises(InputError, match=message):
            train(training_config(settings, **changes), fresh=True)
        with pytest.raises(InputError, match=message):
            train(training_config(settings, out=str(tmp_path / "new"), **changes))
    assert sorted(path.name for path in result.parent.iterdir()) == before
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match=r"run/network\.safetensors"):
        train(training_config(settings, out=str(result)))


def test_goes_on_only_with_the_same_files_and_settings(settings, drawn, tmp_path):
    start = train(training_config(settings, out=str(tmp_path / "start")))
    space = FilterSpace.of(load_network(start))
    scores = torch.rand(len(space), generator=torch.Generator().manual_seed(0))
    write_ranking(tmp_path / "f.csv", space, scores)
    network = settings["network"] | {"start": str(start)}
    some = training_config(settings, network=network, filters=str(tmp_path / "f.csv"), top="10%")
    assert train(some, max_seconds=0) is None
    free = {"validation": {"gt": str(drawn), "every": 100, "images": 1}, "checkpoint_every": 3, "report_every": 2}
    moved = drawn.rename(tmp_path / "moved")
    free["validation"]["gt"] = str(moved)
    same = some.model_dump() | free | {"data": some.data.model_dump() | {"gt": str(moved)}}
    assert train(TrainingConfig.model_validate(same), max_seconds=0) is None  # moved, watched more closely: the same
    write_ranking(tmp_path / "f.csv", space, -scores)
    with pytest.raises(InputError, match=r"state-\d+\.pth: was written with files\.rates = "):
        train(TrainingConfig.model_validate(same))
    write_ranking(tmp_path / "f.csv", space, scores)
    write_image(moved / "another.png", torch.rand(3, 40, 40))
    with pytest.raises(InputError, match=r"was written with files\.data\.gt = "):
        train(TrainingConfig.model_validate(same))
    (moved / "another.png").unlink()
    assert train(TrainingConfig.model_validate(same)) is not None


def test_a_run_that_goes_on_keeps_its_curves(settings, drawn):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = training_config(settings, tensorboard=True, validation={"gt": str(drawn), "every": 5, "images": 1})

    def die(report):
        if report.iteration == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, die)
    train(config)
    train(config)  # nothing left to do
    seen = EventAccumulator(str(config.out / "tensorboard"))
    seen.Reload()
    assert [event.step for event in seen.Scalars("PSNR blur")] == [5, 10, 12]
    assert [event.step for event in seen.Scalars("loss")] == list(range(1, 13))
