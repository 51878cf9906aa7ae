"""Every key of BasicSR's option files, kind by kind: honoured, without effect on the result, refused, unknown."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faig.common.errors import InputError
from faig.common.settings import flat
from faig.training.basicsr_keys import HONOURED, REFUSED, WITHOUT_EFFECT, as_in, documentation, found
from faig.training.config import read_config
from published import published

DOCS = Path(__file__).parents[2] / "docs" / "training.md"
BEGIN, END = "<!-- Made by faig.training.basicsr_keys.documentation() -->\n\n", "\n<!-- End of what is made -->"
ANY = "val.metrics.psnr.x"  # stands for any name under a pattern

# Of each key that becomes a setting, another value than that of the published file; and what must change with it.
OTHER = {
    "name": "other",
    "manual_seed": 7,
    "datasets.train.dataroot_gt": "elsewhere",
    "datasets.train.gt_size": 32,
    "datasets.train.use_flip": False,
    "datasets.train.use_rot": False,
    "datasets.train.kernel_prob": 0.25,
    "datasets.train.sigma_list": [3],
    "datasets.train.noise_prob": 0.25,
    "datasets.train.noise_list": [0.05],
    "datasets.train.batch_size_per_gpu": 4,
    "datasets.train.num_worker_per_gpu": 1,
    "datasets.val.name": "Fourteen",
    "datasets.val.dataroot_gt": "elsewhere",
    "datasets.val.dataroot_lq": "elsewhere",
    "num_gpu": 3,
    "network_g.num_feat": 8,
    "network_g.num_block": 2,
    "path.pretrain_network_g": "~/other.pth",
    "path.param_key_g": "params_ema",
    "path.strict_load_g": False,
    "path.experiments_root": "elsewhere",
    "train.total_iter": 5000,
    "train.ema_decay": 0.5,
    "train.optim_g.lr": 1e-3,
    "train.optim_g.betas": [0.5, 0.6],
    "train.optim_g.eps": 1e-3,
    "train.optim_g.weight_decay": 0.1,
    "train.optim_g.amsgrad": True,
    "train.scheduler.periods": [300000] * 4,
    "train.scheduler.eta_min": 1e-6,
    "train.pixel_opt.loss_weight": 0.5,
    "train.pixel_opt.reduction": "sum",
    "val.val_freq": 7,
    "logger.print_freq": 7,
    "logger.save_checkpoint_freq": 7,
    "logger.use_tb_logger": False,
}
# Changed together with others, in test_basicsr_options.py.
TOGETHER = {
    "model_type",
    "scale",
    "datasets.train.use_hflip",
    "network_g.type",
    "network_g.upscale",
    "network_g.scale",
    "train.warmup_iter",
    "train.scheduler.restart_weights",
    "train.finetuned_neuron_index_file",
    "train.neuron_ratio",
    "val.metrics.*.type",
    "val.metrics.*.crop_border",
    "val.metrics.*.test_y_channel",
}


def read(folder: Path, **changes):
    file = folder / "train.yml"
    file.write_text(yaml.safe_dump(published(**changes)))
    return read_config(file)


def with_key(folder: Path, key: str, value: object):
    together = {"datasets__train__use_rot": False} if key == "datasets.train.use_flip" else {}
    return read(folder, **{key.replace(".", "__"): value}, **together)


def example(pattern: str) -> str:
    """A key that a pattern stands for."""
    return as_in(pattern, ANY).replace("[0-9]", "2").replace("*", "x")


def test_every_key_that_is_honoured_is_tried():
    checks = {name for name, key in HONOURED.items() if key.only}
    assert OTHER.keys() | TOGETHER | checks == HONOURED.keys()
    assert not OTHER.keys() & (TOGETHER | checks)


@pytest.mark.slow
@pytest.mark.parametrize("key", OTHER)
def test_another_value_of_an_honoured_key_is_another_configuration(tmp_path, key):
    before = flat(read(tmp_path)[0].model_dump())
    after, notes = with_key(tmp_path, key, OTHER[key])
    changed = {name for name, value in flat(after.model_dump()).items() if before.get(name) != value}
    ours = HONOURED[key].ours
    assert changed
    assert not ours or any(name.startswith(ours) for name in changed)
    assert not any(note.startswith(f"{key}:") for note in notes)


@pytest.mark.parametrize("key", [name for name, key in HONOURED.items() if key.only])
def test_an_honoured_key_of_few_values_refuses_others(tmp_path, key):
    for value in HONOURED[key].only:
        if not isinstance(value, str) or key != "model_type":
            with_key(tmp_path, key, value)
    wrong = [0.5] * 3 if isinstance(HONOURED[key].only[0], list) else 17
    with pytest.raises(InputError) as told:
        with_key(tmp_path, key, wrong)
    assert f"train.yml: {key}: {wrong} is not supported; only {HONOURED[key].only[0]!r}" in str(told.value)


@pytest.mark.parametrize("key", [name for name, key in HONOURED.items() if key.needed])
def test_a_key_that_is_needed_is_missed(tmp_path, key):
    with pytest.raises(InputError, match=rf"train\.yml: {key.replace('.', '[.]')}: is missing"):
        read(tmp_path, **{key.replace(".", "__"): None})


@pytest.mark.slow
@pytest.mark.parametrize("pattern", WITHOUT_EFFECT)
def test_a_key_without_effect_is_told_and_changes_nothing(tmp_path, pattern):
    key = example(pattern)
    plain, _ = read(tmp_path)
    config, notes = with_key(tmp_path, key, 17)
    assert config == plain
    assert f"{key}: 17 has no effect on the result: {WITHOUT_EFFECT[pattern]}" in notes


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_refused_key_names_file_key_value_and_the_way_out(tmp_path, pattern):
    key = example(pattern)
    with pytest.raises(InputError) as told:
        with_key(tmp_path, key, 17)
    assert str(told.value) == f"{tmp_path / 'train.yml'}: {key}: 17 is not supported: {REFUSED[pattern]}"


NAMED = sorted(name for name in HONOURED if "*" not in name)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMED), st.data())
def test_a_slip_of_the_pen_is_refused_and_the_key_told(tmp_path, key, data):
    """One letter more, less or other in the last part of a key."""
    head, dot, last = key.rpartition(".")
    place = data.draw(st.integers(0, len(last) - 1))
    letter = data.draw(st.sampled_from("qxz"))
    change = data.draw(st.sampled_from(["more", "less", "other"]))
    slip = last[:place] + ("" if change == "less" else letter) + last[place + (change != "more") :]
    wrong = f"{head}{dot}{slip}"
    if not slip or any(found(wrong, table) for table in (HONOURED, WITHOUT_EFFECT, REFUSED)):
        return
    with pytest.raises(InputError) as told:
        with_key(tmp_path, wrong, 17)
    assert f"train.yml: {wrong}: there is no such setting; " in str(told.value)
    if len(last) > 4:
        assert f"did you mean {head}{dot}" in str(told.value)


def test_a_slip_under_a_name_of_the_users(tmp_path):
    with pytest.raises(
        InputError, match=r"crop_boarder: there is no such setting; did you mean val\.metrics\.psnr\.cro"
    ):
        read(tmp_path, val__metrics__psnr__crop_boarder=2)


def test_no_key_is_of_two_kinds():
    names = [example(name) for table in (HONOURED, WITHOUT_EFFECT, REFUSED) for name in table]
    assert len(set(names)) == len(names)
    for table, others in ((HONOURED, (WITHOUT_EFFECT, REFUSED)), (WITHOUT_EFFECT, (REFUSED,))):
        for name in table:
            clash = [other for other in others if found(example(name), other)]
            assert not clash or name.endswith("io_backend.type"), name


def test_the_documentation_is_that_of_the_tables():
    written = DOCS.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert written == documentation(), "put what documentation() gives between the two comments of docs/training.md"
