"""Segmenters of transformers: labels, against what its own image processors and networks give."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dissect_widgets.concepts.image_processor import Preparation
from dissect_widgets.concepts.segmenters import PublicSegmenter, concept_names, load_public_segmenter
from dissect_widgets.core.data.labels import label
from dissect_widgets.core.data.types import Segmenter
from dissect_widgets.errors import SettingError, WeightsError
from tests.small_networks import seeded

transformers = pytest.importorskip("transformers")

NAMES = ["wall", "bed ", "door;double door", "person, individual", "sky", "tree", "earth;ground"]
WIDE = {"height": 64, "width": 96}
Make = Callable[..., Path]


def small_config(names: list[str]) -> Any:
    return transformers.SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
    )


def balance(net: Any, processor: Any) -> None:
    """Scale the last layer so that each class is somewhere; random scores have one winner throughout."""
    last = net.decode_head.classifier
    with torch.no_grad():
        scores = net(**processor(as_bytes(pictures()), return_tensors="pt")).logits
        mean, deviation = scores.mean((0, 2, 3)), scores.std((0, 2, 3))
        last.weight /= deviation[:, None, None, None]
        last.bias.sub_(mean).div_(deviation)


def write(folder: Path, config: Any, processor: Any) -> Path:
    """A public folder of a network with random weights."""
    with torch.random.fork_rng():
        net = transformers.AutoModelForSemanticSegmentation.from_config(config)
    balance(seeded(net).eval(), processor)
    net.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a folder of a small SegFormer."""

    def make(names: list[str] = NAMES, processor: Any = None, name: str = "segformer") -> Path:
        processor = processor or transformers.SegformerImageProcessor(size=WIDE)
        return write(tmp_path / name, small_config(names), processor)

    return make


def pictures(count: int = 3, size: tuple[int, int] = (44, 52), seed: int = 0) -> Tensor:
    """Smooth pictures, of values that bytes have."""
    coarse = torch.rand((count, 3, 6, 7), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size, mode="bilinear").mul(255).round() / 255


def as_bytes(given: Tensor) -> list[Any]:
    """Pictures as image processors have them, of whatever version."""
    return list(given.mul(255).round().byte().numpy())


def expected_classes(folder: Path, given: Tensor, processor: Any, size: tuple[int, int]) -> Tensor:
    """Classes (B, h, w), by transformers alone; its processors take pixels up to 255."""
    with torch.random.fork_rng():
        net = transformers.AutoModelForSemanticSegmentation.from_pretrained(folder).eval()
    prepared = processor(as_bytes(given), return_tensors="pt")
    with torch.no_grad():
        output = net(**prepared)
    post = transformers.SegformerImageProcessor().post_process_semantic_segmentation
    return torch.stack(post(output, target_sizes=[size] * len(given)))


def agree(labels: Tensor, expected: Tensor) -> bool:
    """Whether labels are equal but for rounding: processors resize bytes to bytes."""
    return labels.shape == expected.shape and bool((labels == expected).float().mean() > 0.997)


# Labels ---------------------------------------------------------------------------------------------------


def processors() -> dict[str, Any]:
    segformer, vit = transformers.SegformerImageProcessor, transformers.MobileViTImageProcessor
    return {
        "height and width": segformer(size=WIDE),
        "shorter side": vit(size={"shortest_edge": 64}, do_center_crop=False, do_flip_channel_order=False),
        "bicubic": segformer(size=WIDE, resample=3),
        "as it is": segformer(do_resize=False),
        "no normalization": segformer(size=WIDE, do_normalize=False),
        "no rescaling": segformer(
            size=WIDE, do_rescale=False, image_mean=[90, 100, 110], image_std=[50, 60, 70]
        ),
        "another scale": segformer(
            size=WIDE, rescale_factor=1 / 127.5, image_mean=[1, 1, 1], image_std=[1, 0.5, 1]
        ),
        "BGR": vit(size={"shortest_edge": 64}, do_center_crop=False, resample=2),
        "multiples": transformers.DPTImageProcessor(size={"height": 60, "width": 90}, ensure_multiple_of=32),
    }


