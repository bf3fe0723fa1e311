import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dissect_widgets as dw
from dissect_widgets.core.dissection.layer_result import DetectorCount, LayerDissection
from dissect_widgets.core.dissection.netdissect_csv import read_netdissect_csv, write_netdissect_csv
from dissect_widgets.errors import DataError, SettingError, StorageError

FIELDS = ("label", "truth", "activation", "intersect", "iou")
NETWORKS = ("imagenet", "places205", "places365")
CATEGORIES = ("object", "part", "scene", "material", "texture", "color")

# unit, then what its best object and its best part are, with their scores
UNITS = [
    (4, "car", 0.30, "wheel", 0.05),
    (1, "car", 0.20, "wheel", 0.02),
    (3, "", 0.90, "hub", 0.10),
    (5, "tree", 0.04, "", 0.70),
    (2, "NA", 0.06, "null", 0.07),
]


def written(path: Path, units: Sequence[tuple[int, str, float, str, float]] = UNITS) -> Path:
    """A file in which the top label is that of the higher score, named or not."""
    header = ["unit", "category", "label", "score", *(f"{c}-{f}" for c in ("part", "object") for f in FIELDS)]
    lines = [",".join(header)]
    for unit, thing, thing_iou, part, part_iou in units:
        top = ("object", thing, thing_iou) if thing_iou >= part_iou else ("part", part, part_iou)
        cells = [unit, *top, part, 30, 20.0, 10, part_iou, thing, 31, 21.0, 11, thing_iou]
        lines.append(",".join(map(str, cells)))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_reads_units_in_their_order_from_0(tmp_path: Path) -> None:
    table = read_netdissect_csv(written(tmp_path / "a.csv"))
    frame = table.frame
    assert table.categories == ("part", "object")
    assert frame["unit"].tolist() == [0, 1, 2, 3, 4] and frame["unit"].dtype == np.int64
    by_unit = {unit - 1: rest for unit, *rest in UNITS}
    for row in frame.to_dict("records"):
        thing, thing_iou, part, part_iou = by_unit[row["unit"]]
        assert (row["object-label"], row["part-label"]) == (thing, part)
        assert row["object-iou"] == (thing_iou if thing else 0.0)
        assert row["part-iou"] == (part_iou if part else 0.0)
        assert (row["object-truth"], row["object-activation"], row["object-intersect"]) == (31, 21, 11)
        assert (row["part-truth"], row["part-activation"], row["part-intersect"]) == (30, 20, 10)


def test_names_that_look_like_nothing_stay_names(tmp_path: Path) -> None:
    """Pandas takes these for missing values, unless told."""
    names = ["null", "NA", "nan", "NaN", "None", "N/A", "n/a", "NULL", "<NA>", "#N/A", "-nan"]
    units = [(number, name, 0.5, name, 0.25) for number, name in enumerate(names, start=1)]
    table = read_netdissect_csv(str(written(tmp_path / "a.csv", units)))
    for column in ("label", "object-label", "part-label"):
        assert table.frame[column].tolist() == names
        assert all(isinstance(name, str) for name in table.frame[column])
    assert table.count_detectors(convention="category")["part"] == DetectorCount(len(names), len(names))


def test_labels_that_are_empty_count_for_nothing(tmp_path: Path) -> None:
    table = read_netdissect_csv(written(tmp_path / "a.csv"))
    nameless = table.frame[table.frame["unit"].isin([2, 4])]
    assert nameless["label"].tolist() == ["", ""] and nameless["score"].tolist() == [0.0, 0.0]
    # units 4 and 1 with a car, and 2 with "null"
    assert table.count_detectors() == {
        "part": DetectorCount(1, 1),
        "object": DetectorCount(2, 1),
        "all": DetectorCount(3, 2),
    }


@pytest.mark.parametrize("column", ["object", "both"])
def test_a_category_without_any_label(tmp_path: Path, column: str) -> None:
    part, score = ("wheel", 0.05) if column == "object" else ("", 0.0)
    units = [(1, "", 0.5, part, score), (2, "", 0.0, part, score)]
    table = read_netdissect_csv(written(tmp_path / "a.csv", units))
    assert table.frame["object-label"].tolist() == ["", ""]
    assert table.count_detectors(convention="category")["object"] == DetectorCount(0, 0)


