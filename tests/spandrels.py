"""Tiny networks of spandrel's own classes."""

import torch
from torch import nn


def transformer(**changes):
    return {"img_size": 16, "embed_dim": 8, "num_heads": [2], "upscale": 2} | changes


# By name of spandrel's package and class: arguments that make it tiny.
TINY = {
    "SwinIR": transformer(depths=[2], window_size=8, mlp_ratio=2, upsampler="pixelshuffledirect"),
    "Swin2SR": transformer(depths=[2], window_size=8, mlp_ratio=2, upsampler="pixelshuffledirect"),
    "NAFNet": {"img_channel": 3, "width": 4, "middle_blk_num": 1, "enc_blk_nums": [1], "dec_blk_nums": [1]},
    "HAT": transformer(depths=[2], window_size=8, squeeze_factor=4, compress_ratio=2, mlp_ratio=2),
    "DAT": transformer(embed_dim=32, depth=[2], split_size=[4, 4], expansion_factor=2.0),
    "SPAN": {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8, "upscale": 2},
    "SAFMN": {"dim": 8, "n_blocks": 2, "upscaling_factor": 2},
    "OmniSR": {"num_feat": 16, "up_scale": 2},
    "SCUNet": {"config": [1, 1, 1, 1, 1, 1, 1], "dim": 64},
    "PLKSR": {"dim": 8, "n_blocks": 2, "upscaling_factor": 2},
    "MoSR": {"n_block": 1, "dim": 16, "upscale": 2},
    "SeemoRe": {"scale": 2, "num_experts": 3, "num_layers": 2, "embedding_dim": 8},
    "DRUNet": {"in_nc": 4, "out_nc": 3, "nc": [4, 4, 4, 4], "nb": 2},
}


def tiny(name: str) -> nn.Module:
    module = __import__(f"spandrel.architectures.{name}", fromlist=[name])
    torch.manual_seed(0)
    network = getattr(module, name)(**TINY[name])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            if not weight.any():  # NAFNet starts with no influence of its blocks
                weight.add_(0.1 * torch.rand(weight.shape, generator=generator))
    return network
