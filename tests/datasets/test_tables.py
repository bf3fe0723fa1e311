import csv
import re
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.datasets.tables import read_class_table, read_classes, read_image_labels, value_table
from dissect_widgets.errors import DataError

IMAGES = ["beach/17.jpg", "beach/18.v2.png", "street.jpg"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a table.csv"


def test_classes(path: Path) -> None:
    path.write_text("value,name,category\n3,car,object\n0,,\n65535,wood,material\n7,car,part\n", "utf-8")
    classes = read_classes(path)
    assert classes == {
        3: Concept("car", "object"),
        0: None,
        65535: Concept("wood", "material"),
        7: Concept("car", "part"),
    }
    assert list(classes) == [3, 0, 65535, 7]  # the order of the vocabulary


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_spreadsheets_make_of_a_table(path: Path, encoding: str, newline: str) -> None:
    lines = [
        " category ,color, value , name",
        "",
        ' object ,"a, b", 3 , Straßenbahn ',
        ",,,",
        "  ,  ,  ,  ",
        'material,,4,"stone, grey",,',
        "object,red,5,",
        "",
        "",
    ]
    path.write_bytes(newline.join(lines).encode(encoding))
    assert read_classes(path) == {
        3: Concept("Straßenbahn", "object"),
        4: Concept("stone, grey", "material"),
        5: None,
    }


def test_several_values_may_have_one_name(path: Path) -> None:
    path.write_text("value,name,category\n1,car,object\n2,car,object\n")
    assert read_classes(path) == {1: Concept("car", "object"), 2: Concept("car", "object")}


@pytest.mark.parametrize(
    ("header", "lacks"),
    [
        ("value,name", "category"),
        ("id,title,category", "value, name"),
        ("value|name|category", "value, name, category"),
        ("valué,name,category", "value"),
        ("", "value, name, category"),
    ],
)
def test_missing_columns_are_named(path: Path, header: str, lacks: str) -> None:
    path.write_text(f"{header}\n1,car,object\n" if header else "")
    found = header.split(",") if header else []
    message = f"{path} has the columns {found}; it needs value, name, category, and lacks {lacks}."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read_classes(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,car,object", "the value 'x' is not a whole number."),
        ("1.0,car,object", "the value '1.0' is not a whole number."),
        (",car,object", "the value '' is not a whole number."),
        ("2,car,object", "the value 2 is duplicated."),
        ("2,,", "the value 2 is duplicated."),
        ("-1,car,object", "the value -1 is not within 0 to 65535."),
        ("65536,car,object", "the value 65536 is not within 0 to 65535."),
        ("3,car,", "'car' has no category, such as object or part."),
        ("3,car, ", "'car' has no category, such as object or part."),
    ],
)
def test_wrong_rows_are_named_by_their_line(path: Path, row: str, message: str) -> None:
    path.write_text(f"value,name,category\n1,tree,object\n\n2,sky,object\n{row}\n4,hill,object\n")
    with pytest.raises(DataError, match=f"^{re.escape(f'{path}, line 5: {message}')}$"):
        read_classes(path)


@pytest.mark.parametrize("rows", ["", "1,,\n2,,object\n"])
def test_a_table_that_names_nothing(path: Path, rows: str) -> None:
    path.write_text(f"value,name,category\n{rows}")
    with pytest.raises(DataError, match=f"{re.escape(str(path))} names no class"):
        read_classes(path)


@pytest.mark.parametrize("at", [0, 5000])  # in the first block that is read, and beyond it
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift-jis"])
def test_not_utf8(path: Path, encoding: str, at: int) -> None:
    rows = [f"{value},thing {value},object" for value in range(at)]
    path.write_bytes(
        "\n".join(
            ["value,name,category", *rows, f"{at},{'木' if encoding == 'shift-jis' else 'Bäume'},object"]
        ).encode(encoding)
    )
    with pytest.raises(DataError, match=rf"{re.escape(str(path))} is not a CSV file in UTF-8: .*utf-8"):
        read_classes(path)


def test_cell_without_an_end(path: Path) -> None:
    path.write_text('value,name,category\n1,"' + "x" * 200_000)
    with pytest.raises(DataError, match=rf"{re.escape(str(path))} is not a CSV file in UTF-8: .*field"):
        read_classes(path)


def test_no_file(path: Path) -> None:
    with pytest.raises(DataError, match=rf"^{re.escape(str(path))} cannot be read: No such file"):
        read_classes(path)
    with pytest.raises(DataError, match=rf"^{re.escape(str(path.parent))} cannot be read: Is a directory"):
        read_classes(path.parent)


def test_value_table() -> None:
    car, sky = Concept("car", "object"), Concept("sky", "object")
    table = value_table({4: car, 9: None, 65535: sky}, {sky: 1, car: 3})
    assert table.shape == (65537,) and table.dtype == np.int32
    assert {value: int(table[value]) for value in np.flatnonzero(table >= 0)} == {4: 3, 9: 0, 65535: 1}
    assert (np.delete(table, [4, 9, 65535]) == -1).all() and table[-1] == -1


