"""Captions are right in every word: each sentence is read again and checked against the labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from skimage.measure import label as connected

from dissect_widgets.concepts.colors import COLOR_NAMES
from dissect_widgets.errors import SettingError
from dissect_widgets.world import caption_words as module
from dissect_widgets.world.caption_words import LENGTH, TEMPLATES, decode, encode, plural_of
from dissect_widgets.world.captions import captions_of
from dissect_widgets.world.rendering import LabeledImage, render
from dissect_widgets.world.scenery.names import OBJECTS
from dissect_widgets.world.scenery.vocabulary import CATEGORIES, SCENES, VOCABULARY

SIZE = 96
COLORS = set(COLOR_NAMES)
SINGULARS = {plural_of(name): name for name in OBJECTS}
MATERIALS = {adjective: name for name, adjective in module.MATERIALS.items()}


class Checker:
    """Reads sentences about a picture, and says whether they are true of its labels."""

    def __init__(self, picture: LabeledImage) -> None:
        self.picture = picture
        self.objects = picture.labels[0]

    def true(self, sentence: str) -> bool:
        """Whether one way to read it makes it true."""
        readings = [
            (kind, found.groupdict())
            for kind, forms in TEMPLATES.items()
            for form in forms
            if (found := re.fullmatch(_pattern(form), sentence))
        ]
        assert readings, f"not a sentence: {sentence}"
        return any(self.reading(kind, words) for kind, words in readings)

    def reading(self, kind: str, words: dict[str, str]) -> bool:
        for slot, phrase in words.items():
            check: Callable[[str], bool] | None = getattr(self, f"check_{slot}", None)
            if check is not None and not check(phrase):
                return False
        first = self.read(
            words.get("one") or words.get("stander") or words.get("boat") or words.get("hanging")
        )
        second = self.read(words.get("two"))
        if kind == "number":
            return len(self.components(SINGULARS[words["plural"]])) == module.NUMBERS.index(words["number"])
        if kind in ("color of", "made of", "texture of"):
            return self.whole(words)
        tests: dict[str, Callable[[np.ndarray], bool]] = {
            "place": lambda mask: _inside(mask, words["place"]),
            "relation": lambda mask: any(_related(mask, other, words["relation"]) for other in second),
            "larger": lambda mask: any(mask.sum() >= 1.5 * other.sum() for other in second),
            "ground": lambda mask: self.share_below(mask, words["ground"]) >= 0.55,
            "stands": lambda mask: self.share_below(mask, words["ground"]) >= 0.55,
            "floats": lambda mask: self.share_below(mask, "water") >= 0.55,
            "hangs": lambda mask: self.share_around(mask, "wall") >= 0.75,
            "part": lambda mask: self.part(mask, words["part"], words["color"]),
            "fills": lambda mask: mask.mean() >= 0.2,
            "under": lambda mask: self.under(mask),
        }
        if kind == "under":
            sky = self.objects == _number("sky")
            if not sky.any() or self.share(sky, words["color"], "color") < 0.5:
                return False
        if kind == "mostly":
            return self.share(np.ones_like(self.objects, bool), words["color"], "color") >= 0.5
        return kind not in tests or "one" not in words or any(tests[kind](mask) for mask in first)

    def check_scene(self, phrase: str) -> bool:
        return phrase.split(" ", 1)[1] == self.picture.scene and _article(phrase)

    def check_np(self, phrase: str) -> bool:
        first = phrase.split()[0]
        if first not in module.NUMBERS:
            return bool(self.read(phrase))
        number, words = module.NUMBERS.index(first), phrase.split()[1:]
        for start in range(len(words)):
            name = SINGULARS.get(" ".join(words[start:]))
            if name is not None:
                masks = self.components(name)
                return len(masks) == number and all(self.adjectives(mask, words[:start]) for mask in masks)
        return False

    check_np2 = check_np
    check_one = check_two = check_stander = check_boat = check_hanging = check_np

    def check_absent(self, plural: str) -> bool:
        return not (self.objects == _number(SINGULARS[plural])).any()

    def check_missing(self, name: str) -> bool:
        return not (self.objects == _number(name)).any()

    def check_single(self, name: str) -> bool:
        return len(self.components(name)) == 1

    def check_mass(self, name: str) -> bool:
        return bool((self.objects == _number(name)).mean() >= 0.25)

    def check_brightness(self, phrase: str) -> bool:
        mean = self.picture.image.mean()
        return bool(mean > 128 if phrase == "a bright" else mean < 90)

    def components(self, name: str) -> list[np.ndarray]:
        numbered = connected(self.objects == _number(name), connectivity=2)
        return [numbered == n for n in range(1, int(numbered.max()) + 1)]

    def read(self, phrase: str | None) -> list[np.ndarray]:
        """Patches of which a phrase such as "a large red brick house" is true."""
        if phrase is None:
            return []
        if not _article(phrase):
            return []
        words, found = phrase.split()[1:], []
        for start in range(len(words)):
            if (name := " ".join(words[start:])) in OBJECTS:
                found += [mask for mask in self.components(name) if self.adjectives(mask, words[:start])]
        return found

    def adjectives(self, mask: np.ndarray, words: list[str]) -> bool:
        for word in words:
            if word == "large":
                true = mask.mean() >= 0.1
            elif word == "small":
                true = mask.mean() <= 0.015
            elif word in COLORS:
                true = self.share(mask, word, "color") >= 0.5
            elif word in MATERIALS:
                true = self.share(mask, MATERIALS[word], "material") >= 0.5
            else:
                true = word in module.ADJECTIVES and self.share(mask, word, "texture") >= 0.5
            if not true:
                return False
        return True

    def share(self, mask: np.ndarray, name: str, category: str) -> float:
        channel = self.picture.labels[CATEGORIES.index(category)][mask]
        return float((channel == VOCABULARY.index(name, category)).mean())

    def whole(self, words: dict[str, str]) -> bool:
        mask = self.objects == _number(words["whole"])
        category = next(c for c in ("color", "material", "texture") if c in words)
        return bool(mask.any()) and self.share(mask, words[category], category) >= 0.5

    def part(self, mask: np.ndarray, part: str, color: str) -> bool:
        inside = mask & (self.picture.labels[CATEGORIES.index("part")] == VOCABULARY.index(part, "part"))
        return inside.sum() >= 10 and self.share(inside, color, "color") >= 0.5

    def share_below(self, mask: np.ndarray, name: str) -> float:
        below = np.zeros_like(mask)
        below[1:] = mask[:-1]
        return float((self.objects[below & ~mask] == _number(name)).mean())

    def share_around(self, mask: np.ndarray, name: str) -> float:
        near = np.zeros_like(mask)
        for y, x in np.argwhere(mask):
            near[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = True
        return float((self.objects[near & ~mask] == _number(name)).mean())

    def under(self, mask: np.ndarray) -> bool:
        largest = max(self.components("sky"), key=lambda sky: int(sky.sum()))
        return bool(np.nonzero(largest)[0].mean() < np.nonzero(mask)[0].mean())


def _pattern(form: str) -> str:
    choices = {
        "is": "is|are",
        "at": "in|on|at|near",
        "place": "|".join(module.PLACES),
        "relation": "|".join(sorted(module.RELATIONS, key=len, reverse=True)),
        "color": "|".join(COLORS),
        "texture": "|".join(module.ADJECTIVES),
        "material": "|".join(module.MATERIALS),
        "number": "|".join(module.NUMBERS),
        "brightness": "a bright|a dark",
        "whole": "|".join(module.WHOLES),
        "ground": "|".join(module.GROUNDS),
        "mass": "|".join(module.MASSES),
        "scene": "|".join(f"an? {scene}" for scene in SCENES),
    }
    pieces = re.split(r"{(\w+)}", form)
    for i in range(1, len(pieces), 2):
        pieces[i] = f"(?P<{pieces[i]}>{choices.get(pieces[i], '.+?')})"
    return "".join(pieces)


def _number(name: str) -> int:
    return VOCABULARY.index(name, "object")


def _article(phrase: str) -> bool:
    first, second = phrase.split()[:2]
    return first in module.NUMBERS or first == ("an" if second[0] in "aeiou" else "a")


def _middle(mask: np.ndarray) -> tuple[float, float]:
    ys, xs = np.nonzero(mask)
    return float(xs.mean()) / SIZE, float(ys.mean()) / SIZE


def _inside(mask: np.ndarray, place: str) -> bool:
    x, y = _middle(mask)
    true = {"left": x < 0.4, "right": x > 0.6, "top": y < 0.4, "upper": y < 0.4, "bottom": y > 0.6}
    true |= {"lower": y > 0.6, "middle": 0.3 < x < 0.7 and 0.25 < y < 0.75}
    return all(true[word] for word in place.split() if word in true)


def _related(mask: np.ndarray, other: np.ndarray, relation: str) -> bool:
    (x, y), (u, v) = _middle(mask), _middle(other)
    far = 0.35 if "far" in relation else 0.05
    if "left" in relation or "right" in relation:
        return (u - x if "left" in relation else x - u) > far
    return (v - y if relation.split()[-1] in ("above", "than") and "lower" not in relation else y - v) > far


@pytest.fixture(scope="module")
def described() -> list[tuple[str, int, list[str]]]:
    return [
        (scene, seed, captions_of(scene, seed, SIZE, np.random.default_rng([seed, number])))
        for number, scene in enumerate(SCENES)
        for seed in range(2)
    ]


def test_every_sentence_is_true(described: list[tuple[str, int, list[str]]]) -> None:
    wrong = []
    for scene, seed, sentences in described:
        checker = Checker(render(scene, seed, SIZE))
        assert len(set(sentences)) == 5
        wrong += [(scene, seed, sentence) for sentence in sentences if not checker.true(sentence)]
    assert not wrong


def test_the_checker_sees_what_is_false() -> None:
    checker = Checker(render("bedroom", 15, SIZE))
    for sentence in (
        "this is a kitchen",
        "a bedroom with a car",
        "there are three lamps",
        "there is no bed",
        "the ceiling is pink",
        "there is a green bed",
        "a bed is to the right of a bed",
        "the picture is mostly blue",
    ):
        assert not checker.true(sentence), sentence
    with pytest.raises(AssertionError, match="not a sentence"):
        checker.true("colorless green ideas")


def test_many_words_and_forms(described: list[tuple[str, int, list[str]]]) -> None:
    sentences = [sentence for _, _, five in described for sentence in five]
    words = Counter(word for sentence in sentences for word in sentence.split())
    assert len(module.VOCABULARY) == len(set(module.VOCABULARY)) > 250
    assert len(words) >= 150
    assert len(set(sentences)) > 0.85 * len(sentences)
    first = described[1]
    again = captions_of(first[0], first[1], SIZE, np.random.default_rng([first[1], 0]))
    assert again == first[2]


def test_tokens_and_back(described: list[tuple[str, int, list[str]]]) -> None:
    for _, _, sentences in described[:9]:
        tokens = encode(sentences)
        assert tokens.dtype == np.int16 and tokens.shape == (5, LENGTH)
        assert (tokens[:, 0] == 1).all() and ((tokens == 2).sum(1) == 1).all()
        assert [decode(row) for row in tokens] == sentences
    with pytest.raises(SettingError, match="'zebra'"):
        encode(["a zebra"])
    with pytest.raises(SettingError, match=r"19 words; at most 18"):
        encode(["a " * 19])
