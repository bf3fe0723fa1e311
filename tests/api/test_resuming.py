"""Interrupted runs: the same call resumes them, and so can a script; people see them and drop them."""

from __future__ import annotations

import signal
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import dissect_widgets as dw
from dissect_widgets.core.data.interrupt import InterruptedRun, memory_of, readable_bytes
from dissect_widgets.errors import SavedError, SettingError
from tests.core.small_classifiers import Pictures, classifier, normalized
from tests.core.small_generators import LATENT_DIM, Rules, progressive
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet


class Stopping(Pictures):
    """Interrupts itself when a certain image is read, as Ctrl-C does."""

    stop = -1
    targets = (0, 1, 2, 4, 6, 5, 3)

    def __getitem__(self, index: int) -> Tensor:
        if index == self.stop:
            self.stop = -1
            signal.raise_signal(signal.SIGINT)
        return super().__getitem__(index)


class StoppingRules(Rules):
    """Interrupts itself when it has labeled so many batches."""

    stop = -1

    def __call__(self, pictures: Tensor, /) -> Any:
        if self.calls == self.stop:
            signal.raise_signal(signal.SIGINT)
        return super().__call__(pictures)


class StoppingImages(ArrayImages):
    """Labeled images that interrupt themselves when a certain one is read."""

    stop = 5

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index == self.stop:
            self.stop = -1
            signal.raise_signal(signal.SIGINT)
        return super().__getitem__(index)


def on(data: Pictures, net: nn.Module) -> dw.ClassifierData:
    return dw.ClassifierData(net, data, preprocess=normalized, batch_size=2)


def interrupt(call: Callable[[], Any], message: str) -> InterruptedRun:
    """The run that an interrupted call leaves."""
    with pytest.raises(dw.Interrupted, match=message) as caught:
        call()
    return caught.value.run


def same_importance(one: Any, other: Any) -> None:
    assert (one.predictions.ablated == other.predictions.ablated).all()
    assert (one.odds_loss == other.odds_loss)[:, one.present].all()


def test_what_is_held_is_listed_and_the_same_call_resumes_it() -> None:
    net, data = classifier(), Stopping()
    whole = dw.rank_units(on(data, net), "conv", progress=False)
    assert not dw.interrupted() and repr(dw.interrupted()) == "<no interrupted runs>"
    assert "No interrupted runs" in dw.interrupted()._repr_html_()
    data.stop = 3
    run = interrupt(
        lambda: dw.rank_units(on(data, net), "conv", progress=False),
        r"^Interrupted after 4 of 7 images. Call again to resume.$",
    )
    (held,) = dw.interrupted()
    assert held is run and (held.call, held.done, held.total, held.unit) == ("rank_units", 4, 7, "images")
    assert held.nbytes == dw.interrupted().nbytes >= 5 * 7 * 4
    size = readable_bytes(held.nbytes)
    assert repr(dw.interrupted()) == f"[0] rank_units of conv of Smooth: 4 of 7 images, {size}"
    html = dw.interrupted()._repr_html_()
    for cell in ("0", "rank_units", "conv of Smooth", "4 of 7 images", size):
        assert f"<td>{cell}</td>" in html
    read: list[int] = []
    data.__class__ = type(
        "Watched",
        (Stopping,),
        {"__getitem__": lambda self, i: read.append(i) or Pictures.__getitem__(self, i)},
    )
    same_importance(dw.rank_units(on(data, net), "conv", progress=False), whole)
    assert read == [0, 0, 1, 4, 5, 6], (
        "one to see whether it says its class, two to plan, three that were left"
    )
    assert not dw.interrupted() and "not held" in repr(run)


def test_a_script_resumes_explicitly_also_when_it_is_interrupted_again() -> None:
    net, data = classifier(), Stopping()
    whole = dw.rank_units(on(data, net), "conv", progress=False)
    data.stop = 3
    run = interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "4 of 7")
    data.stop = 5
    again = interrupt(run.resume, "6 of 7")
    assert [held.done for held in dw.interrupted()] == [6]
    found = again.resume()
    assert isinstance(found, type(whole))
    same_importance(found, whole)
    assert not dw.interrupted()
    for gone in (run, again):
        with pytest.raises(SavedError, match="nothing left of rank_units of conv of Smooth"):
            gone.resume()


