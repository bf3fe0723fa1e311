"""The words of captions: forms of sentences, what fills them, the vocabulary, and tokens.

>>> encode(["a red car on the road"])           # int16 (1, LENGTH), padded with 0
>>> decode(encode(["a red car on the road"])[0])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dissect_widgets.concepts.colors import COLOR_NAMES
from dissect_widgets.errors import SettingError, shown
from dissect_widgets.world.caption_facts import COUNTED, LEAST
from dissect_widgets.world.scenery.names import OBJECTS, PARTS, TEXTURES
from dissect_widgets.world.scenery.vocabulary import SCENES

SENTENCES: Final = 5
LENGTH: Final = 20
"""Tokens of a sentence, with the one it starts and the one it ends with."""

TEMPLATES: Final[dict[str, tuple[str, ...]]] = {
    "scene": (
        "this is {scene}",
        "a picture of {scene}",
        "we see {scene}",
        "here is {scene}",
        "a view of {scene}",
        "the picture shows {scene}",
        "it looks like {scene}",
    ),
    "scene with": (
        "{scene} with {np}",
        "{scene} with {np} and {np2}",
        "{np} {at} {scene}",
        "we see {np} {at} {scene}",
        "{np} and {np2} {at} {scene}",
        "a picture of {scene} with {np}",
        "there {is} {np} {at} {scene}",
        "this is {scene} with {np} and {np2}",
    ),
    "scene without": (
        "{scene} without {absent}",
        "a picture of {scene} without any {absent}",
        "no {absent} {at} {scene}",
    ),
    "there is": (
        "there {is} {np}",
        "{np} can be seen",
        "one can see {np}",
        "we see {np} and {np2}",
        "{np} and {np2}",
        "the picture shows {np}",
        "someone has drawn {np}",
    ),
    "place": (
        "there is {one} {place}",
        "{one} {place}",
        "{place} there is {one}",
        "{place} we see {one}",
        "{one} can be seen {place}",
        "{one} is {place} of the picture",
        "{place} of the picture is {one}",
    ),
    "relation": (
        "{one} is {relation} {two}",
        "{one} {relation} {two}",
        "there is {one} {relation} {two}",
        "{one} can be seen {relation} {two}",
        "we see {one} {relation} {two}",
        "{one} appears {relation} {two}",
    ),
    "larger": ("{one} looks larger than {two}", "{two} looks smaller than {one}"),
    "ground": (
        "{one} is on the {ground}",
        "{one} on the {ground}",
        "below {one} is the {ground}",
        "there is {one} on the {ground}",
        "we see {one} on the {ground}",
    ),
    "stands": ("{stander} stands on the {ground}", "{stander} standing on the {ground}"),
    "floats": ("{boat} floats on the water", "{boat} floating on the water"),
    "hangs": ("{hanging} hangs on the wall", "{hanging} hanging on the wall", "on the wall hangs {hanging}"),
    "color of": (
        "the {whole} is {color}",
        "the color of the {whole} is {color}",
        "the {whole} looks {color}",
        "we see the {color} {whole}",
    ),
    "made of": ("the {whole} is made of {material}", "a {whole} made of {material}"),
    "texture of": ("the {whole} is {texture}", "the {whole} has a {texture} surface"),
    "under": ("{one} under a {color} sky", "a {color} sky above {one}", "a {color} sky over {scene}"),
    "part": (
        "{one} with a {color} {part}",
        "{one} has a {color} {part}",
        "the {part} of {one} is {color}",
        "we see the {color} {part} of {one}",
    ),
    "absent": (
        "there is no {missing}",
        "no {missing} is in sight",
        "there are no {absent}",
        "not a single {missing}",
        "one cannot see any {absent}",
        "{absent} are missing",
    ),
    "nobody": ("nobody is in the picture", "nobody is here", "nobody can be seen {at} {scene}"),
    "mostly": (
        "most of the picture is {color}",
        "the picture is mostly {color}",
        "{scene} in which most is {color}",
    ),
    "light": ("{brightness} picture of {scene}", "{scene} in {brightness} picture"),
    "much": (
        "there is a lot of {mass}",
        "a lot of {mass} is in the picture",
        "{mass} fills much of the picture",
        "{scene} with a lot of {mass}",
    ),
    "fills": ("{one} takes up much of the picture", "{one} fills a large part of the picture"),
    "number": (
        "there are {number} {plural}",
        "one can count {number} {plural}",
        "{number} {plural} are in the picture",
        "{number} {plural} and no more",
        "we see exactly {number} {plural}",
    ),
    "only": ("there is only one {single}", "a single {single}", "just one {single} is in the picture"),
}
"""Forms of sentences by what they say."""

AT: Final = {
    "ski slope": "on",
    "mountain lake": "at",
    "airfield": "on",
    "highway": "on",
    "church": "near",
    "village street": "on",
    "farmhouse": "near",
    "beach": "on",
    "river": "near",
    "forest path": "on",
    "city street": "on",
}
"""What a thing is of a scene that it is not in."""

PLURALS: Final = {
    "person": "people",
    "bus": "buses",
    "bench": "benches",
    "bush": "bushes",
    "church": "churches",
    "cactus": "cactuses",
}

MASSES: Final = ("grass", "snow", "sand", "water")
WHOLES: Final = ("sky", "floor", "ceiling", "grass", "snow", "sand", "water", "carpet", "road", "path")
"""What there is one of, or what has no number: "the sky"."""

UNSPOKEN: Final = (*WHOLES, "cloud", "wall", "field", "mountain")
"""What is not "a" thing that something stands beside."""

ABSENT: Final = (
    "person",
    "car",
    "truck",
    "bus",
    "airplane",
    "boat",
    "tractor",
    "bicycle",
    "cow",
    "bird",
    "tree",
    "house",
    "window",
    "door",
    "chair",
    "table",
    "lamp",
    "bed",
    "clock",
    "painting",
    "book",
    "bench",
    "sign",
    "flower",
    "plant",
    "sofa",
    "umbrella",
    "fence",
    "building",
    "curtain",
    "cactus",
    "mirror",
    "cloud",
    "bush",
)
"""What can be missed."""

MATERIALS: Final = {
    "wood": "wooden",
    "brick": "brick",
    "stone": "stone",
    "metal": "metal",
    "glass": "glass",
    "fabric": "fabric",
    "plastic": "plastic",
    "ceramic": "ceramic",
    "leather": "leather",
    "paper": "paper",
}
"""Materials that are spoken of, and their adjectives."""

ADJECTIVES: Final = tuple(name for name in TEXTURES if name != "grid")
"""Textures whose names are adjectives."""

NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
SIZES: Final = {"large": (0.12, 1.0), "small": (LEAST, 0.012)}
"""Sizes as shares of the picture, from and to."""

PLACES: Final = {
    "on the left": (0.0, 0.36, 0.0, 1.0),
    "on the right": (0.64, 1.0, 0.0, 1.0),
    "in the middle": (0.36, 0.64, 0.3, 0.7),
    "at the top": (0.0, 1.0, 0.0, 0.3),
    "at the bottom": (0.0, 1.0, 0.7, 1.0),
    "in the upper left corner": (0.0, 0.3, 0.0, 0.3),
    "in the upper right corner": (0.7, 1.0, 0.0, 0.3),
    "in the lower left corner": (0.0, 0.3, 0.7, 1.0),
    "in the lower right corner": (0.7, 1.0, 0.7, 1.0),
}
"""Where the middle of a patch lies: least and most x, least and most y."""

RELATIONS: Final = {
    "to the left of": (-1.0, 0.0, 0.15),
    "left of": (-1.0, 0.0, 0.15),
    "to the right of": (1.0, 0.0, 0.15),
    "right of": (1.0, 0.0, 0.15),
    "above": (0.0, -1.0, 0.15),
    "below": (0.0, 1.0, 0.15),
    "higher than": (0.0, -1.0, 0.1),
    "lower than": (0.0, 1.0, 0.1),
    "far to the left of": (-1.0, 0.0, 0.45),
    "far to the right of": (1.0, 0.0, 0.45),
    "far above": (0.0, -1.0, 0.4),
    "far below": (0.0, 1.0, 0.4),
}
"""By how much the middle of one patch lies from that of another, at least: direction (x, y), and share of the
picture."""

GROUNDS: Final = (
    "grass",
    "snow",
    "sand",
    "road",
    "path",
    "floor",
    "carpet",
    "dock",
    "table",
    "desk",
    "field",
)
STANDERS: Final = (
    "car",
    "truck",
    "bus",
    "tractor",
    "bicycle",
    "airplane",
    "cow",
    "street lamp",
    "traffic light",
    "sign",
    "bench",
    "chair",
    "table",
    "desk",
    "cabinet",
    "bookcase",
    "bed",
    "sofa",
    "armchair",
    "stove",
    "refrigerator",
    "television",
    "lamp",
    "plant",
    "house",
    "church",
    "lighthouse",
    "tree",
    "pine tree",
    "palm tree",
    "cactus",
    "suitcase",
    "vase",
    "computer",
    "toilet",
    "bathtub",
    "fence",
    "barn",
    "tower",
)
HANGING: Final = ("painting", "mirror", "clock", "blackboard")
DEPICTED: Final = (
    "person",
    "tree",
    "house",
    "boat",
    "flower",
    "plant",
    "cloud",
    "car",
    "bird",
    "cow",
    "building",
)
"""What may be seen on paintings and screens, where it is not labeled."""

BRIGHTNESS: Final = {"a bright": (150.0, 256.0), "a dark": (0.0, 80.0)}
"""Mean brightness, from and to."""


def a(phrase: str) -> str:
    """A phrase with its article."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def plural_of(noun: str) -> str:
    """Plural of a noun of one or two words."""
    return PLURALS.get(noun, f"{noun}s")


