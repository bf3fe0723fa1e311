"""Runs of the zoo: killed at any moment they go on to the same bits, and refuse what is not theirs."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dissect_widgets.errors import SavedError, SettingError, StorageError, WeightsError
from dissect_widgets.world.networks.alexnet import AlexNet
from dissect_widgets.world.zoo.base import Batch, Budget, Member
from dissect_widgets.world.zoo.files import read, write
from dissect_widgets.world.zoo.tasks.classes import Classes
from dissect_widgets.world.zoo.training import DRAFT, NETWORK, Run, schedule

WIDTHS = (4, 5, 6, 7, 8)
TASK = Classes("pictures", partial(AlexNet, 3, widths=WIDTHS, units=6, norm=True), (3,))
MEMBER = Member(
    name="tiny",
    family="supervised",
    network="AlexNet",
    task=TASK,
    budget=Budget(steps=7, batch=5),
    differs="its size",
    snapshots=(0, 3, 7),
)


def pictures(n: int = 17) -> Batch:
    rng = torch.Generator().manual_seed(n)
    images = torch.randint(256, (n, 3, 96, 96), generator=rng, dtype=torch.uint8)
    return {"images": images, "targets": torch.arange(n) % 3}


def run_to_the_end(run: Run) -> None:
    assert run.run()
    run.finish(pictures(8))


@dataclass(frozen=True)
class Killed(Classes):
    """Ends the process, so to say, in every step once."""

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        loss = super().loss(net, batch, rng)
        if KILL.pop("now", False):
            raise KeyboardInterrupt
        return loss

    def __repr__(self) -> str:
        return repr(TASK)


KILL: dict[str, bool] = {}


@pytest.mark.slow
def test_a_run_that_is_killed_in_every_step_ends_in_the_same_bits(tmp_path: Path) -> None:
    run_to_the_end(Run(MEMBER, pictures(), tmp_path / "whole", data_digest="d"))
    member = MEMBER.changed(task=Killed(TASK.data, TASK.network, TASK.sizes))
    for step in range(MEMBER.budget.steps):
        run = Run(member, pictures(), tmp_path / "parts", data_digest="d")
        assert run.step == step
        run.run(seconds=0)  # its checkpoint
        KILL["now"] = True
        with pytest.raises(KeyboardInterrupt):
            run.run()
        run = Run(member, pictures(), tmp_path / "parts", data_digest="d")
        assert run.step == step, "what was not saved is done again"
        take_one_step(run)
    run_to_the_end(Run(member, pictures(), tmp_path / "parts", data_digest="d"))
    names = [NETWORK, *(f"snapshots/{step:06d}.safetensors" for step in MEMBER.snapshots)]
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes(), name
    assert not list(tmp_path.rglob("*.new"))


def take_one_step(run: Run) -> None:
    """Take a step, save, and be killed in the next."""
    before = run.step

    def kill(*_: Any) -> Tensor:
        if run.step > before:
            raise KeyboardInterrupt
        return step()

    step = run._take_step
    run._take_step = kill  # type: ignore[method-assign]
    with suppress(KeyboardInterrupt):
        run.run(save_every=-1)
    assert run.step == before + 1


def test_what_is_shipped_is_what_figures_are_of(tmp_path: Path) -> None:
    run = Run(MEMBER, pictures(), tmp_path, data_digest="d")
    run_to_the_end(run)
    weights, note = read(tmp_path / NETWORK)
    net = TASK.build(9)
    net.load_state_dict(weights)
    net.eval()
    held_out = pictures(8)
    with torch.inference_mode():
        right = net(held_out["images"].float() / 255).argmax(1) == held_out["targets"]
    assert note["figures"]["top-1"] == round(float(right.float().mean()), 4)
    assert set(note["snapshots"]) == {"0", "3", "7"} and note["step"] == 7
    assert note["snapshots"]["7"] == note["figures"]


def test_snapshots_are_of_their_steps(tmp_path: Path) -> None:
    run_to_the_end(Run(MEMBER, pictures(), tmp_path, data_digest="d"))
    first, last = (read(tmp_path / "snapshots" / f"{step:06d}.safetensors")[0] for step in (0, 7))
    begin = TASK.build(0).state_dict()
    assert all(torch.equal(first[name], begin[name].half().to(first[name])) for name in first)
    end = read(tmp_path / NETWORK)[0]
    assert all(torch.equal(last[name], end[name]) for name in last)


def test_a_changed_recipe_is_refused_by_name(tmp_path: Path) -> None:
    Run(MEMBER, pictures(), tmp_path, data_digest="d").run(seconds=0)
    slower = MEMBER.changed(budget=MEMBER.budget._replace(rate=1e-4))
    with pytest.raises(SavedError, match=r"recipe of 'tiny' has changed .* in budget .*0\.0001"):
        Run(slower, pictures(), tmp_path, data_digest="d")
    with pytest.raises(SavedError, match=r"'tiny' has changed .* in data \(it was d, and is e\)"):
        Run(MEMBER, pictures(), tmp_path, data_digest="e")
    Run(MEMBER.changed(priority=3), pictures(), tmp_path, data_digest="d")


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    run = Run(MEMBER, pictures(), tmp_path)
    run.save()
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SavedError, match=r"checkpoint\.pt is damaged"):
        Run(MEMBER, pictures(), tmp_path)


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(MEMBER, pictures(), tmp_path)
    run.save()
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="disk is full"):
        run.run()
    monkeypatch.undo()
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.rglob("*.new"))


def test_a_run_begins_with_what_fits(tmp_path: Path) -> None:
    begin = Classes("pictures", partial(AlexNet, 4, widths=WIDTHS, units=6, norm=True), (4,)).build(5)
    run = Run(MEMBER, pictures(), tmp_path, begin=begin.state_dict(), begin_digest="x")
    state, fresh = run.net.state_dict(), TASK.build(0).state_dict()
    for name, value in begin.state_dict().items():
        expected = fresh[name] if name.startswith("fc8") else value
        assert torch.equal(state[name], expected), name


def test_an_unfinished_network_is_a_draft(tmp_path: Path) -> None:
    run = Run(MEMBER, pictures(), tmp_path)
    take_one_step(run)
    run.finish(pictures(8))
    assert (tmp_path / DRAFT).exists() and not (tmp_path / NETWORK).exists()
    run = Run(MEMBER, pictures(), tmp_path)
    run_to_the_end(run)
    assert (tmp_path / NETWORK).exists() and not (tmp_path / DRAFT).exists()


def test_a_loss_that_is_no_number_is_reported(tmp_path: Path) -> None:
    member = MEMBER.changed(budget=MEMBER.budget._replace(rate=1e30))
    with pytest.raises(SettingError, match="tiny: the loss is"):
        Run(member, pictures(), tmp_path).run()


def test_weights_are_known_by_their_digest(tmp_path: Path) -> None:
    write(tmp_path / "a.safetensors", {"w": torch.arange(3.0)}, {"step": 1})
    weights, note = read(tmp_path / "a.safetensors")
    assert weights["w"].tolist() == [0, 1, 2] and note == {"step": 1}
    with pytest.raises(WeightsError, match="damaged or another's"):
        read(tmp_path / "a.safetensors", sha256="0" * 64)
    with pytest.raises(WeightsError, match=r"There is no file .*b\.safetensors.*There are 1: 'a'"):
        read(tmp_path / "b.safetensors")
    (tmp_path / "c.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="no file of weights"):
        read(tmp_path / "c.safetensors")


def test_the_rate_rises_and_falls() -> None:
    values = [schedule(done / 40) for done in range(41)]
    assert max(values) == values[2] and values[0] < 0.01 and values[-1] < 0.01