def test_image_labels(path: Path) -> None:
    path.write_bytes(
        "\ufeffimage, name ,category,by\n"
        "beach/17.jpg,beach,scene,Ann\n\n"
        " street , street,scene,Ann\n"
        "beach/18.v2,beach,scene,Bob\n"
        "beach/17,sand,texture,Bob\n"
        "beach/17,beach,scene,Bob\n"
        "beach/17,beach,texture,Bob\n".encode()
    )
    assert read_image_labels(path, IMAGES) == {
        "beach/17.jpg": [Concept("beach", "scene"), Concept("sand", "texture"), Concept("beach", "texture")],
        "beach/18.v2.png": [Concept("beach", "scene")],
        "street.jpg": [Concept("street", "scene")],
    }


def test_a_whole_name_counts_before_one_without_ending(path: Path) -> None:
    path.write_text("image,name,category\nx.jpg,beach,scene\n")
    labels = read_image_labels(path, ["x.jpg", "x.jpg.png"])
    assert labels == {"x.jpg": [Concept("beach", "scene")], "x.jpg.png": []}


def test_images_without_labels_have_none(path: Path) -> None:
    path.write_text("image,name,category\nstreet.jpg,street,scene\n")
    labels = read_image_labels(path, IMAGES)
    assert labels == {image: [] for image in IMAGES[:2]} | {"street.jpg": [Concept("street", "scene")]}


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        ("beach/71.jpg", "Did you mean 'beach/17.jpg'"),
        ("Street.JPG", "Did you mean 'street.jpg'"),
        ("17.jpg", "Did you mean 'beach/17.jpg'"),
        ("xyzzy", "There are 3: 'beach/17.jpg', 'beach/18.v2.png', 'street.jpg'."),
        ("", "There are 3: "),
    ],
)
def test_unknown_image(path: Path, image: str, hint: str) -> None:
    path.write_text(f"image,name,category\nstreet,street,scene\n{image},beach,scene\n")
    message = f"{path}, line 3: there is no image {image!r}. {hint}"
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        read_image_labels(path, IMAGES)


@pytest.mark.parametrize("cells", ["beach,", ",scene", ",", " , "])
def test_label_without_name_or_category(path: Path, cells: str) -> None:
    path.write_text(f"image,name,category\n\nstreet,{cells}\n")
    message = f"{path}, line 3: the label of 'street' needs a name and a category."
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        read_image_labels(path, IMAGES)


def test_image_labels_lack_a_column(path: Path) -> None:
    path.write_text("image,label,category\nstreet,street,scene\n")
    with pytest.raises(DataError, match=r"'label'.* it needs image, name, category, and lacks name\."):
        read_image_labels(path, IMAGES)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(path: Path, separator: str) -> None:
    other = ";" if separator == "," else ","
    rows = [["Value", " NAME", "category", "note"], ["1", f'"a{separator} b"', "object", f"x{other}y"]]
    rows += [["2", f"c{other} d", "part", '""']]
    path.write_text("\n".join(separator.join(row) for row in rows))
    expected = {1: Concept(f"a{separator} b", "object"), 2: Concept(f"c{other} d", "part")}
    assert read_classes(path) == expected
    path.write_text(path.read_text().replace("Value", '"Value"'))
    assert read_classes(path) == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_encodings_that_say_what_they_are(path: Path, encoding: str) -> None:
    path.write_text("value\tname\tcategory\n1\tStraße\tobject\n2\t木\tobject\n", encoding)
    assert read_classes(path) == {1: Concept("Straße", "object"), 2: Concept("木", "object")}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_encodings_that_do_not(path: Path, encoding: str) -> None:
    path.write_text("value,name,category\n1,car,object\n", encoding)
    with pytest.raises(DataError, match="is not a CSV file in UTF-8: it has NUL characters"):
        read_classes(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,building, edifice,object", 'line 3: there are 4 cells, but 3 columns. A name with a comma'),
        ("1,building, edifice, object, part", "line 3: there are 5 cells, but 3 columns."),
        ("1,car", "line 3: there are 2 cells, but 3 columns; an empty cell has its comma, too."),
        ("255", "line 3: there are 1 cells, but 3 columns"),
        (",", "line 3: there are 2 cells, but 3 columns"),
        ('1,"car,object\n2,"sky",object', "is not a CSV file"),
        ('1,"car,object\n2,sky",object', "line 4: a cell goes over several lines; is a quote not closed?"),
        ('1,"car,object', "is not a CSV file in UTF-8: line 3: unexpected end"),
        ("# a note", "line 3: there are 1 cells"),
        ("1_0,car,object", "line 3: the value '1_0' is not a whole number"),
        ("١,car,object", "line 3: the value '١' is not a whole number"),
    ],
)  # fmt: skip
def test_rows_with_too_many_or_too_few_cells(path: Path, row: str, message: str) -> None:
    path.write_text(f"value,name,category\n9,tree,object\n{row}\n", "utf-8")
    with pytest.raises(DataError, match=re.escape(message)):
        read_classes(path)
    path.write_text(f"image,name,category\nstreet,tree,object\n{row}\n", "utf-8")
    with pytest.raises(DataError):
        read_image_labels(path, IMAGES)


