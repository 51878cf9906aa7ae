"""Studies by name, as the wheel has them."""

import pytest

from faig.common.errors import InputError
from faig.experiment.studies import find_study, read_study
from faig.experiment.study.config import StudyConfig
from faig.imaging.photos import photograph
from faig.studies import shipped


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_study_needs_nothing_but_the_package(name):
    config = read_study(find_study(name))
    assert isinstance(config, StudyConfig)
    assert config.images is None
    for part in (config.find, config.measure, config.show):
        assert all(photograph(photo).shape[0] == 3 for photo in part.photos)
    assert {config.target, config.baseline} <= {"srresnet-x2/target", "srresnet-x2/baseline"} | {
        "srcnn-style-x2/target",
        "srcnn-style-x2/baseline",
    }


def test_a_file_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").write_text("command: study\n")
    assert find_study("small").resolve() == tmp_path / "small"
    assert find_study("demo").name == "demo.yaml"
    with pytest.raises(InputError, match=r"nothing: is no file and no shipped study; those are demo, methods-"):
        find_study("nothing")


def test_the_command_names_what_there_is(faig):
    code, out, err = faig("run", "nothing")
    assert (code, out) == (2, "")
    assert err.startswith("error: nothing: is no file and no shipped study")
    assert err.count("\n") == 1
