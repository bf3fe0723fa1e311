import re

import numpy as np
import pytest

from dissect_widgets.core.data.vocabulary import Concept, Vocabulary
from dissect_widgets.errors import ConceptError, DissectError, SettingError

PAIRS = [("car", "object"), ("red", "color"), ("tree", "object"), ("wheel", "part"), ("red", "object")]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary([PAIRS[0], Concept(*PAIRS[1]), *PAIRS[2:]])


def test_numbers_begin_after_the_reserved_one(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) == 6 and list(vocabulary) == list(vocabulary.concepts)
    assert [tuple(concept) for concept in vocabulary] == [("-", ""), *PAIRS]
    assert [vocabulary[number] for number in range(6)] == [Concept("-", ""), *(Concept(*p) for p in PAIRS)]
    assert vocabulary[-1].category == "object" and vocabulary[1].name == "car"
    with pytest.raises(IndexError):
        vocabulary[6]


def test_categories_in_the_order_of_their_first_concepts(vocabulary: Vocabulary) -> None:
    assert vocabulary.categories == ("object", "color", "part")
    assert vocabulary.category_of.tolist() == [-1, 0, 1, 0, 2, 0]
    assert vocabulary.category_of.dtype == np.int64
    for number, (_, category) in enumerate(PAIRS, start=1):
        assert vocabulary.categories[vocabulary.category_of[number]] == category


def test_repr_counts(vocabulary: Vocabulary) -> None:
    assert repr(vocabulary) == "<Vocabulary: 3 object, 1 color, 1 part>"
    assert repr(Vocabulary([])) == "<Vocabulary: empty>"


def test_empty() -> None:
    empty = Vocabulary([])
    assert len(empty) == 1 and empty.categories == () and empty.category_of.tolist() == [-1]
    with pytest.raises(ConceptError, match=r"There is no concept 'car'\. There is none\."):
        empty.index("car")


def test_concepts_from_any_iterable() -> None:
    assert Vocabulary(pair for pair in PAIRS) == Vocabulary(PAIRS)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_index_of_a_name_that_stands_once(vocabulary: Vocabulary, number: int) -> None:
    name, category = PAIRS[number - 1]
    assert vocabulary.index(name) == vocabulary.index(name, category) == number


def test_index_of_a_name_in_several_categories(vocabulary: Vocabulary) -> None:
    assert (vocabulary.index("red", "color"), vocabulary.index("red", "object")) == (2, 5)
    message = "'red' is a concept of several categories; say which: 'color', 'object'."
    with pytest.raises(ConceptError, match=f"^{re.escape(message)}$"):
        vocabulary.index("red")


@pytest.mark.parametrize(
    ("name", "category", "message"),
    [
        ("wheal", None, "There is no concept 'wheal'. Did you mean 'wheel'?"),
        ("Tree", None, "There is no concept 'Tree'. Did you mean 'tree' or 'red'?"),
        ("zebra", None, "There is no concept 'zebra'. There are 4: 'car', 'red', 'tree', 'wheel'."),
        ("tree", "part", "There is no concept 'tree' in category 'part'. There are 1: 'wheel'."),
        ("car", "texture", "There is no category 'texture'. There are 3: 'object', 'color', 'part'."),
        ("car", "", "There is no category ''. There are 3: 'object', 'color', 'part'."),
        ("-", None, "There is no concept '-'. There are 4: 'car', 'red', 'tree', 'wheel'."),
    ],
)
def test_unknown_concepts(vocabulary: Vocabulary, name: str, category: str | None, message: str) -> None:
    with pytest.raises(ConceptError, match=f"^{re.escape(message)}$") as raised:
        vocabulary.index(name, category)
    assert isinstance(raised.value, DissectError) and isinstance(raised.value, LookupError)


@pytest.mark.parametrize("pair", [("", "object"), ("car", ""), ("", "")])
def test_a_concept_needs_name_and_category(pair: tuple[str, str]) -> None:
    message = f"A concept needs a name and a category, but one is {Concept(*pair)}."
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        Vocabulary([PAIRS[0], pair])


def test_the_same_concept_twice() -> None:
    again = [PAIRS[3], ("hub", "part"), PAIRS[0], ("hub", "part")]
    with pytest.raises(SettingError, match=r"duplicated in a category: car, hub, wheel\.$"):
        Vocabulary([*PAIRS, *again])


def test_a_dash_may_be_a_concept_too() -> None:
    vocabulary = Vocabulary([("-", "texture")])
    assert vocabulary.index("-") == 1 and vocabulary.category_of.tolist() == [-1, 0]


def test_equal_and_hash(vocabulary: Vocabulary) -> None:
    same, other = Vocabulary(PAIRS), Vocabulary(PAIRS[::-1])
    assert vocabulary == same and hash(vocabulary) == hash(same) and {vocabulary: 1}[same] == 1
    assert vocabulary != other and vocabulary != Vocabulary(PAIRS[:-1]) and len({vocabulary, other}) == 2
    assert vocabulary != list(vocabulary.concepts)


def test_sum_keeps_the_first_and_adds_what_is_new(vocabulary: Vocabulary) -> None:
    other = Vocabulary([("hub", "part"), ("tree", "object"), ("tree", "part"), ("fur", "material")])
    both = vocabulary + other
    new = [("hub", "part"), ("tree", "part"), ("fur", "material")]
    assert [tuple(concept) for concept in both] == [("-", ""), *PAIRS, *new]
    assert both.categories == ("object", "color", "part", "material")
    assert vocabulary == Vocabulary(PAIRS)  # as it was
    assert vocabulary + Vocabulary([]) == vocabulary == Vocabulary([]) + vocabulary


def test_translation_keeps_meanings(vocabulary: Vocabulary) -> None:
    other = Vocabulary([("tree", "part"), ("red", "object"), ("fur", "material"), ("car", "object")])
    both = vocabulary + other
    for one in (vocabulary, other):
        translation = one.translation(both)
        assert translation.shape == (len(one),) and translation.dtype == np.int64
        assert [both[number] for number in translation] == list(one)
    assert other.translation(both).tolist() == [0, 6, 5, 7, 1]
    assert other.translation(other).tolist() == [0, 1, 2, 3, 4]
