import csv

import pytest
import torch

from conftest import tiny_network
from faig.attribution.files.rankings import read_ranking, write_index, write_ranking
from faig.common.errors import InputError
from faig.filters import FilterSpace, rank

SPACE, OTHER = FilterSpace.of(tiny_network()), FilterSpace.of(tiny_network("srcnn-style"))


@pytest.fixture
def scores():
    found = torch.rand(len(SPACE), generator=torch.Generator().manual_seed(0))
    found[3] = float("inf")  # as `change` gives where only the baseline is 0
    found[4] = -found[5]
    return found


def test_csv_round_trip(scores, tmp_path):
    write_ranking(tmp_path / "f.csv", SPACE, scores)
    assert torch.equal(read_ranking(tmp_path / "f.csv", SPACE), rank(scores))
    with (tmp_path / "f.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["rank", "index", "layer", "out", "in", "score"]
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    for row in rows:
        assert SPACE.locate(int(row["index"])) == (row["layer"], int(row["out"]), int(row["in"]))
        assert float(row["score"]) == pytest.approx(scores[int(row["index"])].item(), rel=1e-7)
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


def test_index_round_trip(scores, tmp_path):
    write_index(tmp_path / "blur_index.txt", scores)
    text = (tmp_path / "blur_index.txt").read_text()
    assert text == "".join(f"{index}\n" for index in rank(scores).tolist())
    assert torch.equal(read_ranking(tmp_path / "blur_index.txt", SPACE), rank(scores))


def test_a_csv_may_be_cut_short(scores, tmp_path):
    write_ranking(tmp_path / "f.csv", SPACE, scores)
    lines = (tmp_path / "f.csv").read_text().splitlines()[:6]
    (tmp_path / "f.csv").write_text("\n".join(lines))
    assert torch.equal(read_ranking(tmp_path / "f.csv", SPACE), rank(scores)[:5])


@pytest.mark.parametrize(("ours", "theirs"), [(SPACE, OTHER), (OTHER, SPACE)])
@pytest.mark.parametrize("name", ["f.csv", "f.txt"])
def test_a_file_of_another_network(tmp_path, ours, theirs, name):
    values = torch.rand(len(ours))
    write_ranking(tmp_path / "f.csv", ours, values)
    write_index(tmp_path / "f.txt", values)
    with pytest.raises(InputError, match=rf"{name}: .*the file is of another network"):
        read_ranking(tmp_path / name, theirs)


HEAD = "rank,index,layer,out,in,score\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("f.csv", "", "is not a CSV file"),
        ("f.csv", "rank,index\n1,2\n", "has no column 'layer'"),
        ("f.csv", HEAD, "ranks no filters"),
        ("f.csv", HEAD + "1,x,conv_first,0,0,1\n", "invalid literal"),
        ("f.csv", HEAD + "1,7,conv_first,0,0,1\n", "line 2 says index 7, but that filter is 0"),
        ("f.csv", HEAD + "1,0,conv_first,0,0,1\n" * 2, "filter 0 stands there twice"),
        ("f.txt", "", "ranks 0 filters"),
        ("f.txt", "one\ntwo\n", "expected one flat index a line"),
        ("f.txt", "0\n" * len(SPACE), "filter 0 stands there twice"),
    ],
)
def test_what_is_no_ranking(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=rf"{name}: .*{message}"):
        read_ranking(tmp_path / name, SPACE)


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        read_ranking(tmp_path / "none.csv", SPACE)
