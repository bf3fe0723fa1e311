"""How like made pictures are to drawn ones: KID and FID, by what the world's own networks see in them.

`python -m dissect_widgets.world.training.gan_metrics` prints both for the generator of the package, beside
what other drawn pictures reach. For pictures of one kind KID (Binkowski et al. 2018) is 0 on average. FID
(Heusel et al. 2017) is above 0 even then, the more the fewer pictures there are: it compares with an FID of
as many alone.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dissect_widgets.core.data.latents import latents, to_images
from dissect_widgets.core.network.hooks import evaluation, model_device, trace
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.world.datasets import Scenes
from dissect_widgets.world.pretrained import enlarged, load_classifier, load_generator, load_segmenter
from dissect_widgets.world.training.image_cache import grow

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_BATCH = 64


def kid(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Kernel distance of features (n, d) and (m, d): squared MMD of a cubic polynomial kernel, unbiased."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)

    def kernel(x: Floats, y: Floats) -> Floats:
        return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)

    def within(x: Floats) -> float:
        values, n = kernel(x, x), len(x)
        return float((values.sum() - values.trace()) / (n * (n - 1)))  # none with itself

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def fid(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Fréchet distance of features (n, d) and (m, d), taken for two Gaussians."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    apart = a.mean(0) - b.mean(0)
    # With a root R of each covariance, R'R, the trace of the root of their product is the sum of the
    # singular values of R1 R2'.
    roots = [np.linalg.qr(x - x.mean(0), mode="r") / np.sqrt(len(x) - 1) for x in (a, b)]
    spreads = sum(float(np.square(root).sum()) for root in roots)
    return float(apart @ apart) + spreads - 2 * float(np.linalg.norm(roots[0] @ roots[1].T, "nuc"))


def features(net: nn.Module, layer: str, pictures: Bytes) -> Floats:
    """What a layer of a network sees in pictures uint8 (n, 3, size, size): the means of its units (n, units).

    Smaller pictures than the world's networks know are enlarged.
    """
    device, seen = model_device(net), []
    with evaluation(net):
        for start in range(0, len(pictures), _BATCH):
            batch = torch.from_numpy(pictures[start : start + _BATCH]).to(device).float() / 255
            with trace(net, [layer], calls={layer: 1}) as outputs:
                net(enlarged(batch))
            values = outputs[layer]
            seen.append((values.mean((2, 3)) if values.dim() == 4 else values).double().cpu().numpy())
    return np.concatenate(seen)


def make(generator: ProgressiveGenerator, n: int, *, seed: int = 1) -> Bytes:
    """Pictures uint8 (n, 3, size, size) of a generator."""
    made = []
    with evaluation(generator):
        for part in torch.split(latents(n, seed, latent_dim=generator.latent_dim), _BATCH):
            pictures = to_images(generator(part.to(model_device(generator))))
            made.append(pictures.mul(255).round().byte().cpu().numpy())
    return np.concatenate(made)


def likeness(generator: ProgressiveGenerator, drawn: Bytes, held_out: Bytes) -> dict[str, float]:
    """Distances from held-out pictures, of as many made ones, and of other drawn ones for comparison.

    The features are the classifier's before its scores, near to those that criticize a generator in
    training, and the segmenter's at its deepest, which no generator has learned from.

    Returns
    -------
    dict
        `KID x 1000, classifier` and so on, and with `, drawn` after it what the drawn pictures reach.
    """
    device, found = model_device(generator), {}
    made = make(generator, len(held_out))
    for name, net, layer in (
        ("classifier", load_classifier(), "relu7"),
        ("segmenter", load_segmenter().net, "down.3"),
    ):
        see = partial(features, net.to(device), layer)
        truth = see(held_out)
        for whose, pictures in (("", made), (", drawn", drawn)):
            own = see(pictures)
            found[f"KID x 1000, {name}{whose}"] = 1000 * kid(own, truth)
            found[f"FID, {name}{whose}"] = fid(own, truth)
    return found


def main() -> None:
    """Print how like the pictures of the package's generator are to drawn ones."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=2_400, help="pictures of each kind")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw")
    options = parser.parse_args()
    generator = load_generator()
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        drawn, held_out = (
            grow(
                Path(folder) / split,
                Scenes(split, options.n, size=generator.size, classes=["church"]),
                workers=options.workers,
            ).pictures
            for split in ("train", "val")
        )
        found = likeness(generator, drawn, held_out)
    print(f"{'':24}{'made':>8}{'drawn':>8}")
    for name in (name for name in found if f"{name}, drawn" in found):
        print(f"{name:24}{found[name]:8.3f}{found[f'{name}, drawn']:8.3f}")


if __name__ == "__main__":
    main()
