"""The command line, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dissect_widgets.cli.main import COMMANDS, main
from dissect_widgets.datasets.sample import CLASSES, write_sample


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("photos"), images=8)


def arguments(photos: Path, out: Path, *more: str) -> list[str]:
    folders = ["--images", str(photos / "images"), "--masks", str(photos / "masks")]
    tables = ["--classes", str(photos / "classes.csv"), "--size", "64", "--label-size", "28"]
    return ["dissect", "squeezenet1_1", "--layers", "features.3", *folders, *tables, "--out", str(out), *more]


def run(options: list[str]) -> int:
    with torch.random.fork_rng():
        return main(options)


def test_dissect_prints_a_table_and_saves(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments(photos, tmp_path / "out")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Detectors (distinct concepts) of SqueezeNet over 8 images"
    assert lines[2].split() == ["layer", "units", "object", "all"]
    assert lines[3].split()[:2] == ["features.3", "128"]
    assert (tmp_path / "out" / "dissection.json").exists()


def test_dissect_json_colors_halves_levels(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--json", "--colors", "--halves", "--level", "0.02", "0.005", "--upsample", "half-pixel"]
    assert (
        run([*arguments(photos, tmp_path / "out", *more), "--image-labels", str(photos / "scenes.csv")]) == 0
    )
    result = json.loads(capsys.readouterr().out)
    layer = result["layers"]["features.3"]
    assert layer["upsample"] == "half-pixel" and result["images"] == 8
    assert set(layer["detectors"]) == {"object", "scene", "color", "part", "all"}
    assert layer["detectors"]["all"] == sum(n for c, n in layer["detectors"].items() if c != "all")


def test_dissect_says_what_it_passes_over(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, names in (("images", "{}_leftImg8bit.jpg"), ("masks", "img_{}_gtFine_labelIds.png")):
        (tmp_path / folder).mkdir()
        for path in (photos / folder).iterdir():
            (tmp_path / folder / names.format(path.stem)).write_bytes(path.read_bytes())
    (tmp_path / "images" / "notes.txt").write_text("x")
    (tmp_path / "images" / "b.heic").write_text("x")
    (tmp_path / "masks" / "img_0_gtFine_labelIds.png").unlink()
    (tmp_path / "classes.csv").write_bytes((photos / "classes.csv").read_bytes())
    more = ["--image-suffix", "_leftImg8bit", "--mask-suffix", "_gtFine_labelIds", "--mask-prefix", "img_"]
    more += ["--mask-orientation", "upright", "--skip-unpaired"]
    assert run(arguments(tmp_path, tmp_path / "out", *more)) == 0
    printed = capsys.readouterr()
    assert "over 7 images" in printed.out
    said = "2 files are passed over: b.heic (Pillow does not read .heic here); notes.txt (not an image).\n"
    assert said in printed.err
    assert "1 file is passed over: 0_leftImg8bit.jpg (without a partner).\n" in printed.err


def test_report(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments(photos, tmp_path / "out", "--exemplars", "2")) == 0
    assert main(["report", str(tmp_path / "out"), "-o", str(tmp_path / "page.html")]) == 0
    assert "page.html" in capsys.readouterr().out
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["layers", "squeezenet1_0", "--size", "128", "96"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["features.0", "Conv2d", "96", "61", "x", "45", "map"] in rows


def test_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path / "set")]) == 0
    assert len(list((tmp_path / "set" / "images").iterdir())) == 60
    table = (tmp_path / "set" / "classes.csv").read_text().split()
    assert table[:3] == ["value,name,category", "0,,", f"1,{CLASSES[0]},object"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--layers", "features.33"), "no layer 'features.33'. Did you mean 'features.3'"),
        (("--level", "1.5"), "level is 1.5"),
        (("--weights", "nowhere.pt"), "There is no file nowhere.pt"),
        (("--images", "nowhere"), "There is no folder nowhere"),
        (("--size", "1", "2", "3"), "3 numbers are given"),
    ],
)
def test_errors_are_one_line_and_exit_with_2(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, ...], message: str
) -> None:
    assert run([*arguments(photos, tmp_path / "out"), *change]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("dissect-widgets: ") and message in error[-1]
    assert not (tmp_path / "out").exists()


def test_unknown_model_and_saved_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "squeezenet2"]) == 2
    assert "Did you mean 'squeezenet1" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 2
    assert "does not hold a dissection" in capsys.readouterr().err


INTERRUPTING = """
import signal, sys
from dissect_widgets.cli.main import main
from dissect_widgets.datasets.mask_folder import MaskFolder
read = MaskFolder.__getitem__
def stopping(self, i):
    if i == 5:
        signal.raise_signal(signal.SIGINT)
    return read(self, i)
