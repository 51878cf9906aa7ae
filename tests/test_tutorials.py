"""The tutorials: outputs are of the very cells that stand there, pages are whole, and the quickest two run."""

import base64
import io
import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "tutorials.py"
FOLDER = ROOT / "docs" / "tutorials"
QUICKEST = ["own-network", "paper"]
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e-?\d+)?%?"

pytest.importorskip("nbconvert", reason="of faig[dev]")


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]


def printed(folder: Path, name: str) -> str:
    """All text that a tutorial shows, without its numbers."""
    shown = outputs(json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8")))
    texts = ["".join(each.get("text") or each["data"]["text/plain"]) for each in shown]
    return re.sub(r"\s+", " ", re.sub(NUMBER, "", "\n".join(texts)))


def test_every_notebook_is_a_tutorial_that_the_site_lists(script):
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    listed = next(entry["Tutorials"] for entry in site["nav"] if "Tutorials" in entry)
    titles = {"All of them": "tutorials/index.md"}
    titles |= {
        script["title_and_summary"](script["read"](name))[0]: f"tutorials/{name}.md" for name in script["TUTORIALS"]
    }
    assert {title: path for entry in listed for title, path in entry.items()} == titles
    assert names() == sorted(script["TUTORIALS"])


@pytest.mark.parametrize("name", names())
def test_outputs_are_of_the_cells_that_stand_there(script, name):
    notebook = script["read"](name)
    assert notebook.metadata["faig"]["sources"] == script["fingerprint"](notebook), f"run: make tutorials NAMES={name}"
    code = script["code_cells"](notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs(notebook))


@pytest.mark.parametrize("name", names())
def test_nothing_of_the_machine_it_ran_on_is_kept(script, name):
    notebook = script["read"](name)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "faig"}
    assert all(cell.metadata == {} for cell in notebook.cells)
    texts = [str(output.get("text", output.get("data", {}).get("text/plain"))) for output in outputs(notebook)]
    assert not re.findall(r"(?<!\w)/(?:home|root|tmp|work|Users|var)/|ipykernel|0x[0-9a-f]{6,}", "\n".join(texts))


@pytest.mark.parametrize("name", names())
def test_a_tutorial_teaches(script, name):
    """Short cells; claims that are computed; what can go wrong, and what to do next."""
    notebook = script["read"](name)
    code = [cell.source for cell in script["code_cells"](notebook)]
    assert max(len(source.splitlines()) for source in code) <= 25
    assert sum("assert " in source for source in code) >= 3
    headings = re.findall(r"^## (.*)", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M)
    assert any("can go wrong" in heading for heading in headings)
    assert headings[-1] == "What next"


def test_every_picture_says_what_it_shows_and_all_are_small(script):
    total = 0
    for name in names():
        pictures = [output for output in outputs(script["read"](name)) if "image/png" in output.get("data", {})]
        assert pictures, name
        for picture in pictures:
            assert len(picture.metadata["image/png"]["alt"]) > 20
            packed = base64.b64decode(picture.data["image/png"])
            assert Image.open(io.BytesIO(packed)).width <= 1300
            total += len(packed)
    assert total < 2_000_000


@pytest.mark.slow
def test_pages_have_every_cell_output_and_picture(script):
    files = script["pages"]()
    for name in names():
        text = files[f"{name}.md"].decode()
        for cell in script["read"](name).cells:
            for line in cell.source.splitlines():
                assert line.replace(".ipynb", ".md") in text.replace(".ipynb", ".md") or line.startswith("#|"), line
        assert "#| fig-alt" not in text
        assert "<style" not in text
        linked = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text)
        assert len(linked) == sum("image/png" in output.get("data", {}) for output in outputs(script["read"](name)))
        assert {path for _, path in linked} <= set(files)
        assert f"({name}.md)" in files["index.md"].decode()
    cards = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", files["index.md"].decode())
    assert {path for _, path in cards} == {f"pictures/{name}.webp" for name in names()}
    assert all(Image.open(io.BytesIO(files[path])).size == script["THUMBNAIL"] for _, path in cards)


def test_links_lead_somewhere(script):
    for name in names():
        for cell in script["read"](name).cells:
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", cell.source if cell.cell_type == "markdown" else ""):
                assert target.startswith("https://") or (FOLDER / target).is_file(), f"{name}: {target}"


@pytest.mark.parametrize(
    ("source", "alt"),
    [("x = 1", ""), ("#| fig-alt: Two cats,\n#|   side by side\nx", "Two cats, side by side"), ("# fig-alt: no", "")],
)
def test_what_a_cell_says_of_its_picture(script, source, alt):
    assert script["alt_text"](source) == alt


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICKEST)
def test_the_quickest_run_and_print_what_is_stored(name, tmp_path):
    command = [sys.executable, str(SCRIPT), "run", name, "--into", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert printed(tmp_path, name) == printed(FOLDER, name)


def test_where_its_networks_are_not_here_a_tutorial_keeps_its_outputs(script, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(script["WEIGHTS"], raising=False)
    for name, files in script["NEEDS"].items():
        monkeypatch.setitem(script["NEEDS"], name, dict.fromkeys(files, tmp_path / "none.pth"))
        script["run"]([name], tmp_path)
        said = capsys.readouterr().out
        assert said.startswith(f"{name}: not run, its outputs stay: {next(iter(files))} is not here")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_tutorial_is_one_line(script, capsys):
    with pytest.raises(SystemExit) as stop:
        script["main"](["run", "tuor"])
    assert stop.value.code == 2
    assert "'tuor' is not one of tour, own-network" in capsys.readouterr().err
