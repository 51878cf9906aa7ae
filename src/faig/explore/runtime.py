"""What runs networks in a browser: onnxruntime-web, from its npm package, its version and hash pinned here."""

import contextlib
import hashlib
import io
import json
import tarfile
import urllib.request
from http.client import HTTPException
from pathlib import Path

import platformdirs

from faig.common.errors import InputError, first_line
from faig.common.files import replacing

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
URL = f"https://registry.npmjs.org/{PACKAGE}/-/{PACKAGE}-{VERSION}.tgz"
# The program with its loader in one module, and the WebAssembly; it runs on one thread where a host isolates no pages.
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
PATIENCE = 60  # seconds without an answer


def runtime_files(package: Path | None = None) -> dict[str, bytes]:
    """The files that a page needs, by name.

    Args:
        package: the unpacked npm package; None: kept in the user's cache, after it was fetched once.

    Raises:
        InputError: the folder is not that package in that version; or it cannot be fetched, or is not what is pinned.
    """
    if package is not None:
        return _of_package(package)
    cache = platformdirs.user_cache_path("faig") / f"{PACKAGE}-{VERSION}"
    if all((cache / name).is_file() for name in FILES):
        return {name: (cache / name).read_bytes() for name in FILES}
    files = _fetched()
    with contextlib.suppress(OSError, InputError):  # it is fetched again where nothing can be kept
        cache.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with replacing(cache / name) as part:
                part.write_bytes(content)
    return files


def _of_package(package: Path) -> dict[str, bytes]:
    wanted = f"unpack the npm package {PACKAGE}@{VERSION} there (npm pack {PACKAGE}@{VERSION})"
    try:
        described = json.loads((package / "package.json").read_text("utf-8"))
        named = f"{described['name']}@{described['version']}"
        files = {name: (package / "dist" / name).read_bytes() for name in FILES if named == f"{PACKAGE}@{VERSION}"}
    except OSError as error:
        name = Path(error.filename or package).name
        raise InputError(f"{package}: {name}: {error.strerror}; {wanted}", setting="runtime") from None
    except (ValueError, LookupError, TypeError):
        raise InputError(f"{package}: its package.json is not one of npm's; {wanted}", setting="runtime") from None
    if not files:
        raise InputError(f"{package}: holds {named}; {wanted}", setting="runtime")
    return files


def _fetched() -> dict[str, bytes]:
    instead = f"or unpack {PACKAGE}@{VERSION} yourself and name its folder as the runtime"
    try:
        with urllib.request.urlopen(URL, timeout=PATIENCE) as answer:
            content = answer.read()
    except (OSError, HTTPException) as error:  # the latter: it broke off
        reason = first_line(error)
        raise InputError(f"{URL}: cannot be fetched: {reason}; try again, {instead}", setting="runtime") from None
    if (actual := hashlib.sha256(content).hexdigest()) != SHA256:
        raise InputError(f"{URL}: sha256 is {actual}, not {SHA256}; {instead}", setting="runtime")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        files = {name: tar.extractfile(f"package/dist/{name}") for name in FILES}
        return {name: file.read() for name, file in files.items() if file is not None}
