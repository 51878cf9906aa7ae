"""What the site has beside its pages: the page to play with, or a picture where it cannot be had."""

import os
import re
import runpy
import shutil
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAV = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
SITE = runpy.run_path(str(ROOT / "scripts" / "site.py"))
INDEX = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def test_without_the_runtime_a_picture_stands_there_and_a_line_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))  # so that the script's own is taken back
    SITE["write_play"](tmp_path / "docs" / "play", tmp_path / "no such package")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "a picture in place of the page to play with" in said
    assert "npm install onnxruntime-web" in said
    page = (tmp_path / "docs" / "play" / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r'(?:src|srcset)="\.\./(.+?)"', page)
    assert len(pictures) == 2
    assert all((ROOT / "docs" / picture).is_file() for picture in pictures)
    assert os.listdir(tmp_path / "docs" / "play") == ["index.html"]


def test_the_first_page_embeds_it_and_has_a_picture_without_scripts():
    frame = re.search(r"<iframe (.+?)>", INDEX)
    assert frame is not None
    for part in ('src="play/"', "title=", 'loading="lazy"'):
        assert part in frame[1]
    [picture] = re.findall(r'<noscript><img src="(.+?)" alt=".+?"></noscript>', INDEX)
    assert (ROOT / "docs" / picture).is_file()
    assert "(play/index.html)" in INDEX


@pytest.mark.parametrize("name", ["docs/play", "docs/reports"])
def test_what_is_made_is_not_committed(name):
    assert f"/{name}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_the_site_has_a_report_of_each_kept_study(tmp_path, capsys):
    results = ROOT / "docs" / "results"
    kept = {config.parent.name for config in results.glob("*/config.yaml")}
    sizes = {effects.parent.name: effects.stat().st_size for effects in results.glob("*/effects.csv")}
    smallest = min(sizes, key=lambda name: sizes[name])
    shutil.copytree(results / smallest, tmp_path / "results" / smallest)
    shutil.copy(results / f"{smallest}.md", tmp_path / "results")
    SITE["write_reports"](tmp_path)
    assert smallest in capsys.readouterr().out
    report = tmp_path / "reports" / f"{smallest}.html"
    assert 500_000 < report.stat().st_size < 2_000_000
    assert "What holds" in report.read_text(encoding="utf-8")
    [pages] = [part["Results"] for part in NAV if "Results" in part]
    named = {path for entry in pages for path in entry.values() if path.startswith("reports/")}
    assert named == {f"reports/{name}.html" for name in kept}


PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("examples/*/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_says_what_it_shows(page):
    """In words: more than one, and no file's name."""
    text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`", "", text)
    said = re.findall(r"!\[([^\]]*)\]\(", text)
    for tag in re.findall(r"<(?:img|iframe)\b[^>]*>", text):
        told = re.search(r'\b(?:alt|title)="([^"]*)"', tag)
        assert told is not None, tag
        said.append(told[1])
    assert [words for words in said if len(words.split()) < 2 or words.endswith((".png", ".svg"))] == []
