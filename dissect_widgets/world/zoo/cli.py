"""Train the zoo: `python -m dissect_widgets.world.train zoo [NAME ...] --folder runs/zoo`.

What is missing is trained, in an order; stop it when you like, the same command goes on where it was. Each
network's figure is printed beside what guessing gives. `--harvest` then puts them into the package.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence

import torch

from dissect_widgets.core.files.target import output_folder
from dissect_widgets.errors import DissectError
from dissect_widgets.world.zoo import registry
from dissect_widgets.world.zoo.base import Budget, Member
from dissect_widgets.world.zoo.harvest import harvest
from dissect_widgets.world.zoo.schedule import train_all
from dissect_widgets.world.zoo.worker import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Train members, harvest them, or show what there is; returns 1 if any failed."""
    options = _parser().parse_args(arguments)
    try:
        options.folder = output_folder(options.folder, what="--folder")
        if options.data is not None:
            options.data = output_folder(options.data, what="--data")
        if options.table:
            print(registry.table().drop(columns=["simpler"]).to_string())
            return 0
        failed = 0 if options.only_harvest else _train(options)
        if options.harvest or options.only_harvest:
            written = harvest(options.folder, drafts=options.drafts)
            print(f"{len(written)} files are in the package.")
        return 1 if failed else 0
    except DissectError as error:
        print(error, file=sys.stderr)
        return 1


def shortened(member: Member, steps: int) -> Member:
    """The same with a few steps, for checks."""
    budget: Budget = member.budget._replace(steps=min(steps, member.budget.steps))
    kept = sorted({min(step, budget.steps) for step in member.snapshots})
    return member.changed(budget=budget, snapshots=tuple(kept))


def _train(options: argparse.Namespace) -> int:
    members = [registry.member(name) for name in options.names] or list(registry.ALL.values())
    members = _with_beginnings(members)
    if options.steps is not None:
        members = [shortened(member, options.steps) for member in members]
    begun, failed = time.monotonic(), 0
    reports = train_all(
        members,
        options.folder,
        device=options.device,
        jobs=options.jobs,
        workers=options.workers,
        threads=options.threads or max(1, (os.cpu_count() or 1) // options.jobs),
        seconds=options.seconds,
        tiny=options.tiny,
        data=options.data,
        watch=_Watch(members, quiet=options.jobs > 1),
    )
    for report in reports:
        failed += bool(report.error)
        print(f"{time.monotonic() - begun:6.0f} s  {_line(report)}", flush=True)
    return failed


class _Watch:
    """Prints how far a member is, ten times on its way."""

    def __init__(self, members: Sequence[Member], *, quiet: bool) -> None:
        self.steps = {member.name: member.budget.steps for member in members}
        self.shown: dict[str, int] = {}
        self.quiet = quiet

    def __call__(self, name: str, step: int, loss: float) -> None:
        tenth = 10 * step // max(self.steps[name], 1)
        if not self.quiet and tenth > self.shown.get(name, 0):
            self.shown[name] = tenth
            print(f"          {name}: {step} of {self.steps[name]} steps, loss {loss:.3f}", flush=True)


def _line(report: Report) -> str:
    if report.error:
        return f"{report.name} FAILED: {report.error}"
    task = registry.member(report.name).task
    parts = []
    for name, value in report.figures.items():
        if not name.endswith(", chance"):
            chance = report.figures.get(f"{name}, chance", task.chance.get(name))
            parts.append(f"{name} {value:.4g}" + ("" if chance is None else f" (chance {chance:.4g})"))
    state = "" if report.finished else f" NOT FINISHED ({report.step} steps)"
    pace = f", {1000 * report.pace:.1f} ms a step" if report.pace else ""
    return f"{report.name}{state}: {'; '.join(parts)}{pace}"


def _with_beginnings(members: Sequence[Member]) -> list[Member]:
    """Members, and those that they begin with."""
    wanted = {member.name: member for member in members}
    for member in members:
        if member.begins:
            wanted.setdefault(member.begins, registry.member(member.begins))
    return list(wanted.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dissect_widgets.world.train zoo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="members; all by default")
    add("--folder", default="runs/zoo")
    add("--data", help="folder of the data sets; by default within --folder")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--jobs", type=int, default=1, help="processes that train beside one another")
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes that draw")
    add("--threads", type=int, default=0, help="of each process that trains; by default all, shared")
    add("--seconds", type=float, default=math.inf, help="stop after this time, to go on later")
    add("--steps", type=int, help="at most so many steps, for checks")
    add("--tiny", action="store_true", help="draw a few pictures only, for checks")
    add("--harvest", action="store_true", help="put finished networks into the package")
    add("--only-harvest", action="store_true", help="train nothing, only put them into the package")
    add("--drafts", action="store_true", help="harvest networks that are not finished, too")
    add("--table", action="store_true", help="show what there is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
