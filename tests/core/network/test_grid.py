import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from dissect_widgets.core.network.grid import Grid
from dissect_widgets.core.statistics.upsample import Upsampler, can_exceed

PICTURE, LABELS = (20, 28), (11, 13)
UNEVEN = Grid(5, 6, 2.5, 4.25, 3.3, 4.1, "receptive-field")
CPU = torch.device("cpu")


def random_maps(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def slow_axis(
    index: int, count: int, full: int, first: float, step: float, length: int
) -> tuple[int, int, np.float32]:
    """Where one pixel of the label map lies: the positions before and after, and how far between."""
    pixel = (index + 0.5) * (full / count) - 0.5
    place = min(max((pixel - first) / step, 0.0), length - 1.0)
    before = math.floor(place)
    return before, min(before + 1, length - 1), np.float32(place - before)


def slow_upsample(
    values: NDArray[np.float32], grid: Grid, size: tuple[int, int], picture: tuple[int, int]
) -> NDArray[np.float32]:
    """One pixel at a time, in float32: a + f * (b - a) down the rows, then across the columns."""
    out = np.zeros(size, np.float32)
    for i in range(size[0]):
        up, down, f = slow_axis(i, size[0], picture[0], grid.top, grid.step_y, grid.height)
        for j in range(size[1]):
            left, right, g = slow_axis(j, size[1], picture[1], grid.left, grid.step_x, grid.width)
            a = values[up, left] + f * (values[down, left] - values[up, left])
            b = values[up, right] + f * (values[down, right] - values[up, right])
            out[i, j] = a + g * (b - a)
    return out


@pytest.mark.parametrize("length", [1, 5, 7, 13, 224])
@pytest.mark.parametrize("full", [1, 20, 224])
def test_half_pixel_divides_the_picture_evenly(length: int, full: int) -> None:
    grid = Grid.half_pixel(length, 6, (full, 28))
    for i in range(length):  # the middle of cell i, in coordinates where pixel 0 covers -0.5 to 0.5
        middle = Fraction(full * (2 * i + 1), 2 * length) - Fraction(1, 2)
        assert grid.top + i * grid.step_y == pytest.approx(float(middle), abs=1e-12)
    assert (grid.height, grid.width, grid.rule) == (length, 6, "half-pixel")


def test_half_pixel_of_13_in_224() -> None:
    grid = Grid.half_pixel(13, 13, (224, 224))
    assert grid.step_y == grid.step_x == pytest.approx(17.230769230769)
    assert grid.top == grid.left == pytest.approx(8.1153846153846)
    other = Grid.half_pixel(7, 13, (112, 224))
    assert (other.step_y, other.top) == (16, 7.5)
    assert other.left == grid.left


def test_coordinates_are_exact_fractions_clamped_to_the_map() -> None:
    rows, columns = UNEVEN.coordinates(LABELS, PICTURE)
    assert (rows.shape, columns.shape, rows.dtype) == ((11,), (13,), np.float64)
    for coordinates, count, full, first, step, length in (
        (rows, 11, 20, "2.5", "3.3", 5),
        (columns, 13, 28, "4.25", "4.1", 6),
    ):
        for i in range(count):
            pixel = Fraction(2 * i + 1, 2) * Fraction(full, count) - Fraction(1, 2)
            place = (pixel - Fraction(first)) / Fraction(step)
            assert coordinates[i] == pytest.approx(float(min(max(place, 0), length - 1)), abs=1e-12)
    assert rows[0] == columns[0] == 0
    assert rows[-1] == 4


@pytest.mark.parametrize(
    ("maps", "size", "picture"),
    [
        ((5, 6), (11, 13), (20, 28)),
        ((5, 6), (40, 56), (20, 28)),
        ((13, 13), (112, 112), (224, 224)),
        ((23, 23), (11, 13), (20, 28)),
        ((23, 5), (11, 13), (224, 100)),
        ((11, 13), (11, 13), (20, 28)),
        ((1, 1), (11, 13), (20, 28)),
        ((1, 6), (11, 1), (20, 28)),
    ],
)
def test_half_pixel_is_that_of_torch(
    maps: tuple[int, int], size: tuple[int, int], picture: tuple[int, int]
) -> None:
    values = random_maps(2, 5, *maps)
    upsampler = Upsampler(Grid.half_pixel(*maps, picture), size, picture, CPU)
    upsampled = upsampler(values)
    assert (upsampled.shape, upsampled.dtype) == ((2, 5, *size), torch.float32)
    expected = interpolate(values.double(), size, mode="bilinear", align_corners=False, antialias=False)
    torch.testing.assert_close(upsampled.double(), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("grid", "size", "picture"),
    [
        (UNEVEN, LABELS, PICTURE),
        (Grid(5, 6, -3.7, 0.4, 7.1, 2.3, "receptive-field"), LABELS, PICTURE),
        (Grid(5, 6, 0.0, 30.5, 2.7, 1.9, "receptive-field"), (17, 3), PICTURE),
        (Grid.half_pixel(5, 6, PICTURE), LABELS, PICTURE),
    ],
)
def test_any_grid_gives_the_bits_of_the_definition(
    grid: Grid, size: tuple[int, int], picture: tuple[int, int]
) -> None:
    values = random_maps(7, 5, 6) * 10 ** random_maps(7, 1, 1, seed=1)
    upsampled = Upsampler(grid, size, picture, CPU)(values).numpy()
    assert upsampled.dtype == np.float32
    for one, each in zip(values.numpy(), upsampled, strict=True):
        assert np.array_equal(each, slow_upsample(one, grid, size, picture))


def test_clamped_outside_the_outermost_centers() -> None:
    grid = Grid(5, 6, 7.25, 9.25, 1.5, 2.0, "receptive-field")  # rows 7.25 to 13.25, columns 9.25 to 19.25
    values = random_maps(5, 6)
    upsampled = Upsampler(grid, PICTURE, PICTURE, CPU)(values)  # a label for each pixel
    assert (upsampled[:8, :10] == values[0, 0]).all()
    assert (upsampled[14:, 20:] == values[4, 5]).all()
    assert (upsampled[:8, 20:] == values[0, 5]).all()
    assert (upsampled[14:, :10] == values[4, 0]).all()
    assert (upsampled[:8] == upsampled[0]).all()
    assert (upsampled[:, 20:] == upsampled[:, -1:]).all()
    assert not (upsampled[8] == upsampled[0]).all()
    assert not (upsampled[:, 19] == upsampled[:, 20]).all()


def test_plateau_stays_flat_to_the_bit() -> None:
    values = random_maps(5, 6)
    values[1:4, 2:5] = 0.1
    grid = Grid(5, 6, 1.7, 2.9, 3.3, 4.1, "receptive-field")
    size = (40, 56)
    rows, columns = grid.coordinates(size, PICTURE)
    inside = ((rows >= 1) & (rows <= 3))[:, None] & ((columns >= 2) & (columns <= 4))
    found = Upsampler(grid, size, PICTURE, CPU)(values).numpy()
    assert inside.sum() > 100
    assert (found[inside] == np.float32(0.1)).all()
    assert (found[~inside] == np.float32(0.1)).mean() < 0.01
    flat = torch.full((2, 5, 6), -1234.567)
    assert (Upsampler(grid, size, PICTURE, CPU)(flat) == flat[0, 0, 0]).all()


def test_a_map_gives_the_same_bits_alone_and_in_a_batch() -> None:
    values = random_maps(3, 7, 5, 6)
    upsampler = Upsampler(UNEVEN, LABELS, PICTURE, CPU)
    together = upsampler(values)
    assert together.shape == (3, 7, 11, 13)
    for i in range(3):
        for u in range(7):
            assert torch.equal(upsampler(values[i, u]), together[i, u])
    turned = values.permute(1, 0, 2, 3).contiguous().permute(1, 0, 2, 3)
    assert not turned.is_contiguous()
    assert torch.equal(upsampler(turned), together)
    assert torch.equal(upsampler(values.transpose(2, 3).contiguous().transpose(2, 3)), together)


def test_input_is_left_alone() -> None:
    values = random_maps(3, 5, 6)
    before = values.clone()
    Upsampler(UNEVEN, LABELS, PICTURE, CPU)(values)
    assert torch.equal(values, before)


def test_chosen_rows_are_those_of_the_whole() -> None:
    values = random_maps(4, 5, 6)
    upsampler = Upsampler(UNEVEN, LABELS, PICTURE, CPU)
    whole = upsampler(values)
    which = torch.tensor([3, 0, 3, 1, 2, 2])
    row = torch.tensor([10, 4, 0, 7, 7, 1])
    rows = upsampler.rows(values.reshape(-1, 6), which * 5, row)
    assert rows.shape == (6, 6)
    columns = upsampler.columns(rows)
    assert columns.shape == (13, 6)
    assert torch.equal(columns.T, whole[which, row])


@pytest.mark.parametrize("grid", [Grid(1, 1, 3.5, 99.0, 7, 0.5, "receptive-field"), UNEVEN])
def test_single_position_fills_the_label_map(grid: Grid) -> None:
    grid = grid._replace(height=1, width=1)
    values = torch.tensor([[[-2.5]], [[1e-40]], [[3e38]]])
    found = Upsampler(grid, LABELS, PICTURE, CPU)(values)
    assert found.shape == (3, 11, 13)
    assert (found == values).all()


@settings(deadline=None, max_examples=60, database=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e4, 1e20]),
    st.sampled_from([0.0, -3.0, 3.0, 1e3, -1e3]),
    st.booleans(),
)
def test_no_row_exceeds_what_was_promised(seed: int, scale: float, shift: float, mixed: bool) -> None:
    values = random_maps(16, 5, 6, seed=seed)
    if mixed:  # neighbors of very different size
        values = values * 10 ** (3 * random_maps(16, 5, 6, seed=seed + 1))
    values = (values + shift) * scale
    assert values.abs().max() < 1e37
    upsampler = Upsampler(UNEVEN, LABELS, PICTURE, CPU)
    highest = upsampler(values).amax(2)
    just_below = torch.nextafter(highest, torch.tensor(-math.inf))
    assert upsampler.rows_that_reach(values.amax(2), just_below).all()


