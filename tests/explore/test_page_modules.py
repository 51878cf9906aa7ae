"""The page's own arithmetic, run in the browser, beside the library's: degradations, measures, sets, links."""

import numpy as np
import pytest
import torch

from explore_page import BROWSER, file_server
from faig.explore.static_page import page_files
from faig.imaging.degradation import Degradation
from faig.imaging.images import round8
from faig.imaging.metrics import psnr, ssim
from faig.imaging.photos import photograph
from faig.intervention.effect import effect

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no chromium")]
STEP = 1 / 255 + 1e-6
PLANES = """const p = ({ shape: [c, h, w], values }) =>
  ({ channels: c, width: w, height: h, values: Float32Array.from(values) });"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A page without an engine: modules can be imported into it."""
    folder = tmp_path_factory.mktemp("modules")
    for name, content in page_files().items():
        (folder / name).write_bytes(content)
    (folder / "empty.html").write_text("<!doctype html><title>empty</title>")
    with file_server(folder) as address:
        page = browser.new_page()
        page.goto(f"{address}empty.html")
        yield page


def run(page, module, body, *given):
    """What a function body makes of a module (``m``) and arguments (``a``)."""
    return page.evaluate(f"async a => {{ {PLANES} const m = await import('./{module}'); {body} }}", list(given))