def _all_words() -> tuple[str, ...]:
    """Every word that can be said, in order."""
    forms = [form for forms in TEMPLATES.values() for form in forms]
    words = {word for form in forms for word in form.split() if "{" not in word}
    phrases = [
        *OBJECTS,
        *PARTS,
        *SCENES,
        *COLOR_NAMES,
        *ADJECTIVES,
        *MATERIALS,
        *MATERIALS.values(),
        *NUMBERS[2:],
        *SIZES,
        *PLACES,
        *RELATIONS,
        *BRIGHTNESS,
        *(plural_of(name) for name in {*COUNTED, *ABSENT}),
        "a",
        "an",
        "is",
        "are",
        "in",
        *AT.values(),
    ]
    return tuple(sorted(words | {word for phrase in phrases for word in phrase.split()}))


MARKS: Final = ("<none>", "<start>", "<end>")
"""Tokens 0, 1 and 2: padding, and the ends of a sentence."""

_FIRST_WORDS: Final = """
a above airfield airplane airplanes an and any appears arch are arm armchair armrest at awning back
balcony barn basin bathroom bathtub be beach beak bed bedroom beds below bench benches bicycle bicycles
bird birds black blackboard blanket blue boat boats body book bookcase books bottom box brick bricked
bridge bright brown building buildings bumper burner bus buses bush bushes cabin cabinet cable cactus
cactuses can cannot canopy car cargo carpet cars ceiling ceramic chair chairs chequered chimney church
city classroom clock clocks cloud clouds color column computer corner count cow cows cross crown curtain
curtains cushion dark desert desk dining dock dome door doors dotted drawer drawn eight engine exactly
fabric facade face far farmhouse faucet fence fences field fills fire fireplace five flecked floating
floats floor flower flowers forest four frame glass grass green grey grooved hair hand handle handlebar
hanging hangs harbor has head headboard headlight here higher highway horn hotel house houses hull in is
it just keyboard kitchen lake lamp lamps lampshade large larger leaf leather left leg library lift light
lighthouse lights like living looks lot lower made mantel marbled mast mattress metal middle mirror
mirrors missing more most mostly mountain much near no nobody not of office on one only orange oven over
painting paintings palm pane panel paper park part path peak people person petal picture pillow pine
pink plant plants plastic pole post pot purple railing red refrigerator refrigerators right river road
rock rod roof room sail sand scaly screen seat see seen seven shelf shows shutter sight sign signs sill
single sink six ski sky slope small smaller snow snowy sofa sofas someone spire standing stands stem
step stone stove stoves street striped suitcase suitcases surface table tables tail takes tassel
television televisions than the there this three to toilet toilets top torso towel tower tractor
tractors traffic tree trees truck trucks trunk two umbrella umbrellas under up upper vase vases view
village wall water wave we wheel which white window windows windshield wing with without wood wooden
woven wrinkled yellow zigzagged
""".split()  # noqa: SIM905

