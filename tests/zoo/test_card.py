"""Cards: what the hub reads of them, what this package reads again, and what `faig zoo` prints."""

import json
import re
import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch
import yaml

from faig import zoo
from faig.attribution.files.score_files import load_scores
from faig.common.errors import InputError
from faig.common.tensors import load_tensors, save_tensors
from faig.zoo.card import Measured, read_card, with_front_matter
from faig.zoo.record import record_of
from faig.zoo.scores import SCORES

ROWS = [
    Measured("Set5", "blur", "baseline", 26.03, 0.7649),
    Measured("Set5", "blur", "target", 31.74, 0.8957),
    Measured("Set5", "clean", "baseline", 34.37, 0.9362),
    Measured("Set14", "clean", "target", 30.06, 0.8747),
]


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "card.md"
    path.write_text(with_front_matter("mine", "# mine\n---\nnot front matter\n", ROWS))
    assert read_card(path) == (ROWS, "# mine\n---\nnot front matter\n")
    path.write_text("# mine\n")
    assert read_card(path) == ([], "# mine\n")


def test_the_hub_understands_it():
    card = huggingface_hub.ModelCard(with_front_matter("mine", "# mine\n", ROWS))
    assert (card.data.library_name, card.data.pipeline_tag) == ("faig", "image-to-image")
    assert (card.data.datasets, card.data.metrics) == (["Set5", "Set14"], ["psnr", "ssim"])
    assert [len(result["metrics"]) for result in card.data.to_dict()["model-index"][0]["results"]] == [4, 2, 2]
    results = [(r.dataset_name, r.dataset_config, r.metric_type, r.metric_value) for r in card.data.eval_results]
    assert results[:2] == [("Set5", "blur", "psnr", 26.03), ("Set5", "blur", "ssim", 0.7649)]
    assert len(results) == 2 * len(ROWS)


@pytest.mark.parametrize(
    "record",
    ["[", "3", "model-index: 3", "model-index: [{}]", "model-index: [{results: [{}]}]", "model-index: [{results: x}]"],
)
def test_front_matter_of_another_shape_is_one_line(tmp_path, record):
    path = tmp_path / "card.md"
    path.write_text(f"---\n{record}\n---\n# mine\n")
    with pytest.raises(InputError, match=r"card\.md, front matter: "):
        read_card(path)


def test_a_card_that_is_no_text_is_one_line(tmp_path):
    (tmp_path / "card.md").write_bytes(b"# caf\xe9\n")
    with pytest.raises(InputError, match=r"card\.md: is no text in UTF-8"):
        read_card(tmp_path / "card.md")


@pytest.mark.slow
@pytest.mark.parametrize("degradations", [None, 3, [3], "blur"])
def test_scores_of_another_shape_are_one_line(tmp_path, monkeypatch, degradations):
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))
    scores = shutil.copytree(zoo.FOLDER / "srcnn-style-x2", tmp_path / "mine") / "scores.safetensors"
    tensors, metadata = load_tensors(scores, "scores")
    save_tensors(scores, tensors, metadata | {"degradations": degradations})
    with pytest.raises(InputError, match=r"scores\.safetensors: is not a file of scores"):
        record_of("mine")


@pytest.mark.parametrize("pair", sorted(file.parent.name for file in zoo.FOLDER.glob("*/card.md")))
def test_shipped_cards_say_what_their_tables_do_and_name_no_path(pair):
    rows, text = read_card(zoo.FOLDER / pair / "card.md")
    cells = {(row.images, row.input): {} for row in rows}
    for row in rows:
        cells[row.images, row.input][row.network] = f"{row.psnr:.2f} / {row.ssim:.4f}"
    first = text.split("\n\n## ")[0]
    listed = [line for line in first.splitlines() if line.startswith("| ") and "images" not in line]
    assert len(listed) == len(cells) == 3 * (4 if len(record_of(pair).functions) == 2 else 5)
    for line, (key, of) in zip(listed, cells.items(), strict=True):
        assert line.startswith(f"| {key[0]} (")
        assert f"| {key[1]} |" in line
        assert f"| {of['baseline']} | {of['target']} |" in line
    for block in text.split("```yaml\n")[1:]:
        config = yaml.safe_load(block.split("```")[0])
        assert config["data"]["gt"] == "BSD400"
        assert "out" not in config
        assert "start" not in config["network"]


