"""Classes of images in every form that they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

from dissect_widgets.core.data.targets import as_class, as_classes, may_be_class
from dissect_widgets.errors import DataError, SettingError

NAMES = ("ant", "bee", "cow", "dog")


@pytest.mark.parametrize(
    "value",
    [
        *(
            2,
            np.int64(2),
            np.uint8(2),
            torch.tensor(2),
            torch.tensor([2]),
            np.array([2]),
            [2],
            2.0,
            np.float32(2),
        ),
        *(torch.tensor(2.0), torch.tensor(2.0).bfloat16(), "cow", np.str_("cow"), np.array("cow"), ["cow"]),
        *(torch.tensor([0, 0, 1, 0]), np.array([0.0, 0, 1, 0]), [False, False, True, False]),
    ],
    ids=repr,
)
def test_one_class(value: Any) -> None:
    assert as_class(value, "a", NAMES) == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2.5, "a.jpg has float 2.5 where its class should be. Give `targets`"),
        (float("nan"), "a.jpg has float nan where"),
        (float("inf"), "a.jpg has float inf where"),
        (True, "a.jpg has bool|int True where"),
        (np.bool_(True), "True where"),
        (None, "a.jpg has nothing where"),
        (-1, "a.jpg is of class -1; allowed are 0 to 3"),
        (4, "a.jpg is of class 4; allowed are 0 to 3"),
        ("cwo", "a.jpg is of class 'cwo'.*Did you mean 'cow'"),
        ("2", "a.jpg is of class '2'"),
        (torch.tensor([1, 0, 1, 0]), "a.jpg has 4 numbers where"),
        (torch.tensor([0.3, 0.7, 0, 0]), "a.jpg has 4 numbers where"),
        (torch.tensor([0, 1, 0]), "a.jpg has 3 numbers.*of 4 classes"),
        (torch.ones(2, 5, 7), r"a.jpg has labels of shape \(2, 5, 7\) where"),
        ({"label": 2}, "a.jpg has dict where"),
        ((2, torch.ones(5, 7)), r"a.jpg has tuple \(int 2, Tensor float32 \(5, 7\)\) where"),
        ([], "a.jpg has list"),
        ([1, 2], "a.jpg has 2 numbers where"),
        (["cow", "dog"], "a.jpg has 2 numbers where"),
        (2j, "where its class should be"),
    ],
)
def test_what_is_no_class_is_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_class(value, "a.jpg", NAMES)


def test_classes_without_names() -> None:
    assert as_class(17, "a", None) == 17
    for value in ("cow", torch.tensor([0, 1, 0])):
        with pytest.raises(DataError, match=r"no names of classes are known|whose names are known"):
            as_class(value, "a", None)


@pytest.mark.parametrize(
    "values",
    [
        [2, 0, 3],
        (2, 0, 3),
        np.array([2, 0, 3], np.uint8),
        np.array([2.0, 0.0, 3.0]),
        torch.tensor([2, 0, 3]),
        torch.tensor([[2], [0], [3]]),
        [torch.tensor(2), torch.tensor(0), torch.tensor(3)],
        pandas.Series([2, 0, 3], index=[7, 1, 4]),
        pandas.Series(["cow", "ant", "dog"]),
        np.array(["cow", "ant", "dog"]),
        ["cow", "ant", "dog"],
        torch.eye(4)[[2, 0, 3]],
    ],
    ids=lambda values: type(values).__name__,
)
def test_classes_of_all_images(values: Any) -> None:
    numbers = as_classes(values, 3, NAMES, str)
    assert numbers.dtype == np.int64 and numbers.tolist() == [2, 0, 3]


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1, 2], SettingError, "2 targets for 3 images"),
        ("own", SettingError, "targets is str 'own'; it may be numbers"),
        ({0: 1, 1: 2, 2: 0}, SettingError, "targets is dict"),
        (3, SettingError, "targets is int 3"),
        ([1, 2.5, 0], DataError, "image 1 has float 2.5 where"),
        ([1, 0, float("nan")], DataError, "image 2 has float nan"),
        (np.array([1, np.nan, 0]), DataError, "image 1 has float nan"),
        (pandas.Series([1, None, 0]), DataError, "image 1 has float nan"),
        ([True, False, True], DataError, "image 0 has"),
        (np.array([True, False, True]), DataError, "image 0 has"),
        ([0, 4, 1], DataError, "image 1 is of class 4; allowed are 0 to 3"),
        ([0, 1, -2], DataError, "image 2 is of class -2"),
        (["ant", "bee", "cwo"], DataError, "image 2 is of class 'cwo'"),
        (torch.ones(3, 4), DataError, "image 0 has 4 numbers where"),
    ],
)
def test_targets_that_do_not_fit_are_refused_by_name(
    values: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        as_classes(values, 3, NAMES, lambda index: f"image {index}")


def test_what_may_be_a_class() -> None:
    assert all(map(may_be_class, (0, "cow", torch.tensor(1), np.zeros(4), [1, 0], True)))
    assert not any(map(may_be_class, (None, torch.ones(1, 5, 7), np.ones((5, 7)), Image.new("L", (7, 5)))))
