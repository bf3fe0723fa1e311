"""Distances of images by independent formulas, and a generator from its recipe to its file."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from torch.nn.functional import interpolate

from dissect_widgets.errors import WeightsError
from dissect_widgets.models.progressive_gan import ProgressiveGenerator
from dissect_widgets.world import Scenes, load_generator, load_segmenter, pretrained
from dissect_widgets.world.datasets import SPLITS
from dissect_widgets.world.networks import SceneNet
from dissect_widgets.world.rendering import render
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, NAMES, VOCABULARY
from dissect_widgets.world.train import train
from dissect_widgets.world.training import gan_metrics, image_cache
from dissect_widgets.world.training.gan_trainer import Course
from dissect_widgets.world.training.progressive_growing import Growing, Stage
from dissect_widgets.world.training.recipes import RECIPES, GeneratorRecipe

CHURCHES = partial(Scenes, size=16, classes=["church"])
RECIPE = GeneratorRecipe(
    Course(
        (5, 4, 3),
        (Stage(4, 1, 4), Stage(8, 1, 4, fade=1), Stage(8, 1, 4, chosen=True)),
        ema_half_life=20,
        use_features=False,
    ),
    partial(CHURCHES, "train", 17),
    partial(CHURCHES, "val", 9),
    shows="tree",
    min_share=0.05,
)


def some(n: int, d: int, seed: int = 0) -> NDArray[np.float64]:
    """Features, correlated."""
    random = np.random.default_rng(seed)
    return random.standard_normal((n, d)) @ random.standard_normal((d, d)) + random.standard_normal(d)


def images(n: int, size: int) -> NDArray[np.uint8]:
    return np.random.default_rng(n).integers(0, 256, (n, 3, size, size), dtype=np.uint8)


def fresh(make: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make()


def test_kid_by_pairs() -> None:
    a, b = some(5, 3), some(7, 3, seed=1)

    def mean(pairs: list[tuple[Any, Any]]) -> float:
        return sum((sum(x * y for x, y in zip(p, q, strict=True)) / 3 + 1) ** 3 for p, q in pairs) / len(
            pairs
        )

    expected = (
        mean([(a[i], a[j]) for i in range(5) for j in range(5) if i != j])
        + mean([(b[i], b[j]) for i in range(7) for j in range(7) if i != j])
        - 2 * mean([(p, q) for p in a for q in b])
    )
    assert gan_metrics.kid(a, b) == pytest.approx(expected, rel=1e-10)


def test_kid_of_one_kind_is_zero_on_average() -> None:
    random = np.random.default_rng(0)
    found = [
        gan_metrics.kid(random.standard_normal((9, 4)), random.standard_normal((6, 4))) for _ in range(2000)
    ]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(2000) < 0.1
    other = [
        gan_metrics.kid(random.standard_normal((9, 4)), random.standard_normal((6, 4)) + 1) for _ in range(99)
    ]
    assert np.mean(other) > 1


def plain(n: int, spreads: list[float], mean: list[float], seed: int) -> NDArray[np.float64]:
    """Features whose covariance is diagonal, to the last digit."""
    drawn = np.random.default_rng(seed).standard_normal((n, len(spreads)))
    axes, _ = np.linalg.qr(drawn - drawn.mean(0))
    return axes * np.sqrt(n - 1) * spreads + mean


def test_fid_of_diagonal_covariances() -> None:
    a, b = [1.0, 2.0, 0.5, 3.0], [2.0, 0.5, 0.25, 3.5]
    first, second = plain(9, a, [1, 2, 3, 4], 0), plain(12, b, [0, 2, 5, 1], 1)
    assert np.allclose(np.cov(first.T), np.diag(np.square(a)))
    expected = 1 + 0 + 4 + 9 + sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    assert gan_metrics.fid(first, second) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("n", "m", "d"), [(20, 30, 6), (9, 7, 8), (4, 30, 6)])
def test_fid_by_the_root_of_a_product(n: int, m: int, d: int) -> None:
    a, b = some(n, d), some(m, d, seed=1)
    one, two = np.cov(a.T), np.cov(b.T)
    root = sqrtm(one).real
    cross = np.sqrt(np.linalg.eigvalsh(root @ two @ root).clip(0)).sum()  # of full rank or not
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(one) + np.trace(two) - 2 * cross
    assert gan_metrics.fid(a, b) == pytest.approx(expected, rel=1e-5)
    assert gan_metrics.fid(a, b) == pytest.approx(gan_metrics.fid(b, a), rel=1e-10)
    assert gan_metrics.fid(a, a) == pytest.approx(0, abs=1e-9)


def test_features_are_means_over_an_enlarged_picture() -> None:
    net, own = fresh(lambda: SceneNet(3, widths=(2, 3, 4, 5, 6), hidden=7)), images(67, 32)
    hidden, maps = (gan_metrics.features(net, layer, own) for layer in ("relu7", "conv5_3"))
    assert hidden.shape == (67, 7) and maps.shape == (67, 6) and hidden.dtype == np.float64
    assert net.training
    net.eval()
    for number in (0, 64, 66):
        x = torch.from_numpy(own[number][None]).float() / 255
        x = interpolate(x, size=128, mode="bilinear")
        with torch.no_grad():
            for name, layer in net.named_children():
                x = layer(x)
                if name == "conv5_3":
                    assert np.allclose(maps[number], x[0].mean((1, 2)), rtol=1e-4)
                if name == "relu7":
                    assert np.allclose(hidden[number], x[0], rtol=1e-4)
    large = images(2, 128)
    with torch.no_grad():
        scores = net(torch.from_numpy(large).float() / 255)
    assert np.allclose(gan_metrics.features(net, "fc8", large), scores, rtol=1e-4)


def test_generated_images() -> None:
    generator = fresh(lambda: ProgressiveGenerator((5, 4, 3)))
    torch.nn.init.constant_(generator.output_8x8.wscale.b, -0.7)  # some pixels are out of range
    made = gan_metrics.generated_images(generator, 70, seed=2)
    assert made.shape == (70, 3, 8, 8) and made.dtype == np.uint8
    assert (gan_metrics.generated_images(generator, 3, seed=2) == made[:3]).all()
    latents = np.random.RandomState(2).standard_normal((70, 5))
    with torch.no_grad():
        output = generator.eval()(torch.from_numpy(latents).float()).double().numpy()
    assert (np.abs(((output + 1) * 127.5).clip(0, 255) - made) <= 0.51).all()
    assert 0 < (made == 0).mean() < 0.5


def test_metrics_distinguish_generated_images_from_drawn_ones() -> None:
    generator = fresh(lambda: ProgressiveGenerator((5, 4, 3)))
    drawn, held_out = images(6, 8), gan_metrics.generated_images(generator, 9)
    same = gan_metrics.generator_metrics(generator, drawn, held_out)
    assert len(same) == 8
    for judge in ("classifier", "segmenter"):
        assert same[f"FID, {judge}"] == pytest.approx(0, abs=1e-6) and same[f"FID, {judge}, drawn"] > 0.1
        assert same[f"KID x 1000, {judge}"] <= 0 < same[f"KID x 1000, {judge}, drawn"]
    net = load_segmenter().net
    seen = [gan_metrics.features(net, f"down.{len(net.down) - 1}", own) for own in (drawn, held_out)]
    assert same["KID x 1000, segmenter, drawn"] == pytest.approx(1000 * gan_metrics.kid(*seen))


@pytest.mark.parametrize(("name", "size", "n"), [("", 64, 60_000), ("-128", 128, 48_000)])
def test_the_recipe_is_of_one_size(name: str, size: int, n: int) -> None:
    recipe = RECIPES[f"church-generator{name}"]
    assert isinstance(recipe, GeneratorRecipe)
    sizes = {recipe.data().size, recipe.held_out().size, recipe.course.stages[-1].size}
    assert sizes == {4 * 2 ** (len(recipe.course.widths) - 2)} == {size}
    assert (len(recipe.data()), recipe.data().split) == (n, "train")
    assert (len(recipe.held_out()), recipe.held_out().split) == (6_000, "val")


def showing_trees(split: str, n: int) -> list[bool]:
    """Of which images trees take a twentieth, as pixels of half the size tell."""
    tree = VOCABULARY.index("tree", "object")
    labels = [render("church", SPLITS[split] + number, 16).labels for number in range(n)]
    return [bool((own[CATEGORIES.index("object"), 1::2, 1::2] == tree).sum() >= 0.05 * 64) for own in labels]


def test_what_a_recipe_chooses(tmp_path: Path) -> None:
    drawn = image_cache.ImageCache(tmp_path, RECIPE.data(), RECIPE.categories)
    drawn.labels[:] = 0
    tree = [*NAMES["object"]].index("tree") + 1
    drawn.labels[3, 0].flat[:3] = tree  # of 64: less than a twentieth
    drawn.labels[5, 0].flat[7:11] = tree
    drawn.labels[16, 0].flat[:60] = tree
    drawn.labels[2, 0].flat[:60] = tree + 1
    assert RECIPE.choose(drawn).tolist() == [5, 16]


@pytest.mark.usefixtures("drawn_in_threads")
def test_a_recipe_ends_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = train(RECIPE, tmp_path / "whole", workers=1)
    again = [train(RECIPE, tmp_path / "parts", workers=1, seconds=0) for _ in range(3)]
    assert figures is not None and again == [None, None, figures]
    files = [tmp_path / run / "network.safetensors" for run in ("whole", "parts")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(figures) == 8 and np.isfinite(list(figures.values())).all()

    generator = load_generator(files[0])
    assert generator.size == 8 and not generator.training
    trained = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)["average"]
    for name, value in generator.state_dict().items():
        assert torch.equal(value, trained[f"generator.{name}"].half().float()), name
    drawn, held_out = (
        np.load(tmp_path / "whole" / folder / "images.npy")[showing_trees(split, n)]
        for folder, split, n in (("train", "train", 17), ("held-out", "val", 9))
    )
    assert 2 <= len(held_out) < 9 and len(held_out) < len(drawn) < 17
    again = gan_metrics.generator_metrics(generator, drawn[: len(held_out)], held_out)
    assert figures == pytest.approx(again, rel=1e-5), "they are of the network as it is in the file"

    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    file = pretrained.add_to_package("church-generator", files[0])
    kept = pretrained.read_note(file)["figures"]
    assert kept == pytest.approx(figures, abs=1e-4)
    assert torch.equal(load_generator().layer1.conv.weight, generator.layer1.conv.weight)
    with pytest.raises(WeightsError, match=r"no file .*churh-generator.*mean 'church-generator.safetensors'"):
        load_generator(name="churh")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"church-generator.*damaged"):
        load_generator()
    file.write_bytes(content[:500])
    file.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match="not a file of weights"):
        load_generator(file)
    file.unlink()
    with pytest.raises(WeightsError, match=r"There is no file .*church-generator"):
        load_generator()


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    pretrained.write_network(fresh(lambda: SceneNet(3, widths=(2, 3, 4, 5, 6))), path, {})
    with pytest.raises(WeightsError, match="not of a Progressive GAN"):
        load_generator(path)
    pretrained.write_network(fresh(lambda: Growing((5, 4, 3)).generator.layer1), path, {})
    with pytest.raises(WeightsError, match="not of a Progressive GAN"):
        load_generator(path)
    generator = fresh(lambda: ProgressiveGenerator((5, 4, 3)))
    del generator.output_8x8
    pretrained.write_network(generator, path, {})
    with pytest.raises(WeightsError, match="lacks 2 names, such as 'output_8x8"):
        load_generator(path)


@pytest.mark.usefixtures("drawn_in_threads")
def test_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        gan_metrics, "load_generator", lambda size: fresh(lambda: ProgressiveGenerator((5, 4, 3, 2)))
    )
    monkeypatch.setattr(sys, "argv", ["gan_metrics", "--n", "5", "--workers", "1"])
    gan_metrics.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["generated", "drawn"]
    assert [row.split(",")[0] for row in rows] == ["KID x 1000", "FID"] * 2
    made, drawn = np.array([row.split()[-2:] for row in rows], float).T
    assert (made > drawn).all(), "an untrained generator is far off"
