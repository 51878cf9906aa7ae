"""``faig demo``."""

from pathlib import Path

from faig.cli.app import app
from faig.cli.distribution import distribute_run
from faig.cli.options import Device, Force, Out, Seed, Threads, compute_on
from faig.cli.report import say_report
from faig.cli.study import print_summary
from faig.common.progress import bar


@app.command(epilog="Example: faig demo --out runs/demo")
def demo(
    out: Out = Path("runs/demo"),
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """The whole story on the shipped pair and photos, in minutes."""
    from faig.experiment.demo import PROPORTIONS
    from faig.experiment.demo import demo as run_demo

    run_demo(out, force=force, track=bar, seed=seed, device=device, threads=compute_on(device, threads))
    print_summary(out)
    print(f"tables: {out / 'effects.csv'}, {out / 'grafts.csv'}, {out / 'summary.csv'}")
    print(f"picture: {out / 'figures' / 'teaser.png'}")
    distribute_run(out, "faig", PROPORTIONS, seed)
    say_report(out)
