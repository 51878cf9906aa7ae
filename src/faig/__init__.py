"""faig: which filters of an image-restoration network do which job; switch it off, or turn it up and down.

The way through: images → degradation → cases → attribution → scores → filter set → intervention → restoration →
effect. Each word is a module; this page lists what one usually needs of them.
"""

from faig.analysis.prediction import Prediction, Predictor
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.quadrature import Quadrature, quadrature
from faig.attribution.rankings import read_ranking, write_ranking
from faig.attribution.raw_scores import RawScores
from faig.attribution.result import Attribution
from faig.attribution.score_files import load_scores, save_scores
from faig.common.errors import FaigWarning, InputError
from faig.common.statistics import Estimate
from faig.common.version import __version__
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.cases import Case, degrade_case, load_cases, make_cases
from faig.imaging.degradation import Degradation, paper_preset
from faig.imaging.images import read_image, write_image
from faig.imaging.metrics import psnr, ssim
from faig.intervention.edit import blend, graft, modulate, revert
from faig.intervention.effect import effect, leak, mean_effect, switched_off
from faig.networks.architectures import SRCNNStyle, SRResNet
from faig.networks.checkpoint import load_network, save_network
from faig.networks.inference import restore
from faig.pair import Pair, load_pair
from faig.zoo import load as load_zoo

__all__ = [
    "METHODS",
    "Attribution",
    "Case",
    "Degradation",
    "Estimate",
    "FaigWarning",
    "FilterSet",
    "FilterSpace",
    "InputError",
    "Options",
    "Pair",
    "Prediction",
    "Predictor",
    "Quadrature",
    "RawScores",
    "SRCNNStyle",
    "SRResNet",
    "__version__",
    "blend",
    "degrade_case",
    "effect",
    "graft",
    "leak",
    "load_cases",
    "load_network",
    "load_pair",
    "load_scores",
    "load_zoo",
    "make_cases",
    "mean_effect",
    "modulate",
    "paper_preset",
    "psnr",
    "quadrature",
    "rank",
    "read_image",
    "read_ranking",
    "restore",
    "revert",
    "save_network",
    "save_scores",
    "ssim",
    "switched_off",
    "write_image",
    "write_ranking",
]
