"""Every public function that takes a path, with every path that a person may give by mistake.

Right is what is written where the operating system says that the path leads, or read from there; all else in
the stage stays as it was. The other paths are refused by name, before anything is made. In one case of four
this process is a person who may not write everywhere.

    python -m tests.fuzz.paths --seed 3
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import dissect_widgets as dw
from dissect_widgets.cli.main import main as command
from dissect_widgets.datasets import load_photo
from dissect_widgets.errors import DissectError, SavedError
from tests.fuzz.harness import Attempt, LeftBehind, Wrong, check_foreign, foreign_digest, main
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded

NOBODY = 65534
MADE: dict[str, Any] = {}
"""A dissection, a network and the folder of what is read, once `warm` was called."""


class Subject(NamedTuple):
    """A function that takes a path."""

    call: Callable[[Any], object]
    folder: bool = False
    """Whether the path is a folder's; else a file's."""
    reads: str = ""
    """Name in the stage of what it can read; "" for what writes."""


def _run(*arguments: str) -> None:
    """Run a command; its status 2 says that it has refused something."""
    try:
        status = command(arguments)
    except SystemExit as error:
        raise SavedError(f"exit {error.code}") from error
    if status == 2:
        raise SavedError("exit 2")


def _text(path: Any) -> str:
    if not isinstance(path, (str, Path)) or "\0" in str(path):
        raise SavedError("no argument of a command can be this")
    return str(path)


def _dissect(path: Any) -> None:
    dw.dissect(MADE["net"], "stem", MADE["data"], out=path, progress=False)


def _masks(**paths: Any) -> None:
    known = {
        "images": MADE["set"] / "images",
        "masks": MADE["set"] / "masks",
        "classes": MADE["set"] / "classes.csv",
    }
    options = known | paths
    dw.MaskFolder(options.pop("images"), options.pop("masks"), options.pop("classes"), **options)


PAINTER = SimpleNamespace(_image=b"png", edits_as_text=lambda: "{}", load_text=lambda text, origin: None)
SUBJECTS: dict[str, Subject] = {
    "save": Subject(lambda path: MADE["dissection"].save(path), folder=True),
    "dissect": Subject(_dissect, folder=True),
    "write_sample": Subject(lambda path: dw.write_sample(path, images=1), folder=True),
    "sample (command)": Subject(lambda path: _run("sample", "--", _text(path)), folder=True),
    "write_report": Subject(lambda path: dw.write_report(MADE["dissection"], path, exemplars=1)),
    "report (command)": Subject(lambda path: _run("report", str(MADE["saved"]), f"--output={_text(path)}")),
    "write_netdissect_csv": Subject(lambda path: dw.write_netdissect_csv(MADE["dissection"].layers[0], path)),
    "save_image": Subject(lambda path: dw.NeuronPainter.save_image(PAINTER, path)),
    "save_edits": Subject(lambda path: dw.NeuronPainter.save_edits(PAINTER, path)),
    "load": Subject(dw.load, folder=True, reads="saved"),
    "PhotoFolder": Subject(dw.PhotoFolder, folder=True, reads="set/images"),
    "MaskFolder images": Subject(lambda path: _masks(images=path), folder=True, reads="set/images"),
    "MaskFolder masks": Subject(lambda path: _masks(masks=path), folder=True, reads="set/masks"),
    "MaskFolder classes": Subject(lambda path: _masks(classes=path), reads="set/classes.csv"),
    "MaskFolder image_labels": Subject(lambda path: _masks(image_labels=path), reads="set/scenes.csv"),
    "load_photo": Subject(load_photo, reads="set/images/0.jpg"),
    "load_model": Subject(lambda path: dw.load_model("squeezenet1_1", path)),
    "load_classifier": Subject(dw.world.load_classifier, reads="net.safetensors"),
    "load_generator": Subject(dw.load_generator),
    "load_public_segmenter": Subject(dw.load_public_segmenter, folder=True),
    "read_netdissect_csv": Subject(dw.read_netdissect_csv, reads="units.csv"),
    "load_edits": Subject(lambda path: dw.NeuronPainter.load_edits(PAINTER, path), reads="edits.json"),
}
ONLY_READS = ("load_model", "load_generator", "load_public_segmenter")
"""Those for which the stage has nothing to read; they refuse all."""

OPTIONAL = ("dissect", "MaskFolder image_labels", "load_model", "load_classifier")
"""Those for which None is an answer."""

NONSENSE = ["", None, b"x", 3, 3.5, ["x"], {"x": 1}, object(), "a\0b", "\0", "x\ud800", "\udcff"]
"""What can be no path."""
FIRST = [
    ".", "..", "~", "~/", "~/new", "~nobody-has-this/x", "./new", "a/b/new", "folder", "folder/",
    "folder/.", "file", "file/", "file/x", "file/x/y", "to_file", "to_folder", "to_folder/new",
    "to_folder/../new", "to_nothing", "to_far", "to_nowhere/x", "to_file/x", "loop", "loop/x", "one",
    "two/x", "pipe", "pipe/x", "device", "device/x", "/", "//", "x" * 255, "x" * 256, "é" * 127, "é" * 128,
    "x" * 5000, "y/" * 2100 + "x", "y/" * 300 + "x", "new/", "new//", " ", "\t", "a\nb", "-o", "--",
    "<b>&.html", "$HOME", "*", "?", "%s", "{}", "new.html", ".new", "...", "a\\b", "C:\\x", "con",
    "http://localhost/x", "file:///x", "\u202enew", "\ufeff", "locked/new", "locked/file", "locked",
    "secret/x", "secret", "mine.png", "full",
]  # fmt: skip
PARTS = [
    "..", ".", "", "~", "file", "folder", "to_file", "to_folder", "to_nothing", "loop", "pipe", "new",
    "x" * 200, "x" * 256, "é", "a b", "locked", "secret", "\U0001f600", "new.html", "full",
]  # fmt: skip


def warm() -> None:
    """Make what is written and read."""
    top = Path(tempfile.mkdtemp(prefix="fuzz-paths-"))
    MADE["net"], MADE["data"] = seeded(TinyNet()).eval(), ArrayImages(4)
    MADE["dissection"] = dw.dissect(MADE["net"], "stem", MADE["data"], level=0.2, progress=False)
    MADE["saved"] = MADE["dissection"].save(top / "saved")
    MADE["set"] = dw.write_sample(top / "set", images=2)
    dw.write_netdissect_csv(MADE["dissection"].layers[0], top / "units.csv")
    (top / "edits.json").write_text("{}")
    shutil.copy(Path(dw.__file__).parent / "world/weights/classifier.safetensors", top / "net.safetensors")
    shutil.copy(Path(dw.__file__).parent / "world/weights/classifier.json", top / "net.json")
    for path in [top, *top.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    MADE["top"] = top
    dw.load(MADE["saved"])
    dw.world.load_classifier(top / "net.safetensors")
    dw.write_report(MADE["dissection"], top / "report.html")
    for (
        name,
        subject,
    ) in SUBJECTS.items():  # all is imported, for those who may not read where this package is
        with suppress(DissectError):
            subject.call(top / (subject.reads or f"warm {name}"))


def stage_in(folder: Path) -> Path:
    """A folder with a person's files, links to all kinds of things, and what can be read."""
    stage = folder / "stage"
    (stage / "folder" / "inner").mkdir(parents=True)
    (stage / "full" / "pictures").mkdir(parents=True)
    for name in (
        "file",
        "folder/notes.txt",
        "mine.new",
        "mine.png",
        "full/report.html",
        "full/pictures/1.jpg",
    ):
        (stage / name).write_text(f"{name} of a person")
    for name, goal in {
        "to_file": "file", "to_folder": "folder", "to_nothing": "nothing", "to_far": "folder/inner/far",
        "to_nowhere": "no/where", "loop": "loop", "one": "two", "two": "one",
    }.items():  # fmt: skip
        (stage / name).symlink_to(goal)
    os.mkfifo(stage / "pipe")
    if os.geteuid() == 0:
        os.mknod(stage / "device", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    for name in ("locked", "secret"):
        (stage / name).mkdir()
        (stage / name / "file").write_text("of a person")
    for name in ("saved", "set"):
        shutil.copytree(MADE["top"] / name, stage / name)
    for name in ("units.csv", "edits.json", "net.safetensors", "net.json"):
        shutil.copy(MADE["top"] / name, stage / name)
    return stage


def lock_up(stage: Path) -> None:
    """Hand the stage to a person who may write in it, but not everywhere."""
    for path in [stage.parent.parent, stage.parent, stage, *stage.rglob("*")]:
        os.lchown(path, NOBODY, NOBODY)
    (stage / "locked" / "file").chmod(0o444)
    (stage / "locked").chmod(0o555)
    (stage / "secret").chmod(0)


def _root_again() -> None:
    if os.getuid() == 0:
        os.seteuid(0)
        os.setegid(0)


def leads_to(path: str) -> Path | None:
    """Where the operating system says that a path leads; None if nowhere."""
    try:
        return Path(os.path.realpath(os.path.expanduser(path)))
    except (OSError, ValueError, RuntimeError):
        return None


def good_paths(subject: Subject, stage: Path) -> Iterable[Any]:
    """Paths that must not be refused."""
    if subject.reads:
        name = subject.reads
        yield from (name, f"./{name}", f"~/{name}", f"folder/../{name}", str(stage / name), Path(name))
        yield f"../{stage.name}/{name}"
    else:
        yield from (
            "new",
            "~/new",
            "a/b/new",
            "to_nothing",
            "to_far",
            "to_folder/new",
            "x" * 255,
            " ",
            "a\nb",
            "*",
        )
        yield from (
            "é" * 127,
            Path("new"),
            Path("~/new"),
            str(stage / "new"),
            "folder/../new",
            "a/./b",
            "-o",
            "%s",
        )
        yield from (
            "{}",
            "$HOME",
            "<b>",
            "new.html",
            "\u202enew",
            "...",
            "folder/inner" if subject.folder else "file",
        )


def attempt(name: str, pick: Callable[[Random, Subject, Path], Any], *, good: bool = False) -> Attempt:
    """Call a function with a path, and look at what has become of the stage."""
    subject = SUBJECTS[name]

    def work(random: Random, folder: Path) -> None:
        stage = stage_in(folder)
        path = pick(random, subject, stage)
        os.environ["HOME"] = str(stage)
        os.chdir(stage)
        other = random.random() < 0.25 and os.geteuid() == 0 and not good
        if other:
            lock_up(stage)
        gone = not good and random.random() < 0.05
        if gone:  # as on a file system that was taken away
            (stage / "lost").mkdir()
            os.chdir(stage / "lost")
            (stage / "lost").rmdir()
        goal = leads_to(os.fspath(path)) if isinstance(path, (str, Path)) and "\0" not in str(path) else None
        before = _without(stage, None)
        kept = _without(stage, goal if not subject.reads else None)
        try:
            if other:
                os.setegid(NOBODY)
                os.seteuid(NOBODY)
            subject.call(path)
        except DissectError as error:
            _root_again()
            check_foreign(stage, before)
            if good:
                raise Wrong(f"{name}({path!r}) is refused: {error}") from error
            raise
        except BaseException:
            _root_again()
            check_foreign(stage, before)
            raise
        _root_again()
        what = f"{name}({path!r})"
        if goal is None or path == "":
            raise Wrong(f"{what} is taken for a path")
        if subject.reads or name in ONLY_READS:
            check_foreign(stage, before)
            if not goal.exists():
                raise Wrong(f"{what} reads what is not there")
            return
        now = _without(stage, goal)
        _no_leftovers(stage, goal)
        for known, content in kept.items():
            if now.get(known) != content:
                raise Wrong(f"{what} has changed {known}")
        if not (goal.is_dir() if subject.folder else goal.is_file()):
            raise Wrong(f"{what} has written nothing where it leads")
        extra = sorted(set(now) - set(kept))
        if any(not goal.is_relative_to(stage / added) for added in extra):
            raise Wrong(f"{what} has also made {extra}")

    return work


def _without(stage: Path, goal: Path | None) -> dict[str, str]:
    """What is in the stage, but for the goal if it is a file, and for a result in it if it is a folder."""
    found = foreign_digest(stage)
    if goal is None:
        return found
    left = {}
    for name, content in found.items():
        path = stage / name
        own = path == goal or (goal in path.parents and "of a person" not in _content(path))
        if not own:
            left[name] = content
    return left


def _content(path: Path) -> str:
    return path.read_bytes()[-40:].decode("latin-1") if path.is_file() else ""


def _no_leftovers(stage: Path, goal: Path) -> None:
    endings = (".dw-new", ".dw-lock", ".new", ".partial")
    left = [p.name for p in stage.rglob("*") if p.name.endswith(endings) and p != goal]
    if left != ["mine.new"]:
        raise LeftBehind(f"{left}")


def one_of(paths: list[Any]) -> Callable[[Random, Subject, Path], Any]:
    """Pick one of some paths, as text or as `Path`."""

    def pick(random: Random, subject: Subject, stage: Path) -> Any:
        path = random.choice(paths)
        if isinstance(path, str) and path and random.random() < 0.2:
            return Path(path)
        return path

    return pick


def put_together(random: Random, subject: Subject, stage: Path) -> str:
    """A path of random parts."""
    return "/".join(random.choice(PARTS) for _ in range(random.randint(1, 5))) + random.choice(["", "", "/"])


def pick_good(random: Random, subject: Subject, stage: Path) -> Any:
    """A path that must not be refused."""
    return random.choice(list(good_paths(subject, stage)))


def cases() -> list[tuple[str, Attempt]]:
    """Each function with each path; then good paths and random ones."""
    found: list[tuple[str, Attempt]] = []
    for name, subject in SUBJECTS.items():
        kind = "reads" if subject.reads or name in ONLY_READS else "writes"
        found += [
            (f"{kind}: nonsense", attempt(name, one_of([path])))
            for path in NONSENSE
            if path is not None or name not in OPTIONAL
        ]
        found += [(f"{kind}: by mistake", attempt(name, one_of([path]))) for path in FIRST]
        found += [(f"{kind}: random", attempt(name, put_together)) for _ in range(20)]
        if name not in ONLY_READS:
            found += [(f"{kind}: good", attempt(name, pick_good, good=True)) for _ in range(20)]
    return found


if __name__ == "__main__":
    np.seterr(all="ignore")
    Image.init()
    main("paths", cases=cases, warm=warm, seconds=30)