@pytest.mark.parametrize("kind", processors())
def test_labels_are_those_of_transformers(make: Make, kind: str) -> None:
    processor, given = processors()[kind], pictures()
    folder = make(processor=processor)
    segmenter = load_public_segmenter(folder)
    labels = segmenter(given)
    assert labels.shape == (3, 1, 44, 52) and labels.dtype == torch.int64
    expected = expected_classes(folder, given, processor, (44, 52)) + 1
    assert agree(labels[:, 0], expected)
    assert len(labels.unique()) > 4, "these pictures would tell nothing"


def test_other_sizes(make: Make) -> None:
    folder, given = make(), pictures()
    labels = load_public_segmenter(str(folder), label_size=(19, 23))(given)
    processor = transformers.SegformerImageProcessor(size=WIDE)
    expected = expected_classes(folder, given, processor, (19, 23)) + 1
    assert labels.shape == (3, 1, 19, 23) and agree(labels[:, 0], expected)
    assert load_public_segmenter(folder, label_size=17)(given).shape == (3, 1, 17, 17)

    labels = load_public_segmenter(folder, size=(128, 32))(given)
    processor = transformers.SegformerImageProcessor(size={"height": 128, "width": 32})
    expected = expected_classes(folder, given, processor, (44, 52)) + 1
    assert agree(labels[:, 0], expected)
    assert not torch.equal(labels, load_public_segmenter(folder)(given))


@pytest.mark.parametrize("resample", [2, 3])
@pytest.mark.parametrize("size", [(150, 170), (30, 40)])
def test_sharp_pictures(make: Make, size: tuple[int, int], resample: int) -> None:
    """Shrunk, they would alias; enlarged, bicubic interpolation goes beyond black and white."""
    processor = transformers.SegformerImageProcessor(size={"height": 64, "width": 48}, resample=resample)
    folder, given = make(processor=processor), pictures(2, size).round()
    dots = torch.rand(size, generator=torch.Generator().manual_seed(4)) < 0.5
    given[:, :, dots] = 0.0
    expected = expected_classes(folder, given, processor, size) + 1
    assert agree(load_public_segmenter(folder)(given)[:, 0], expected) and len(expected.unique()) > 3


def test_pictures_as_they_come(make: Make) -> None:
    """In any batch, of any float type; and nothing is left of the passage."""
    segmenter, given = load_public_segmenter(make()), pictures()
    before = given.clone()
    scores: list[Tensor] = []
    segmenter.net.register_forward_hook(lambda _net, _inputs, output: scores.append(output.logits))
    labels = segmenter(given)
    assert torch.is_grad_enabled() and not labels.is_inference() and not scores[0].requires_grad
    assert torch.equal(given, before)
    for own, alone in zip(labels, given, strict=True):
        assert agree(segmenter(alone[None])[0], own)
    assert agree(segmenter(given.double()), labels)
    assert isinstance(segmenter, Segmenter) and torch.equal(label(segmenter, given), labels)
    assert not any(module.training for module in segmenter.net.modules())


def test_another_network(tmp_path: Path) -> None:
    backbone = transformers.ConvNextConfig(
        hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], out_features=["stage1", "stage2", "stage3", "stage4"]
    )
    config = transformers.UperNetConfig(
        backbone_config=backbone, hidden_size=8, pool_scales=[1, 2], auxiliary_in_channels=8, num_labels=5
    )
    processor = transformers.SegformerImageProcessor(size=WIDE)
    folder = write(tmp_path / "upernet", config, processor)
    segmenter = load_public_segmenter(folder)
    assert [concept.name for concept in segmenter.vocabulary][1:] == [f"LABEL_{i}" for i in range(5)]
    expected = expected_classes(folder, pictures(), processor, (44, 52)) + 1
    assert agree(segmenter(pictures())[:, 0], expected)
    assert len(expected.unique()) > 1


