"""What several tests share: tiny networks and cases, and the folder of known answers where there is one."""

import dataclasses
import functools
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from faig.attribution.integration.path import WeightPath
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.raw_scores import RawScores
from faig.common.errors import FaigWarning
from faig.filters import FilterSpace
from faig.imaging.cases import Case, degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.images import write_image
from faig.networks.architectures import build
from faig.networks.inference import scale_of
from faig.report.figures.chart import Chart
from faig.report.figures.drawing import Drawing
from processes import FORKED
from together import TOGETHER

os.environ["FAIG_ZOO"] = str(Path(__file__).parent / "no zoo")  # messages list the pairs of whoever runs the tests, too
SHARED = Path(__file__).parents[2] / "shared"


TINY = {  # arguments of a handful of filters
    "srresnet": {"features": 4, "blocks": 1},
    "srresnet-two-branch": {"features": 4, "blocks": 2, "estimator_width": 3},
    "srresnet-banks": {"features": 4, "blocks": 2, "banks": (9, 14), "classifier_width": 3},
    "srcnn-style": {"widths": (4, 6)},
    "compact": {"features": 4, "convolutions": 2},
    "rrdb": {"features": 4, "blocks": 1, "growth": 2},
    "edsr": {"features": 4, "blocks": 2},
    "rcan": {"features": 4, "groups": 2, "blocks": 2, "squeeze": 2},
    "dncnn": {"features": 4, "convolutions": 4, "channels": 3},
}
WHOLE = {"srresnet-two-branch", "srresnet-banks", "rcan"}  # depend on the whole image, by an estimate or attention


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", metavar="N", help="Kill each command at so many of its changes to files, at most.")


def pytest_configure() -> None:
    torch.set_num_threads(1)  # the networks are tiny, and other tests run beside


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let the tests of a file, and of files in `TOGETHER`, stay with one worker: they share what takes long to make."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((name for name, files in TOGETHER.items() if file.removeprefix("tests/") in files), file)

    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with what takes long come first, so that no worker is left alone with one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def tiny_network(architecture: str = "srresnet", scale: int = 2, seed: int = 0) -> nn.Module:
    """A network with a handful of filters and weights of ordinary size."""
    torch.manual_seed(seed)
    network = build(architecture, **({} if architecture == "dncnn" else {"scale": scale}), **TINY[architecture])
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return network.eval().requires_grad_(False)


def nudged(network: nn.Module, seed: int = 23, size: float = 0.05) -> nn.Module:
    """A network nearby: every weight moved a little, as fine-tuning does; by this seed `tiny_network` gets better."""
    import copy

    moved = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in moved.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * size)
    return moved


def tiny_cases(scale: int = 2, count: int = 3, height: int = 14, width: int = 10) -> list[Case]:
    """Cases of odd, non-square LR sizes: clean, blur and noise; ``height`` and ``width`` in LR pixels."""
    generator = torch.Generator().manual_seed(5)
    return [
        degrade_case(
            f"image{i}",
            torch.rand(3, height * scale, (width + i) * scale, generator=generator),
            paper_preset(),
            scale,
        )
        for i in range(count)
    ]


def doubled(cases: list[Case]) -> list[Case]:
    """In double precision."""
    return [Case(c.name, c.gt.double(), {kind: lr.double() for kind, lr in c.lr.items()}) for c in cases]


@dataclasses.dataclass
class PlainPair:
    """Two networks and what an attribution asks of them, of any kind, equal ones too."""

    target: nn.Module
    baseline: nn.Module

    def __post_init__(self) -> None:
        self.path, self.space = WeightPath(self.target, self.baseline), FilterSpace.of(self.target)

    @functools.cached_property
    def scale(self) -> int:
        return scale_of(self.target)


