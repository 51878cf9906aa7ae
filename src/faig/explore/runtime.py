"""What a page without a server needs of others: npm packages, their versions and hashes pinned here."""

import contextlib
import hashlib
import io
import json
import tarfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import platformdirs

from faig.common.errors import InputError, first_line
from faig.common.files import replacing

PATIENCE = 60  # seconds without an answer


@dataclass(frozen=True)
class Package:
    """One npm package.

    Attributes:
        name: of the package.
        version: exactly.
        sha256: of the archive that npm serves.
        files: of its folder ``dist`` that a page needs.
    """

    name: str
    version: str
    sha256: str
    files: tuple[str, ...]

    @property
    def url(self) -> str:
        """Of the archive."""
        return f"https://registry.npmjs.org/{self.name}/-/{self.name}-{self.version}.tgz"

    def __str__(self) -> str:
        """As npm names it."""
        return f"{self.name}@{self.version}"


PACKAGES = (
    # Runs networks: its loader with the program, and the WebAssembly; on one thread where a host isolates no pages.
    Package(
        "onnxruntime-web",
        "1.30.0",
        "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
        ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
    # Writes animations.
    Package("gifenc", "1.0.3", "29470c10132cd66ecac3b4da025b57ab9ec35df6e40215947f22eb2f14a128d4", ("gifenc.esm.js",)),
)


def runtime_files(modules: Path | None = None) -> dict[str, bytes]:
    """The files that a page needs, by name.

    Args:
        modules: a folder ``node_modules`` that holds the packages; None: kept in the user's cache, after they were
            fetched once.

    Raises:
        InputError: a package is not there in its version; or it cannot be fetched, or is not what is pinned.
    """
    files = (_of_cache(package) if modules is None else _of_folder(package, modules) for package in PACKAGES)
    return {name: content for each in files for name, content in each.items()}


def _of_cache(package: Package) -> dict[str, bytes]:
    cache = platformdirs.user_cache_path("faig") / f"{package.name}-{package.version}"
    if all((cache / name).is_file() for name in package.files):
        return {name: (cache / name).read_bytes() for name in package.files}
    files = _fetched(package)
    with contextlib.suppress(OSError, InputError):  # it is fetched again where nothing can be kept
        cache.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with replacing(cache / name) as part:
                part.write_bytes(content)
    return files


def _of_folder(package: Package, modules: Path) -> dict[str, bytes]:
    folder, wanted = modules / package.name, f"name the node_modules after npm install {' '.join(map(str, PACKAGES))}"
    try:
        described = json.loads((folder / "package.json").read_text("utf-8"))
        named = f"{described['name']}@{described['version']}"
        if named == str(package):
            return {name: (folder / "dist" / name).read_bytes() for name in package.files}
    except OSError as error:
        file = Path(error.filename or folder).name
        raise InputError(f"{folder}: {file}: {error.strerror}; {wanted}", setting="runtime") from None
    except (ValueError, LookupError, TypeError):
        raise InputError(f"{folder}: its package.json is not one of npm's; {wanted}", setting="runtime") from None
    raise InputError(f"{folder}: holds {named}; {wanted}", setting="runtime")


def _fetched(package: Package) -> dict[str, bytes]:
    instead = f"or npm install {' '.join(map(str, PACKAGES))} yourself and name its node_modules as the runtime"
    try:
        with urllib.request.urlopen(package.url, timeout=PATIENCE) as answer:
            content = answer.read()
    except (OSError, HTTPException) as error:  # the latter: it broke off
        reason = f"cannot be fetched: {first_line(error)}"
        raise InputError(f"{package.url}: {reason}; try again, {instead}", setting="runtime") from None
    if (actual := hashlib.sha256(content).hexdigest()) != package.sha256:
        raise InputError(f"{package.url}: sha256 is {actual}, not {package.sha256}; {instead}", setting="runtime")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        files = {name: tar.extractfile(f"package/dist/{name}") for name in package.files}
        return {name: file.read() for name, file in files.items() if file is not None}