SHIPPED: Final = len(MARKS) + len(_FIRST_WORDS)
"""Number of tokens that the captioner in the package knows; these come first, whatever else is drawn."""

VOCABULARY: Final = (*MARKS, *_FIRST_WORDS, *(word for word in _all_words() if word not in _FIRST_WORDS))
"""All tokens."""

_TOKENS: Final = {word: token for token, word in enumerate(VOCABULARY)}


def encode(sentences: Sequence[str]) -> NDArray[np.int16]:
    """Sentences as tokens, int16 (sentences, `LENGTH`), each with its start and end, padded with 0.

    Raises
    ------
    SettingError
        If a sentence has a word that is not in the vocabulary, or too many.
    """
    tokens = np.zeros((len(sentences), LENGTH), np.int16)
    for row, sentence in zip(tokens, sentences, strict=True):
        words = sentence.split()
        unknown = [word for word in words if word not in _TOKENS]
        if unknown:
            raise SettingError(f"The word {shown(unknown[0])} is in no caption.")
        if len(words) > LENGTH - 2:
            raise SettingError(f"There are {len(words)} words; at most {LENGTH - 2} are allowed.")
        row[: len(words) + 2] = [1, *(_TOKENS[word] for word in words), 2]
    return tokens


def decode(tokens: Sequence[int] | NDArray[np.integer]) -> str:
    """The sentence of some tokens, up to its end."""
    words = []
    for token in tokens:
        if token == 2:
            break
        if token > 2:
            words.append(VOCABULARY[int(token)])
    return " ".join(words)
