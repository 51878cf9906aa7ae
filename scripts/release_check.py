"""What must hold before a release: the wheel and the sdist are whole, install into clean environments, and work there.

Run: make release-check, in a clone without uncommitted changes. Needs the network; takes some minutes and 6 GB for the
environments, which go when it ends.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
TOOLS = ["build", "twine", "check-wheel-contents"]
TRIED = {  # by extra: what is run with the wheel alone, in an empty folder
    "": [
        ["faig", "--version"],
        ["faig", "zoo", "list"],
        ["faig", "restore", "photo.png", "--strength", "blur=0.5"],
        ["faig", "predict", "photo.png"],
        ["python", "five_lines.py"],
    ],
    "explore": [["faig", "explore", "--help"], ["python", "-c", "import starlette, uvicorn"]],
    "all": [
        ["faig", "run", "small", "--threads", "2"],
        ["faig", "report", "runs/small"],
        ["faig", "export", "srcnn-style-x2", "--filters", "noise=srcnn-style-x2/noise@learned", "--out", "knob.onnx"],
    ],
}
UNWANTED = ["gradio", "plotly", "torchvision"]
FIVE_LINES = """
import faig
from skimage import data
pair = faig.load_pair("srcnn-style-x2")
cases = faig.make_cases({"chelsea": data.chelsea()[:96, :96]}, {"blur": 2, "noise": 0.1}, scale=pair.scale)
found = pair.attribute(cases, nodes=2)
deblurring = found.top("blur", "1%")
print(pair.measure(pair.revert(deblurring), cases))
"""


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    print("$", *command, flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env=environment())


def environment() -> dict[str, str]:
    """Without what would let the clone's own sources in."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}


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
    (work / "five_lines.py").write_text(FIVE_LINES, encoding="utf-8")
    photo = "from skimage import data, io; io.imsave('photo.png', data.chelsea()[:96, :96], check_contrast=False)"
    run(binaries / "python", "-c", photo, cwd=work)
    for command, *arguments in TRIED[extra]:
        run(binaries / command, *arguments, cwd=work)


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
