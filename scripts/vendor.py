"""The JavaScript libraries of others that pages hold, from their npm packages: versions and hashes are pinned here."""

import hashlib
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "faig" / "web" / "vendor"
PACKAGES = {  # sha256 of the package, and which of its files are kept, under which name
    "uplot@1.6.32": (
        "4b8a8191e425658e3ea8c8c1314b0fc679c861ee3a1af2b20c7b16ba50b5133d",
        {
            "package/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "package/dist/uPlot.min.css": "uPlot.min.css",
            "package/LICENSE": "uPlot.LICENSE",
        },
    ),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for package, (digest, files) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            content = next(Path(folder).iterdir()).read_bytes()
        if (actual := hashlib.sha256(content).hexdigest()) != digest:
            raise SystemExit(f"{package}: sha256 is {actual}, not {digest}")
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member, name in files.items():
                file = tar.extractfile(member)
                assert file is not None, member
                (FOLDER / name).write_bytes(file.read())


if __name__ == "__main__":
    main()
