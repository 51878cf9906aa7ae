"""The page as a folder that any host of files serves: the pair as an ONNX graph, run in the visitor's browser."""

import json
from importlib import resources
from pathlib import Path

import numpy as np
from torch.nn.functional import interpolate

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.plain import plain
from faig.explore.description import describe
from faig.explore.explorer import Explorer
from faig.explore.photos import EXAMPLES
from faig.explore.runtime import runtime_files
from faig.filters import FilterSet, FilterSpace
from faig.imaging.images import write_image
from faig.intervention.turnable import Turnable, export_turnable
from faig.pair import Pair

PAGE = (".html", ".css", ".js")
OURS = (*PAGE, ".json", ".onnx", ".bin")
GRAPH = "turnable.onnx"
KERNELS = "kernels.bin"
ENGINE = '<meta name="engine" content="server">'
# Nothing but the page's own files; pictures that scripts make are blobs; WebAssembly may be compiled.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'"
)
SMALL = 160  # pixels of the longer side of an example's small picture


def page_files() -> dict[str, bytes]:
    """The page itself, by name: HTML, styles and modules, the same for both engines."""
    folder = resources.files("faig.explore").joinpath("page")
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(PAGE)}


def write_page(explorer: Explorer, folder: Path, runtime: Path | None = None, *, force: bool = False) -> float:
    """Write the page of a pair as a folder: no server computes behind it, and photos do not leave the browser.

    Args:
        explorer: of the pair. Both networks are written as one graph, whose inputs are an image, and for every
            parameter a strength and whether it is kept: units in the pair's numbering, then what is in none of them,
            by channel.
        folder: to make.
        runtime: a folder ``node_modules`` with `runtime.PACKAGES`; None: fetched once, then from the user's cache.
        force: allow an existing folder.

    Returns:
        The largest difference of the graph's output to PyTorch's.

    Raises:
        InputError: the folder exists; the networks cannot be written as ONNX; the runtime cannot be had; a function is
            turned by strengths of its own for each unit.
    """
    pair = explorer.pair
    for name, units in explorer.subject.units.items():
        if not isinstance(units, FilterSet):
            raise InputError(f"{name}: is turned by a strength for each unit; a page without a server turns sets alone")
    runs = runtime_files(runtime)  # what needs the internet comes before what takes long
    everything = FilterSpace.of(pair.target, pair.unit, everything=True)
    with new_folder(folder, force, ours=[f"*{suffix}" for suffix in OURS]) as part:
        for name, content in page_files().items():
            (part / name).write_bytes(content)
        index = part / "index.html"
        index.write_text(_for_browser(index.read_text("utf-8")), encoding="utf-8")
        network = Turnable(pair.target, pair.baseline, None, everything, cuttable=True)
        difference = export_turnable(network, part / GRAPH, pair.channels)
        (part / KERNELS).write_bytes(_kernels(pair))
        described = {
            **describe(explorer, curves=True),
            "curves": explorer.curves.measured(),
            "graph": {"file": GRAPH, "strengths": len(everything), "bytes": (part / GRAPH).stat().st_size},
            "kernels": {"file": KERNELS, "layers": _kernel_shapes(pair)},
        }
        text = json.dumps(plain(described), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        (part / "pair.json").write_text(text, encoding="utf-8")
        _write_examples(explorer, part / "examples")
        (part / "npm").mkdir()
        for name, content in runs.items():
            (part / "npm" / name).write_bytes(content)
    return difference


def _write_examples(explorer: Explorer, folder: Path) -> None:
    """The photos, and each in small."""
    folder.mkdir()
    for name in EXAMPLES:
        image = explorer.photos.image(name)
        write_image(folder / f"{name}.png", image)
        factor = SMALL / max(image.shape[1:])
        write_image(folder / f"{name}-small.png", interpolate(image[None], scale_factor=factor, mode="area")[0])


def _for_browser(html: str) -> str:
    assert ENGINE in html, "the page's index.html names its engine"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return html.replace(ENGINE, f'{policy}\n    <meta name="engine" content="browser">')


def _kernel_shapes(pair: Pair) -> list[list[int]]:
    """Rows and columns of the kernels of each layer of filters, in the numbering's order; [0, 0] of other units."""
    return [
        list(layer.kernels.split(pair.target.get_parameter(layer.kernels.key)).shape[1:])
        if layer.unit == "filter"
        else [0, 0]
        for layer in pair.space.layers
    ]


def _kernels(pair: Pair) -> bytes:
    """The kernels of all filters, little-endian float32: all of the baseline, then all of the target."""
    values = [
        layer.kernels.split(network.get_parameter(layer.kernels.key)).detach().cpu().float().numpy()
        for network in (pair.baseline, pair.target)
        for layer in pair.space.layers
        if layer.unit == "filter"
    ]
    return b"".join(np.ascontiguousarray(value, "<f4").tobytes() for value in values)
