"""What must hold before a release: the wheel and the sdist are whole, install into clean environments, and work there.

Run: make release-check, in a clone without uncommitted changes. Needs the network; takes a quarter of an hour and 6 GB
for the environments, which go when it ends.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
TOOLS = ["build", "twine", "check-wheel-contents"]
PYTHON, SHELL = (
    re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[-1]
    for language in ("python", "sh")
)
UNENDING = re.compile(r"faig (explore +#|run |train )")  # what serves, or takes hours
TRIED = {  # by extra: what is run with the wheel alone, in a folder of small images named as in the README
    "": [
        "faig --version",
        "faig zoo list",
        "faig restore photo.png --strength blur=0.5",
        "faig predict photos/*.png",
        "faig attribute --pair srcnn-style-x2 --gt Set14 --degrade blur=2 --degrade noise=0.1 --nodes 4",
        "python readme.py",
    ],
    "explore": ["python served.py"],
    "all": [
        "faig demo",
        *(line for line in SHELL.replace("\\\n", "").splitlines() if not UNENDING.match(line)),
        "faig run small --threads 2",
        "faig report runs/small",
    ],
}
UNWANTED = ["gradio", "plotly", "torchvision"]
IMAGES = """
from pathlib import Path
from skimage import data, io
for folder in ("Set5", "Set14", "BSD100", "photos"):
    Path(folder).mkdir()
    io.imsave(f"{folder}/chelsea.png", data.chelsea()[100:148, 150:198], check_contrast=False)
io.imsave("photo.png", data.chelsea()[:96, :96], check_contrast=False)
"""
SERVED = """
import signal, subprocess, urllib.request
command = ["faig", "explore", "--pair", "srcnn-style-x2", "--port", "0", "--no-open"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        page = urllib.request.urlopen(server.stdout.readline().split()[0], timeout=60).read()
    finally:
        server.send_signal(signal.SIGINT)
assert b"<html" in page and server.returncode == 0, (page, server.returncode)
"""


def run(*command: str | Path, cwd: Path = ROOT, binaries: Path | None = None) -> None:
    """Run a command, with what an environment has first, and say what it took."""
    print("$", *command, flush=True)
    began, before = time.monotonic(), os.times()
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env=environment(binaries))
    after, wall = os.times(), time.monotonic() - began
    used = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"  took {wall:.1f} s, {used:.1f} s of processors", flush=True)


def environment(binaries: Path | None) -> dict[str, str]:
    """Without what would let the clone's own sources in."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | ({"PATH": f"{binaries}{os.pathsep}{kept['PATH']}"} if binaries else {})


def new_environment(folder: Path) -> Path:
    run(sys.executable, "-m", "venv", folder)
    return folder / "bin"


def build(tools: Path) -> Path:
    """Wheel and sdist of what is committed, checked; returns the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(tools / "python", "-m", "build", "--outdir", DIST)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    run(tools / "twine", "check", "--strict", wheel, sdist)
    run(tools / "check-wheel-contents", "--toplevel", "faig", wheel)
    return wheel


def check_dates(version: str) -> None:
    """The change log and the citation are of this version."""
    log = (ROOT / "CHANGELOG.md").read_text("utf-8")
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    if f"## {version}" not in log or f"version: {version}\n" not in citation:
        raise SystemExit(f"CHANGELOG.md and CITATION.cff must both have the version {version}")


def try_out(wheel: Path, extra: str, folder: Path) -> None:
    """Install the wheel with an extra, and run what a user would."""
    binaries = new_environment(folder / "env")
    target = f"faig[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    run(binaries / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", target)
    run(binaries / "pip", "check")
    listed = subprocess.run([binaries / "pip", "freeze"], check=True, capture_output=True, text=True).stdout.lower()
    if unwanted := [name for name in UNWANTED if f"{name}==" in listed]:
        raise SystemExit(f"faig[{extra}] installs {unwanted[0]}")
    work = folder / "work"
    work.mkdir()
    (work / "readme.py").write_text(PYTHON, encoding="utf-8")
    (work / "served.py").write_text(SERVED, encoding="utf-8")
    run(binaries / "python", "-c", IMAGES, cwd=work)
    for line in TRIED[extra]:
        run("sh", "-c", line, cwd=work, binaries=binaries)


def main() -> None:
    if changed := subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, check=True, capture_output=True).stdout:
        raise SystemExit(f"commit first; changed are:\n{changed.decode()}")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with tempfile.TemporaryDirectory() as folder:
        tools = new_environment(Path(folder) / "tools")
        run(tools / "pip", "install", "--quiet", *TOOLS)
        wheel = build(tools)
        check_dates(wheel.name.split("-")[1])
        for extra in TRIED:
            if extra and extra not in project["optional-dependencies"]:
                raise SystemExit(f"pyproject.toml has no extra {extra}")
            place = Path(folder) / (extra or "library")
            place.mkdir()
            try_out(wheel, extra, place)
            shutil.rmtree(place)
    print(f"{wheel.name}: may be released")


if __name__ == "__main__":
    main()
