"""What the site has beside its pages: the page to play with, or a picture where it cannot be had."""

import os
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INDEX = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def test_without_the_runtime_a_picture_stands_there_and_a_line_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))  # so that the script's own is taken back
    main = runpy.run_path(str(ROOT / "scripts" / "site.py"))["main"]
    main(tmp_path / "docs", tmp_path / "no such package")
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