def test_half_precision_is_widened(make: Make) -> None:
    folder = make()
    before = load_public_segmenter(folder)(pictures())
    weights = load_file(folder / "model.safetensors")
    halved = {name: w.half() if w.is_floating_point() else w for name, w in weights.items()}
    save_file(halved, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float16", "torch_dtype": "float16"}))
    segmenter = load_public_segmenter(folder)
    assert {parameter.dtype for parameter in segmenter.net.parameters()} == {torch.float32}
    assert (segmenter(pictures()) == before).float().mean() > 0.9


# Names ----------------------------------------------------------------------------------------------------


def test_concepts_are_the_classes(make: Make) -> None:
    segmenter = load_public_segmenter(make(), category="thing")
    names = ["wall", "bed", "door", "person", "sky", "tree", "earth"]
    assert [tuple(concept) for concept in segmenter.vocabulary][1:] == [(name, "thing") for name in names]
    assert load_public_segmenter(make()).vocabulary.categories == ("object",)


def test_classes_that_say_there_is_nothing(make: Make) -> None:
    names = ["Background", "bed", "door", "other", "sky", "unlabeled", "earth"]
    segmenter = load_public_segmenter(make(names, name="some"))
    plain = load_public_segmenter(make(name="all"))
    assert [concept.name for concept in segmenter.vocabulary] == ["-", "bed", "door", "sky", "earth"]
    before = plain(pictures(6, seed=1))
    assert len(before.unique()) > 4
    number = torch.tensor([0, 0, 1, 2, 0, 3, 0, 4])  # of 0, then of each class
    assert torch.equal(segmenter(pictures(6, seed=1)), number[before])


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (["door;double door", "screen, silver screen"], ["door", "screen"]),
        (["door;double door", "door, back", "door"], ["door;double door", "door, back", "door"]),
        (["car", "lamp", "car"], ["car (0)", "lamp", "car (2)"]),
        (["car (2)", "car", "car"], ["car (2)", "car (1)", "car (2)'"]),
        (["", " ", ";x"], ["class 0", "class 1", ";x"]),
        (["Other; misc", "others", "VOID"], [None, "others", None]),
        (["Unlabelled", "unlabeled", "mud"], [None, None, "mud"]),
    ],
)
def test_names_of_concepts(classes: list[str], names: list[str | None]) -> None:
    assert concept_names(classes) == names


def test_the_text_tells_segmenters_apart(make: Make) -> None:
    folder = make()
    same = {repr(load_public_segmenter(folder)) for _ in range(2)}
    texts = same | {
        repr(load_public_segmenter(folder, size=32)),
        repr(load_public_segmenter(folder, label_size=32)),
    }
    weights = load_file(folder / "model.safetensors")
    weights["decode_head.classifier.bias"] += 1
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    texts.add(repr(load_public_segmenter(folder)))
    assert len(same) == 1 and len(texts) == 4 and not any(" at 0x" in text for text in texts)


# Errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        torch.zeros(3, 44, 52),
        torch.zeros(2, 1, 44, 52),
        torch.zeros(2, 44, 52, 3),
        torch.zeros((2, 3, 44, 52), dtype=torch.uint8),
    ],
)
def test_pictures_of_another_shape(make: Make, bad: Tensor) -> None:
    message = f"The images are {bad.dtype} {tuple(bad.shape)}; a segmenter takes float (B, 3, H, W)"
    with pytest.raises(SettingError, match=f"^{re.escape(message)}"):
        load_public_segmenter(make())(bad)


def test_bad_sizes(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^size is 0; "):
        load_public_segmenter(tmp_path, size=0)
    with pytest.raises(SettingError, match=r"^label_size is \(3, 4, 5\); "):
        load_public_segmenter(tmp_path, label_size=(3, 4, 5))  # type: ignore[arg-type]


def refusal(folder: Path) -> str:
    with pytest.raises(WeightsError) as raised:
        load_public_segmenter(folder)
    return str(raised.value)


def test_files_that_are_not_there(make: Make, tmp_path: Path) -> None:
    assert refusal(tmp_path / "nvidia" / "b0").startswith(f"There is no folder {tmp_path / 'nvidia' / 'b0'}.")
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        folder = make()
        (folder / name).rename(folder / f"{name}.old")
        assert refusal(folder).startswith(f"{folder} has no {name}. Did you mean '{name}.old'")
        shutil.rmtree(folder)


def test_pickles_are_refused(make: Make) -> None:
    folder = make()
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    assert refusal(folder).startswith(
        f"{folder} has its weights in pytorch_model.bin, a pickle, which could do"
    )


def test_code_is_not_run(make: Make, tmp_path: Path) -> None:
    folder, ran = make(), tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w').close()\nclass Net: pass\nclass Config: pass\n"
    (folder / "own.py").write_text(code)
    path = folder / "config.json"
    own = {"auto_map": {"AutoConfig": "own.Config", "AutoModelForSemanticSegmentation": "own.Net"}}
    config = json.loads(path.read_text()) | own
    path.write_text(json.dumps(config))
    load_public_segmenter(folder)  # a network that transformers knows
    path.write_text(json.dumps(config | {"model_type": "own"}))
    assert refusal(folder).startswith(f"{folder} cannot be loaded: ")
    assert not ran.exists()


def test_networks_from_elsewhere(make: Make) -> None:
    folder = make()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"backbone": "microsoft/resnet-50"}))
    assert "needs the backbone 'microsoft/resnet-50'" in refusal(folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "nvidia/mit-b0"}))
    assert refusal(folder) == f"{folder} has an adapter, which is not read. Merge it into the network."


