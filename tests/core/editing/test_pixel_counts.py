"""Pixels of concepts under edits, counted against loops over pictures, places and pixels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.data.labels import count_labels, label
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.core.editing.edit import Edit
from dissect_widgets.core.editing.generator import EditableGenerator, open_generator
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.core.editing.pixel_counts import count_pixels as count
from dissect_widgets.core.editing.placement import PlaceEffects
from dissect_widgets.core.editing.placement import insert_at_places as insert
from dissect_widgets.errors import ConceptError, DataError, LayerError, SettingError
from tests.core.small_generators import LATENT_DIM, Rules, progressive
from tests.small_networks import seeded

ROWS, COLUMNS = 4, 6
CONCEPTS = Rules.vocabulary.concepts[1:]
SETS = [[Edit("layer4", [0, 1, 4])], [], [Edit("layer4", [2], 4.0), Edit("layer2", range(6))]]


def latents(count: int = 5) -> Tensor:
    return dw.latents(count, seed=2, latent_dim=LATENT_DIM)


def generator() -> nn.Module:
    return progressive().eval()


class Wide(nn.Module):
    """Maps of 4 x 6 make pictures of 22 x 26."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ConvTranspose2d(LATENT_DIM, 5, (ROWS, COLUMNS))
        self.rgb = nn.Conv2d(5, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        return nn.functional.interpolate(self.rgb(torch.relu(self.maps(z))), size=(22, 26))


def wide() -> nn.Module:
    with torch.random.fork_rng():
        return seeded(Wide()).eval()


def pixels(labels: NDArray[Any], number: int) -> int:
    """Pixels of a concept on a label map (K, h, w), each once."""
    return sum(number in labels[:, y, x] for y in range(labels.shape[1]) for x in range(labels.shape[2]))


def labels_of(net: nn.Module, z: Tensor, edits: list[Edit]) -> NDArray[Any]:
    """Label maps of the pictures, drawn one by one."""
    return np.concatenate([Rules()(dw.edit(net, one[None], edits)).numpy() for one in z])


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8])
def test_labels_are_counted_once_a_pixel(channels: int, dtype: torch.dtype) -> None:
    drawn = np.random.default_rng(channels).integers(0, 8, (3, channels, 11, 13))
    drawn[1, :, :3] = 4  # the same in all channels
    drawn[2] = 0
    found = count_labels(torch.from_numpy(drawn).to(dtype), 8)
    assert found.dtype == np.int64 and found.shape == (3, 8) and not found[:, 0].any()
    for image in range(3):
        assert found[image, 1:].tolist() == [pixels(drawn[image], number) for number in range(1, 8)]


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_pixels_equal_loops(batch_size: int) -> None:
    net, z = generator(), latents()
    found = dw.count_pixels(net, z, SETS, Rules(), batch_size=batch_size, progress=False)
    assert found.concepts == CONCEPTS and found.positions == 11 * 13
    assert found.before.shape == (5, 7) and found.after.shape == (3, 5, 7)
    for own, edits in zip((found.before, *found.after), ([], *SETS), strict=True):
        labels = labels_of(net, z, edits)
        for image in range(5):
            assert own[image].tolist() == [pixels(labels[image], number) for number in range(1, 8)]
    assert (found.after[1] == found.before).all() and (found.after[0] != found.before).any()
    assert "7 concepts in 5 images under 3 sets" in repr(found)


def test_some_concepts_and_single_edits() -> None:
    net, z, one = generator(), latents(), Edit("layer4", [0, 1])
    whole = dw.count_pixels(net, z, [one, iter([one])], Rules(), progress=False)
    assert (whole.after[0] == whole.after[1]).all()
    chosen = ["stuff 0", Concept("thing 2", "object")]
    some = dw.count_pixels(net, z, [one, [one]], Rules(), concepts=chosen, progress=False)
    assert [concept.name for concept in some.concepts] == ["stuff 0", "thing 2"]
    assert (some.before == whole.before[:, [3, 2]]).all() and (some.after == whole.after[:, :, [3, 2]]).all()
    assert some.column("thing 2") == 1 and whole.column("thing 2", "object") == 2
    none = dw.count_pixels(net, z, [], Rules(), progress=False)
    assert none.after.shape == (0, 5, 7) and (none.before == whole.before).all()