def path_scores(target, baseline, cases, rule, objective="squared") -> RawScores:
    """Raw scores of the integral along the path, by a rule."""
    options = Options(quadrature=rule.rule, nodes=len(rule), objective=objective)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaigWarning)  # that one degradation alone has nothing subtracted
        raw = METHODS["faig"].attribute(PlainPair(target, baseline), list(cases), options).raw
    assert raw is not None
    return raw


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The folder of known answers."""
    folder = SHARED / "oracle" / "srcnn-style-x2"
    if not folder.is_dir():
        pytest.skip(f"the known answers are not here: {folder}")
    return folder


@pytest.fixture(params=["srresnet", "srcnn-style"])
def pair(request: pytest.FixtureRequest) -> tuple[nn.Module, nn.Module]:
    """Target and baseline, tiny, of each architecture."""
    baseline = tiny_network(request.param)
    return nudged(baseline), baseline


@pytest.fixture
def drawn(tmp_path) -> Path:
    """A folder of GT images: slanted stripes."""
    folder = tmp_path / "gt"
    folder.mkdir()
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(36.0), indexing="ij")
    for i in range(3):
        wave = (torch.sin(x / (2 + i) + y / 5) + 1) / 2
        write_image(folder / f"stripes{i}.png", torch.stack([wave, 1 - wave, wave * y / 40]))
    return folder


@pytest.fixture
def settings(drawn, tmp_path) -> dict:
    """A training run of seconds."""
    return {
        "name": "tiny",
        "network": {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}},
        "data": {"gt": str(drawn), "lr_patch": 8, "batch": 2, "degradation": {"blur": 2, "noise": 0.1}},
        "optimizer": {"iterations": 12, "learning_rate": 1e-3, "ema": 0.9},
        "checkpoint_every": 5,
        "report_every": 1,
        "seed": 3,
        "out": str(tmp_path / "run"),
    }


@pytest.fixture
def faig(monkeypatch, capsys):
    """Run a command; returns exit code, stdout and stderr."""
    from faig.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["faig", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return run


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """A folder with ``baseline.safetensors``, ``target.safetensors`` and images in ``gt``; tests write elsewhere."""
    from faig.networks.checkpoint import save_network

    folder = tmp_path_factory.mktemp("files")
    baseline = tiny_network()
    for name, network in (("baseline", baseline), ("target", nudged(baseline, size=0.02))):
        save_network(folder / f"{name}.safetensors", network.state_dict(), {})
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for name, height, width in (("one", 40, 36), ("two", 36, 48)):
        write_image(folder / "gt" / f"{name}.png", torch.rand(3, height, width, generator=generator))
    return folder


@pytest.fixture(scope="session")
def study(files) -> list[object]:
    """Options of a study of the pair in `files`."""
    pair = ["--baseline", files / "baseline.safetensors", "--target", files / "target.safetensors"]
    return [*pair, "--gt", files / "gt", "--degrade", "blur=2", "--degrade", "noise=0.1"]


def training_config(settings: dict, **changes):
    from faig.training.config import TrainingConfig

    return TrainingConfig.model_validate(settings | changes)


@pytest.fixture(scope="session")
def study_run(tmp_path_factory) -> Path:
    """A small study with all its stages; tests that change it copy it first."""
    from study import make_study

    return make_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def forked(monkeypatch) -> None:
    """Pools of processes fork from one that has imported what is slow to import; see `processes`."""
    # Were it begun by a pool, which holds Ctrl-C back from its workers, no process of any later test would hear it.
    forkserver.ensure_running()
    monkeypatch.setattr("faig.common.workers.get_context", lambda method: FORKED)


@pytest.fixture
def spandrel() -> ModuleType:
    from faig.networks.torchvision_stand_in import torchvision_or_stand_in

    with torchvision_or_stand_in():
        return pytest.importorskip("spandrel")


@pytest.fixture(scope="session")
def drawn_once() -> dict[str, Drawing]:
    """Charts that were drawn, by what they are."""
    return {}


@pytest.fixture(scope="module")
def undrawn(drawn_once) -> Iterator[dict[str, Drawing]]:
    """Equal charts are drawn once, and not into files, which is what takes long; here they are by name."""
    drawings: dict[str, Drawing] = {}
    draw = Drawing.of

    def of(chart: Chart) -> Drawing:
        return drawn_once.get(repr(chart)) or drawn_once.setdefault(repr(chart), draw(chart))

    def keep(run: Path, given: Iterable[Drawing]) -> Path:
        drawings.clear()
        drawings.update((drawing.chart.name, drawing) for drawing in given)
        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Drawing, "of", of)
        patch.setattr("faig.report.html.page.export_drawings", keep)
        yield drawings
