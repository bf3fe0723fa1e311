"""Names of classes in every form that they come in."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
import torchvision

from dissect_widgets.core.data.class_names import class_names, class_names_of_data, matched_classes
from dissect_widgets.errors import SettingError

NAMES = ("tench", "crane", "cab", "jay")


class ClassLabel:
    """As the feature of Hugging Face's data sets."""

    names = NAMES
    num_classes = 4


class Kinds(Enum):
    """Out of order."""

    cab = 2
    tench = 0
    jay = 3
    crane = 1


FORMS: dict[str, Any] = {
    "list": list(NAMES),
    "array": np.array(NAMES),
    "array of objects": np.array(NAMES, object),
    "Series": pandas.Series(NAMES),
    "Index": pandas.Index(NAMES),
    "iterator": iter(NAMES),
    "keys": dict.fromkeys(NAMES).keys(),
    "by number": dict(enumerate(NAMES)),
    "by number, unordered": {2: "cab", 0: "tench", 3: "jay", 1: "crane"},
    "by digits": {"2": "cab", "0": "tench", "3": "jay", "1": "crane"},
    "by numpy's numbers": {np.int64(i): name for i, name in enumerate(NAMES)},
    "class_to_idx": {"jay": 3, "tench": 0, "crane": 1, "cab": 2},
    "synonyms": [("tench", "Tinca tinca"), ("crane",), "cab", ["jay", "bluejay"]],
    "of keras": {str(i): [f"n0144076{i}", name] for i, name in enumerate(NAMES)},
    "feature": ClassLabel(),
    "features": {"image": object(), "label": ClassLabel()},
    "configuration": SimpleNamespace(id2label=dict(enumerate(NAMES)), label2id={}),
    "meta": {"categories": list(NAMES), "min_size": (1, 1)},
    "weights": SimpleNamespace(meta={"categories": list(NAMES)}),
    "enum": Kinds,
}


@pytest.mark.parametrize("form", FORMS)
def test_names_in_order(form: str) -> None:
    assert class_names(FORMS[form]) == NAMES


def test_numbers_are_names_too() -> None:
    assert class_names(range(3)) == ("0", "1", "2")
    assert class_names({"0": 0, "2": 1, "1": 2}) == ("0", "2", "1"), "names of digits, in their order"
    assert class_names(None) is None and class_names([]) == ()


def test_names_that_two_classes_have() -> None:
    assert class_names(["crane", "jay", "crane"]) == ("crane (0)", "jay", "crane (2)")
    assert class_names([("maillot",), ("maillot", "tank suit")]) == ("maillot", "maillot, tank suit")
    assert class_names([("crane", "Grus"), ("crane", "hoist")]) == ("crane, Grus", "crane, hoist")
    imagenet = class_names(torchvision.models.ResNet18_Weights.DEFAULT)
    assert imagenet is not None and len(set(imagenet)) == 1000
    assert imagenet[0] == "tench"
    in_imagenet = class_names({0: "crane", 1: "maillot", 2: "crane", 3: "maillot, tank suit"})
    assert in_imagenet == ("crane (0)", "maillot", "crane (2)", "maillot, tank suit")


REFUSED: list[tuple[Any, str]] = [
    ("cat", r"classes is str 'cat'; it must be a list of names, \{0: name"),
    (4, "classes is int 4"),
    ({"tench", "cab"}, "which has no order"),
    ({1: "tench", 2: "cab"}, "2 names, but none for 0; they must be numbered 0 to 1"),
    ({0: "tench", 2: "cab"}, "none for 1"),
    ({"0": "tench", "00": "cab"}, "none for 1"),
    ({"tench": 1, "cab": 1}, "none for 0"),
    ({"a": "tench", "b": "cab"}, "str 'a' where the number of a class should be"),
    ({0.0: "tench", 1.0: "cab"}, "float 0.0 where the number"),
    ({-1: "void", 0: "cab"}, "none for 1"),
    (["ant", "bee", None], "Class 2 has the name None"),
    (["ant", float("nan")], "Class 1 has the name float nan"),
    (["ant", ""], "Class 1 has the name str ''"),
    (["ant", True], "Class 1 has the name bool"),
    (["ant", ()], "Class 1 has the name tuple"),
    (["ant", b"bee"], "Class 1 has the name bytes"),
    (["ant"] * 3, "'ant' is there more than once"),
    (["ant", "ant", "ant (0)"], "'ant \\(0\\)' is there more than once"),
    (pandas.Series(NAMES, index=[3, 1, 0, 2]), "Series whose index is not 0, 1, 2"),
]


@pytest.mark.parametrize(("classes", "message"), REFUSED, ids=[message[:30] for _, message in REFUSED])
def test_what_is_no_list_of_names_is_refused(classes: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        class_names(classes)


def test_names_of_data() -> None:
    assert class_names_of_data(SimpleNamespace(features={"image": 1, "label": ClassLabel()})) == NAMES
    two = {"fine_label": ClassLabel(), "coarse_label": ClassLabel()}
    assert class_names_of_data(SimpleNamespace(features=two)) is None
    turned = SimpleNamespace(classes=list(NAMES), target_transform=lambda t: [2, 3, 0, 1][t])
    assert class_names_of_data(turned) == ["cab", "jay", "tench", "crane"]
    for lost in (lambda t: t // 2, lambda t: t + 1, lambda t: 0.5, lambda t: NAMES[9]):
        assert class_names_of_data(SimpleNamespace(classes=NAMES, target_transform=lost)) is None
    named = SimpleNamespace(classes=NAMES, target_transform=lambda t: NAMES[t])
    assert class_names_of_data(named) == list(NAMES)


def test_names_are_matched() -> None:
    assert matched_classes(("cab", "tench"), NAMES).tolist() == [2, 0]
    two = ("crane (0)", "maillot, tank suit", "crane (2)")
    assert matched_classes(two, ("crane (0)", "maillot", "crane (2)")).tolist() == [0, 1, 2]
    with pytest.raises(SettingError, match=r"`classes` has no 'crab' of the data\. Did you mean 'cab'"):
        matched_classes(("crab",), NAMES)
