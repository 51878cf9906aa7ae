"""``faig demo``."""

from pathlib import Path

from faig.cli.app import app
from faig.cli.options import Device, Force, Out, Seed, Threads, compute_on
from faig.cli.run import run_study
from faig.cli.study import print_summary


@app.command(epilog="Example: faig demo --out runs/demo")
def demo(
    out: Out = Path("runs/demo"),
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """The whole story on the shipped pair and photos, in minutes: a study, see docs/studies.md."""
    from faig.experiment.studies import DEMO, read_study
    from faig.experiment.study.config import StudyConfig

    config = read_study(DEMO)
    assert isinstance(config, StudyConfig)
    changes = {"seed": seed, "device": device, "threads": compute_on(device, threads)}
    run_study(config.model_copy(update=changes), out, force)
    print_summary(out / "compare")