def image(*shape, seed=0):
    """An 8-bit image with edges and flat parts."""
    values = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    values[:, : shape[1] // 2] = values[:, : shape[1] // 2].round()
    return round8(values)


def sent(tensor):
    return {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("scale", "down"),
    [(2, "bilinear"), (3, "bilinear"), (4, "bilinear"), (2, "area"), (3, "bicubic"), (2, "bicubic"), (1, "area")],
)
@pytest.mark.parametrize("sigma", [0, 0.7, 3.0, 5.5, 10.0])
def test_blur_and_downsampling_are_the_librarys(page, channels, scale, down, sigma):
    gt = image(channels, 5 * scale, 8 * scale)
    expected = Degradation(blur=sigma, downsampling=down)(gt, scale)
    body = """const worse = { blur: a[1], noise: 0, jpeg: null, seed: 0 };
      return Array.from((await m.degrade(p(a[0]), worse, a[2], a[3])).values)"""
    found = torch.tensor(run(page, "degrade.js", body, sent(gt), sigma, scale, down)).reshape(expected.shape)
    assert float((found - expected).abs().max()) <= STEP


def test_noise_is_of_its_sigma_and_of_its_seed(page):
    body = """const gray = p({ shape: [3, 64, 64], values: new Array(12288).fill(0.5) });
      return a.map(([sigma, seed]) => Array.from(m.noise(gray, sigma, seed).values))"""
    one, same, other, weak = (
        np.array(values) - 0.5 for values in run(page, "degrade.js", body, [0.1, 7], [0.1, 7], [0.1, 8], [0.01, 7])
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.allclose(one, 10 * weak, atol=1e-5)
    for values in (one, other):
        assert abs(values.mean()) < 0.004
        assert values.std() == pytest.approx(0.1, rel=0.03)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.04
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.04


def test_jpeg_of_less_quality_loses_more(page):
    gt = photograph("astronaut")[:, 100:132, 200:248]
    body = """const worse = quality => ({ blur: 0, noise: 0, jpeg: quality, seed: 0 });
      return Promise.all(a[1].map(async quality =>
        Array.from((await m.degrade(p(a[0]), worse(quality), 1, 'area')).values)))"""
    losses = [
        float((torch.tensor(values).reshape(gt.shape) - gt).square().mean())
        for values in run(page, "degrade.js", body, sent(gt), [None, 95, 60, 10])
    ]
    assert losses[0] == 0
    assert losses == sorted(losses)
    assert losses[-1] > 2 * losses[1] > 0


@pytest.mark.parametrize("shape", [(3, 31, 40), (1, 24, 17), (3, 15, 15)])
@pytest.mark.parametrize("border", [0, 2])
def test_psnr_and_ssim_are_the_librarys(page, shape, border):
    one, two = image(*shape), image(*shape, seed=1)
    near = round8(one + 0.02 * two)
    for other in (two, near):
        body = "const [x, y] = [p(a[0]), p(a[1])]; return [m.psnr(x, y, a[2]), m.ssim(x, y, a[2])]"
        assert run(page, "metrics.js", body, sent(other), sent(one), border) == pytest.approx(
            [psnr(other, one, border=border), ssim(other, one, border=border)], rel=1e-6
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_effect_is_the_papers(page, channels):
    one, two = image(channels, 21, 34), image(channels, 21, 34, seed=1)
    found = run(
        page,
        "metrics.js",
        "return [m.effect(p(a[0]), p(a[1])), m.squaredError(p(a[0]), p(a[1]))]",
        sent(one),
        sent(two),
    )
    assert found == pytest.approx([effect(one, two), float((one - two).square().mean(dtype=torch.float64))], rel=1e-5)


@pytest.mark.parametrize("units", [[], [0], [0, 1, 2, 6, 9], list(range(10)), [3, 4, 8]])
def test_runs_of_units_come_back(page, units):
    body = (
        "const s = m.setOf(10, a[0]), runs = m.runsOf(s); return [runs, Array.from(m.ofRuns(runs, 10)), Array.from(s)]"
    )
    runs, again, given = run(page, "units.js", body, units)
    assert again == given == [int(index in units) for index in range(10)]
    assert all(start < stop for start, stop in runs)
    assert len(runs) == sum(index - 1 not in units for index in units)


def test_random_sets_have_their_size_and_reach_everywhere(page):
    body = """const { generator } = await import('./degrade.js'), uniform = generator(1);
      const hits = new Array(40).fill(0), sizes = new Set();
      for (let n = 0; n < 400; n++) {
        const s = m.randomSet(7, 40, uniform);
        sizes.add(m.size(s));
        s.forEach((is, at) => { hits[at] += is; });
      }
      return [Array.from(sizes), hits];"""
    sizes, hits = run(page, "units.js", body)
    assert sizes == [7]
    assert sum(hits) == 7 * 400
    assert min(hits) > 40  # 70 on average, with a deviation of 7.6


LINKS = """const examples = [{ id: 'x', width: 400, height: 300 }], functions = [{ name: 'blur', trained: null }];
  const pair = { ways: ['images'], functions, examples, scale: 2, space: { units: 40 } }, state = m.begin(pair, 64);
  const linked = s => m.ofLink(m.toLink(s), pair);"""


def test_a_link_gives_the_state_back(page):
    body = """state.change.strengths.blur = 0.25;
      state.change.map = { action: 'graft', strength: 1.5, units: [[0, 1], [3, 39], [39, 40]] };
      return ['images', 'map'].map(way => {
        const given = { ...state, change: { ...state.change, way } };
        return JSON.stringify(linked(given)) === JSON.stringify(given) && /^[A-Za-z0-9_-]+$/.test(m.toLink(given));
      });"""
    assert run(page, "state.js", LINKS + body) == [True, True]


@pytest.mark.parametrize(
    "damage",
    [
        "change.way = 'none'",
        "change.way = 'map'",
        "change.strengths = {}",
        "change.strengths.blur = 'a'",
        "change.strengths.blur = 2",
        "change.strengths.more = 1",
        "input.crop = [0, 0, 8]",
        "input.crop = [-1, 0, 8, 8]",
        "input.crop = [0, 0, 8.5, 8]",
        "input.photo = 3",
        "input.worse = { blur: 2 }",
        "input.worse = { blur: 2, noise: 0, jpeg: 0, seed: 0 }",
        "input.worse = { blur: 99, noise: 0, jpeg: null, seed: 0 }",
        "change.map = { action: 'burn', strength: 1, units: [[0, 1]] }",
        "change.map = { action: 'revert', strength: 1, units: [[0, 41]] }",
        "view = null",
    ],
)
def test_a_damaged_link_is_no_state(page, damage):
    assert run(page, "state.js", f"{LINKS} state.{damage}; return linked(state)") is None


@pytest.mark.parametrize("text", ["", "x", "!!", "e30", "bnVsbA", "eyJpbnB1dCI6"])
def test_what_is_no_link_is_no_state(page, text):
    assert run(page, "state.js", f"{LINKS} return m.ofLink(a[0], pair)", text) is None


def test_what_is_wrecked_is_said_as_the_library_says_it(page):
    far = {"between": 1.0, "toTarget": 3.0, "toBaseline": 2.0}
    fine = {"between": 1.0, "toTarget": 0.5, "toBaseline": 0.7}
    body = "return m.wrecked(a[0])"
    told = run(
        page,
        "metrics.js",
        body,
        {
            "blur": {"distances": far, "psnr": 20.0, "ends": [25.0, 22.0]},
            "clean": {"distances": fine, "psnr": 21.9, "ends": [25.0, 22.0]},
        },
    )
    assert (
        told == "on blur 2.0 times as far from both ends as they are from each other, PSNR 2.0 dB under the worse end's"
    )
    assert run(page, "metrics.js", body, {"clean": {"distances": fine, "psnr": None, "ends": None}}) == ""
