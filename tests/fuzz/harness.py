"""What the scripts of this folder share: cases that are made again by number, outcomes, limits, a table.

A script names its kinds of cases. Each is a function that is called with a random generator and an empty
folder; it makes a bad input, uses it, and looks at what comes of it:

    def flipped_bit(random: Random, folder: Path) -> None:
        flip(saved(folder), random)
        found = dw.load(folder)        # an error of this package: "refused"
        if not same(found, WHOLE):     # nothing raised: it must be right
            raise Wrong("a flipped bit loads in silence")

    if __name__ == "__main__":
        main("saved results", {"flipped bits": flipped_bit}, warm=prepare)

A function that returns is "right"; an error of this package is "refused" (so is one that `refusals` names,
such as TypeError, where it is documented); every other error is "raw"; what does not end in time a "hang".
`Wrong`, `Lost` and `LeftBehind` are raised by the function itself. Beside the folder of each case lies one
with a person's files: if one is changed, added or missing afterwards, the case is "foreign"; `foreign_digest`
and `check_foreign` look after others.

A case runs in a process of its own, forked from one in which everything is imported: a crash of it is "raw".
Case number N of a seed is always the same: kinds come in turn, and its generator is seeded with both.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count as count_up
from itertools import islice
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import NamedTuple

BAD = ("wrong", "raw", "hang", "lost", "left behind", "foreign")
OUTCOMES = ("right", "refused", *BAD)

Attempt = Callable[[Random, Path], None]
Kinds = Mapping[str, Attempt]
Cases = Sequence[tuple[str, Attempt]]


class Wrong(AssertionError):
    """The result is not the right one, and nobody said so."""


class Lost(AssertionError):
    """Something that was finished is not there any more."""


class LeftBehind(AssertionError):
    """Files, processes, locks or settings stay that nobody needs."""


class Foreign(AssertionError):
    """A file of a person was changed, added or removed."""


class Outcome(NamedTuple):
    """What came of one case."""

    name: str
    """One of `OUTCOMES`."""
    detail: str = ""
    """The message, or the traceback."""


_NAMES: dict[type[BaseException], str] = {
    Wrong: "wrong",
    Lost: "lost",
    LeftBehind: "left behind",
    Foreign: "foreign",
}


def outcome_of(error: BaseException, refusals: tuple[type[BaseException], ...] = ()) -> Outcome:
    """Class of an error; a refusal must say something, and not more than 2,000 characters of it."""
    from dissect_widgets.errors import DissectError

    text = f"{type(error).__name__}: {error}"
    for kind, name in _NAMES.items():
        if isinstance(error, kind):
            return Outcome(name, str(error))
    if isinstance(error, (DissectError, *refusals)):
        if not str(error).strip():
            return Outcome("raw", f"{text} says nothing")
        if len(str(error)) > 2000:
            return Outcome("raw", f"{text[:200]}... has {len(str(error))} characters")
        return Outcome("refused", text)
    return Outcome("raw", "".join(traceback.format_exception(error)))


def person_files(folder: Path) -> Path:
    """Fill a folder with a person's files, of names that a program might want for itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (
        "notes.txt",
        "report.html",
        "mine.new",
        "x.json.new",
        ".hidden",
        "x.tmp",
        "x.lock",
        "17.bin.txt",
    ):
        (folder / name).write_text(f"{name} of a person\n")
    (folder / "holiday" / "sea").mkdir(parents=True, exist_ok=True)
    (folder / "holiday" / "sea" / "boat.jpg").write_bytes(b"\xff\xd8 of a person")
    if not (folder / "link.txt").is_symlink():
        (folder / "link.txt").symlink_to("notes.txt")
    return folder