def test_the_record_of_a_pair():
    record = record_of("srresnet-x2")
    pair = zoo.load_networks(target="srresnet-x2/target", baseline="srresnet-x2/baseline")
    high, low = (torch.cat([weight.flatten() for weight in network.parameters()]) for network in pair)
    assert record.parameters == len(high)
    assert record.change == pytest.approx(float(torch.dist(high, low) / high.norm()))
    assert (record.scale, record.functions, record.architecture) == (2, ["blur", "noise"], "srresnet")
    assert record.trained == [("blur 2", 0.5), ("noise 0.1", 0.5)]
    assert record.gain("Set5", "blur") == pytest.approx(31.74 - 26.03)
    assert record.gain("Set5", "jpeg") is None


@pytest.mark.slow
def test_what_zoo_prints_fits_a_terminal(faig, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))
    (tmp_path / "broken").mkdir()
    for role in zoo.ROLES:
        (tmp_path / "broken" / f"{role}.safetensors").write_bytes(b"no network")
    code, out, err = faig("zoo", "list")
    assert code == 0
    assert "srresnet-x2" in out
    assert "1,369,859" in out
    assert "blur, noise" in out
    assert err.startswith("warning: broken: ")
    assert err.count("\n") == 1
    for name in sorted(file.parent.name for file in zoo.FOLDER.glob("*/card.md")):
        code, out, _ = faig("zoo", "show", name)
        assert code == 0
        assert max(map(len, out.splitlines())) <= 80
        assert len(out.splitlines()) <= 24  # a screen
    assert "+5.7" in faig("zoo", "show", "srresnet-x2")[1]
    assert json.loads(faig("zoo", "show", "srresnet-x2", "--json")[1])["parameters"] == 1369859
    assert "7000 iterations" in faig("zoo", "show", "srresnet-x2", "--card")[1]


def test_what_is_said_of_the_wild_pairs_is_on_their_cards():
    text = (Path(__file__).parents[2] / "docs" / "zoo.md").read_text(encoding="utf-8")
    wild = sorted(folder.name for folder in zoo.FOLDER.glob("*-wild*"))
    assert wild
    for pair in wild:
        record = record_of(pair)
        assert record.change <= 0.3
        raw, _ = load_scores(zoo.folder(pair) / SCORES)
        assert max(raw.barriers().values()) < 1.005  # "has no barrier"
        gains = (record.gain("BSD100", kind) for kind in ("clean", "blur", "noise", "jpeg", "blur+noise+jpeg"))
        cells = " | ".join(f"{gain:+.2f}".replace("-", "\N{MINUS SIGN}") for gain in gains)
        assert f"| `{pair}` | {record.change:.2f} | {cells} |" in text
        card = read_card(zoo.folder(pair) / "card.md")[1]
        levels = re.findall(r"^\| (blur|noise) ([\d.]+) .* at ([\d.]+) \|", card, re.M)
        strong = [float(best) for kind, level, best in levels if float(level) > {"blur": 1.5, "noise": 0.06}[kind]]
        assert len(strong) == 5
        assert min(strong) >= 1  # "full strength or more is best wherever the blur or the noise is stronger"
        assert max(strong) > 1
        number = r"([\d.]+) / [\d.]+ \|"
        row = re.search(rf"^\| BSD100 \(100\) \| blur\+noise\+jpeg \| {number} {number} {number}", card, re.M)
        bicubic, _, target = map(float, row.groups())
        assert abs(target - bicubic) < 0.05  # "no better than bicubic enlargement"