def test_rows_that_cannot_reach_are_left_out() -> None:
    values = random_maps(16, 5, 6)
    upsampler = Upsampler(UNEVEN, LABELS, PICTURE, CPU)
    peak = values.amax(2).numpy()
    expected = np.zeros((16, 11), bool)
    bound = np.float32(1.5)
    for i in range(11):
        before, after, _ = slow_axis(i, 11, 20, UNEVEN.top, UNEVEN.step_y, 5)
        expected[:, i] = (peak[:, before] > bound) | (peak[:, after] > bound)
    found = upsampler.rows_that_reach(values.amax(2), torch.tensor(bound))
    assert 0 < expected.mean() < 1
    assert np.array_equal(found.numpy(), expected)


def test_bound_may_differ_between_units() -> None:
    values = random_maps(5, 3, 5, 6)
    upsampler = Upsampler(UNEVEN, LABELS, PICTURE, CPU)
    bound = torch.tensor([-math.inf, -1.0, 0.5, 1.5, 100.0])
    found = upsampler.rows_that_reach(values.amax(3), bound[:, None, None])
    assert found.shape == (5, 3, 11)
    for unit in range(5):
        assert torch.equal(found[unit], upsampler.rows_that_reach(values[unit].amax(2), bound[unit]))
    assert found[0].all()
    assert not found[4].any()


def test_can_exceed_leaves_room_for_rounding_and_no_more() -> None:
    peak = torch.tensor([1.0, -1.0, 0.0, 1000.0, -1000.0])
    assert can_exceed(peak, torch.nextafter(peak, torch.tensor(math.inf)))[[0, 1, 3, 4]].all()
    assert not can_exceed(peak, peak + 1e-5 * peak.abs() + 1e-30).any()
    assert not can_exceed(peak, peak)[2]


def test_a_map_read_at_its_own_centers_is_unchanged() -> None:
    values = random_maps(50, 11, 11)
    upsampler = Upsampler(Grid.half_pixel(11, 11, (224, 224)), (11, 11), (224, 224), CPU)
    assert torch.equal(upsampler(values), values)


def test_promise_holds_where_a_fraction_rounds_to_one() -> None:
    values = random_maps(50, 11, 11)
    values[:, 6] = -100 * values[:, 6].abs()
    upsampler = Upsampler(Grid.half_pixel(11, 11, (224, 224)), (11, 11), (224, 224), CPU)
    just_below = torch.nextafter(upsampler(values).amax(2), torch.tensor(-math.inf))
    assert upsampler.rows_that_reach(values.amax(2), just_below).all()