def foreign_digest(folder: Path) -> dict[str, str]:
    """What a folder holds, at any depth: kind, permissions and content of each, by name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = "folder"
        found[path.relative_to(folder).as_posix()] = f"{status.st_mode:o} {content}"
    return found


def check_foreign(folder: Path, before: Mapping[str, str], *, added: bool = True) -> None:
    """Raise Foreign if what `foreign_digest` found is not so now; `added` says whether new files count."""
    now = foreign_digest(folder)
    gone = sorted(before.keys() - now.keys())
    changed = sorted(name for name in before.keys() & now.keys() if before[name] != now[name])
    new = sorted(now.keys() - before.keys()) if added else []
    if gone or changed or new:
        raise Foreign(f"{folder}: gone {gone}, changed {changed}, added {new}")


def in_child(work: Callable[[], Outcome], seconds: float) -> Outcome:
    """Do something in a forked process, which is killed with all of its own after some seconds."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 1
        try:
            os.setsid()
            own_locks()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            outcome = work()
            text = f"{outcome.name}\n{outcome.detail[:20000]}".encode("utf-8", "backslashreplace")
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(len(text).to_bytes(4, "big") + text)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    said = _read_message(reader, time.monotonic() + seconds)
    if said is None:
        _kill_group(child)
    _, status = os.waitpid(child, 0)
    _kill_group(child)  # what it has started and left
    if said is None:
        return Outcome("hang", f"does not end within {seconds:g} s")
    if not said:
        ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit status {status >> 8}"
        return Outcome("raw", f"the process died: {ended}")
    name, _, detail = said.decode().partition("\n")
    return Outcome(name, detail)


def own_locks() -> None:
    """In a copy of a process: bars share no lock with other copies, which may die while they hold it."""
    lock = threading.RLock()
    for name in ("tqdm", "tqdm.auto"):  # one is made from the other, and may have a lock of its own
        if name in sys.modules:
            sys.modules[name].tqdm.set_lock(lock)


def _read_message(reader: int, end: float) -> bytes | None:
    """Read what a child says: nothing if it dies first, None if time is up."""
    said = b""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while len(said) < 4 or len(said) < 4 + int.from_bytes(said[:4], "big"):
            ready, _, _ = select.select([pipe], [], [], max(end - time.monotonic(), 0))
            if not ready:
                return None
            piece = pipe.read(65536)
            if not piece:
                return b""
            said += piece
    return said[4:]


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


class Fuzz:
    """The cases of one script.

    Parameters
    ----------
    cases
        What is tried, one after another, each with the name of its kind.
    seed
        Makes the cases; printed.
    seconds
        How long a case may take.
    refusals
        Errors beside this package's that say by name what the caller did wrong.
    may_refuse
        Whether this package may refuse what is tried at all; else a refusal is wrong.
    """

    def __init__(
        self,
        cases: Cases,
        seed: int,
        seconds: float,
        refusals: tuple[type[BaseException], ...] = (),
        *,
        may_refuse: bool = True,
    ) -> None:
        self.cases, self.seed, self.seconds = list(cases), seed, seconds
        self.refusals, self.may_refuse = refusals, may_refuse

    def kind_of(self, number: int) -> str:
        """Kind of a case: all of them in turn."""
        return self.cases[number % len(self.cases)][0]

    def attempt(self, number: int, *, isolated: bool = True) -> Outcome:
        """Try one case."""
        top = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            persons = person_files(top / "persons")
            before = foreign_digest(persons)
            folder = top / "case"
            folder.mkdir()

            def work() -> Outcome:
                return self._outcome(number, folder)

            outcome = in_child(work, self.seconds) if isolated else work()
            try:
                check_foreign(persons, before)
            except Foreign as error:
                return Outcome("foreign", str(error))
            return outcome
        finally:
            shutil.rmtree(top, ignore_errors=True)

    def _outcome(self, number: int, folder: Path) -> Outcome:
        random = Random(f"{self.seed}/{number}")
        try:
            self.cases[number % len(self.cases)][1](random, folder)
        except BaseException as error:
            outcome = outcome_of(error, self.refusals)
            if outcome.name == "refused" and not self.may_refuse:
                return Outcome("wrong", outcome.detail)
            return outcome
        return Outcome("right")


