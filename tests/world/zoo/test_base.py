"""Pictures are moved as the words say, whatever stands between their axes."""

from __future__ import annotations

import numpy as np
import torch

from dissect_widgets.world.zoo.base import batches, floating, moved, moved_alike


def shifted(image: np.ndarray, down: int, across: int, mirrored: bool) -> np.ndarray:
    """A map (h, w) read at other places, pixel by pixel."""
    h, w = image.shape
    out = np.empty_like(image)
    for y in range(h):
        for x in range(w):
            column = w - 1 - x if mirrored else x
            out[y, x] = image[min(max(y + down, 0), h - 1), min(max(column + across, 0), w - 1)]
    return out


def test_each_picture_is_moved_by_itself_and_all_of_it_alike() -> None:
    images = torch.rand(6, 2, 3, 9, 11, generator=torch.Generator().manual_seed(5))
    result = moved(images, torch.Generator().manual_seed(1), shift=2).numpy()
    seen = set()
    for number in range(6):
        matches = [
            (down, across, mirrored)
            for down in range(-2, 3)
            for across in range(-2, 3)
            for mirrored in (False, True)
            if all(
                (shifted(images[number, a, b].numpy(), down, across, mirrored) == result[number, a, b]).all()
                for a in range(2)
                for b in range(3)
            )
        ]
        assert len(matches) == 1, "one move explains all frames and channels"
        seen.add(matches[0])
    assert len(seen) > 3


def test_maps_move_with_their_pictures() -> None:
    maps = torch.arange(4 * 5 * 7).float().view(4, 1, 5, 7)
    images = maps.repeat_interleave(2, 2).repeat_interleave(2, 3)
    image, small = moved_alike((images, maps), torch.Generator().manual_seed(2), shift=4)
    assert image.shape == (4, 1, 10, 14) and small.shape == (4, 1, 5, 7)
    assert torch.equal(image[:, :, ::2, ::2], small) and not torch.equal(small, maps)


def test_no_move_is_no_change() -> None:
    images = torch.rand(3, 3, 4, 6, generator=torch.Generator().manual_seed(5))
    assert torch.equal(moved(images, torch.Generator(), shift=0, mirror=False), images)


def test_batches_are_in_order_and_float() -> None:
    data = {
        "images": torch.arange(7, dtype=torch.uint8)[:, None, None, None].expand(7, 3, 2, 4) * 51,
        "targets": torch.arange(7),
    }
    parts = list(batches(data, 3))
    assert [len(part["targets"]) for part in parts] == [3, 3, 1]
    assert torch.cat([part["targets"] for part in parts]).tolist() == list(range(7))
    assert parts[0]["images"].dtype == torch.float32 and float(parts[1]["images"][2, 0, 0, 0]) == 5 * 51 / 255
    assert floating(parts[0]) is parts[0]
