"""What large images, many images and deep networks take: python benchmarks/load.py docs/results/load.json [--small].

Each part is a command in a process of its own, on one thread: its peak of resident memory, its seconds, and, of many
images, its resident memory and open files every so many images.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from faig.imaging.images import write_pixels
from faig.networks.architectures import build
from faig.networks.checkpoint import save_network

GB = "3GB"
ATTRIBUTED = ["--degrade", "noise=0.1", "--nodes", 2, "--no-check", "--threads", 1]
RECORDED = """
import json, os, sys
import faig.cli.output
from faig.cli import main

rows = []

def recorded(items, label, total):
    for number, item in enumerate(items):
        if number % {every} == 0:
            pages = int(open("/proc/self/statm").read().split()[1])
            rows.append((label, number, pages * os.sysconf("SC_PAGESIZE"), len(os.listdir("/proc/self/fd"))))
        yield item

faig.cli.output.progress_bar = recorded
try:
    main()
finally:
    json.dump(rows, open("{rows}", "w"))
"""
DEEP = """
from torch import nn

def make():
    layers = [layer for _ in range({layers} - 2) for layer in (nn.Conv2d(8, 8, 3, padding=1), nn.LeakyReLU(0.9))]
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), *layers, nn.Conv2d(8, 3, 3, padding=1))
"""


def taken(program: list[str], *arguments: object) -> dict[str, Any]:
    """Seconds, seconds of the processor, and peak of resident memory of ``faig`` with these arguments."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, *program, *map(str, arguments)], env=environment)
    peak = 0
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        peak = peak_of(process.pid) or peak  # it only rises; before the program begins it is this one's
        time.sleep(0.05)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"faig {' '.join(map(str, arguments))}: exit status {os.waitstatus_to_exitcode(status)}")
    return {
        "command": " ".join(Path(str(argument)).name for argument in arguments),
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gb": round(peak / 1e9, 3),
    }


def peak_of(process: int) -> int:
    """Bytes: the system's own count of a child begins with those of the process that it was forked from."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def photo(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Waves and a little noise."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.stack([np.sin(x / 37) + np.cos(y / 91), np.sin(x / 11) * 2, np.cos((x + y) / 53) * 2], 2)
    noise = np.random.default_rng(seed).normal(0, 3, waves.shape)
    return ((waves + 2) / 4 * 255 + noise).clip(0, 255).astype(np.uint8)


def tiny_pair(folder: Path) -> list[str]:
    """A pair of four channels, as options."""
    options = []
    for seed, name in enumerate(("baseline", "target")):
        torch.manual_seed(seed)
        network = build("srresnet", scale=2, features=4, blocks=1)
        about = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
        save_network(folder / f"{name}.safetensors", network.state_dict(), about)
        options += [f"--{name}", str(folder / f"{name}.safetensors")]
    return options


def large(folder: Path, small: bool) -> dict[str, Any]:
    """One large picture through ``restore`` and ``predict``."""
    width, height = (1600, 1200) if small else (8000, 6000)
    write_pixels(folder / "large.png", photo(width, height))
    network, faig = folder / "target.safetensors", ["-m", "faig"]
    restored = taken(faig, "restore", network, folder / "large.png", "--out", folder / "restored", "--memory", GB)
    predicted = taken(faig, "predict", folder / "large.png", "--pair", "srcnn-style-x2")
    return {"pixels": [width, height], "restore": restored, "predict": predicted}


def many(folder: Path, pair: list[str], small: bool) -> dict[str, Any]:
    """Many small pictures in one run of ``restore`` and of ``attribute``."""
    count, every = (60, 20) if small else (2000, 100)
    (folder / "many").mkdir()
    for number in range(count):
        write_pixels(folder / "many" / f"{number:04d}.png", photo(32, 32, number))
    found: dict[str, Any] = {"images": count}
    commands = {
        "restore": ["restore", folder / "target.safetensors", folder / "many", folder / "out"],
        "attribute": ["attribute", *pair, "--gt", folder / "many", "--out", folder / "run", *ATTRIBUTED],
    }
    for name, arguments in commands.items():
        program = RECORDED.format(every=every, rows=folder / "rows.json")
        found[name] = taken(["-c", program], *arguments)
        rows = json.loads((folder / "rows.json").read_text())
        memory = np.array([row[2] for row in rows[1:]]) / 1e6
        per_image = np.polyfit([row[1] for row in rows[1:]], memory, 1)[0] if len(memory) > 1 else 0.0
        found[name] |= {
            "memory_mb": [round(float(value), 1) for value in memory],
            "kb_per_image": round(1000 * float(per_image), 2),
            "open_files": [row[3] for row in rows],
        }
    return found


def deep(folder: Path, small: bool) -> dict[str, Any]:
    """A network of many layers through ``attribute``, ``distribution`` and ``report``."""
    layers = 30 if small else 500
    (folder / "deep.py").write_text(DEEP.format(layers=layers))
    space: dict[str, Any] = {}
    exec(DEEP.format(layers=layers), space)
    pair = []
    for seed, name in enumerate(("baseline", "target")):
        torch.manual_seed(0)
        network = space["make"]()
        with torch.no_grad():
            for weight in network.parameters() if seed else ():
                weight.add_(torch.randn_like(weight) * 1e-3)
        torch.save(network.state_dict(), folder / f"deep-{name}.pth")
        pair += [f"--{name}", folder / f"deep-{name}.pth"]
    (folder / "gt").mkdir()
    write_pixels(folder / "gt" / "one.png", photo(48, 48))
    images = ["--gt", folder / "gt", "--degrade", "blur=2,noise=0.1", "--arch", f"{folder / 'deep.py'}:make"]
    run, faig = folder / "deep-run", ["-m", "faig"]
    found: dict[str, Any] = {"layers": layers}
    found["attribute"] = taken(faig, "attribute", *pair, *images, "--nodes", 3, "--threads", 1, "--out", run)
    found["distribution"] = taken(faig, "distribution", run)
    found["report"] = taken(faig, "report", run)
    found["report"]["page_mb"] = round((run / "report.html").stat().st_size / 1e6, 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true", help="a quick look")
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = tiny_pair(folder)
        parts = {
            "large": lambda: large(folder, options.small),
            "many": lambda: many(folder, pair, options.small),
            "deep": lambda: deep(folder, options.small),
        }
        for part, measure in parts.items():
            found[part] = measure()
            options.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