def test_latents_are_begun_once() -> None:
    class Watched:
        def __init__(self, canvas: EditableGenerator) -> None:
            self.canvas, self.begun, self.drawn = canvas, 0, 0

        def begin(self, z: Tensor) -> Any:
            self.begun += 1
            return self.canvas.begin(z)

        def draw(self, begun: Any, edits: Any = ()) -> Tensor:
            self.drawn += 1
            return self.canvas.draw(begun, edits)

    canvas: Any = Watched(open_generator(generator(), ["layer2", "layer4"], latents()))
    reported: list[tuple[int, int]] = []
    count(canvas, latents(), SETS, Rules(), batch_size=2, progress=lambda *done: reported.append(done))
    assert (canvas.begun, canvas.drawn) == (3, 12)
    assert reported == [(0, 5), (2, 5), (4, 5), (5, 5)]


def pixel_counts(before: list[int], after: list[list[int]]) -> PixelCounts:
    """Counts of the second of two concepts; of the first there is none."""
    counted = np.stack([np.zeros(len(before)), before], 1).astype(np.int64)
    edited = np.stack([np.zeros((len(after), len(before))), after], 2).astype(np.int64)
    concepts = (Concept("door", "object"), Concept("tree", "object"))
    return PixelCounts(concepts=concepts, before=counted, after=edited, positions=100)


def test_change_and_its_interval() -> None:
    before, after = [10, 0, 30, 20], [[5, 0, 12, 9], [10, 0, 30, 20], [0, 8, 40, 30]]
    change = pixel_counts(before, after).change("tree")
    assert change.mean.shape == change.interval.shape == (3,)
    for number, own in enumerate(after):
        ratio = sum(own) / sum(before)
        variance = sum((b - ratio * a) ** 2 for a, b in zip(before, own, strict=True)) / 3
        assert change.mean[number] == pytest.approx(ratio - 1)
        error = (variance / 4) ** 0.5 / (sum(before) / 4)
        assert change.interval[number] == pytest.approx(2.5758293 * error)
    assert change.mean[1] == change.interval[1] == 0
    half = pixel_counts([10, 0, 30, 20], [[5, 0, 15, 10]]).change("tree")
    assert (half.mean[0], half.interval[0]) == (-0.5, 0), "every picture loses half: there is no doubt"


def test_an_interval_holds_the_truth_99_times_of_100() -> None:
    random, held = np.random.default_rng(0), 0
    for _ in range(1000):
        before = random.poisson(50, 300)
        after = random.binomial(before, 0.6) + random.poisson(10, 300)  # 40 % go, and 20 % come
        change = pixel_counts(before.tolist(), [after.tolist()]).change("tree")
        held += abs(change.mean[0] + 0.2) < change.interval[0]
    assert 0.98 < held / 1000 < 0.998


def test_changes_that_cannot_be_told() -> None:
    counts = pixel_counts([3, 5], [[1, 2]])
    with pytest.raises(SettingError, match="None of the 2 images has a pixel of 'door'"):
        counts.change("door")
    with pytest.raises(ConceptError, match=r"no concept 'trees'.*Did you mean 'tree'"):
        counts.change("trees")
    with pytest.raises(ConceptError, match=r"no category 'objct'.*'object'"):
        counts.change("tree", "objct")
    with warnings.catch_warnings(action="error"):
        single = pixel_counts([4], [[1]]).change("tree")
    assert single.mean[0] == -0.75 and np.isnan(single.interval[0])


