"""Names as they may be shown: those of concepts, classes, layers and files are untrusted, and may be long."""

from __future__ import annotations

import hashlib
import unicodedata
from html import escape
from typing import Final

_SHOWN: Final = ("Zs", "L", "M", "N", "P", "S")
"""Categories of characters that show something, and change nothing else."""
_MOST_MARKS: Final = 4
"""Marks above or below a letter: more of them reach over the lines around it."""
_LONGEST: Final = 100
_LONGEST_TITLE: Final = 240


def plain(name: str) -> str:
    """Text in one line: without breaks, and without marks that turn around or hide what follows."""
    if name.isascii() and name.isprintable():
        return name
    shown, marks = [], 0
    for c in name:
        category = unicodedata.category(c)
        marks = marks + 1 if category.startswith("M") else 0
        if marks <= _MOST_MARKS:
            shown.append(c if category.startswith(_SHOWN) else " ")
    return "".join(shown)


def short(name: str, longest: int = _LONGEST) -> str:
    """A text, or its ends with its length and a digest between: different texts stay different."""
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    middle = f"… {len(name)} characters, {digest} …"
    kept = max(longest - len(middle), 8)
    return f"{name[: kept - kept // 3]}{middle}{name[-(kept // 3) :]}"


def inert(name: str) -> str:
    """A name as HTML: one line of text, neither markup nor script."""
    return escape(plain(name))


def sentence(words: str) -> str:
    """A sentence with names in it for plotly; see `text`."""
    return text(words, _LONGEST_TITLE)


def text(name: str, longest: int = _LONGEST) -> str:
    """A name for plotly, which reads labels as HTML, formulas between dollars, and templates.

    Different names stay different, since plotly puts bars of the same name at the same place: what cannot be
    shown is named by its number.
    """
    if not (name.isascii() and name.isprintable()):
        name = "".join(c if plain(c) == c else f"⟨{ord(c):X}⟩" for c in name)
    whole = escape(short(name, longest), quote=False)
    return whole.replace("$", "&#36;").replace("%{", "&#37;{")