@pytest.mark.parametrize(
    ("min_iou", "top", "category"),
    [
        (0.04, {"object": (2, 1), "part": (1, 1)}, {"object": (3, 2), "part": (3, 3)}),
        (0.039, {"object": (2, 1), "part": (1, 1)}, {"object": (4, 3), "part": (3, 3)}),
        (0.06, {"object": (2, 1), "part": (1, 1)}, {"object": (2, 1), "part": (2, 2)}),
        (0.2, {"object": (1, 1), "part": (0, 0)}, {"object": (1, 1), "part": (0, 0)}),
    ],
)
def test_counts_of_both_conventions(tmp_path: Path, min_iou: float, top: dict, category: dict) -> None:
    """An IoU must exceed the least one; the top label of unit 5, and of 3, is a nameless one."""
    table = read_netdissect_csv(written(tmp_path / "a.csv"))
    for convention, counts in (("top", top), ("category", category)):
        counted = table.count_detectors(convention=convention, min_iou=min_iou)
        total = counted.pop("all")
        assert counted == {name: DetectorCount(*count) for name, count in counts.items()}
        assert total.detectors == sum(count for count, _ in top.values())
        assert total.unique == sum(unique for _, unique in counts.values())


def test_unknown_convention(tmp_path: Path) -> None:
    table = read_netdissect_csv(written(tmp_path / "a.csv"))
    with pytest.raises(SettingError, match=r"convention is 'categories'\. Did you mean 'category'\?"):
        table.count_detectors(convention="categories")


@pytest.mark.parametrize("column", ["unit", "category", "label", "score", "object-truth", "part-label"])
def test_missing_column(tmp_path: Path, column: str) -> None:
    path = written(tmp_path / "a.csv")
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    message = f"{path} is not a result of NetDissect: it lacks the columns ['{column}']."
    with pytest.raises(DataError, match=re.escape(message)):
        read_netdissect_csv(path)