def table(counts: Mapping[str, Counter[str]]) -> str:
    """How often each outcome was, by kind, in markdown."""
    rows = [["kind", "cases", *OUTCOMES]]
    rows += [[kind, str(sum(c.values())), *(str(c[name]) for name in OUTCOMES)] for kind, c in counts.items()]
    whole: Counter[str] = sum(counts.values(), Counter())
    rows.append(["all", str(sum(whole.values())), *(str(whole[name]) for name in OUTCOMES)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| "
        + " | ".join(
            c.ljust(w) if not i else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (w + 1) + ("-" if not i else ":") for i, w in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def main(
    title: str,
    kinds: Kinds = MappingProxyType({}),
    *,
    cases: Callable[[], Cases] | None = None,
    warm: Callable[[], None] = lambda: None,
    count: int | None = None,
    seconds: float = 20.0,
    refusals: tuple[type[BaseException], ...] = (),
    may_refuse: bool = True,
) -> None:
    """Run a script from the command line; exits with 1 if any outcome is bad.

    Parameters
    ----------
    title
        What is attacked.
    kinds
        What is tried, by name.
    cases
        Lists, after `warm`, each case with its kind, if there are so many and no more; they are shuffled.
    warm
        Called once before the cases: imports, networks, saved results that all cases copy.
    count
        How many cases there are by default; otherwise all that are listed, or some of each kind.
    seconds
        How long a case may take.
    refusals, may_refuse
        See `Fuzz`.
    """
    parser = argparse.ArgumentParser(description=f"Fuzz {title}.")
    parser.add_argument("--seed", type=int, default=1, help="makes the cases")
    parser.add_argument("--count", type=int, default=count, help="how many cases")
    parser.add_argument("--only", type=int, help="one case, in this process, with its traceback")
    parser.add_argument("--kind", action="append", help="cases of this kind alone")
    parser.add_argument("--seconds", type=float, default=seconds, help="how long a case may take")
    parser.add_argument("--list", action="store_true", help="name the kinds")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if kinds and options.list:
        print(*kinds, sep="\n")
        return
    warm()
    gc.freeze()  # what cases share is not looked through again in each
    listed = list(kinds.items()) if cases is None else list(cases())
    names = list(dict.fromkeys(name for name, _ in listed))
    if options.list:
        print(*names, sep="\n")
        return
    if cases is not None:
        Random(options.seed).shuffle(listed)
    chosen = options.kind or names
    if unknown := set(chosen) - set(names):
        parser.error(f"there is no kind {sorted(unknown)}; there are {names}")
    fuzz = Fuzz(listed, options.seed, options.seconds, refusals, may_refuse=may_refuse)
    if options.count is None:
        of_chosen = sum(name in chosen for name, _ in listed)
        options.count = 5 * of_chosen if cases is None else of_chosen
    if options.only is not None:
        outcome = fuzz.attempt(options.only, isolated=False)
        print(f"{fuzz.kind_of(options.only)}: {outcome.name}\n{outcome.detail}")
        sys.exit(outcome.name in BAD)
    import dissect_widgets

    print(f"{title}: seed {options.seed}, {options.count} cases, {Path(dissect_widgets.__file__).parents[1]}")
    counts: dict[str, Counter[str]] = {name: Counter() for name in chosen}
    started = time.monotonic()
    for number in islice((n for n in count_up() if fuzz.kind_of(n) in chosen), options.count):
        outcome = fuzz.attempt(number)
        counts[fuzz.kind_of(number)][outcome.name] += 1
        if outcome.name in BAD:
            kind, said = fuzz.kind_of(number), outcome.detail.strip()
            alike = counts[kind][outcome.name]
            text = said[-1500:] if alike <= 3 else said.splitlines()[-1][:150] if said else ""
            print(f"\ncase {number}, {kind}: {outcome.name}\n{text}", flush=True)
    print(f"\n{title}, seed {options.seed}, {time.monotonic() - started:.0f} s\n\n{table(counts)}\n")
    sys.exit(any(c[name] for c in counts.values() for name in BAD))
