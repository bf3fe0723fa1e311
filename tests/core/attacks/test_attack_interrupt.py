"""Attacks that are interrupted, and go on."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from tqdm import tqdm

import dissect_widgets as dw
from dissect_widgets.api import attacks
from tests.core.small_classifiers import CLASSES, QUICK, Counting, Pictures, attack, classifier, normalized

STEPS = dw.ProjectedGradient(radius=0.03, steps=6)
PROOF = 2  # passes that prove the network a function of each image
BOTH = pytest.mark.parametrize("method", [QUICK, STEPS], ids=["cw", "pgd"])


def interrupted(net: nn.Module, data: Pictures, after: int, **options: Any) -> dw.AttackResult:
    """What an attack has come to when it is interrupted, in the call before which `after` others were."""
    assert isinstance(net, Counting)
    net.calls, net.stop = 0, after + PROOF
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(
        dw.Interrupted, match=r"Interrupted after \d of 7 images; \d have succeeded. Call again to resume"
    ) as caught:
        attack(net, data, batch_size=3, **options)
    net.stop = -1
    assert signal.getsignal(signal.SIGINT) is handler
    result: dw.AttackResult = caught.value.run.state
    return result


@BOTH
def test_an_interrupted_attack_goes_on(method: Any) -> None:
    net, data = classifier(Counting), Pictures()
    whole = attack(net, data, method=method, batch_size=3)
    assert whole.finished.all()
    part = interrupted(net, data, 35 if method is QUICK else 12, method=method)
    assert 0 < part.finished.sum() < 7 and len(part) == 7 and part.passes < whole.passes
    assert torch.allclose(part.adversarial[part.finished], whole.adversarial[part.finished], atol=1e-4)
    assert torch.equal(part.adversarial[~part.success], part.clean[~part.success])
    left = ~part.finished
    net.get_parameter("fc.bias").grad = torch.ones(7)  # of no matter
    again = attack(net, data, method=method, batch_size=2)
    assert again.passes > part.passes and again.finished.all()
    rest = attack(net, data, method=method, images=np.flatnonzero(left).tolist())
    assert again.passes == part.passes + rest.passes
    assert torch.allclose(again.adversarial, whole.adversarial, atol=1e-4) and again.names == whole.names
    assert (again.success == whole.success).all() and (again.images == whole.images).all()
    assert np.allclose(again.scores_adversarial, whole.scores_adversarial, atol=1e-3)
    assert again.seconds > part.seconds


def test_it_can_be_interrupted_many_times() -> None:
    net, data = classifier(Counting), Pictures()
    whole = attack(net, data, "nearest", batch_size=3)
    done = -1
    for after in (20, 25, 20):
        part = interrupted(net, data, after, target="nearest")
        assert part.finished.sum() > done
        done = int(part.finished.sum())
    again = attack(net, data, "nearest", batch_size=3)
    assert torch.allclose(again.adversarial, whole.adversarial, atol=1e-4) and again.finished.all()


def holed(pictures: Tensor) -> Tensor:
    """The second picture breaks as soon as it changes."""
    corner = pictures[:, 0, 0, 0]
    bad = ((corner - 0.5).abs() < 0.05) & (corner != 0.5) & ((corner - 0.5).abs() > 1e-5)
    return normalized(pictures).where(~bad[:, None, None, None], torch.nan)


@BOTH
def test_what_broke_is_not_tried_again(method: Any) -> None:
    net, data = classifier(Counting), Pictures()
    data.images[:, 0, 0, 0] = 0.8
    data.images[1, 0, 0, 0] = 0.5
    part = interrupted(net, data, 22 if method is QUICK else 12, method=method, preprocess=holed)
    assert part.broken.tolist() == [False, True] + [False] * 5 and 0 < part.finished.sum() < 6
    again = attack(net, data, method=method, preprocess=holed)
    left = np.flatnonzero(~part.finished & ~part.broken).tolist()
    rest = attack(net, data, method=method, preprocess=holed, images=left)
    assert again.passes == part.passes + rest.passes and (again.broken == part.broken).all()
    assert (again.finished != again.broken).all() and again.names == tuple(data.names)


def test_the_best_so_far_stays() -> None:
    net, data = classifier(Counting), Pictures()
    long = dw.CarliniWagner(
        steps=100, searches=1, learning_rate=0.02, initial_constant=2.0, abort_early=False
    )
    part = interrupted(net, data, 40, method=long)
    assert not part.finished.any() and part.success[:3].all() and not part.success[3:].any()
    whole = attack(net, data, method=long, batch_size=3)
    assert (part.l2[:3] >= whole.l2[:3] - 1e-6).all()
    assert (part.predicted_adversarial != part.predicted_clean).tolist() == part.success.tolist()


def test_the_best_so_far_stays_when_it_is_interrupted_again() -> None:
    net, data = classifier(Counting), Pictures()
    long = dw.CarliniWagner(
        steps=100, searches=1, learning_rate=0.02, initial_constant=2.0, abort_early=False
    )
    part = interrupted(net, data, 40, method=long)
    again = interrupted(net, data, 4, method=long)
    assert part.success.any() and again.success[part.success].all()
    assert (again.l2[part.success] == part.l2[part.success]).all()
    assert torch.equal(again.adversarial[part.success], part.adversarial[part.success])
    assert again.passes > part.passes and again.names == part.names and not again.finished.any()


def test_another_attack_does_not_go_on_from_it() -> None:
    net, data = classifier(Counting), Pictures()
    part_options: dict[str, Any] = {"method": STEPS}
    changed: list[tuple[str, dict[str, Any]]] = [
        ("method", {"method": dw.ProjectedGradient(radius=0.03, steps=7)}),
        ("seed", {"seed": 1}),
        ("target", {"target": "nearest"}),
        ("images", {"images": [1, 0, 2, 3, 4, 5, 6]}),
        ("preprocess", {"preprocess": lambda x: normalized(x) * 1.01}),
        ("classes", {"classes": [name.upper() for name in CLASSES]}),
    ]
    for name, options in changed:
        dw.interrupted().drop()  # what was left before, which no other attack takes away
        interrupted(net, data, 12, **part_options)
        mixed = attack(net, data, batch_size=3, **part_options | options)
        fresh = attack(net, data, batch_size=3, **part_options | options)
        assert mixed.passes == fresh.passes, name
        assert torch.allclose(mixed.adversarial, fresh.adversarial, atol=1e-5), name
    dw.interrupted().drop()
    interrupted(net, data, 12, **part_options)
    other = Pictures(seed=6)  # of the same names
    found = attack(net, other, batch_size=3, **part_options)
    assert torch.equal(found.clean, other.images) and found.passes == 7 * 7
    dw.interrupted().drop()
    interrupted(net, data, 12, **part_options)
    with torch.no_grad():
        net.get_parameter("fc.bias")[0] += 1e-3
    assert attack(net, data, batch_size=3, **part_options).passes == 7 * 7


def test_the_same_picture_may_stand_for_another_image() -> None:
    net, data = classifier(Counting), Pictures(8)
    data.images[:] = data.images[3].clone()
    interrupted(net, data, 12, method=STEPS, images=[0, 1, 2, 3, 4, 5, 6])
    found = attack(net, data, method=STEPS, images=[7, 6, 5, 4, 3, 2, 1], batch_size=3)
    assert found.passes == 7 * 7 and found.names[0] == "7.jpg"


def test_the_bar_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    class Bar(tqdm):  # type: ignore[type-arg]
        def update(self, n: float | None = 1) -> bool | None:
            shares.append(self.n + (n or 0))
            self.n = shares[-1]
            return True

    monkeypatch.setattr(attacks, "tqdm", Bar)
    net, data = classifier(Counting), Pictures()
    done = interrupted(net, data, 12, method=STEPS, progress=True).finished.sum()
    assert shares == sorted(shares) and 100 * done / 7 <= shares[-1] < 100
    shares.clear()
    attack(net, data, method=STEPS, batch_size=3, progress=True)
    assert shares == sorted(shares) and shares[0] == pytest.approx(100 * done / 7)
    assert 90 < shares[-1] <= 100


def test_an_interrupt_at_the_very_end_loses_nothing() -> None:
    net, data = classifier(Counting), Pictures(2)
    assert isinstance(net, Counting)
    net.stop = PROOF + 1 + STEPS.steps  # the last of its calls
    found = attack(net, data, method=STEPS, batch_size=3)
    assert found.finished.all()