def test_what_has_changed_is_not_resumed() -> None:
    net, data = classifier(), Stopping()
    data.stop = 3
    run = interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "4 of 7")
    with torch.no_grad():
        net.get_parameter("fc.bias")[0] += 1
    with pytest.raises(SavedError, match="cannot be resumed: weights, images or options have changed"):
        run.resume()
    fresh = dw.rank_units(on(data, net), "conv", progress=False)  # the same call starts anew
    assert fresh.images == 7


def test_another_run_neither_resumes_nor_drops_it() -> None:
    net, data = classifier(), Stopping()
    data.stop = 3
    run = interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "4 of 7")
    dw.rank_units(on(Stopping(3), net).on(Pictures(3), targets=[0, 1, 2]), "conv", progress=False)
    dw.ablate_units(on(data, net), "conv", [[1], [2]], progress=False)
    assert list(dw.interrupted()) == [run]
    data.stop = 5
    other = interrupt(lambda: dw.ablate_units(on(data, net), "conv", [[1]], progress=False), "6 of 7")
    assert list(dw.interrupted()) == [run, other]
    with pytest.raises(SettingError, match=r"2 interrupted runs; choose one.*\[1\] ablate_units of conv"):
        dw.interrupted().resume()
    data.stop = 5
    third = interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "6 of 7")
    assert list(dw.interrupted()) == [other, third] and run.state is None
    dw.interrupted().drop()
    assert not dw.interrupted()
    with pytest.raises(SettingError, match="There is no interrupted run"):
        dw.interrupted().resume()


def test_dropping_frees_the_memory_and_starts_anew() -> None:
    net, data = classifier(), Stopping()
    data.stop = 3
    run = interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "4 of 7")
    gone = weakref.ref(run.state)
    run.drop()
    assert gone() is None and not dw.interrupted() and run.nbytes == 0
    with pytest.raises(SavedError, match="nothing left"):
        run.resume()
    assert dw.rank_units(on(data, net), "conv", progress=False).images == 7


@pytest.mark.parametrize("explicit", [False, True])
def test_pixel_counts_are_kept(explicit: bool) -> None:
    net, z, rules = progressive().eval(), dw.latents(7, seed=2, latent_dim=LATENT_DIM), StoppingRules()
    sets = [dw.Edit("layer4", [0, 1]), dw.Edit("layer2", range(6))]

    def count() -> Any:
        return dw.count_pixels(net, z, sets, rules, batch_size=2, progress=False)

    whole = count()
    rules.stop, rules.calls = 4, 0
    run = interrupt(count, "Interrupted after 4 of 7 latents")
    assert (run.state.before == whole.before[:4]).all() and (run.state.after == whole.after[:, :4]).all()
    assert run.of == "layer2, layer4 of ProgressiveGenerator" and run.nbytes >= run.state.after.nbytes
    found = dw.interrupted().resume() if explicit else count()
    assert rules.calls == 12, "two batches, and two more, of three images each"
    assert (found.before == whole.before).all() and (found.after == whole.after).all()
    assert found.positions == whole.positions and not dw.interrupted()


