"""Networks of public libraries and our own, as they are but for width and depth, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from dissect_widgets.world.networks.segment_net import SegmentNet
from dissect_widgets.world.networks.vgg import VGG


class Case(NamedTuple):
    """A network, and the size (H, W) of its images."""

    name: str
    make: Callable[[], nn.Module]
    size: tuple[int, int]
    right: int
    """Layers that are offered, in the versions of the libraries of November 2026."""
    refused: int
    """Layers that run and are not offered: windows, blocks, other orders; too few positions to tell."""


def made(case: Case) -> nn.Module:
    """The network with fixed random weights, in evaluation mode; the global generator is left alone."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return case.make().eval()


def _swin() -> nn.Module:
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 24, [2, 1], [2, 3], [7, 7])


def _convnext() -> nn.Module:
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    return ConvNeXt([CNBlockConfig(24, 36, 1), CNBlockConfig(36, None, 1)])


def _torchvision(name: str) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        from torchvision.models import get_model

        return get_model(name, weights=None)

    return make


def _timm(name: str, **options: object) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import timm

        return timm.create_model(name, pretrained=False, **options)

    return make


def _nest() -> nn.Module:
    from timm.models.nest import Nest

    return Nest(96, patch_size=4, embed_dims=(12, 18, 24), num_heads=(2, 2, 3), depths=(1, 1, 1))


def _transformers(name: str, config: str, **options: object) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        return getattr(transformers, name)(getattr(transformers, config)(**options))

    return make


_TOKENS = {"hidden_size": 36, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 60}
CASES = (
    Case("torchvision Swin", _swin, (224, 224), 48, 0),
    Case("torchvision Swin", _swin, (384, 288), 48, 0),
    Case("torchvision Swin", _swin, (96, 96), 48, 0),  # stage 1 outputs (B, 24, 24, 24)
    Case("torchvision ConvNeXt", _convnext, (224, 224), 34, 0),
    Case("torchvision ConvNeXt", _convnext, (384, 288), 34, 0),
    Case("torchvision ConvNeXt", _convnext, (96, 96), 34, 0),
    Case("torchvision EfficientNet", _torchvision("efficientnet_b0"), (64, 96), 329, 0),
    Case("torchvision ResNet", _torchvision("resnet18"), (96, 64), 67, 0),
    Case(
        "timm ViT with registers",
        _timm("vit_small_patch14_reg4_dinov2", img_size=(126, 224), depth=2, embed_dim=36, num_heads=3),
        (126, 224),
        49,
        4,
    ),
    Case(
        "timm Hiera",
        _timm("hiera_tiny_224", img_size=(96, 96), embed_dim=12, num_heads=1, stages=(1, 1, 2, 1)),
        (96, 96),
        22,
        74,
    ),
    Case("timm NesT", _nest, (96, 96), 22, 51),
    Case("timm MobileNet", _timm("mobilenetv3_small_050"), (96, 64), 229, 0),
    Case(
        "transformers SegFormer",
        _transformers(
            "SegformerForSemanticSegmentation",
            "SegformerConfig",
            depths=[1, 1, 1, 1],
            hidden_sizes=[8, 12, 20, 24],
            num_attention_heads=[1, 2, 2, 4],
            decoder_hidden_size=16,
        ),
        (64, 256),
        105,
        10,
    ),
    Case(
        "transformers DeiT",
        _transformers("DeiTModel", "DeiTConfig", image_size=(96, 160), patch_size=16, **_TOKENS),
        (96, 160),
        34,
        0,
    ),
    Case(
        "transformers ViT",  # 3 x 5 patches and a class token are no 4 x 4
        _transformers("ViTModel", "ViTConfig", image_size=(48, 80), patch_size=16, **_TOKENS),
        (48, 80),
        34,
        0,
    ),
    Case(
        "transformers Swin",
        _transformers(
            "SwinModel", "SwinConfig", embed_dim=24, depths=[2, 1], num_heads=[2, 3], image_size=(112, 168)
        ),
        (112, 168),
        42,
        15,
    ),
    Case(
        "transformers YOLOS",  # a class token, 6 x 10 patches, then 10 tokens of objects: no 7 x 10
        _transformers(
            "YolosModel",
            "YolosConfig",
            image_size=[96, 160],
            patch_size=16,
            num_detection_tokens=10,
            **_TOKENS,
        ),
        (96, 160),
        40,
        3,
    ),
    Case("our VGG with batch norm", lambda: VGG(7), (96, 96), 55, 0),
    Case("our U-Net", lambda: SegmentNet(5, widths=(8, 12, 16)), (64, 96), 34, 0),
)
"""Twelve kinds of networks; some at several sizes."""
