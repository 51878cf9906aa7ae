"""Bad input: one line, exit code 2, and nothing left behind."""

import errno
import os

import pytest

IMAGES = "--gt {p}/gt --out {t}/run"
ON = "{pair} " + IMAGES
BLUR = "--degrade blur=2"
SMALL = "14x300 is too small to compare: 15 pixels a side"
BAD = {
    "no such option": ("attribute --blah", "--blah"),
    "missing option": ("attribute", "--gt"),
    "no such command": ("atribute", "atribute"),
    "two architectures": (
        f"attribute --baseline {{p}}/other.safetensors --target {{p}}/target.safetensors {IMAGES} {BLUR}",
        "conv_first.weight is in the target but not in the baseline",
    ),
    "equal weights": (
        f"attribute --baseline {{p}}/target.pth --target {{p}}/target.safetensors {IMAGES} {BLUR}",
        "equal weights",
    ),
    "NaN in weights": ("restore {p}/nan.safetensors {p}/gt {t}/out", "nan.safetensors: conv_hr.bias holds"),
    "a pickle": ("restore {p}/pickle.pth {p}/gt {t}/out", "pickle.pth: cannot be loaded as weights only"),
    "no network": ("restore {p}/text.pth {p}/gt {t}/out", "text.pth: cannot be loaded"),
    "no zoo name": ("restore srresnet-x3/target {p}/gt {t}/out", "srresnet-x3/target: is no file"),
    "a folder as network": ("restore {p} {p}/gt {t}/out", ": holds no images"),
    "no images": ("degrade {p}/empty {t}/out", "empty: holds no images"),
    "no folder": ("degrade {p}/none {t}/out", "none: is not a folder"),
    "not divisible": (
        "degrade {p}/odd {t}/out --strict-size",
        "odd.png: 36x41 is not divisible by scale 2; crop it, or leave strict_size out (--strict-size)",
    ),
    "no partner": (f"attribute {ON} --lr blur={{p}}/odd", "has no partner named"),
    "GT is not LR × scale": (f"attribute {ON} --lr blur={{p}}/gt", "expected a GT of 72x80"),
    "neither lr nor degrade": (f"attribute {ON}", "give either folders of LR images or degradations to make (--lr)"),
    "clean alone": (f"attribute {ON} --lr clean={{p}}/gt", "clean images alone"),
    "lr without a name": (f"attribute {ON} --lr {{p}}/gt", "NAME=DIR"),
    "a name that is no file name": (f"attribute {ON} --lr a/b={{p}}/gt", "lr.a/b.[key]: String should match pattern"),
    "level that is no number": (f"attribute {ON} --degrade blur=x", "blur=x: 'x', step 1: 'x' is not one of blur"),
    "a spec with a slip": (f"attribute {ON} --degrade x=blur:2+jpg:60", "'blur:2+jpg:60', step 2: 'jpg' is not one of"),
    "a name with a slash": (f"attribute {ON} --degrade a/b=blur:2", "degrade.a/b.[key]: String should match pattern"),
    "clean as a degradation": (f"attribute {ON} --degrade clean=jpeg:9", "clean images are made anyway; leave it out"),
    "degrade by nonsense": ("degrade {p}/gt {t}/out --degrade blr:2", "'blr' is not one of"),
    "degrade twice": ("degrade {p}/gt {t}/out --degrade blur:2 --noise 0.1", "leave --blur, --noise and --jpeg out"),
    "unknown degradation": (f"attribute {ON} --degrade fog=1", "'fog' is not one of blur, anisotropic"),
    "unknown method": (f"attribute {ON} {BLUR} --method x", "method: is not one of faig, signed"),
    "against nobody": (f"attribute {ON} {BLUR} --against best", "against: is not one of mean, strongest"),
    "unknown rule": (f"attribute {ON} {BLUR} --quadrature x", "quadrature: is not one of gauss-legendre"),
    "a proportion of 0": (f"compare {ON} {BLUR} --proportions 0", "proportion 0 is outside (0%, 100%]"),
    "a proportion above 100%": (f"compare {ON} {BLUR} --proportions 1,101", "proportion 101 is outside"),
    "shares and percents": (
        f"compare {ON} {BLUR} --proportions 0.5,1,3",
        "0.5,1,3: shares and percents stand side by side; write 50%,1%,3% or 0.5%,1%,3%",
    ),
    "no machine's threads": (
        f"attribute {ON} {BLUR} --threads 999999999999",
        "--threads': Input should be less than or equal to 1024",
    ),
    "a seed beyond all": (f"attribute {ON} {BLUR} --seed 99999999999999999999", "--seed': Input should be less than"),
    "a pair twice": (f"attribute --pair srresnet-x2 {ON} {BLUR}", "stands for both networks; leave --baseline and"),
    "no pair": (f"sweep {IMAGES} {BLUR} --filters a=b", "name two networks: --pair NAME (of srcnn-style-x2, srresnet"),
    "half a pair": (f"compare --baseline a.pth {IMAGES} {BLUR}", "--baseline needs --target NET beside it"),
    "a pair that is none": (f"attribute --pair srresnet {IMAGES} {BLUR}", "srresnet: is not one of the zoo's pairs"),
    "a pair beside a network": ("restore {p}/target.pth {p}/gt --pair srresnet-x2", "stands for the network; leave"),
    "a sweep of nothing": (f"sweep {ON} {BLUR}", "name a ranking for each function: --filters blur="),
    **{
        f"a strength of {text}": (
            "restore srcnn-style-x2/target {p}/gt {t}/out --strength blur=" + text,
            f"--strength blur={text}: is not a finite number",
        )
        for text in ("nan", "inf", "-inf", "1e999")
    },
    "nothing to restore": ("restore {p}/target.pth", "name images, folders or patterns after the network"),
    "restore what is not there": ("restore {p}/gt/none.png --out {t}/out", "none.png: no such file or folder"),
    "a pattern of nothing": ("restore {p}/*.png --out {t}/out", "*.png: no such pattern of images"),
    "out without its option": ("restore {p}/gt/one.png {t}/out", "--out names the folder to write to"),
    "one name twice": ("restore {p}/gt {p}/gt/../odd/../odd/odd.png {p}/odd --out {t}/out", "has the same name as"),
    "a filter file of nothing": (
        "revert {pair} --filters {p}/text.pth --out {t}/new.safetensors",
        "text.pth: expected one flat index a line",
    ),
    "no such filter file": ("revert {pair} --filters {p}/none.csv --out {t}/new.safetensors", "none.csv: no such file"),
    "out is of no known kind": (
        "revert {pair} --filters {p}/x --out {t}/new.tflite",
        "new.tflite: a network is written as .safetensors, .pth, .onnx",
    ),
    "out in no folder": (
        "revert {pair} --filters {p}/x --out {t}/none/new.safetensors",
        "does not exist; make it first",
    ),
    "too small to check": (f"attribute {{pair}} --gt {{p}}/small {BLUR} --out {{t}}/run", f"strip: {SMALL}"),
    "too small to compare": (f"compare {{pair}} --gt {{p}}/small {BLUR} --out {{t}}/run", f"strip: {SMALL}"),
    "too small to turn": (
        f"sweep {{pair}} --gt {{p}}/small {BLUR} --out {{t}}/run --filters blur=x",
        f"strip: {SMALL}",
    ),
    "a seed below 0": ("degrade {p}/gt {t}/out --seed -1", "--seed"),
    "threads without end": ("degrade {p}/gt {t}/out --threads 1000000000000", "--threads"),
    "nodes without end": (
        f"attribute {ON} {BLUR} --nodes 1000000000",
        "nodes: Input should be less than or equal to 1000",
    ),
    "steps without end": (
        f"sweep {ON} {BLUR} --filters blur=x --strengths 0:1:1e-9",
        "are 1e+09 steps; take 1000 at most",
    ),
    "a strength that is none": ("modulate {pair} --filters srresnet-x2/blur --strength nan --out {t}/a.pth", "nan"),
    "no memory at all": ("restore {p}/target.pth {p}/gt {t}/out --memory 0", "memory: Input should be greater than 0"),
    "a device to read for ever": ("train /dev/zero", "/dev/zero: is not a regular file"),
    "no such device": ("degrade {p}/gt {t}/out --device tpu7", "--device tpu7"),
    "no tenth CPU": ("degrade {p}/gt {t}/out --device cpu:9", "--device cpu:9: this machine has 1"),
    "not a device": ("degrade {p}/gt {t}/out --device meta", "--device meta: is not one of cpu, cuda"),
    "strength without filters": (
        "restore {p}/target.pth {p}/gt {t}/out --strength blur=1",
        "give --baseline, --filters",
    ),
    "builder that is no file": ("restore {p}/target.pth {p}/gt {t}/out --arch none.py:make", "none.py"),
    "no configuration": ("train {p}/none.yaml", "none.yaml: cannot be read"),
    "run of no study": ("run {p}/none.yaml", "none.yaml: cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(faig, place, pair, tmp_path, name):
    arguments, message = BAD[name]
    given: list[object] = []
    for argument in arguments.split():
        given += pair if argument == "{pair}" else [argument.format(p=place, t=tmp_path)]
    code, _, err = faig(*given)
    assert code == 2
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("message", ["", "Unable to allocate 9.00 TiB"])
def test_too_little_memory_is_one_line(faig, place, tmp_path, monkeypatch, message):
    def fail(*_, **__):
        raise MemoryError(message)

    monkeypatch.setattr("faig.cli.restore.restored_pixels", fail)
    code, _, err = faig("restore", place / "target.pth", place / "gt", tmp_path / "out")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: the memory does not suffice: ")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_not_laid_to_standard_output_alone(faig, monkeypatch):
    """A library's error may be without the name of its file."""

    def fail(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("faig.cli.zoo.record_of", fail)
    monkeypatch.setattr(os, "dup2", lambda *_: None)  # the stream of the tests stays as it is
    code, _, err = faig("zoo", "list")
    assert code == 2
    assert "or a file that the system does not name, cannot be written: No space left on device\n" in err
