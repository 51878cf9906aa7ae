"""Option files in BasicSR's layout, as the paper's authors published them."""

from pathlib import Path

import pytest
import yaml

from faig.common.errors import InputError
from faig.training.config import read_config
from published import published

RETRAINED = {"model_type": "ReTrainModel", "train__finetuned_neuron_index_file": "a.txt", "train__neuron_ratio": 0.1}
PSNR = "val__metrics__psnr__"


@pytest.fixture
def read(tmp_path):
    def read(**changes):
        """Read the published settings with some changed."""
        file = tmp_path / "train.yml"
        file.write_text(yaml.safe_dump(published(**changes)))
        return read_config(file)

    return read


def test_the_published_settings(read):
    config, notes = read()
    assert (config.name, config.out, config.seed) == (
        "train_srresnet_target",
        Path("experiments/train_srresnet_target"),
        0,
    )
    assert config.network.model_dump() == {
        "architecture": "srresnet",
        "arguments": {"scale": 2, "features": 64, "blocks": 16, "channels": 3},
        "start": "baseline.pth",
        "start_key": "params",
        "strict": True,
    }
    data = config.data
    assert (data.gt, data.lr_patch, data.batch) == (Path("datasets/DF2K/DIV2K_train_HR_sub.lmdb"), 32, 16)
    assert (data.flip, data.rotate, data.workers) == (True, True, 6)
    blur = data.degradation
    assert (blur.blur, blur.blur_probability, blur.noise, blur.noise_probability) == (2, 0.5, 0.1, 0.5)
    adam = config.optimizer
    assert (adam.iterations, adam.learning_rate, adam.final_learning_rate) == (100_000, 5e-5, 1e-7)
    assert (adam.restart_every, adam.betas, adam.ema) == (250_000, (0.9, 0.99), 0.999)
    assert config.validation.lr == {"Set14": Path("datasets/Set14/LRbicx2")}
    assert (config.validation.every, config.checkpoint_every, config.report_every) == (5000, 10_000, 100)
    assert (config.tensorboard, config.filters, config.top) == (True, None, None)
    assert config.basicsr
    assert all("has no effect on the result: " in note for note in notes)
    assert {note.split(":")[0] for note in notes} == {
        "datasets.train.name",
        "datasets.train.use_shuffle",
        "datasets.train.dataset_enlarge_ratio",
        "val.save_img",
        "dist_params.backend",
        "dist_params.port",
    }


def test_the_plain_chain_and_retraining(read):
    config, _ = read(
        network_g={"type": "srcnn_style_net", "scale": 2},
        model_type="ReTrainModel",
        train__finetuned_neuron_index_file="faig_blur_index.txt",
        train__neuron_ratio=0.01,
    )
    assert (config.network.architecture, config.network.arguments) == ("srcnn-style", {"scale": 2})
    assert (config.filters, config.top) == ("faig_blur_index.txt", 0.01)
    all_of_them, _ = read(
        model_type="ReTrainModel", train__finetuned_neuron_index_file="faig_blur_index.txt", train__neuron_ratio=1
    )
    assert all_of_them.top == 1


