"""`dw.check`: all that a run relies on, over good and bad things of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.network.locate import IMAGES_FOR_PLACES
from dissect_widgets.core.proofs.report import CheckReport, Proof
from dissect_widgets.datasets.sample import write_sample
from dissect_widgets.errors import DataError, LayerError, ProofError, SettingError
from tests.core.small_generators import LATENT_DIM, oblong
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded


class Counting(TinyNet):
    """Counts the images that go through it; `mix` may output tokens."""

    count, tokens = 0, False

    def forward(self, x: Tensor) -> Tensor:
        self.count += len(x)
        if not self.tokens:
            return super().forward(x)
        x = self.stem(x).flatten(2).transpose(1, 2)
        return self.drop(self.mix(x).mean(1))


class Middle(nn.Module):
    """A convolution, what a test puts behind it, and scores."""

    def __init__(self, rule: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.stem, self.middle, self.head = nn.Conv2d(3, 5, 4, stride=4), _Rule(rule), nn.Linear(5, 6)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stem(x)
        self.middle(maps)
        return self.head(maps.mean((2, 3)))


class _Rule(nn.Module):
    def __init__(self, rule: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, x: Tensor) -> Any:
        return self.rule(x)


@pytest.fixture
def counting() -> Counting:
    with torch.random.fork_rng():
        return seeded(Counting())  # type: ignore[return-value]


def middle(rule: Callable[[Tensor], Any]) -> Middle:
    with torch.random.fork_rng():
        return seeded(Middle(rule))  # type: ignore[return-value]


def of(report: CheckReport, subject: str) -> Proof:
    return next(proof for proof in report.proofs if proof.subject == subject)


def test_so_many_images_go_through(counting: Counting, images: ArrayImages) -> None:
    report = dw.check(counting, ["stem", "mix"], images)
    assert (report.images, counting.count) == (5, 5)  # two looks at an image among others, and one alone
    assert not report.refused and f"all {len(report.proofs)} hold" in str(report)
    assert "5 images went through" in str(report)
    report.require()
    counting.count, counting.tokens = 0, True
    report = dw.check(counting, "mix", images)
    assert report.images == counting.count == 5 + IMAGES_FOR_PLACES
    assert of(report, "layer 'mix'").verdict == "chosen"
    assert "4 units on 10 x 14, read as tokens" in of(report, "layer 'mix'").seen


def test_the_network_is_left_as_it_was(counting: Counting, images: ArrayImages) -> None:
    counting.relu.eval()
    modes = [module.training for module in counting.modules()]
    state = {name: value.clone() for name, value in counting.state_dict().items()}
    dw.check(counting, None, images)
    assert [module.training for module in counting.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in counting.state_dict().items())


def test_all_layers(counting: Counting, images: ArrayImages) -> None:
    report = dw.check(counting, None, images)
    layers = [proof.subject for proof in report.proofs if proof.subject.startswith("layer")]
    names = ("stem", "relu", "pool", "left", "right", "mix", "drop", "head")
    assert layers == [f"layer {name!r}" for name in names]
    assert "5 units on 5 x 7, read as map: receptive fields were followed" in of(report, "layer 'mix'").seen
    assert "6 units on 1 x 1, read as vector: a single position" in of(report, "layer 'head'").seen


def test_a_layer_that_there_is_not(counting: Counting, images: ArrayImages) -> None:
    for layers in ("mixx", ["stem", "mixx"]):
        with pytest.raises(LayerError, match=r"no layer 'mixx'\. Did you mean 'mix'"):
            dw.check(counting, layers, images)
    assert counting.count == 0
    with pytest.raises(SettingError, match=r"'resnet18'; it must be a torch\.nn\.Module"):
        dw.check("resnet18", None, images)  # type: ignore[arg-type]
    for nothing in ([], torch.zeros(0, 3, 20, 28), torch.zeros(0, 7)):
        with pytest.raises(DataError, match="There are no"):
            dw.check(counting, "mix", nothing)


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (lambda x: x + torch.randn_like(x), "place"),
        (lambda x: x.permute(1, 0, 2, 3), "its first dimension is not the batch"),
        (lambda x: x.flatten(2)[..., [*range(1, 35, 2), *range(0, 35, 2)]], "follows the image"),
        (lambda x: x.transpose(2, 3), "exchanged"),
        (lambda x: x.flip(3).flatten(2), "mirrored"),
        (lambda x: [x, x * 2], "it outputs 2 tensors"),
        (lambda x: {"a": x, "b": {"c": x + 1}}, "it outputs 2 tensors"),
        (lambda x: "words", "outputs no tensor"),
        (lambda x: x[:, :, None, None], "outputs shape"),
        (lambda x: x.mean(0), "not the batch"),
    ],
    ids=["noise", "batch", "order", "transposed", "mirrored", "list", "dict", "text", "six", "mean"],
)  # fmt: skip
def test_bad_layers_are_refused(rule: Callable[[Tensor], Any], seen: str, images: ArrayImages) -> None:
    with torch.random.fork_rng():
        report = dw.check(middle(rule), ["stem", "middle"], images)
    assert of(report, "layer 'stem'").verdict == "proved"
    if seen == "place":  # it is the network that is refused: its maps lie where they should
        assert [proof.subject for proof in report.refused] == ["network"]
        assert "'middle' (_Rule)" in report.refused[0].seen
    else:
        bad = of(report, "layer 'middle'")
        assert bad.verdict == "refused" and seen in bad.seen
        assert bad in report.refused
    with pytest.raises(ProofError):
        report.require()


def test_one_of_several_tensors_is_named(images: ArrayImages) -> None:
    net = middle(lambda x: {"a": x, "b": [x + 1, x.mean((2, 3))]})
    advice = of(dw.check(net, "middle", images), "layer 'middle'").advice
    assert advice == "Name one of them: middle:a, middle:b:0, middle:b:1."
    report = dw.check(net, ["middle:b:0", "middle:b:1"], images)
    assert not report.refused
    assert "5 units on 5 x 7" in of(report, "layer 'middle:b:0'").seen
    assert "5 units on 1 x 1" in of(report, "layer 'middle:b:1'").seen


@pytest.mark.parametrize(
    ("preprocess", "subject"),
    [
        (None, None),
        (dw.normalize(), None),
        (lambda x: x[..., 2:-2, 3:-3], None),  # a crop: labels are cropped alike
        (lambda x: x.flip(3), "preprocess"),
        (lambda x: x + torch.randn_like(x), "preprocess"),
        (lambda x: x.transpose(2, 3), "preprocess"),
        (lambda x: "words", "preprocess"),
    ],
    ids=["none", "normalize", "crop", "flip", "noise", "transpose", "text"],
)
def test_preprocessing(preprocess: Any, subject: str | None, counting: Counting, images: ArrayImages) -> None:
    with torch.random.fork_rng():
        report = dw.check(counting, "mix", images, preprocess=preprocess)
    assert {proof.subject for proof in report.refused} <= {"preprocess"}
    assert bool(report.refused) == (subject is not None)


@pytest.mark.parametrize(
    ("data", "bad"),
    [
        ([torch.rand(3, 20, 28) for _ in range(3)], False),
        ([(torch.rand(3, 20, 28),) for _ in range(3)], False),
        ([(torch.rand(3, 20, 28), 1, "name") for _ in range(3)], False),
        (torch.rand(3, 3, 20, 28), False),
        ([torch.randint(0, 255, (3, 20, 28), dtype=torch.uint8) for _ in range(3)], False),
        (["words"] * 3, True),
        ([torch.rand(3, 20, 28) * 200 for _ in range(3)], True),
        ([torch.rand(3, 20, 28) * float("nan") for _ in range(3)], True),
    ],
    ids=["images", "tuples", "more", "tensor", "uint8", "words", "large", "nan"],
)
def test_items(data: Any, bad: bool, counting: Counting) -> None:
    report = dw.check(counting, "mix", data)
    assert bool(report.refused) == bad
    if bad:  # nothing more can be proved
        assert report.images == 0 and "layer 'mix'" not in [proof.subject for proof in report.proofs]


def test_layers_of_a_generator() -> None:
    with torch.random.fork_rng():
        latents, net = torch.randn(5, LATENT_DIM), oblong()
    report = dw.check(net, ["low", "high", "rgb"], latents)
    assert not report.refused
    assert "5 units on 6 x 8" in of(report, "layer 'low'").seen
    assert "4 units on 6 x 8" in of(report, "layer 'high'").seen
    assert "3 units on 22 x 26" in of(report, "layer 'rgb'").seen
    with pytest.raises(LayerError, match="Did you mean 'low'"):
        dw.check(net, "lwo", latents)


def test_files_are_proved_too(tmp_path: Path, counting: Counting) -> None:
    write_sample(tmp_path, images=4)
    folders = tmp_path / "images", tmp_path / "masks", tmp_path / "classes.csv"
    good = dw.check(counting, "mix", dw.MaskFolder(*folders, size=32, label_size=16))
    assert not good.refused and any("4 photos" in proof.seen for proof in good.proofs)
    (tmp_path / "masks" / "2.png").unlink()
    data = dw.MaskFolder(*folders, size=32, label_size=16, skip_unpaired=True)
    report = dw.check(counting, "mix", data)
    assert any("2.jpg" in proof.seen for proof in report.proofs)


def test_the_table_says_it_all_and_escapes_it() -> None:
    hostile = "<script>alert('x')</script>"
    proofs = (
        Proof("network", "a & b", "proved", "seen <b>", ""),
        Proof(f"layer {hostile!r}", "its rows are known", "refused", "it is > 1", "Take <another>."),
        Proof("layer 'x'", "its rows are known", "chosen", "so", ""),
    )
    report = CheckReport(proofs, 16, 0.25)
    page = report._repr_html_()
    assert "<script" not in page and "<b>" not in page and "<another>" not in page
    assert "&lt;script&gt;" in page and "a &amp; b" in page and page.count("<tr") == 4
    assert report.summary == "1 of 3 refused; 16 images went through the network, in 0.2 s."
    assert report.refused == (proofs[1],)
    text = str(report)
    assert repr(report) == text
    for proof in proofs:
        for words in (proof.verdict.upper(), proof.subject, proof.claim, proof.seen, proof.advice):
            assert words in text
    with pytest.raises(ProofError) as error:
        report.require()
    assert str(error.value).endswith("expected that its rows are known, but it is > 1. Take <another>.")


def test_hostile_names_of_layers(images: ArrayImages) -> None:
    net = middle(lambda x: x)
    net.add_module("<img src=x onerror=alert(1)>", nn.Identity())
    report = dw.check(net, ["<img src=x onerror=alert(1)>"], images)
    assert report.refused and "it does not run" in report.refused[0].seen
    assert "<img" not in report._repr_html_()


def test_a_network_that_outputs_no_tensor_is_not_called_proved() -> None:
    class Silent(nn.Module):
        def forward(self, images: Tensor) -> None:
            images.mean()

    images = torch.linspace(0, 1, 3 * 3 * 11 * 13).view(3, 3, 11, 13)
    report = dw.check(Silent(), None, images)
    assert [proof.seen for proof in report.refused] == ["it outputs no tensor to compare"]