@pytest.mark.filterwarnings("ignore")
def test_files_that_do_not_fit(make: Make) -> None:
    folder = make()
    path = folder / "model.safetensors"
    weights = load_file(path)
    less = {name: w for name, w in weights.items() if not name.startswith("decode_head.classifier")}
    save_file(less, path, {"format": "pt"})
    assert refusal(folder) == (
        f"{folder} lacks 2 weights of SegformerForSemanticSegmentation, 'decode_head.classifier.bias' first."
    )
    save_file(weights | {"decode_head.classifier.bias": torch.zeros(3)}, path, {"format": "pt"})
    assert refusal(folder).startswith(f"{folder} cannot be loaded: ")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert refusal(folder).startswith(f"{folder} cannot be loaded: ")


def test_networks_of_another_kind(tmp_path: Path) -> None:
    config = transformers.ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=32)
    folder = tmp_path / "vit"
    with torch.random.fork_rng():
        transformers.ViTForImageClassification(config).save_pretrained(folder)
    transformers.ViTImageProcessor().save_pretrained(folder)
    assert refusal(folder).startswith(f"{folder} cannot be loaded: ValueError: ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resample": 0}, "resample of the image processor is 0; it must be 2 (bilinear) or 3 (bicubic)."),
        ({"do_pad": True}, "do_pad of the image processor is not supported. Give a size."),
        ({"size": {"longest_edge": 64, "shortest_edge": 32}}, "size of the image processor is {"),
        ({"image_mean": [0.5, 0.5]}, "image_mean of the image processor is "),
        (
            {"keep_aspect_ratio": True},
            "keep_aspect_ratio of the image processor is not supported. Give a size.",
        ),
    ],
)
def test_processors_that_are_not_supported(make: Make, settings: dict[str, Any], message: str) -> None:
    folder = make(processor=transformers.DPTImageProcessor())
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    assert refusal(folder).startswith(f"{folder}: {message}")
    if "resample" not in settings and "image_mean" not in settings:
        assert load_public_segmenter(folder, size=64)(pictures(1)).shape == (1, 1, 44, 52)


def test_old_settings(make: Make) -> None:
    """As many public folders have them: one number for the size, and no word of rescaling."""
    folder = make()
    old = {
        "feature_extractor_type": "SegformerFeatureExtractor",
        "size": 64,
        "resample": 2,
        "reduce_labels": True,
    }
    old |= {
        "do_normalize": True,
        "do_resize": True,
        "image_mean": [0.4, 0.5, 0.6],
        "image_std": [0.2, 0.3, 0.4],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(old))
    processor = transformers.SegformerImageProcessor(
        size={"height": 64, "width": 64}, image_mean=old["image_mean"], image_std=old["image_std"]
    )
    expected = expected_classes(folder, pictures(), processor, (44, 52)) + 1
    assert agree(load_public_segmenter(folder)(pictures())[:, 0], expected)


def test_without_transformers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make()
    monkeypatch.setitem(sys.modules, "transformers", None)
    message = 'Public segmenters need transformers: pip install "dissect-widgets[transformers]"'
    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        load_public_segmenter(folder)


def test_classes_by_number_are_in_the_order_of_their_numbers() -> None:
    prepare = Preparation(None, "bilinear", 1.0, (0.0,), (1.0,), False)
    segmenter = PublicSegmenter(torch.nn.Identity(), {2: "sky", 0: "wall", 1: "other"}, prepare)
    assert [concept.name for concept in segmenter.vocabulary] == ["-", "wall", "sky"]
