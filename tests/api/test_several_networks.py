"""Several networks over the same images: each result is that of its own dissection; images are read once."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import LayerError, SettingError
from tests.small_networks import TinyNet, seeded


class Data:
    """Nine images with labels of 5 concepts on 11 x 13; counts how often one is read."""

    vocabulary = Vocabulary([Concept(f"thing {k}", "object") for k in range(5)])

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.rand(9, 3, 22, 26, generator=generator)
        self.labels = torch.randint(0, 6, (9, 1, 11, 13), generator=generator)
        self.reads = 0

    def __len__(self) -> int:
        return 9

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        self.reads += 1
        return self.images[index], self.labels[index]


def networks() -> dict[str, tuple[nn.Module, Any]]:
    with torch.random.fork_rng():
        one, other = seeded(TinyNet(), 1).eval(), seeded(TinyNet(), 2).eval()
        wide = seeded(nn.Sequential(nn.Conv2d(3, 7, 3), nn.ReLU()), 3).eval()
    return {"one": (one, "mix"), "other": (other, ["left", "mix"]), "wide": (wide, "1")}


def test_each_is_to_the_bit_what_its_own_dissection_is() -> None:
    data = Data()
    found = dw.dissect_networks(networks(), data, level=0.1, progress=False)
    assert list(found) == ["one", "other", "wide"] and data.reads <= 2 * len(data)
    for name, (model, layers) in networks().items():
        alone = dw.dissect(model, layers, Data(), level=0.1, progress=False)
        assert [layer.name for layer in found[name].layers] == [layer.name for layer in alone.layers]
        for mine, wanted in zip(found[name].layers, alone.layers, strict=True):
            assert np.array_equal(mine.threshold, wanted.threshold)
            assert np.array_equal(mine.iou(), wanted.iou(), equal_nan=True)
            assert np.array_equal(mine.intersection, wanted.intersection)


def test_an_interrupted_run_keeps_what_is_finished() -> None:
    made = networks()
    whole = dw.dissect_networks(made, Data(), progress=False)
    calls, interrupt_at = [0], [-1]

    def counting(_module: nn.Module, _inputs: object, _output: object) -> None:
        calls[0] += 1
        if calls[0] == interrupt_at[0]:
            signal.raise_signal(signal.SIGINT)

    handle = made["other"][0].mix.register_forward_hook(counting)
    data = dw.InMemory(Data())
    resources = dw.Resources(batch_size=2)
    try:
        dw.dissect_networks(made, data, resources=resources, progress=False)
        interrupt_at[0], calls[0] = calls[0] - 2, 0
        with pytest.raises(dw.Interrupted, match="1 of 3 networks") as caught:
            dw.dissect_networks(made, data, resources=resources, progress=False)
        assert list(caught.value.run.state) == ["one"]
        assert [held.call for held in dw.interrupted()] == ["dissect_networks"]
        again = dw.dissect_networks(made, data, resources=resources, progress=False)
    finally:
        handle.remove()
    assert not dw.interrupted() and list(again) == list(whole)
    for name in whole:
        for mine, wanted in zip(again[name].layers, whole[name].layers, strict=True):
            assert np.array_equal(mine.iou(), wanted.iou(), equal_nan=True)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({}, SettingError, "one or more"),
        ([], SettingError, "one or more"),
        ({"one": TinyNet}, SettingError, r"must be \(network, layers\)"),
        ({"one": ("resnet", "mix")}, SettingError, r"must be \(network, layers\)"),
        ({"one": (nn.Identity(), [])}, SettingError, "no layers"),
        ({"one": (nn.Sequential(nn.ReLU()), "1")}, LayerError, r"networks\['one'\]"),
    ],
)
def test_what_cannot_be_dissected_is_refused_before_anything_is_read(
    change: Any, error: type[Exception], message: str
) -> None:
    data = Data()
    with pytest.raises(error, match=message):
        dw.dissect_networks(change, data, progress=False)
    assert data.reads == 0


def test_progress_counts_the_images_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    dw.dissect_networks(networks(), Data())
    assert "27/27" in capsys.readouterr().err
