"""The whole run against brute force, bit for bit, whatever the split, the order and the memory."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dissect_widgets import dissect
from dissect_widgets.core.data.interrupt import Interrupted
from dissect_widgets.core.data.storage import Workspace
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.run import collect, look, run_key
from dissect_widgets.core.dissection.run import dissect as run
from dissect_widgets.core.dissection.settings import Resources, Settings
from dissect_widgets.core.dissection.source import Source
from dissect_widgets.errors import ActivationError, DataError, LayerError, SettingError, StorageError
from tests.core import oracle
from tests.core.oracle import same
from tests.small_images import ArrayImages, StoppingImages
from tests.small_networks import TinyNet, seeded

LEVELS = (0.03, 0.2, 0.005)


def check(layer: LayerDissection, maps: np.ndarray, data: ArrayImages, population: str) -> None:
    """Compare a layer's result with brute force over its maps (N, U, h, w)."""
    oracle.check(layer, maps, data.labels, (20, 28), population)


@pytest.mark.parametrize("population", ["upsampled", "raw"])
@pytest.mark.parametrize("upsample", ["receptive-field", "half-pixel"])
@pytest.mark.parametrize("least", [1, 2**20], ids=["dropping samples early", "keeping all"])
def test_everything_equals_brute_force(
    tiny: TinyNet,
    images: ArrayImages,
    population: Any,
    upsample: Any,
    least: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dissect_widgets.core.statistics.quantile._LEAST", least)
    layers = ["stem", "pool", "mix"]
    result = dissect(
        tiny,
        layers,
        images,
        level=LEVELS,
        settings=Settings(population=population, upsample=upsample, exemplars=3),
        progress=False,
    )
    for name in layers:
        maps = oracle.outputs(tiny, name, images.images)
        if name == "stem":  # a later ReLU changes its output in place; what is wanted is the output
            maps = tiny.stem(images.images).detach().numpy()
        assert result[name].grid.rule == upsample
        check(result[name], maps, images, population)
    want = oracle.counts(np.zeros((9, 1, 11, 13), bool), images.labels, images.vocabulary.category_of)
    assert (result.images_in_category == want["images_in_category"]).all()
    assert result.images == 9 and result.image_size == (20, 28) and result.label_size == (11, 13)


def test_iou_by_both_denominators(tiny: TinyNet, images: ArrayImages) -> None:
    layer = dissect(tiny, "mix", images, level=0.2, progress=False)["mix"]
    maps = oracle.upsample(oracle.outputs(tiny, "mix", images.images), layer.grid, (11, 13), (20, 28))
    active = maps > layer.threshold[0][:, None, None]
    for concept in range(1, 8):
        members = np.flatnonzero(images.vocabulary.category_of == images.vocabulary.category_of[concept])
        carry = np.isin(images.labels, members).any((1, 2, 3))
        there = (images.labels == concept).any(1)
        for unit in range(5):
            for denominator, chosen in (("all", slice(None)), ("category", carry)):
                union = (active[chosen, unit] | there[chosen]).sum()
                both = (active[chosen, unit] & there[chosen]).sum()
                iou = layer.iou(denominator=denominator)[unit, concept]  # type: ignore[arg-type]
                assert iou == (both / union if union else 0)


class Transformer(nn.Module):
    """Six tokens of 2 x 3 patches, a class token before them, 4 units; and a vector of 6 units."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 4, (10, 9), stride=(10, 9))
        self.block = nn.Linear(4, 4)
        self.head = nn.Linear(4, 6)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1)
        return self.head(self.block(tokens)[:, 0])


def test_tokens_and_vectors(images: ArrayImages) -> None:
    with torch.random.fork_rng():
        model = seeded(Transformer())
    result = dissect(
        model,
        ["block", "head"],
        images,
        level=LEVELS,
        settings=Settings(exemplars=2, token_grids={"block": (2, 3)}),
        progress=False,
    )
    tokens = oracle.outputs(model, "block", images.images)[:, 1:]
    check(result["block"], tokens.transpose(0, 2, 1).reshape(9, 4, 2, 3), images, "upsampled")
    check(result["head"], oracle.outputs(model, "head", images.images)[:, :, None, None], images, "upsampled")
    assert (result["block"].kind, result["head"].kind) == ("tokens", "vector")
    assert result["block"].grid.rule == "half-pixel"


def shard(source: Source, indices: list[int], memory: int = 2**30, workspace: Workspace | None = None) -> Any:
    shape, resources = look(source), Resources(memory=memory)
    key = run_key(source, shape, resources)
    return collect(source, shape, key, resources, indices=indices, workspace=workspace)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("population", ["upsampled", "raw"])
def test_any_split_in_any_order_gives_the_same_bits(
    tiny: TinyNet, images: ArrayImages, population: Any, seed: int, tmp_path: Path
) -> None:
    settings = Settings(population=population, exemplars=3)
    source = Source(tiny, ["pool", "mix"], images, levels=LEVELS, settings=settings)
    whole = run(source)
    random = np.random.default_rng(seed)
    order = random.permutation(9).tolist()
    cuts = sorted(random.choice(np.arange(1, 9), 2, replace=False).tolist())
    workspace = Workspace(tmp_path / "work", temporary=True) if seed % 2 else None
    parts = [order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :]]
    shards = [shard(source, part, 100 if workspace else 2**30, workspace) for part in parts]
    merged = shards.pop(int(random.integers(3)))
    for i in random.permutation(2):
        merged.merge(shards[i])
    result = merged.result(model="TinyNet", names=images.names, provenance={})
    for name in ("pool", "mix"):
        same(result[name], whole[name])
    assert dict(result.thumbnails) == dict(whole.thumbnails)


def test_the_network_always_sees_full_batches(tiny: TinyNet, images: ArrayImages) -> None:
    source, resources = Source(tiny, ["mix"], images), Resources(batch_size=4)
    shape = look(source)
    seen: list[int] = []
    tiny.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    collect(source, shape, run_key(source, shape, resources), resources)
    assert seen == [4, 4, 4]  # of 9 images


@pytest.mark.parametrize("batch_size", [1, 2, 5, 9, 50])
def test_any_batch_size_and_little_memory(tiny: TinyNet, images: ArrayImages, batch_size: int) -> None:
    layer = dissect(
        tiny,
        ["mix"],
        images,
        level=LEVELS,
        settings=Settings(exemplars=3),
        resources=Resources(batch_size=batch_size, memory=64),
        progress=False,
    )["mix"]
    check(layer, oracle.outputs(tiny, "mix", images.images, batch_size), images, "upsampled")


def test_the_model_is_left_as_it_was(tiny: TinyNet, images: ArrayImages) -> None:
    tiny.drop.eval()  # one module in another mode than the rest
    tiny.stem.weight.requires_grad_(False)
    modes = [module.training for module in tiny.modules()]
    state = {name: tensor.clone() for name, tensor in tiny.state_dict().items()}
    for layers in (["mix"], ["mix", "nothing"]):
        try:
            dissect(tiny, layers, images, progress=False)
        except LayerError as error:
            assert "nothing" in str(error)
    images.images[4, 0, 0, 0] = float("nan")
    with pytest.raises(DataError, match=r"photo 4\.jpg"):
        dissect(tiny, ["mix"], images, progress=False)
    assert [module.training for module in tiny.modules()] == modes
    assert all(not module._forward_hooks for module in tiny.modules())
    assert not tiny.stem.weight.requires_grad and tiny.left.weight.requires_grad
    assert all(torch.equal(tensor, state[name]) for name, tensor in tiny.state_dict().items())


def test_a_constant_and_a_nearly_silent_unit(tiny: TinyNet, images: ArrayImages) -> None:
    with torch.no_grad():
        for part in (tiny.left, tiny.right):
            part.weight[1], part.bias[1] = 0, 0.25
        tiny.left.weight[3], tiny.right.weight[3] = 0, 0
        tiny.left.bias[3], tiny.right.bias[3] = -1, 0
    layer = dissect(tiny, "mix", images, level=0.2, progress=False)["mix"]
    assert layer.constant.tolist() == [False, True, False, True, False]
    assert layer.threshold[0, 1] == 0.5 and layer.threshold[0, 3] == 0
    assert (layer.area[0, [1, 3]] == 0).all()
    best = layer.best()
    assert best.concept[1] == 0 and best.iou[1] == 0


def test_segmenter_alone_and_beside_labels(tiny: TinyNet, images: ArrayImages) -> None:
    class Bright:
        vocabulary = Vocabulary([Concept("bright", "light"), Concept("thing 2", "object")])

        def __call__(self, pictures: Tensor) -> Tensor:
            small = torch.nn.functional.adaptive_avg_pool2d(pictures.mean(1, keepdim=True), (11, 13))
            return torch.where(small > 0.5, 1, 2)

    pictures = list(images.images)
    alone = dissect(tiny, "mix", pictures, segmenter=Bright(), level=0.2, progress=False)
    assert alone.vocabulary == Bright.vocabulary
    labels = Bright()(images.images).numpy()
    assert alone["mix"].concept_area.tolist() == [0, (labels == 1).sum(), (labels == 2).sum()]
    both = dissect(tiny, "mix", images, segmenter=Bright(), level=0.2, progress=False)
    assert [c.name for c in both.vocabulary][-2:] == ["nowhere", "bright"]
    thing = both.vocabulary.index("thing 2")
    third = np.where(labels == 2, thing, 0)
    everything = np.concatenate([images.labels, third], 1)
    assert both["mix"].concept_area[thing] == (everything == thing).any(1).sum()


def test_nan_activation_names_layer_unit_and_image(tiny: TinyNet, images: ArrayImages) -> None:
    with torch.no_grad():
        tiny.left.weight[2, 0] = float("inf")
    with pytest.raises(ActivationError, match=r"'left', unit 2, outputs .*(nan|inf).*photo 0\.jpg"):
        dissect(tiny, "left", images, progress=False)


def test_skip_errors_lists_them_and_counts_the_rest(tiny: TinyNet, images: ArrayImages) -> None:
    class Broken(ArrayImages):
        def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
            if index in (0, 5):
                raise DataError(f"photo {index}.jpg is damaged")
            return super().__getitem__(index)

    with pytest.raises(DataError, match=r"photo 0\.jpg is damaged"):
        dissect(tiny, "mix", Broken(), level=LEVELS, progress=False)
    result = dissect(
        tiny,
        "mix",
        Broken(),
        level=LEVELS,
        resources=Resources(skip_errors=True),
        settings=Settings(exemplars=3),
        progress=False,
    )
    assert [s.name for s in result.skipped] == ["photo 0.jpg", "photo 5.jpg"] and result.images == 7
    good = [1, 2, 3, 4, 6, 7, 8]
    layer = result["mix"]
    left = oracle.outputs(tiny, "mix", images.images[good])
    up = oracle.upsample(left, layer.grid, (11, 13), (20, 28))
    for i, level in enumerate(LEVELS):
        assert (layer.threshold[i] == [oracle.threshold(up[:, u], level) for u in range(5)]).all()
    assert not {0, 5} & set(layer.exemplar_image.ravel().tolist())


@pytest.mark.parametrize("with_folder", [False, True])
def test_interrupt_loses_nothing(
    tiny: TinyNet, images: ArrayImages, tmp_path: Path, with_folder: bool
) -> None:
    handler = signal.getsignal(signal.SIGINT)  # a job in the background ignores the signal
    whole = dissect(tiny, "mix", images, level=LEVELS, progress=False)
    data = StoppingImages(at=5)
    out = tmp_path / "out" if with_folder else None
    with pytest.raises(Interrupted, match="after 8 of 9 images"):
        dissect(tiny, "mix", data, level=LEVELS, out=out, progress=False)
    assert tiny.training and signal.getsignal(signal.SIGINT) is handler
    read: list[int] = []
    data.__class__ = type(
        "Watched",
        (StoppingImages,),
        {"__getitem__": lambda self, i: read.append(i) or ArrayImages.__getitem__(self, i)},
    )
    again = dissect(tiny, "mix", data, level=LEVELS, out=out, progress=False)
    assert read == [0, 8]  # the first is looked at for its sizes
    same(again["mix"], whole["mix"])
    assert again.thumbnails == whole.thumbnails
    if out:
        assert not out.with_name("out.partial").exists()
        same(Dissection.load(out)["mix"], whole["mix"])


def test_interrupt_while_counting_loses_nothing(
    tiny: TinyNet, images: ArrayImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dissect_widgets.core.dissection.state.Probe.result", interrupted)
    with pytest.raises(Interrupted, match="after 9 of 9 images"):
        dissect(tiny, "mix", images, level=LEVELS, progress=False)
    monkeypatch.undo()
    again = dissect(tiny, "mix", images, level=LEVELS, progress=False)
    same(again["mix"], dissect(tiny, "mix", images, level=LEVELS, progress=False)["mix"])


def test_an_error_in_the_last_layer_keeps_what_was_before(
    tiny: TinyNet, images: ArrayImages, tmp_path: Path
) -> None:
    whole = dissect(tiny, ["pool", "mix"], images, level=LEVELS, progress=False)
    broken = ArrayImages()

    def bad_after_four(module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
        module.batches = getattr(module, "batches", 0) + 1  # type: ignore[assignment]
        return output * float("nan") if module.batches == 4 else None  # two passes are looked at before

    handle = tiny.mix.register_forward_hook(bad_after_four, prepend=True)
    with pytest.raises(ActivationError, match=r"'mix', unit 0, outputs nan for image 'photo 4\.jpg'"):
        dissect(tiny, ["pool", "mix"], broken, level=LEVELS, out=tmp_path / "out", progress=False)
    handle.remove()
    read: list[int] = []
    broken.__class__ = type(
        "Watched",
        (ArrayImages,),
        {"__getitem__": lambda self, i: read.append(i) or ArrayImages.__getitem__(self, i)},
    )
    again = dissect(tiny, ["pool", "mix"], broken, level=LEVELS, out=tmp_path / "out", progress=False)
    assert read == [0, 4, 5, 6, 7, 8]
    for name in ("pool", "mix"):
        same(again[name], whole[name])


def test_nothing_is_left_of_a_run_that_did_not_begin(tiny: TinyNet, tmp_path: Path) -> None:
    images = ArrayImages()
    images.images[0, 0, 0, 0] = 7
    with pytest.raises(DataError, match=r"photo 0\.jpg has values from .* to 7"):
        dissect(tiny, "mix", images, out=tmp_path / "out", progress=False)
    assert not list(tmp_path.iterdir())


def test_workers_change_nothing(tiny: TinyNet, images: ArrayImages) -> None:
    one = dissect(tiny, "mix", images, level=LEVELS, progress=False)
    other = dissect(tiny, "mix", images, level=LEVELS, resources=Resources(workers=2), progress=False)
    same(one["mix"], other["mix"])


def test_an_interrupted_run_is_not_taken_for_another(tiny: TinyNet) -> None:
    data = StoppingImages(at=5)
    with pytest.raises(Interrupted):
        dissect(tiny, "mix", data, level=0.2, progress=False)
    with torch.no_grad():
        tiny.left.bias += 1
    changed = dissect(tiny, "mix", data, level=0.2, progress=False)
    same(changed["mix"], dissect(tiny, "mix", ArrayImages(), level=0.2, progress=False)["mix"])


def test_checkpoint_of_another_run_is_refused(tiny: TinyNet, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        dissect(tiny, "mix", StoppingImages(at=5), level=0.2, out=tmp_path / "out", progress=False)
    with pytest.raises(
        Exception, match=r"unfinished run of something else \(settings: .*0\.2.* in the checkpoint, .*0\.1"
    ):
        dissect(tiny, "mix", ArrayImages(), level=0.1, out=tmp_path / "out", progress=False)


def test_disk_too_small_is_said_before(
    tiny: TinyNet, images: ArrayImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences: list[str] = []
    source = Source(tiny, ["mix"], images, levels=(0.2,))
    run(source, Resources(memory=64), notify=sentences.append)
    assert len(sentences) == 1 and "temporary files in" in sentences[0]
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(StorageError, match=r"needs up to .* GB .* 0\.0 GB are free"):
        run(source, Resources(memory=64))


@pytest.mark.parametrize("level", [0, 1, -0.5, 2, float("nan"), ()])
def test_bad_levels(tiny: TinyNet, images: ArrayImages, level: Any) -> None:
    with pytest.raises(SettingError, match="level"):
        dissect(tiny, "mix", images, level=level, progress=False)


def test_bad_arguments(tiny: TinyNet, images: ArrayImages) -> None:
    with pytest.raises(LayerError, match=r"no layer 'mixx'.*Did you mean 'mix'"):
        dissect(tiny, "mixx", images, progress=False)
    with pytest.raises(SettingError, match="each once"):
        dissect(tiny, ["mix", "mix"], images, progress=False)
    with pytest.raises(SettingError, match=r"population is 'row'.*'raw'"):
        Settings(population="row")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no images"):
        dissect(tiny, "mix", ArrayImages(0), progress=False)
    with pytest.raises(SettingError, match="no labels"):
        dissect(tiny, "mix", list(images.images), progress=False)
    images.labels[3, 0, 2, 2] = 8
    with pytest.raises(DataError, match=r"photo 3\.jpg has the label 8; allowed are 0 \(none\) to 7"):
        dissect(tiny, "mix", images, progress=False)


@pytest.mark.parametrize(
    ("kind", "name", "value", "least"),
    [
        (Settings, "exemplars", -1, 0),
        (Settings, "image_side", 0, 1),
        (Resources, "batch_size", 0, 1),
        (Resources, "workers", -2, 0),
        (Resources, "memory", -1, 0),
        (Resources, "checkpoint_seconds", -0.5, 0),
    ],
)
def test_bad_numbers(kind: Any, name: str, value: float, least: int) -> None:
    with pytest.raises(SettingError, match=f"{name} is {value}; it must be {least} or more"):
        kind(**{name: value})


def test_images_of_two_sizes_are_named(tiny: TinyNet, images: ArrayImages) -> None:
    pictures = [images[i] for i in range(9)]

    class Mixed(ArrayImages):
        def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
            image, labels = pictures[index]
            return (image[:, 1:], labels) if index == 6 else (image, labels)

    with pytest.raises(DataError, match=r"photo 6\.jpg has shape \(3, 19, 28\)"):
        dissect(tiny, "mix", Mixed(), progress=False)


def test_preprocess_is_what_the_network_sees(tiny: TinyNet, images: ArrayImages) -> None:
    result = dissect(tiny, "mix", images, level=0.2, preprocess=lambda x: 1 - 2 * x, progress=False)
    maps = oracle.outputs(tiny, "mix", 1 - 2 * images.images)
    check(result["mix"], maps, images, "upsampled")
    assert (result["mix"].highest == maps.max((0, 2, 3))).all()


def test_result_pictures_show_the_exemplars(tiny: TinyNet, images: ArrayImages) -> None:
    import io

    from PIL import Image

    result = dissect(tiny, "mix", images, level=0.2, settings=Settings(exemplars=2), progress=False)
    shown = set(result["mix"].exemplar_image.ravel().tolist())
    assert set(result.thumbnails) == shown
    for image in shown:
        pixels = np.asarray(Image.open(io.BytesIO(result.thumbnails[image])), np.float32)
        distance = np.abs(pixels - images.images.permute(0, 2, 3, 1).numpy() * 255).mean((1, 2, 3))
        assert distance.argmin() == image and distance[image] < 12
