"""The concepts that units are compared with: names, each in a category.

>>> vocabulary = Vocabulary([Concept("car", "object"), Concept("red", "color")])
>>> vocabulary.index("red")
2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from dissect_widgets.core.data.arrays import Int64s
from dissect_widgets.errors import ConceptError, SettingError, nearest, shortened, shown


class Concept(NamedTuple):
    """A concept: its name, and its category (object, part, material, texture, color, scene ...)."""

    name: str
    category: str


class Vocabulary:
    """An immutable list of concepts; the numbers of a label map are its indices.

    Index 0 is reserved: in a label map it means "no concept", and every per-concept array has a
    column 0 that stays zero, so that one number serves label maps, arrays and vocabulary alike.

    Parameters
    ----------
    concepts
        The concepts, without the reserved one. The same name may be in two categories, but not
        duplicated in one.
    """

    def __init__(self, concepts: Iterable[Concept | tuple[str, str]]) -> None:
        listed = [Concept(str(name), str(category)) for name, category in concepts]
        for concept in listed:
            if not concept.name or not concept.category:
                raise SettingError(f"A concept needs a name and a category, but one is {concept}.")
        self.concepts: tuple[Concept, ...] = (Concept("-", ""), *listed)
        self._index = {concept: number for number, concept in enumerate(self.concepts)}
        if len(self._index) != len(self.concepts):
            duplicates = sorted({c.name for c, count in Counter(listed).items() if count > 1})
            names = ", ".join(shortened(name, 60) for name in duplicates[:8])
            raise SettingError(f"Concepts are duplicated in a category: {names}.")
        self.categories: tuple[str, ...] = tuple(dict.fromkeys(c.category for c in listed))

    def __len__(self) -> int:
        return len(self.concepts)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self.concepts)

    def __getitem__(self, index: int) -> Concept:
        return self.concepts[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.concepts == other.concepts

    def __hash__(self) -> int:
        return hash(self.concepts)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{int((self.category_of == number).sum())} {category}"
            for number, category in enumerate(self.categories)
        )
        return f"<Vocabulary: {counts or 'empty'}>"

    def __add__(self, other: Vocabulary) -> Vocabulary:
        """Concepts of both, this vocabulary's first, those of both once."""
        return Vocabulary(dict.fromkeys([*self.concepts[1:], *other.concepts[1:]]))

    @property
    def category_of(self) -> Int64s:
        """Index of each concept's category in `categories`, int64 (concepts,); -1 at the reserved 0."""
        number = {category: index for index, category in enumerate(self.categories)}
        return np.array([number.get(c.category, -1) for c in self.concepts], np.int64)

    def index(self, name: str, category: str | None = None) -> int:
        """Index of a concept.

        Parameters
        ----------
        name
            Its name.
        category
            Its category; needed only where the name is in several.

        Raises
        ------
        ConceptError
            If there is no such concept, or several.
        """
        if category is not None and category not in self.categories:
            raise ConceptError(f"There is no category {shown(category)}.{nearest(category, self.categories)}")
        matches = [
            number
            for number, concept in enumerate(self.concepts[1:], start=1)
            if concept.name == name and category in (None, concept.category)
        ]
        if not matches:
            where = f" in category {category!r}" if category is not None else ""
            names = {c.name for c in self.concepts[1:] if category in (None, c.category)}
            raise ConceptError(f"There is no concept {shown(name)}{where}.{nearest(name, sorted(names))}")
        if len(matches) > 1:
            categories = ", ".join(repr(self.concepts[number].category) for number in matches)
            raise ConceptError(f"{shown(name)} is a concept of several categories; say which: {categories}.")
        return matches[0]

    def find(self, concept: str | Concept) -> int:
        """Index of a concept given by its name, or by (name, category); see `index`."""
        return self.index(concept) if isinstance(concept, str) else self.index(*concept)

    def translation(self, wider: Vocabulary) -> Int64s:
        """Indices of this vocabulary's concepts in a `wider` one, int64 (concepts,)."""
        return np.array([0, *(wider._index[concept] for concept in self.concepts[1:])], np.int64)