@pytest.mark.parametrize("changed", ["edits", "level", "where", "latents", "weights", "concepts"])
def test_other_edits_do_not_resume(changed: str) -> None:
    net, z, rules = progressive().eval(), dw.latents(4, seed=2, latent_dim=LATENT_DIM), StoppingRules()
    where = np.ones(open_map(net, z), np.float32)
    options: dict[str, Any] = {"units": [0, 1], "level": 0.0, "where": where}

    def count(**concepts: Any) -> Any:
        edits = [dw.Edit("layer4", **options)]
        return dw.count_pixels(net, z, edits, rules, batch_size=1, progress=False, **concepts)

    rules.stop = 2
    interrupt(count, "2 of 4 latents")
    rules.stop, rules.calls = -1, 0
    if changed == "edits":
        options["units"] = [0, 2]
    elif changed == "level":
        options["level"] = 1.0
    elif changed == "where":
        options["where"] = where * 0.5
    elif changed == "latents":
        z = z + 1e-3
    elif changed == "weights":
        with torch.no_grad():
            next(net.parameters()).add_(1e-3)
    count(**({"concepts": ["bright"]} if changed == "concepts" else {}))
    assert rules.calls == 8 and len(dw.interrupted()) == 1


def open_map(net: nn.Module, z: Tensor) -> tuple[int, int]:
    """Rows and columns of the map of `layer4`."""
    return dw.open_generator(net, "layer4", z).maps["layer4"][1:]


def test_effects_at_places_are_kept() -> None:
    net, z, rules = progressive().eval(), dw.latents(5, seed=2, latent_dim=LATENT_DIM), StoppingRules()
    edit = dw.Edit("layer4", [0, 1], 3.0)

    def insert() -> Any:
        cells = [(0, 1), (2, 3)]
        return dw.insert_at_places(net, z, edit, rules, "bright", cells=cells, batch_size=2, progress=False)

    whole = insert()
    rules.stop, rules.calls = 1, 0
    run = interrupt(insert, "Interrupted after 2 of 5 latents")
    assert (run.state.gained == whole.gained[:2]).all()
    found = insert()
    assert rules.calls == 9
    for name in ("before", "gained", "context"):
        assert (getattr(found, name) == getattr(whole, name)).all()


def test_temporary_files_count_and_are_dropped(tiny: TinyNet) -> None:
    small = dw.Resources(memory=64)
    run = interrupt(
        lambda: dw.dissect(tiny, "mix", StoppingImages(), resources=small, progress=False), "8 of 9"
    )
    assert run.folder is not None and run.folder.is_dir() and run.of == "mix of TinyNet"
    files = sum(file.stat().st_size for file in run.folder.iterdir())
    assert 0 < files < run.nbytes
    folder = run.folder
    dw.interrupted().drop()
    assert not folder.exists()


@pytest.mark.parametrize("with_folder", [False, True])
def test_a_dissection_is_resumed_by_a_script(tiny: TinyNet, tmp_path: Path, with_folder: bool) -> None:
    whole = dw.dissect(tiny, "mix", ArrayImages(), level=0.2, progress=False)["mix"]
    data, out = StoppingImages(), tmp_path / "out" if with_folder else None
    run = interrupt(lambda: dw.dissect(tiny, "mix", data, level=0.2, out=out, progress=False), "8 of 9")
    assert len(dw.interrupted()) == (0 if with_folder else 1), "with `out`, checkpoints are all that is kept"
    found = run.resume()["mix"]
    assert (found.intersection == whole.intersection).all() and (found.threshold == whole.threshold).all()
    assert not dw.interrupted() and (out is None or out.is_dir())


def test_names_are_text() -> None:
    net, data = classifier(), Stopping()
    net.__class__ = type("<b>Net</b>", (type(net),), {})
    data.stop = 3
    interrupt(lambda: dw.rank_units(on(data, net), "conv", progress=False), "4 of 7")
    assert "conv of &lt;b&gt;Net&lt;/b&gt;" in dw.interrupted()._repr_html_()


def test_memory_is_of_arrays_and_bytes_each_once() -> None:
    array, tensor = np.zeros((3, 5), np.float32), torch.zeros(7, dtype=torch.float64)
    assert memory_of({"a": [array, array], "b": (tensor, b"1234"), "net": classifier(), "n": 5}) == 120
    assert [readable_bytes(count) for count in (0, 999, 1000, 1234567, 5 * 10**9)] == [
        "0 bytes",
        "999 bytes",
        "1 kB",
        "1.23 MB",
        "5 GB",
    ]