def brute_places(
    net: nn.Module, z: Tensor, number: int, cells: list[tuple[int, int]], reach: tuple[int, ...] = (0,) * 4
) -> PlaceEffects:
    """Each cell of each picture by itself, and the label in the middle of the cell.

    `reach` is how far the edit goes up, down, left and right of the cell.
    """
    up, down, left, right = reach
    plain = labels_of(net, z, [])
    gained = np.zeros((len(z), len(cells)), np.int64)
    context = np.zeros((len(z), 2, len(cells)), np.int64)
    for place, (row, column) in enumerate(cells):
        where = np.zeros((ROWS, COLUMNS))
        for y in range(ROWS):
            for x in range(COLUMNS):
                where[y, x] = -up <= y - row <= down and -left <= x - column <= right
        labels = labels_of(net, z, [Edit("maps", [1, 3], [4.0, 2.0], where)])
        y, x = int((row + 0.5) / ROWS * 11), int((column + 0.5) / COLUMNS * 13)
        for image in range(len(z)):
            gained[image, place] = pixels(labels[image], number) - pixels(plain[image], number)
            context[image, :, place] = plain[image, :, y, x]
    before = np.array([pixels(own, number) for own in plain])
    return PlaceEffects(
        concept=Rules.vocabulary[number],
        vocabulary=Rules.vocabulary,
        cells=np.array(cells),
        edits=(),
        grid=(ROWS, COLUMNS),
        before=before,
        gained=gained,
        context=context,
    )


