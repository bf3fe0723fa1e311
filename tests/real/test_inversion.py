"""Faces of a real generator are found again."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

import dissect_widgets as dw

pytestmark = [pytest.mark.real, pytest.mark.slow]


def face_generator(real: Path) -> Any:
    """The DCGAN of faces: latents (B, 100, 1, 1) to images of 64 pixels."""
    place = real / "nets" / "nets.py"
    if not place.is_file():
        pytest.skip("needs the networks")
    spec = importlib.util.spec_from_file_location("real_nets", place)
    assert spec is not None and spec.loader is not None
    nets = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nets)
    with torch.random.fork_rng():
        return nets.load("dcgan_faces")


def test_a_face_is_found_and_its_activations_come_closer(real: Path) -> None:
    generator = face_generator(real)
    with torch.no_grad():
        face = dw.to_images(generator(dw.latents(1, seed=1234, latent_dim=100)))[0]
    options: dict[str, Any] = {"steps": 40, "starts": 1, "progress": False}
    alone = dw.invert(generator, face, **options)
    both = dw.invert(generator, face, layer="up8", **options)
    assert alone.latent.shape == (1, 100, 1, 1) and alone.psnr > 14
    assert torch.equal(both.latent, alone.latent) and both.psnr > alone.psnr + 3