def test_numbers_that_yaml_reads_as_text(read):
    config, _ = read(
        num_gpu="auto",
        train__total_iter="1e6",
        logger__save_checkpoint_freq="5e3",
        datasets__train__batch_size_per_gpu="16",
    )
    assert (config.optimizer.iterations, config.checkpoint_every, config.data.batch) == (1_000_000, 5000, 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "../../elsewhere"}, r"name: '\.\./\.\./elsewhere' becomes the name of a folder"),
        ({"name": "x" * 300}, r"name: 'x+' is longer than 255 bytes"),
        ({"name": ["a"]}, r"name: \['a'\] becomes the name of a folder"),
        ({"name": {"a": 1}}, r"name\.a: there is no such setting; name is one value, no section"),
        ({"a\nb\ud800": 1}, r"a\\nb\\ud800: there is no such setting"),
        ({"train": 3}, r"train: 3 is no section of settings"),
        ({"datasets": [1]}, r"datasets: \[1\] is no section of settings"),
        ({"num_gpu": -1}, r"num_gpu: -1 is no number of GPUs"),
        ({"num_gpu": "many"}, r"num_gpu: 'many' is not a number"),
        ({"scale": 3}, r"scale: 3 differs from that of network_g, 2"),
        ({"scale": 0, "network_g__upscale": 0}, r"gt_size: 64 is not divisible by scale 0"),
        ({"network_g__upscale": None}, r"scale: 2 differs from that of network_g, 4"),
        ({"network_g__num_block": -1}, r"network_g: architecture 'srresnet' with blocks -1: is outside 0 to 1000"),
        ({"network_g__type": "EDSR"}, r"network_g\.type: 'EDSR' is not one of MSRResNet, srcnn_style_net"),
        ({"network_g__type": ["EDSR"]}, r"network_g\.type: \['EDSR'\] is not one of"),
        ({"network_g__type": "srcnn_style_net"}, r"network_g\.num_block: srcnn_style_net takes no such setting"),
        ({"network_g__num_feat": "many"}, r"network_g\.num_feat: 'many' is not a number"),
        ({"datasets__train__gt_size": "wide"}, r"datasets\.train\.gt_size: 'wide' is not a number"),
        ({"datasets__train__gt_size": 64.5}, r"datasets\.train\.gt_size: 64\.5 is not a whole number"),
        ({"datasets__train__gt_size": float("inf")}, r"datasets\.train\.gt_size: inf is not a whole number"),
        ({"datasets__train__gt_size": 63}, r"gt_size: 63 is not divisible by scale 2"),
        ({"datasets__train__gt_size": -64}, r"datasets\.train\.gt_size: -64 is not above 0"),
        ({"datasets__train__batch_size_per_gpu": 0}, r"datasets\.train\.batch_size_per_gpu: 0 is not above 0"),
        ({"datasets__train__dataroot_gt": ""}, r"datasets\.train\.dataroot_gt: is empty; name a file or a folder"),
        ({"path__pretrain_network_g": "~none/a.pth"}, r"network_g: '~none/a\.pth' begins with the folder of a user"),
        ({"datasets__train__sigma_list": [1, 2]}, r"sigma_list: \[1, 2\] is not a list of one level"),
        ({"datasets__train__sigma_list": [50]}, r"sigma_list: 50 is more than a kernel of 21 taps holds; 3 at most"),
        ({"datasets__train__sigma_list": [3.1]}, r"sigma_list: 3\.1 is more than a kernel of 21 taps holds"),
        ({"datasets__train__kernel_prob": float("nan")}, r"datasets\.train\.kernel_prob: Input should be"),
        ({"datasets__train__use_flip": False}, r"datasets\.train\.use_rot: true without use_flip"),
        (
            {"datasets__train__use_hflip": False},
            r"datasets\.train\.use_flip and use_hflip are two names of one",
        ),
        ({"datasets__train__use_flip": None}, r"datasets\.train\.use_flip: is missing"),
        ({"train__scheduler__periods": 2}, r"periods: 2 is not a list of numbers"),
        ({"train__scheduler__periods": [1, 2]}, "only equal periods with weights of 1"),
        ({"train__scheduler__periods": [float("inf")]}, r"periods: inf is not a whole number"),
        (
            {"train__scheduler__periods": [100], "train__scheduler__restart_weights": [1]},
            r"\[100\] end before train\.total",
        ),
        ({"train__scheduler__restart_weights": [1, 0.5]}, "only equal periods with weights of 1"),
        ({"train__warmup_iter": 100}, r"train\.warmup_iter: 100: no warm-up is supported"),
        ({"train__optim_g__eps": 0}, r"train\.optim_g\.eps: Input should be greater than 0"),
        ({"train__optim_g__betas": [0.9, 1]}, r"train\.optim_g\.betas\.1: Input should be less than 1"),
        ({"train__ema_decay": 1}, r"train\.ema_decay: Input should be less than 1"),
        ({"train__pixel_opt__reduction": "none"}, r"train\.pixel_opt\.reduction: Input should be 'mean' or 'sum'"),
        (RETRAINED | {"train__neuron_ratio": 2}, r"train\.neuron_ratio: proportion 2\.0 is outside"),
        (RETRAINED | {"train__neuron_ratio": None}, r"train\.neuron_ratio: is missing"),
        (RETRAINED | {"model_type": "SRModel"}, r"finetuned_neuron_index_file: SRModel trains every weight"),
        (
            RETRAINED | {"train__optim_g__weight_decay": 0.1},
            "weight_decay would change the weights that filters",
        ),
        ({PSNR + "test_y_channel": True}, r"val\.metrics\.psnr\.test_y_channel: True is not supported; only False is"),
        ({PSNR + "crop_border": 0}, r"val\.metrics\.psnr\.crop_border: 0 is not supported; only 2 is"),
        ({PSNR + "type": None}, r"val\.metrics\.psnr\.type: is missing"),
    ],
)
def test_what_would_change_the_result_is_refused(read, change, message):
    with pytest.raises(InputError, match=rf"train\.yml: .*{message}"):
        read(**change)


def test_other_metrics_and_other_validation_sets_are_named(read):
    config, notes = read(
        val__metrics__niqe={"type": "calculate_niqe", "crop_border": 4, "better": "lower"},
        datasets__val_2={"name": "Set5", "type": "PairedImageDataset", "dataroot_gt": "a", "dataroot_lq": "b"},
    )
    assert list(config.validation.lr) == ["Set14"]
    named = {note.split(":")[0] for note in notes}
    assert {"val.metrics.niqe", "datasets.val_2.dataroot_gt", "datasets.val_2.dataroot_lq"} <= named


def test_without_a_section_val_nothing_is_validated(read):
    assert read(val=None)[0].validation is None
    assert read(datasets__val=None)[0].validation is None


@pytest.mark.parametrize("key", ["network_g", "model_type", "datasets"])
def test_a_file_that_lacks_a_section_is_still_basicsrs(read, key):
    with pytest.raises(InputError, match=rf"{key}.*: is missing"):
        read(**{key: None})