@pytest.mark.parametrize("batch_size", [2, 16])
@pytest.mark.parametrize("cells", [None, [(3, 5), (0, 0), (2, 1), (0, 4)]], ids=["all cells", "some"])
def test_places_equal_loops(cells: Any, batch_size: int) -> None:
    net, z = wide(), latents()
    edit = Edit("maps", [1, 3], [4.0, 2.0], np.ones((1, 1)))  # where it says is not looked at
    found = dw.insert_at_places(
        net, z, edit, Rules(), "thing 0", cells=cells, batch_size=batch_size, progress=False
    )
    every = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    expected = brute_places(net, z, 1, cells or every)
    for name in ("before", "gained", "context", "cells"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == np.int64 and one.tolist() == other.tolist(), name
    assert found.grid == (ROWS, COLUMNS) and found.concept == Concept("thing 0", "object")
    assert found.gained.any() and len(set(found.context.ravel().tolist())) > 3
    means = found.by_cell()
    assert means.shape == (ROWS, COLUMNS) and np.isnan(means).sum() == 24 - len(found.cells)
    for place, (row, column) in enumerate(found.cells):
        assert means[row, column] == pytest.approx(sum(found.gained[:, place].tolist()) / 5)


@pytest.mark.parametrize(
    ("block", "reach"),
    [((1, 1), (0, 0, 0, 0)), ((3, 2), (1, 1, 0, 1)), ((2, 5), (0, 1, 2, 2)), ((9, 1), (4, 4, 0, 0))],
)
def test_blocks_of_cells(block: tuple[int, int], reach: tuple[int, ...]) -> None:
    net, z, cells = wide(), latents(), [(3, 5), (0, 0), (2, 1), (1, 4)]
    edit = Edit("maps", [1, 3], [4.0, 2.0])
    found = dw.insert_at_places(net, z, edit, Rules(), "thing 0", cells=cells, block=block, progress=False)
    expected = brute_places(net, z, 1, cells, reach)
    assert found.gained.tolist() == expected.gained.tolist() and found.gained.any()
    assert found.context.tolist() == expected.context.tolist()
    with pytest.raises(SettingError, match=r"block is \(0, 2\); allowed are 1 and more"):
        dw.insert_at_places(net, z, edit, Rules(), "thing 0", block=(0, 2), progress=False)


def test_what_is_gained_by_what_stood_there() -> None:
    net, z = wide(), latents()
    edit = Edit("maps", [1, 3], [4.0, 2.0])
    found = dw.insert_at_places(net, z, edit, Rules(), CONCEPTS[0], progress=False)
    assert repr(found) == f"<PlaceEffects of {CONCEPTS[0].name} at 24 places in 5 images>"
    names = [concept.name for concept in CONCEPTS]
    effects = found.by_context([*names, Concept("thing 1", "object")])
    assert [effect.concept for effect in effects] == [*CONCEPTS, CONCEPTS[1]] and effects[1] == effects[-1]
    scale, intervals = sum(found.before.tolist()) / 5, 0
    for number, effect in enumerate(effects[:-1], start=1):
        shares = [
            found.gained[image, place] / scale
            for image in range(5)
            for place in range(24)
            if number in found.context[image, :, place]
        ]
        assert effect.places == len(shares)
        if len(shares) > 1:
            mean = sum(shares) / len(shares)
            deviation = (sum((share - mean) ** 2 for share in shares) / (len(shares) - 1)) ** 0.5
            assert effect.mean == pytest.approx(mean) and effect.deviation == pytest.approx(deviation)
            sums = [
                (sum(own), len(own))
                for image in range(5)
                if (
                    own := [
                        found.gained[image, place] / scale - mean
                        for place in range(24)
                        if number in found.context[image, :, place]
                    ]
                )
            ]
            if len(sums) > 1:
                variance = len(sums) / (len(sums) - 1) * sum(off**2 for off, _ in sums) / len(shares) ** 2
                assert effect.interval == pytest.approx(2.5758293 * variance**0.5)
                intervals += 1
    assert intervals > 3
    assert sum(effect.places > 1 for effect in effects) > 4


def place_effects(before: list[int], context: list[int]) -> PlaceEffects:
    return PlaceEffects(
        concept=CONCEPTS[0],
        vocabulary=Rules.vocabulary,
        cells=np.array([[0, 0], [0, 1], [1, 1]]),
        edits=(),
        grid=(2, 3),
        before=np.array(before),
        gained=np.array([[1, 2, 4]]),
        context=np.array([[context]]),
    )


def test_contexts_that_are_rare_or_unknown() -> None:
    with warnings.catch_warnings(action="error"):
        once, never = place_effects([8], [2, 3, 3]).by_context(["thing 1", "bright"])
    assert (once.places, once.mean) == (1, 1 / 8)
    assert np.isnan(once.deviation) and np.isnan(once.interval)
    assert never.places == 0 and np.isnan([never.mean, never.deviation, never.interval]).all()
    with pytest.raises(ConceptError, match=r"no concept 'brigth'.*'bright'"):
        place_effects([8], [2, 3, 3]).by_context(["brigth"])
    with pytest.raises(SettingError, match="None of the 1 images has a pixel of 'thing 0'"):
        place_effects([0], [2, 3, 3]).by_context(["bright"])


def test_progress_of_places() -> None:
    reported: list[tuple[int, int]] = []
    canvas = open_generator(wide(), "maps", latents())
    insert(
        canvas,
        latents(),
        Edit("maps", [1]),
        Rules(),
        CONCEPTS[0],
        cells=[(0, 0)],
        batch_size=2,
        progress=lambda *done: reported.append(done),
    )
    assert reported == [(0, 5), (2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "cells is empty"),
        ([(0, 0), (4, 0)], r"cells has \(4, 0\); the map of maps has 4 x 6 cells, from 0"),
        ([(0, 6)], r"cells has \(0, 6\)"),
        ([(-1, 2)], r"cells has \(-1, 2\)"),
        ([(0, 0, 1), (1, 1, 2)], r"cells has \(0, 0, 1\)"),
        ([(0, 1.5)], r"cells has \(0, 1.5\)"),
    ],
)
def test_cells_that_are_not_on_the_map(cells: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        dw.insert_at_places(
            wide(), latents(), Edit("maps", [1]), Rules(), "bright", cells=cells, progress=False
        )


def test_bad_input() -> None:
    net, z, rules = wide(), latents(), Rules()
    edit = Edit("maps", [1])
    options: dict[str, Any] = {"progress": False}
    with pytest.raises(ConceptError, match=r"no concept 'brigth'.*Did you mean 'bright'"):
        dw.count_pixels(net, z, [edit], rules, concepts=["brigth"], **options)
    with pytest.raises(ConceptError, match=r"no concept 'brigth'.*Did you mean 'bright'"):
        dw.insert_at_places(net, z, edit, rules, "brigth", **options)
    for bad, error, message in (
        (Edit("mapps", [1]), LayerError, "no layer 'mapps'. Did you mean 'maps'"),
        (Edit("maps", [5]), SettingError, "edit of unit 5; maps has units 0 to 4"),
    ):
        with pytest.raises(error, match=message):
            dw.count_pixels(net, z, [[edit], [bad]], rules, **options)
        with pytest.raises(error, match=message):
            dw.insert_at_places(net, z, bad, rules, "bright", **options)
    with pytest.raises(SettingError, match="`where` is 3 x 6; the map of maps is 4 x 6"):
        dw.count_pixels(net, z, [Edit("maps", [1], 1.0, np.ones((3, 6)))], rules, **options)
    canvas = open_generator(net, "maps", z)
    with pytest.raises(LayerError, match="edit of layer 'rgb'; the generator was opened at maps"):
        insert(canvas, z, Edit("rgb", [0]), rules, CONCEPTS[0])
    for given in (z[:0], z.long()):
        for act in (
            lambda z: dw.count_pixels(net, z, [edit], rules, **options),
            lambda z: dw.insert_at_places(net, z, edit, rules, "bright", **options),
            lambda z: count(canvas, z, [[edit]], rules),
            lambda z: insert(canvas, z, edit, rules, CONCEPTS[0]),
        ):
            with pytest.raises(DataError, match=r"no latents|are torch.int64"):
                act(given)


class Numbers(Rules):
    """A segmenter that puts out numbers that are no labels."""

    def __call__(self, pictures: Tensor, /) -> Any:
        return super().__call__(pictures) + 1


def test_labels_that_are_none() -> None:
    for act in (
        lambda: dw.count_pixels(wide(), latents(), [], Numbers(), progress=False),
        lambda: dw.insert_at_places(
            wide(), latents(), Edit("maps", [1]), Numbers(), "bright", progress=False
        ),
    ):
        with pytest.raises(DataError, match=r"label maps from \d to 8 for 5 images; allowed are 0"):
            act()


class Network(nn.Module):
    """A segmenter that is a network, which asks for gradients."""

    vocabulary = Vocabulary([Concept("red", "color")])

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.utils.skip_init(nn.Conv2d, 3, 2, 1)
        with torch.no_grad():
            self.conv.weight[:], self.conv.bias[:] = 0, 0
            self.conv.weight[1, 0] = 1

    def forward(self, pictures: Tensor) -> Tensor:
        return (self.conv(pictures)[:, 1:] > 0.5).long()


def test_a_network_may_label() -> None:
    net, z = generator(), latents()
    found = dw.count_pixels(net, z, [Edit("layer4", [0])], Network(), progress=False)
    assert found.before[:, 0].tolist() == (dw.edit(net, z)[:, 0] > 0.5).sum((1, 2)).tolist()
    assert label(Network(), torch.rand(1, 3, 2, 2, generator=torch.Generator())).shape == (1, 1, 2, 2)


def test_places_of_a_context_and_what_was_done_there() -> None:
    net, z = wide(), latents()
    edit, cells = Edit("maps", [1, 3], [4.0, 2.0]), [(3, 5), (0, 0), (2, 1)]
    found = dw.insert_at_places(net, z, edit, Rules(), "thing 0", cells=cells, block=(1, 2), progress=False)
    places = found.places_of("thing 1").tolist()
    number = Rules.vocabulary.index("thing 1")
    there = [[i, p] for i in range(5) for p in range(3) if number in found.context[i, :, p]]
    assert sorted(places) == there and len(there) > 2
    gains = [int(found.gained[i, p]) for i, p in places]
    assert gains == sorted(gains, reverse=True)
    image, place = places[0]
    before, after = (dw.edit(net, z[image : image + 1], own) for own in ([], found.edits[place]))
    pixels = [int((Rules()(own) == Rules.vocabulary.index("thing 0")).sum()) for own in (before, after)]
    assert pixels[1] - pixels[0] == gains[0] and found.edits[1].where is not None
    assert np.argwhere(found.edits[1].where).tolist() == [[0, 0], [0, 1]]