MaskFolder.__getitem__ = stopping
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_interrupt_exits_with_130_and_says_how_to_go_on(photos: Path, tmp_path: Path) -> None:
    options = arguments(photos, tmp_path / "out", "--weights", str(tmp_path / "weights.pt"))
    with torch.random.fork_rng():
        import torchvision

        torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pt")
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTING, *options], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130
    assert "Interrupted after 8 of 8 images. Call again to resume." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert run(options) == 0


def test_bench_times_both(capsys: pytest.CaptureFixture[str], photos: Path) -> None:
    options = [
        "bench",
        "dissect",
        "--arch",
        "squeezenet1_1",
        "--layers",
        "features.5",
        "--images",
        "4",
        "--json",
    ]
    small = ["--size", "64", "--label-size", "14", "--concepts", "30", "--rounds", "1"]
    assert run([*options, *small]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == 4 and result["concepts"] == 30 and result["label_size"] == [14, 14]
    assert result["ratio"] == pytest.approx(result["dissect_seconds"] / result["forward_seconds"], rel=0.2)
    assert result["peak_mb_dissect"] >= result["peak_mb_forward"] > 0
    real = [
        "--photos",
        str(photos / "images"),
        "--masks",
        str(photos / "masks"),
        "--classes",
        str(photos / "classes.csv"),
    ]
    assert run([*options, *real, "--size", "64", "--label-size", "14", "--rounds", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["concepts"] == len(CLASSES)


def test_bench_times_edits(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["bench", "edit", "--widths", "9", "8", "6", "5", "--images", "3", "--batch-size", "2"]
    small = ["--layer", "layer3", "--units", "4", "--rounds", "2"]
    assert run([*options, *small, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["layer"], result["units"], result["strategy"], result["size"]) == (
        "layer3",
        4,
        "from layer3 on",
        16,
    )
    assert (result["images"], result["batch_size"], len(result["ratios"])) == (3, 2, 2) and result[
        "ratio"
    ] > 0
    assert result["peak_mb_edit"] >= result["peak_mb_forward"] > 0
    assert run([*options, *small]) == 0
    assert "model: ProgressiveGenerator\nlayer: layer3\n" in capsys.readouterr().out
    for layer in ("layer33", "output_16x16"):
        assert run([*options, "--layer", layer]) == 2
        assert f"no layer '{layer}' that others follow" in capsys.readouterr().err
    assert run([*options, "--layer", "layer3", "--units", "7"]) == 2
    assert "edit of unit 6; layer3 has units 0 to 5" in capsys.readouterr().err


def test_bench_times_attacks(capsys: pytest.CaptureFixture[str], photos: Path) -> None:
    options = ["bench", "attack", "--arch", "squeezenet1_1", "--images", "3", "--size", "64", "--json"]
    assert run([*options, "--steps", "2", "--rounds", "1", "--batch-size", "2"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["images"], result["steps"], result["passes"]) == (3, 2, 6)
    assert result["ratio"] == pytest.approx(result["attack_seconds"] / result["forward_seconds"], rel=0.2)
    assert result["seconds_per_image"] == pytest.approx(result["attack_seconds"] / 3, rel=0.1)
    assert run([*options, "--photos", str(photos / "images"), "--steps", "1", "--rounds", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["passes"] == 3


def test_lab_copies_the_notebooks_and_starts_jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, command: started.append(command))
    folder = tmp_path / "notebooks"
    (folder / "pictures").mkdir(parents=True)
    (folder / "01_dissect_your_network.ipynb").write_text("mine")
    (folder / "pictures" / "01.jpg").write_text("my own")
    assert main(["lab", str(folder), "--no-browser", "--port=9999"]) == 0
    first = "--LabApp.default_url=/lab/tree/index.ipynb"
    assert started[0][1:] == ["-m", "jupyterlab", str(folder), first, "--no-browser", "--port=9999"]
    assert (folder / "pnas" / "fig6.ipynb").exists()
    assert (folder / "index.ipynb").exists() and list((folder / "pictures").glob("*.jpg"))
    assert (folder / "01_dissect_your_network.ipynb").read_text() == "mine"  # what a user changed stays
    assert (folder / "pictures" / "01.jpg").read_text() == "my own"


def test_lab_refuses_a_file_for_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["lab", str(tmp_path / "notes.txt")]) != 0
    assert "notes.txt" in capsys.readouterr().err and (tmp_path / "notes.txt").read_text() == "mine"


def test_unknown_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["report", "x", "--color"])
    assert exit_.value.code == 2 and "--color" in capsys.readouterr().err


def test_help_files_and_readme_agree_on_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert tuple(listed) == COMMANDS
    root = Path(__file__).parents[2]
    files = {path.stem for path in (root / "dissect_widgets" / "cli").glob("*.py")}
    assert files - {"__init__", "main", "options", "summary"} == set(COMMANDS)
    readme = (root / "README.md").read_text("utf-8")
    assert set(re.findall(r"dissect-widgets (\w+)", readme)) == set(COMMANDS)
