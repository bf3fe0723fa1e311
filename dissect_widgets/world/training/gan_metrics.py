"""KID and FID between generated and drawn images, with features of the world's own networks.

`python -m dissect_widgets.world.training.gan_metrics` prints both for the generator of the package, and for
other drawn images as a reference. Between samples of one distribution, KID (Binkowski et al. 2018) is 0 on
average. FID (Heusel et al. 2017) is biased upwards, the more the fewer images there are: compare it only with
an FID of equally many images.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import nn

from dissect_widgets.core.data.arrays import AnyArray, Float64s, UInt8s
from dissect_widgets.core.data.latents import latents, to_images
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.hooks import model_device, trace
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.world.datasets import Scenes
from dissect_widgets.world.pretrained import enlarged, load_classifier, load_generator, load_segmenter
from dissect_widgets.world.training.image_cache import cached_images

_BATCH = 64


def kid(ours: AnyArray, theirs: AnyArray) -> float:
    """Kernel Inception Distance of features (n, d) and (m, d): unbiased squared MMD with a cubic kernel."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)

    def kernel(x: Float64s, y: Float64s) -> Float64s:
        return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)

    def within(x: Float64s) -> float:
        values, n = kernel(x, x), len(x)
        return float((values.sum() - values.trace()) / (n * (n - 1)))  # without the diagonal

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def fid(ours: AnyArray, theirs: AnyArray) -> float:
    """Fréchet Inception Distance of features (n, d) and (m, d), each modeled as a Gaussian."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    difference = a.mean(0) - b.mean(0)
    # With a root R of each covariance, R'R, the trace of the root of their product is the sum of the
    # singular values of R1 R2'.
    roots = [np.linalg.qr(x - x.mean(0), mode="r") / np.sqrt(len(x) - 1) for x in (a, b)]
    variances = sum(float(np.square(root).sum()) for root in roots)
    return (
        float(difference @ difference) + variances - 2 * float(np.linalg.norm(roots[0] @ roots[1].T, "nuc"))
    )


def features(net: nn.Module, layer: str, images: UInt8s) -> Float64s:
    """Mean activations (n, units) of a layer for images uint8 (n, 3, size, size).

    Images that are smaller than those that the world's networks were trained on are enlarged.
    """
    device, means = model_device(net), []
    with evaluation(net):
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(images[start : start + _BATCH]).to(device).float() / 255
            with trace(net, [layer], calls={layer: 1}) as outputs:
                net(enlarged(batch))
            values = outputs[layer]
            means.append((values.mean((2, 3)) if values.dim() == 4 else values).double().cpu().numpy())
    return np.concatenate(means)


def generated_images(generator: ProgressiveGenerator, n: int, *, seed: int = 1) -> UInt8s:
    """Images uint8 (n, 3, size, size) of a generator, from random latents."""
    parts = []
    with evaluation(generator):
        for part in torch.split(latents(n, seed, latent_dim=generator.latent_dim), _BATCH):
            images = to_images(generator(part.to(model_device(generator))))
            parts.append(images.mul(255).round().byte().cpu().numpy())
    return np.concatenate(parts)


def generator_metrics(generator: ProgressiveGenerator, drawn: UInt8s, held_out: UInt8s) -> dict[str, float]:
    """KID and FID between held-out images and equally many generated ones, and drawn ones for comparison.

    The features are those of the classifier's last hidden layer, close to those of the feature discriminator,
    and of the segmenter's deepest layer, which no generator was trained against.

    Returns
    -------
    dict
        `KID x 1000, classifier` and so on; for the drawn images the same names followed by `, drawn`.
    """
    device, metrics = model_device(generator), {}
    generated = generated_images(generator, len(held_out))
    for name, net, layer in (
        ("classifier", load_classifier(), "relu7"),
        ("segmenter", load_segmenter().net, "down.3"),
    ):
        features_of = partial(features, net.to(device), layer)
        reference = features_of(held_out)
        for suffix, images in (("", generated), (", drawn", drawn)):
            sample = features_of(images)
            metrics[f"KID x 1000, {name}{suffix}"] = 1000 * kid(sample, reference)
            metrics[f"FID, {name}{suffix}"] = fid(sample, reference)
    return metrics


def main() -> None:
    """Print the metrics of the package's generator."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=2_400, help="images of each kind")
    parser.add_argument("--size", type=int, help="of the generator's images; see `load_generator`")
    parser.add_argument("--against", type=int, help="size of the drawn images; by default the generator's")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw")
    options = parser.parse_args()
    generator = load_generator(size=options.size)
    size = options.against or generator.size
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        drawn, held_out = (
            cached_images(
                Path(folder) / split,
                Scenes(split, options.n, size=size, classes=["church"]),
                workers=options.workers,
            ).images
            for split in ("train", "val")
        )
        metrics = generator_metrics(generator, drawn, held_out)
    print(f"{'':24}{'generated':>10}{'drawn':>8}")
    for name in (name for name in metrics if f"{name}, drawn" in metrics):
        print(f"{name:24}{metrics[name]:10.3f}{metrics[f'{name}, drawn']:8.3f}")


if __name__ == "__main__":
    main()
