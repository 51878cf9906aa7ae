"""How threads wait: one program alone, and two at once, with libgomp's default and with what the commands set.

    python benchmarks/waiting.py

Each program makes forward and backward passes of SRResNet on a crop with two threads. Pairs of runs by turns; prints
the median ratio of seconds a pass, commands' / default.
"""

import os
import statistics
import subprocess
import sys

from faig.common.process import ENVIRONMENT

PROGRAM = """
import time
import torch
from faig.networks.architectures import build

torch.set_num_threads(2)
network, image = build("srresnet", scale=2), torch.rand(1, 3, {side}, {side})
for turn in range(2 + {count}):
    if turn == 2:
        start = time.perf_counter()
    network(image).square().sum().backward()
print((time.perf_counter() - start) / {count})
"""
WAYS = {"default": {}, "commands": ENVIRONMENT}


def seconds(way: str, programs: int, side: int, count: int) -> float:
    """Of one pass, the mean of programs that run at once."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in {*ENVIRONMENT, "OMP_WAIT_POLICY", "OMP_NUM_THREADS"}
    }
    command = [sys.executable, "-c", PROGRAM.format(side=side, count=count)]
    started = [
        subprocess.Popen(command, env=environment | WAYS[way], stdout=subprocess.PIPE, text=True)
        for _ in range(programs)
    ]
    return statistics.mean(float(program.communicate()[0]) for program in started)


def main(side: int = 24, count: int = 20, turns: int = 5) -> None:
    """Print the ratios."""
    for programs in (1, 2):
        pairs = [[seconds(way, programs, side, count) for way in WAYS] for _ in range(turns)]
        ratios = [ours / default for default, ours in pairs]
        print(
            f"{programs} at once: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})", flush=True
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
