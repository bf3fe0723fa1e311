"""Five sentences for each picture, from what was drawn, right in every word.

>>> captions_of("kitchen", seed=7, size=96, rng=np.random.default_rng(7))
['a kitchen with a wooden cabinet', 'there is no person', 'a red stove is to the left of a window', ...]
>>> encode(_), decode(encode(_)[0])             # int16 (5, LENGTH), padded with 0; and back

"A car" is said of any car; what else is said of it (color, place, neighbors) holds for one and the same.
Numbers are said only where they are certain, and nothing is said of what is tiny.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from dissect_widgets.concepts.colors import COLOR_NAMES
from dissect_widgets.world.caption_facts import Facts, Patch, Traits, facts_of
from dissect_widgets.world.caption_words import (
    ABSENT,
    ADJECTIVES,
    AT,
    BRIGHTNESS,
    DEPICTED,
    GROUNDS,
    HANGING,
    LENGTH,
    MARKS,
    MASSES,
    MATERIALS,
    NUMBERS,
    PLACES,
    RELATIONS,
    SENTENCES,
    SIZES,
    STANDERS,
    TEMPLATES,
    UNSPOKEN,
    VOCABULARY,
    WHOLES,
    a,
    decode,
    encode,
    plural_of,
)
from dissect_widgets.world.views import look, scene_canvas

__all__ = ["LENGTH", "MARKS", "SENTENCES", "VOCABULARY", "captions", "captions_of", "decode", "encode"]

_RARER: Final = {"absent": 0.25, "nobody": 0.25, "scene without": 0.25, "light": 0.5, "mostly": 0.5}
# what could be said of almost any picture


def captions_of(scene: str, seed: int, size: int, rng: np.random.Generator) -> list[str]:
    """Five sentences for a picture of the world, as `render` draws it."""
    canvas = scene_canvas(scene, seed)
    return captions(facts_of(scene, canvas, look(canvas, size)), rng)


def captions(facts: Facts, rng: np.random.Generator) -> list[str]:
    """Five different sentences that are true, the first of them about the scene."""
    first = ("scene", "scene with", "scene with", "scene with", "scene without")
    result = [_first_of(facts, rng, [first[i] for i in rng.permutation(len(first))], set())]
    kinds = [kind for kind in TEMPLATES if kind != "scene"]
    weights = np.array([_RARER.get(kind, 1.0) for kind in kinds])
    used: set[str] = set()
    while len(result) < SENTENCES:
        drawn = np.argsort(rng.exponential(1 / weights))
        order = [kinds[i] for i in drawn if kinds[i] not in used]
        sentence = _first_of(facts, rng, order or ["scene"], used)
        if sentence not in result:
            result.append(sentence)
    return result


def _first_of(facts: Facts, rng: np.random.Generator, kinds: Sequence[str], used: set[str]) -> str:
    """The first sentence that can be said; its kind goes into `used`."""
    for kind in kinds:
        sentence = _Speaker(facts, rng).say(kind)
        used.add(kind)
        if sentence is not None and len(sentence.split()) <= LENGTH - 2:
            return sentence
    return f"this is {a(facts.scene)}" if rng.random() < 0.5 else f"we see {a(facts.scene)}"


class _Speaker:
    """One sentence in the making.

    Parameters
    ----------
    facts
        What is known of the picture.
    rng
        Chooses among what can be said.
    """

    def __init__(self, facts: Facts, rng: np.random.Generator) -> None:
        self.facts, self.rng = facts, rng
        self.nouns = [name for name in facts.patches if name not in UNSPOKEN]

    def say(self, kind: str) -> str | None:
        """A sentence of a kind, or None if none can be said."""
        template = str(self.pick(TEMPLATES[kind]))
        words = _FILLERS[kind](self)
        if words is None or ("{np2}" in template and "np2" not in words):
            return None
        return template.format(scene=a(self.facts.scene), at=AT.get(self.facts.scene, "in"), **words)

    def pick(self, options: Sequence[str]) -> str | None:
        """One of several, or None if there are none."""
        return str(options[int(self.rng.integers(len(options)))]) if options else None

    def patch(self, names: Sequence[str] | None = None) -> Patch | None:
        """Any patch, or one of an object of some names."""
        name = self.pick([noun for noun in self.nouns if names is None or noun in names])
        if name is None:
            return None
        patches = self.facts.patches[name]
        return patches[int(self.rng.integers(min(len(patches), 3)))]

    def patches(self) -> tuple[Patch, Patch] | None:
        """Two patches of different objects."""
        if len(self.nouns) < 2:
            return None
        first, second = self.rng.permutation(len(self.nouns))[:2].tolist()
        return self.facts.patches[self.nouns[first]][0], self.facts.patches[self.nouns[second]][0]

    def phrase(self, patches: Sequence[Patch], number: int | None = None) -> str:
        """Words for a patch, or for all of a number of them: adjectives true of each, and the noun."""
        traits = [patch.traits if patch.name != "person" else _NONE for patch in patches]
        fitting = [size for size, (least, most) in SIZES.items() if _within(patches, least, most)]
        possible = (
            (fitting, 0.4),
            (_shared([each.color for each in traits]), 0.6),
            (_shared([each.texture if each.texture in ADJECTIVES else None for each in traits]), 0.5),
            (_shared([MATERIALS.get(each.material or "") for each in traits]), 0.35),
        )
        words = [options[0] for options, chance in possible if options and self.rng.random() < chance][:2]
        noun = patches[0].name
        if number is None:
            return a(" ".join([*words, noun]))
        return " ".join([NUMBERS[number], *words, plural_of(noun)])

    def several(self) -> dict[str, str] | None:
        """Phrases for one object or two, each one of them or all where the number is certain."""
        words: dict[str, str] = {}
        for place, number in enumerate(self.rng.permutation(len(self.nouns))[:2].tolist()):
            name = self.nouns[number]
            known = self.facts.counts.get(name, 0)
            many = 2 <= known < len(NUMBERS) and self.rng.random() < 0.8
            patches = self.facts.patches[name] if many else self.facts.patches[name][:1]
            words["np2" if place else "np"] = self.phrase(patches, known if many else None)
            words.setdefault("is", "are" if many else "is")
        return words or None

    def place(self) -> dict[str, str] | None:
        """A patch and where it is."""
        patch = self.patch()
        if patch is None:
            return None
        place = self.pick(
            [
                words
                for words, (left, right, top, bottom) in PLACES.items()
                if left <= patch.x < right and top <= patch.y < bottom
            ]
        )
        return None if place is None else {"one": self.phrase([patch]), "place": place}

    def relation(self) -> dict[str, str] | None:
        """Two patches and how they lie to one another."""
        pair = self.patches()
        if pair is None:
            return None
        dx, dy = pair[0].x - pair[1].x, pair[0].y - pair[1].y
        relation = self.pick(
            [words for words, (x, y, least) in RELATIONS.items() if dx * x + dy * y >= least]
        )
        if relation is None:
            return None
        return {"one": self.phrase(pair[:1]), "two": self.phrase(pair[1:]), "relation": relation}

    def larger(self) -> dict[str, str] | None:
        """Two patches of which the first is much larger."""
        pair = self.patches()
        if pair is None or pair[0].share < 1.6 * pair[1].share:
            return None
        return {"one": self.phrase(pair[:1]), "two": self.phrase(pair[1:])}

    def ground(self) -> dict[str, str] | None:
        """A patch and what is below it."""
        patch = self.patch()
        if patch is None or patch.below not in GROUNDS:
            return None
        return {"one": self.phrase([patch]), "ground": str(patch.below)}

    def stander(self) -> dict[str, str] | None:
        """A thing that stands on something."""
        patch = self.patch(STANDERS)
        if patch is None or patch.below not in GROUNDS:
            return None
        return {"stander": self.phrase([patch]), "ground": str(patch.below)}

    def boat(self) -> dict[str, str] | None:
        """A boat on the water."""
        patch = self.patch(("boat",))
        return {"boat": self.phrase([patch])} if patch is not None and patch.below == "water" else None

    def hanging(self) -> dict[str, str] | None:
        """A thing on the wall."""
        patch = self.patch(HANGING)
        return {"hanging": self.phrase([patch])} if patch is not None and patch.around == "wall" else None

    def whole(self, trait: str) -> dict[str, str] | None:
        """What there is one of, and its color, material or texture."""
        allowed = {"color": COLOR_NAMES, "material": tuple(MATERIALS), "texture": ADJECTIVES}[trait]
        options: dict[str, str] = {
            name: str(getattr(self.facts.traits[name], trait))
            for name in WHOLES
            if name in self.facts.traits and getattr(self.facts.traits[name], trait) in allowed
        }
        name = self.pick(list(options))
        return None if name is None else {"whole": name, trait: options[name]}

    def under(self) -> dict[str, str] | None:
        """A patch under the sky."""
        sky, patch = self.facts.patches.get("sky"), self.patch()
        color = self.facts.traits["sky"].color if "sky" in self.facts.traits else None
        if sky is None or patch is None or color is None or patch.y < sky[0].y + 0.15:
            return None
        return {"one": self.phrase([patch]), "color": color}

    def part(self) -> dict[str, str] | None:
        """A patch and the color of a part of it."""
        patch = self.patch()
        options = [] if patch is None else [part for part, color in patch.parts.items() if color is not None]
        part = self.pick(options)
        if patch is None or part is None:
            return None
        return {"one": self.phrase([patch]), "part": part, "color": str(patch.parts[part])}

    def absent(self) -> dict[str, str] | None:
        """What is not there at all."""
        hidden = {"painting", "television", "mirror"} & set(self.facts.shares)
        name = self.pick([n for n in ABSENT if n not in self.facts.shares and not (hidden and n in DEPICTED)])
        return None if name is None else {"absent": plural_of(name), "missing": name}

    def nobody(self) -> dict[str, str] | None:
        """That there are no people, nor pictures of them."""
        seen = {"person", "painting", "television", "mirror"} & set(self.facts.shares)
        return None if seen else {}

    def number(self) -> dict[str, str] | None:
        """A number of things."""
        counts = self.facts.counts
        name = self.pick([noun for noun in self.nouns if 2 <= counts.get(noun, 0) < len(NUMBERS)])
        return None if name is None else {"number": NUMBERS[counts[name]], "plural": plural_of(name)}

    def single(self) -> dict[str, str] | None:
        """A thing that is there once."""
        name = self.pick([noun for noun in self.nouns if self.facts.counts.get(noun) == 1])
        return None if name is None else {"single": name}

    def mostly(self) -> dict[str, str] | None:
        """Color of most of the picture."""
        return None if self.facts.color is None else {"color": self.facts.color}

    def brightness(self) -> dict[str, str] | None:
        """Whether the picture is bright or dark."""
        words = self.pick(
            [words for words, (least, most) in BRIGHTNESS.items() if least <= self.facts.light < most]
        )
        return None if words is None else {"brightness": words}

    def mass(self) -> dict[str, str] | None:
        """What there is a lot of."""
        name = self.pick([mass for mass in MASSES if self.facts.shares.get(mass, 0.0) >= 0.3])
        return None if name is None else {"mass": name}

    def filling(self) -> dict[str, str] | None:
        """A patch that takes a quarter of the picture."""
        patch = self.patch()
        return {"one": self.phrase([patch])} if patch is not None and patch.share >= 0.25 else None


_NONE: Final = Traits(None, None, None)  # nothing is said of people's colors


def _within(patches: Sequence[Patch], least: float, most: float) -> bool:
    """Whether all patches are of some size."""
    return all(least <= patch.share < most for patch in patches)


def _shared(values: Sequence[str | None]) -> list[str]:
    """What all of several have, if they have the same."""
    return [values[0]] if values[0] is not None and len(set(values)) == 1 else []


_FILLERS: Final[dict[str, Callable[[_Speaker], dict[str, str] | None]]] = {
    "scene": lambda speaker: {},
    "scene with": _Speaker.several,
    "scene without": _Speaker.absent,
    "there is": _Speaker.several,
    "place": _Speaker.place,
    "relation": _Speaker.relation,
    "larger": _Speaker.larger,
    "ground": _Speaker.ground,
    "stands": _Speaker.stander,
    "floats": _Speaker.boat,
    "hangs": _Speaker.hanging,
    "color of": lambda speaker: speaker.whole("color"),
    "made of": lambda speaker: speaker.whole("material"),
    "texture of": lambda speaker: speaker.whole("texture"),
    "under": _Speaker.under,
    "part": _Speaker.part,
    "absent": _Speaker.absent,
    "nobody": _Speaker.nobody,
    "mostly": _Speaker.mostly,
    "light": _Speaker.brightness,
    "much": _Speaker.mass,
    "fills": _Speaker.filling,
    "number": _Speaker.number,
    "only": _Speaker.single,
}
"""What fills the braces of each kind of sentence."""