def test_no_categories(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("unit,category,label,score\n1,object,car,0.5\n")
    with pytest.raises(DataError, match=rf"{re.escape(str(path))} is not a result .* \{{category\}}-iou"):
        read_netdissect_csv(path)


@pytest.mark.parametrize("content", [None, b"", b"unit,label\n1,2\n3,4,5,6\n", b"\xff\xfe\x00\x01,\x81"])
def test_no_csv_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{re.escape(str(path))} cannot be read as CSV: "):
        read_netdissect_csv(path)


@pytest.mark.parametrize("name", ["007", "1e3", "true"])
def test_names_that_look_like_numbers_stay_names(tmp_path: Path, name: str) -> None:
    units = [(number, name, 0.5, name, 0.25) for number in (1, 2)]
    table = read_netdissect_csv(written(tmp_path / "a.csv", units))
    for column in ("label", "object-label", "part-label"):
        assert table.frame[column].tolist() == [name, name]


@pytest.mark.parametrize("unit", ["x", "", "1.5x"])
def test_unit_that_is_no_number(tmp_path: Path, unit: str) -> None:
    path = written(tmp_path / "a.csv", [*UNITS, (unit, "car", 0.1, "hub", 0.1)])
    with pytest.raises(DataError, match=re.escape(str(path))):
        read_netdissect_csv(path)


@pytest.mark.parametrize("score", ["x", "nan"])
def test_score_that_is_no_number(tmp_path: Path, score: str) -> None:
    path = written(tmp_path / "a.csv")
    path.write_text(path.read_text().replace(",0.3,", f",{score},"))
    with pytest.raises(DataError, match=re.escape(str(path))):
        read_netdissect_csv(path).count_detectors()


# The published files --------------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("network", NETWORKS)
def test_published_counts(real: Path, network: str) -> None:
    with open(real / "netdissect" / "published_27_networks.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["network"] == f"caffe_reference_{network}"]
    published = {row["count"]: {c: int(row[c]) for c in (*CATEGORIES, "all")} for row in rows}
    table = read_netdissect_csv(real / "netdissect" / f"caffe_reference_{network}.csv")
    counts = table.count_detectors(convention="category")
    assert {c: count.detectors for c, count in counts.items()} == published["detectors"]
    assert {c: count.unique for c, count in counts.items()} == published["unique_detectors"]
    assert table.frame["unit"].tolist() == list(range(256))


@pytest.mark.real
def test_top_labels_of_places205(real: Path) -> None:
    path = real / "netdissect" / "caffe_reference_places205.csv"
    table = read_netdissect_csv(path)
    assert (
        table.count_detectors(convention="top")
        == table.count_detectors()
        == {
            "object": DetectorCount(64, 30),
            "color": DetectorCount(1, 1),
            "material": DetectorCount(2, 1),
            "scene": DetectorCount(5, 3),
            "texture": DetectorCount(27, 19),
            "part": DetectorCount(8, 6),
            "all": DetectorCount(107, 60),
        }
    )
    with open(path, newline="") as file:
        rows = {int(row["unit"]): row for row in csv.DictReader(file)}
    for row in table.frame.to_dict("records"):
        original = rows[row["unit"] + 1]
        assert (row["label"], row["category"]) == (original["label"], original["category"])
        assert row["score"] == pytest.approx(float(original["score"]), rel=1e-15)
    assert rows[209]["label"] == table.frame["label"][208] == "grass"


@pytest.mark.real
@pytest.mark.parametrize("network", NETWORKS)
def test_nameless_labels_of_the_published_files(real: Path, network: str) -> None:
    path = real / "netdissect" / f"caffe_reference_{network}.csv"
    table = read_netdissect_csv(path)
    with open(path, newline="") as file:
        rows = {int(row["unit"]) - 1: row for row in csv.DictReader(file)}
    empty = [(u, c) for u, row in rows.items() for c in table.categories if not row[f"{c}-label"]]
    for unit, row in table.frame.iterrows():
        for category in table.categories:
            if (unit, category) in empty:
                assert row[f"{category}-label"] == "" and row[f"{category}-iou"] == 0.0
            else:
                assert row[f"{category}-label"] == rows[unit][f"{category}-label"] != ""
                assert row[f"{category}-iou"] == pytest.approx(
                    float(rows[unit][f"{category}-iou"]), rel=1e-15
                )


# Writing --------------------------------------------------------------------------------------------------


@pytest.fixture
def layer(tiny, images) -> LayerDissection:
    return dw.dissect(tiny, ["mix"], images, level=[0.05, 0.2], progress=False)["mix"]


def slow_rows(layer: LayerDissection, at: int) -> list[dict[str, object]]:
    """A row for each unit, from the counts of the layer, concept by concept."""
    rows = []
    for unit in range(layer.units):
        row: dict[str, object] = {"unit": unit + 1, "category": "", "label": "", "score": -1.0}
        for place, category in enumerate(layer.vocabulary.categories):
            active = int(layer.area_in_category[at, unit, place])
            best = ("", 0, active, 0, 0.0)
            for number, concept in enumerate(layer.vocabulary):
                both, truth = int(layer.intersection[at, unit, number]), int(layer.concept_area[number])
                if concept.category == category and both and both / (truth + active - both) > best[-1]:
                    best = (concept.name, truth, active, both, both / (truth + active - both))
            row |= {f"{category}-{field}": cell for field, cell in zip(FIELDS, best, strict=True)}
            if best[-1] > row["score"]:
                row |= {"category": category, "label": best[0], "score": best[-1]}
        rows.append(row)
    return sorted(rows, key=lambda row: -row["score"])


@pytest.mark.parametrize("level", [None, 0.05, 0.2])
def test_writes_what_the_counts_say(layer: LayerDissection, tmp_path: Path, level: float | None) -> None:
    write_netdissect_csv(layer, tmp_path / "a.csv", level=level)
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = slow_rows(layer, 1 if level == 0.2 else 0)
    assert sorted(int(row["unit"]) for row in rows) == [1, 2, 3, 4, 5]
    assert [list(row) for row in rows] == [list(row) for row in expected]  # the order of the columns
    for row, right in zip(rows, expected, strict=True):
        for column, cell in right.items():
            number = column.rpartition("-")[2] not in ("category", "label")
            assert (float(row[column]) if number else row[column]) == cell, column
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1 and scores[0] > 0


def test_iou_is_that_of_its_own_counts(layer: LayerDissection, tmp_path: Path) -> None:
    write_netdissect_csv(layer, tmp_path / "a.csv")
    frame = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    positive = 0
    for category in layer.vocabulary.categories:
        truth, active, both, iou = (frame[f"{category}-{field}"] for field in FIELDS[1:])
        met = iou > 0
        positive += met.sum()
        assert np.allclose(iou[met], (both / (truth + active - both))[met], rtol=1e-15)
        assert ((both > 0) == met).all() and ((frame[f"{category}-label"] != "") == met).all()
    assert positive >= 5


@pytest.mark.filterwarnings(
    "ignore:.*is not supported as a fill value"
)  # the bug of a category without any label
def test_reads_back_what_it_wrote(layer: LayerDissection, tmp_path: Path) -> None:
    """The images have no "nowhere", so that no unit has a label in the category of scenes."""
    write_netdissect_csv(layer, tmp_path / "a.csv")
    table = read_netdissect_csv(tmp_path / "a.csv")
    assert table.categories == layer.vocabulary.categories == ("object", "material", "scene")
    rows = sorted(slow_rows(layer, 0), key=lambda row: row["unit"])
    assert table.frame["unit"].tolist() == [0, 1, 2, 3, 4]
    for read, right in zip(table.frame.to_dict("records"), rows, strict=True):
        assert read == right | {"unit": right["unit"] - 1}
    assert table.frame["scene-label"].tolist() == [""] * 5
    for convention in ("top", "category"):
        for min_iou in (0.0, 0.04, 0.08):
            options = {"convention": convention, "min_iou": min_iou}
            counts = layer.count_detectors(denominator="category", **options)
            assert table.count_detectors(**options) == counts


def test_unknown_level(layer: LayerDissection, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"The level 0\.5 was not computed\..*0\.05"):
        write_netdissect_csv(layer, tmp_path / "a.csv", level=0.5)
    assert not (tmp_path / "a.csv").exists()


# Files that are damaged -----------------------------------------------------------------------------------


@pytest.fixture
def exported(layer: LayerDissection, tmp_path: Path) -> Path:
    write_netdissect_csv(layer, tmp_path / "a.csv")
    return tmp_path / "a.csv"


def test_a_file_that_is_cut_off_anywhere_is_refused(exported: Path) -> None:
    """Its units are in the order of their scores; cut between two rows it lacks one that is not the last."""
    content = exported.read_bytes()
    whole = read_netdissect_csv(exported).frame
    for end in range(len(content)):
        exported.write_bytes(content[:end])
        try:
            table = read_netdissect_csv(exported, units=5)
        except DataError as error:
            assert str(exported) in str(error)
        else:
            assert end == len(content) - 1 and table.frame.equals(whole), "all but the last half of CR LF"
    exported.write_bytes(b"".join(content.splitlines(keepends=True)[:3]))
    with pytest.raises(DataError, match=r"unit \d has no row, but unit \d has; the file may be cut off"):
        read_netdissect_csv(exported)
    exported.write_bytes(content)
    with pytest.raises(DataError, match="has rows of 5 units, not of 6; it may be cut off"):
        read_netdissect_csv(exported, units=6)


CELLS = [
    ("unit", "2", "has two rows|has no row"),
    ("unit", "9", "has no row, but unit 9 has"),
    ("unit", "1.5", "has 1.5; units are counted from 1"),
    ("unit", "0", "has 0; units are counted"),
    ("unit", "-1", "'-1', which is not a number"),
    ("unit", "1e400", "which is not a number"),
    ("score", "7", "has 7; it must be in"),
    ("score", "0.0", "has the score 0.0, but the highest IoU"),
    ("object-iou", "7", r"has 7; it must be in \[0, 1\]"),
    ("object-iou", "1e-3", "contradicts the counts|has the score"),
    ("material-iou", "nan", "'nan', which is not a number"),
    ("scene-iou", "inf", "'inf', which is not a number"),
    ("material-truth", "-4", "'-4', which is not a number"),
    ("material-truth", "1_0", "'1_0', which is not a number"),
    ("object-intersect", "99999999", "'object-intersect' exceeds an area"),
    ("object-activation", "", "'', which is not a number"),
    ("category", "objekt", "category 'objekt'. Did you mean 'object'"),
    ("category", "", "category ''"),
    ("label", "elephant", "has the label 'elephant', but"),
]


@pytest.mark.parametrize(("column", "cell", "message"), CELLS)
def test_a_bad_cell(exported: Path, column: str, cell: str, message: str) -> None:
    with open(exported, newline="") as file:
        header, first, *rest = csv.reader(file)
    first[header.index(column)] = cell
    with open(exported, "w", newline="") as file:
        csv.writer(file).writerows([header, first, *rest])
    with pytest.raises(DataError, match=message):
        read_netdissect_csv(exported)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"\r\n", b"\r\nx,", "line 2 has 20 cells, the header 19"),
        (b"object-truth", b"object-iou", "'object-iou' is there twice"),
        (b",", b";", "separated by ';', not by commas"),
        (b",", b"\t", "separated by '\\\\t', not by commas"),
        (b"object-truth", b"object-truht", "lacks the columns"),
        (b"thing", b"th\0ng", "zero bytes"),
        (b"thing", b"th\xe4ng", "utf-8"),
        (b"thing", b'th"ng', None),
        (b"thing", b'"thing', "cannot be read as CSV"),
        (b"unit", b"\xef\xbb\xbfunit", None),
        (b"\r\n", b"\n", None),
        (b"\r\n", b"\r\n\r\n", None),
    ],
)
def test_a_file_of_another_kind(exported: Path, old: bytes, new: bytes, message: str | None) -> None:
    before = read_netdissect_csv(exported).frame
    content = exported.read_bytes()
    once = 1 if old in (b"unit", b"object-truth") else -1
    exported.write_bytes(content.replace(old, new, once))
    if message is None:
        assert read_netdissect_csv(exported).frame["unit"].equals(before["unit"])
    else:
        with pytest.raises(DataError, match=message):
            read_netdissect_csv(exported)
    exported.write_bytes(content.decode().encode("utf-16"))
    with pytest.raises(DataError, match="cannot be read as CSV"):
        read_netdissect_csv(exported)
    exported.write_bytes(content.splitlines(keepends=True)[0])
    with pytest.raises(DataError, match="nothing below its header"):
        read_netdissect_csv(exported)


def test_any_name_comes_back(tiny, images, tmp_path: Path) -> None:
    names = ['a,b"c', "new\nline", "carriage\rreturn", "=1+1", " lead", "ünïcode", "x\r\ny"]
    images.vocabulary = dw.Vocabulary(
        (name, concept.category) for name, concept in zip(names, images.vocabulary.concepts[1:], strict=True)
    )
    layer = dw.dissect(tiny, ["mix"], images, level=0.2, progress=False)["mix"]
    write_netdissect_csv(layer, tmp_path / "a.csv")
    best = layer.best_in_category("object", denominator="category").concept
    found = read_netdissect_csv(tmp_path / "a.csv").frame["object-label"].tolist()
    assert found == [layer.vocabulary[int(c)].name if c else "" for c in best]


def test_an_export_that_fails_leaves_what_was_there(
    layer: LayerDissection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="disk is full"):
        write_netdissect_csv(layer, path)
    assert path.read_text() == "mine" and [p.name for p in tmp_path.iterdir()] == ["a.csv"]