def test_names_with_commas_in_quotes(path: Path) -> None:
    path.write_text(
        'value,name,category\n1,"building, edifice",object\n2, "door, double door", object\n'
        '3,"5"" pipe",part\n4,5" nail,part\n5,"sky",object,,\n'
    )
    names = ["building, edifice", "door, double door", '5" pipe', '5" nail', "sky"]
    assert [concept.name for concept in read_classes(path).values() if concept] == names


def test_columns_twice_and_columns_without_a_name(path: Path) -> None:
    path.write_text("value,name,category,Name\n1,car,object,bus\n")
    with pytest.raises(DataError, match="has several columns with the name 'name'"):
        read_classes(path)
    path.write_text("value,,name,category,\n1,x,car,object,\n2,,bus,object\n")
    assert read_classes(path) == {1: Concept("car", "object"), 2: Concept("bus", "object")}


def test_other_tables_say_what_they_lack(path: Path) -> None:
    path.write_text("Idx\tRatio\tTrain\tVal\tName\n1\t0.1\t2\t3\tbuilding, edifice\n")
    message = (
        "['Idx', 'Ratio', 'Train', 'Val', 'Name']; it needs value, name, category, and lacks value, category."
    )
    with pytest.raises(DataError, match=re.escape(message)):
        read_classes(path)
    path.write_text("1,car,object\n2,bus,object\n")
    with pytest.raises(DataError, match=re.escape("has the columns ['1', 'car', 'object']; it needs value")):
        read_classes(path)


def test_names_are_the_same_in_both_ways_of_unicode(path: Path) -> None:
    path.write_text(
        "value,name,category\n1,Stra\u00dfe \u00fcber,object\n2,Stra\u00dfe u\u0308ber,object\n", "utf-8"
    )
    classes = read_classes(path)
    assert classes[1] == classes[2]
    path.write_text("image,name,category\nu\u0308ber.jpg,x,scene\n", "utf-8")
    assert read_image_labels(path, ["\u00fcber.jpg"]) == {"\u00fcber.jpg": [Concept("x", "scene")]}


def test_a_name_without_ending_that_two_images_have(path: Path) -> None:
    path.write_text("image,name,category\nx,beach,scene\n")
    with pytest.raises(DataError, match=r"line 2: 'x' may be x\.jpg or x\.png"):
        read_image_labels(path, ["x.jpg", "x.png"])


cell = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=5)


@given(
    st.lists(
        st.tuples(st.integers(0, 65535), cell, cell, cell),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(",;\t"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_writer_of_tables_wrote_is_read(
    rows: list[tuple[int, str, str, str]], separator: str, quoting: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classes.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=separator, quoting=quoting)
            writer.writerows([("value", "note", "name", "category"), *rows])
        normal = [unicodedata.normalize("NFC", part) for row in rows for part in row[2:]]
        expected = [Concept(*pair) for pair in zip(normal[::2], normal[1::2], strict=True)]
        assert read_classes(path) == dict(zip([row[0] for row in rows], expected, strict=True))


LONG = "x" * 10_000


@pytest.mark.parametrize(
    "text",
    [
        f"value,name,category\n{'9' * 10_000},car,object\n",
        f"value,name,category\n-{'9' * 10_000},car,object\n",
        f"value,name,category\n{LONG},car,object\n",
        f"value,name,category\n1,{LONG},\n",
        f"value,{LONG},category\n1,car,object\n",
        f"{LONG};" * 50 + "\n",
        f"value,name,category,{LONG},{LONG}\n1,car,object,,\n",
        f"color,name,category\n{'1' * 5_000} 2 3,car,object\n",
        f"color,name,category\n#{LONG},car,object\n",
        'value,name,category\n1,"' + LONG,
        "value,name,category\n1,car" + ",object" * 10_000,
        "value,name,category\n1e400,car,object\n",
        "value,name,category\n1.5,car,object\n",
        "value,name,category\nnan,car,object\n",
        "value,name,category\n0x10,car,object\n",
        "value,name,category\n1,ca\0r,object\n",
        "value\u2028name\u2028category\n1,car,object\n",
    ],
)
def test_long_and_odd_cells_are_refused_in_short(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=re.escape(str(path))) as raised:
        read_class_table(path)
    assert len(str(raised.value)) < 1_000


def test_long_names_of_images_are_refused_in_short(path: Path) -> None:
    path.write_text(f"image,name,category\n{LONG},car,scene\n")
    for images in (IMAGES, [LONG + ".jpg", LONG + ".png"]):
        with pytest.raises(DataError, match="line 2") as raised:
            read_image_labels(path, images)
        assert len(str(raised.value)) < 1_200


@pytest.mark.parametrize(
    ("value", "number"), [("+7", 7), ("0" * 5_000 + "7", 7), ("-0", 0), ("065535", 65535)]
)
def test_values_with_signs_and_zeros(path: Path, value: str, number: int) -> None:
    path.write_text(f"value,name,category\n{value},car,object\n")
    assert read_classes(path) == {number: Concept("car", "object")}
