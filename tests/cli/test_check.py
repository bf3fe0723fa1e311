"""`dissect-widgets check`, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.cli.main import main
from dissect_widgets.datasets.sample import write_sample


class Tiny(nn.Module):
    """Maps, tokens in another order, and scores."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.odd, self.head = nn.Conv2d(3, 5, 8, stride=8), _Scrambled(), nn.Linear(5, 7)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.stem(images)
        return self.head(maps.mean((2, 3)) + 0 * self.odd(maps).mean(2))


class Noisy(Tiny):
    """The same with noise."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images + torch.randn_like(images))


class _Scrambled(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        order = torch.randperm(maps.shape[2] * maps.shape[3], generator=torch.Generator().manual_seed(1))
        return maps.flatten(2)[..., order]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("photos"), images=4)


def run(model: str, *options: str) -> int:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return main(["check", f"{__name__}:{model}", "--size", "64", "--normalize", "none", *options])


def test_good_layers(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--images", str(photos / "images"), "--masks", str(photos / "masks")]
    tables = ["--classes", str(photos / "classes.csv"), "--label-size", "28"]
    assert run("Tiny", "--layers", "stem", "head", *folders, *tables) == 0
    printed = capsys.readouterr().out
    assert "5 images went through the network" in printed and "REFUSED" not in printed
    assert "PROVED    layer 'stem': its units, rows and columns are known" in printed
    assert "5 units on 8 x 8, read as map" in printed
    assert "4 photos" in printed


@pytest.mark.parametrize("model", ["Tiny", "Noisy"])
def test_what_is_named_and_refused_exits_with_2(
    model: str, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = "odd" if model == "Tiny" else "stem"
    assert run(model, "--layers", layer, "--photos", str(photos / "images")) == 2
    printed = capsys.readouterr()
    assert "REFUSED" in printed.out
    error = printed.err.strip().splitlines()[-1]
    assert error.startswith("dissect-widgets: 1 of ") and error.endswith("are refused.")


def test_of_all_layers_some_may_be_refused(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("Tiny", "--photos", str(photos / "images")) == 0
    printed = capsys.readouterr().out
    assert "REFUSED   layer 'odd'" in printed and "PROVED    layer 'stem'" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layers", "stme", "--photos", "{}/images"), "no layer 'stme'. Did you mean 'stem'"),
        (("--photos", "{}/nowhere"), "There is no folder"),
        ((), "Give --images with --masks and --classes, or --photos"),
        (("--photos", "{}/images", "--images", "{}/images"), "Give --images with --masks"),
        (("--images", "{}/images"), "mask"),
    ],
    ids=["layer", "folder", "nothing", "both", "no masks"],
)
def test_errors_are_one_line_and_exit_with_2(
    options: tuple[str, ...], message: str, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("Tiny", *(option.format(photos) for option in options)) == 2
    printed = capsys.readouterr()
    error = printed.err.strip().splitlines()
    assert error[-1].startswith("dissect-widgets: ") and message in error[-1]
    assert printed.out == ""
