"""Every option and argument of every command with values that nobody means: one line, no traceback, nothing heavy.

The commands are found by walking the application, so that a new one, or a new option, is here by itself. With
FAIG_ALL_VALUES=1 each parameter gets every value of its kind.
"""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from faig.cli.app import COMMANDS, load_command
from hostile.values import INTEGERS, LISTS, NAMED, NUMBERS, SIZES, TEXTS, paths

EVERY = 1 if os.environ.get("FAIG_ALL_VALUES") else 7  # of the values each parameter gets one in so many, by turns
PATIENCE = 60  # seconds for one command
PAIR = {"baseline": "{p}/baseline.safetensors", "target": "{p}/target.safetensors"}
IMAGES = {"gt": "{p}/gt", "degrade": "blur=2,noise=0.1", "out": "{t}/out"}
BLUR = "{p}/blur.txt"
ALTERED = PAIR | {"filters": BLUR, "out": "{t}/out.safetensors"}
SENSIBLE: dict[str, dict[str, str]] = {  # by command: arguments and options with which it would run
    "demo": {"out": "{t}/out"},
    "zoo list": {},
    "zoo show": {"name": "srresnet-x2/target"},
    "zoo export": {"name": "{p}/target.safetensors", "out": "{t}/out.pth"},
    "zoo push": {"pair": "srresnet-x2", "place": "{t}/out"},
    "zoo pull": {"place": "{t}/none", "name": "mine"},
    "attribute": PAIR | IMAGES | {"nodes": "1"},
    "compare": PAIR | IMAGES | {"nodes": "1"},
    "distribution": {"run": "{t}/none"},
    "revert": ALTERED,
    "modulate": ALTERED | {"strength": "0.5"},
    "graft": ALTERED,
    "restore": {"arguments": "{p}/target.safetensors {p}/gt", "out": "{t}/out", "baseline": "{p}/baseline.safetensors"}
    | {"filters": f"blur={BLUR}", "strength": "blur=0.5"},
    "explore": {"pair": "srcnn-style-x2", "port": "0"},
    "sweep": PAIR | IMAGES | {"filters": f"blur={BLUR}"},
    "export": PAIR | {"filters": f"blur={BLUR}", "out": "{t}/out.onnx"},
    "predict": {"images": "{p}/gt/one.png"},
    "run": {"experiment": "{p}/config.yaml", "out": "{t}/out"},
    "report": {"run": "{t}/none"},
    "train": {"config": "{p}/train.yaml"},
    "data crop": {"gt_dir": "{p}/gt", "out_dir": "{t}/out", "workers": "1"},
    "data lmdb": {"image_dir": "{p}/gt", "out_dir": "{t}/out", "workers": "1"},
    "degrade": {"gt_dir": "{p}/gt", "out_dir": "{t}/out"},
}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by name, those of groups too."""
    for name in COMMANDS:
        command = load_command(name)
        inner = getattr(command, "commands", None)
        yield from [(name, command)] if inner is None else ((f"{name} {each}", inner[each]) for each in inner)


PARAMETERS = [
    pytest.param(name, param, id=f"{name}-{param.name}")
    for name, command in commands()
    for param in command.params
    if not getattr(param, "is_flag", False)
]


HEAVY = (  # what begins after all that was given is accepted
    "faig.experiment.stage.Stage.run",
    "faig.cli.run.study",
    "faig.cli.run.training_study",
    "faig.cli.run.truth",
    "faig.cli.restore.restored_pixels",
    "faig.cli.predict.load_predictor",
    "faig.cli.predict.Predictor.fit",
    "faig.cli.alter.export",
    "faig.cli.explore.serve",
    "faig.explore.static_page.write_page",
    "faig.cli.export.export_turnable",
    "faig.cli.train.train_network",
    "faig.common.workers.ProcessPoolExecutor",
)
MEMORY = 3 << 30  # bytes beyond those that are taken: what reads for ever, or makes a list of a trillion, ends soon


class Reached(Exception):
    """All that was given was accepted: what is heavy would begin."""


class TooLong(Exception):
    """A command did not end."""


def reached(*_: Any, **__: Any) -> None:
    raise Reached


@pytest.fixture
def bounded(monkeypatch) -> Iterator[None]:
    """Nothing heavy begins, nothing takes long, and nothing takes all memory."""

    def stop(*_: Any) -> None:
        raise TooLong

    for name in HEAVY:
        monkeypatch.setattr(name, reached)
    monkeypatch.setattr("faig.cli.reading.wrecked_on_photos", lambda *_: "")
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    before, limits = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, limits[1]))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.fixture(scope="module")
def given(place) -> Path:
    """The folder that sensible arguments are in."""
    (place / "blur.txt").write_text("0\n1\n2\n")
    networks = {"baseline": str(place / "baseline.safetensors"), "target": str(place / "target.safetensors")}
    run = {"command": "attribute", "images": {"gt": str(place / "gt"), "degrade": {"blur": 2}}, "threads": 1}
    (place / "config.yaml").write_text(yaml.safe_dump(networks | run))
    network = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    train = {"name": "tiny", "network": network, "data": {"gt": str(place / "gt"), "lr_patch": 8, "batch": 2}}
    train |= {"optimizer": {"iterations": 2, "learning_rate": 1e-3}, "out": str(place / "trained")}
    (place / "train.yaml").write_text(yaml.safe_dump(train))
    return place


def values(param: Any, folder: Path) -> list[str]:
    """What a parameter is given."""
    if param.bare_type() == "int":
        return INTEGERS
    if param.bare_type() == "float":
        return NUMBERS
    if param.bare_type() == "Path":
        return [text for text in paths(folder) if "\0" not in text]
    texts = [*NUMBERS, *INTEGERS, *SIZES, *LISTS, *NAMED, *TEXTS, *paths(folder)]
    texts += [f"blur={text}" for text in ("nan", "inf", "1e300", "-1", *TEXTS[:8])]
    return [text for text in texts if "\0" not in text]  # which no command line can hold


def arguments(command: Any, name: str, param: Any, value: str, given: Path, folder: Path) -> list[str]:
    """The command line of a command with a value for one of its parameters, and sensible ones for the others."""
    line = name.split()
    texts = {key: text.format(p=given, t=folder).split() for key, text in SENSIBLE[name].items()} | {
        param.name: [value]
    }
    for each in command.params:
        if each.name in texts and each.param_type_name == "option":
            line += [f"{each.opts[0]}={texts[each.name][0]}"]
    positional = [
        texts[each.name] for each in command.params if each.param_type_name == "argument" if each.name in texts
    ]
    return [*line, "--", *(text for each in positional for text in each)]


def test_every_command_has_sensible_arguments():
    assert {name for name, _ in commands()} == SENSIBLE.keys()


def test_each_kind_of_value_is_known():
    kinds = {param.values[1].bare_type() for param in PARAMETERS}
    assert kinds == {"int", "float", "Path", "str", "list[Path]", "list[str]"}


@pytest.mark.parametrize(("name", "param"), [each for each in PARAMETERS if each.values[1].bare_type() == "int"])
def test_whole_numbers_have_bounds(faig, given, tmp_path, name, param):
    for beyond in (-1, 10**19):
        code, _, err = faig(*arguments(dict(commands())[name], name, param, str(beyond), given, tmp_path))
        assert (code, err.count("\n")) == (2, 1), err
        assert param.name in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("bounded")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "param"), PARAMETERS)
def test_a_value_that_nobody_means_is_one_line(faig, given, tmp_path, monkeypatch, name, param):
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path / "zoo"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    command, wrong = dict(commands())[name], []
    first = sum(f"{name} {param.name}".encode()) % EVERY
    for number, value in enumerate(values(param, tmp_path / "paths")[first::EVERY]):
        folder = tmp_path / str(number)
        folder.mkdir()
        signal.alarm(PATIENCE)
        try:
            code, _, err = faig(*arguments(command, name, param, value, given, folder))
        except Reached:
            continue
        except (Exception, TooLong) as error:
            wrong.append(f"{value[:60]!r}: {type(error).__name__}: {str(error)[:200]}")
            continue
        finally:
            signal.alarm(0)
        lines = [line for line in err.splitlines() if not line.startswith("warning: ")]
        if code not in (0, 2) or len(lines) != (code == 2) or (code == 2 and not lines[0].startswith("error: ")):
            wrong.append(f"{value[:60]!r}: {code}: {err[:300]!r}")
        elif code == 2 and list(folder.iterdir()):
            wrong.append(f"{value[:60]!r}: {code}: left {[path.name for path in folder.iterdir()]}")
    assert wrong == []
