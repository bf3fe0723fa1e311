"""The file `dissection.json`: what a saved dissection is, and a digest of each of its parts and of itself.

The file begins with the digest of all that follows it, so that a change anywhere is noticed. What it says is
checked by type and bounds, whoever wrote it. Files of format 1 have no digests, and are read all the same.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from dissect_widgets.core.dissection.sealed import seal, unseal
from dissect_widgets.errors import SavedError, shortened, shown

NAME = "dissection.json"
FORMAT = 2
"""Version of the files; raised when their meaning changes."""
_NUMBER = "(?:0|[1-9][0-9]{0,17})"
_PART = re.compile(
    rf"(?:common|layer-{_NUMBER})(?:\.[0-9a-f]{{16}})?\.safetensors|pictures/{_NUMBER}(?:\.[0-9a-f]{{16}})?\.jpg"
)
UNCHECKED = "not checked: it was read from files of format 1, which have none"
"""What `provenance["digests"]` says of a dissection whose parts have no digests."""


Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Side = Annotated[int, msgspec.Meta(ge=1, le=2**20)]
Place = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Step = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
DigestOrNone = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1)]
GridEntry = tuple[Side, Side, Place, Place, Step, Step, Literal["receptive-field", "half-pixel"]]


class LayerEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What JSON says of a layer."""

    name: Name
    kind: Name
    grid: GridEntry
    exemplar_grid: GridEntry
    levels: Annotated[
        tuple[Annotated[float, msgspec.Meta(gt=0, lt=1)], ...], msgspec.Meta(min_length=1, max_length=1000)
    ]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Size of a file in bytes, and its digest; "" in format 1."""

    size: Count
    digest: DigestOrNone = ""


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What JSON says of a dissection."""

    model: str
    images: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    picture_size: tuple[Side, Side]
    label_size: tuple[Side, Side]
    concepts: tuple[tuple[Name, Name], ...]
    layers: Annotated[tuple[LayerEntry, ...], msgspec.Meta(min_length=1, max_length=10**5)]
    skipped: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    provenance: dict[str, Any]


class Manifest(NamedTuple):
    """The content of the file."""

    about: About
    parts: dict[str, Part]
    """By path within the folder."""


def part_name(stem: str, digest: str) -> str:
    """Path of a part within the folder, with its digest, so that a new part never replaces another."""
    suffix = "jpg" if stem.startswith("pictures/") else "safetensors"
    return f"{stem}.{digest[:16]}.{suffix}" if digest else f"{stem}.{suffix}"


def stem_of(part: str) -> str:
    """What a part is: "common", "layer-3", "pictures/17"."""
    return part.partition(".")[0]


def is_part(name: str) -> bool:
    """Whether a file of this path within the folder can only be a part, for its name has a digest."""
    return _PART.fullmatch(name) is not None and name.count(".") == 2


def manifest_bytes(manifest: Manifest, path: Path) -> bytes:
    """Content of the file; SavedError, naming its `path`, if what it is to say could not be read back."""
    asdict = msgspec.structs.asdict
    content = {
        "format": FORMAT,
        **asdict(manifest.about),
        "layers": [asdict(layer) for layer in manifest.about.layers],
        "files": {name: asdict(part) for name, part in manifest.parts.items()},
    }
    raw = seal(content, shortened(path))
    parse_manifest(raw, path)
    return raw


def parse_manifest(raw: bytes, path: Path) -> Manifest:
    """Read the content of the file.

    Parameters
    ----------
    raw
        Its bytes.
    path
        Its name, for errors.

    Raises
    ------
    SavedError
        If it was changed after it was written, is of another version, or says what cannot be.
    """
    name = shortened(path)
    content, intact = unseal(raw, name)
    version = content.pop("format", None)
    if type(version) is not int:
        raise SavedError(f"{name} is damaged, or is not of a dissection: it says no format.")
    if version not in (1, FORMAT):
        provenance = content.get("provenance")
        by = provenance.get("dissect_widgets") if isinstance(provenance, dict) else None
        by = shortened(by, 40) if isinstance(by, str) else "of another version"
        raise SavedError(
            f"{shortened(path.parent)} was written in format {shown(version)}, by dissect_widgets {by}; this "
            f"version reads formats 1 and {FORMAT}. Dissect again, or use that version."
        )
    if version == FORMAT and not intact:
        raise SavedError(f"{name} is damaged: its digest is not that of what was written.")
    files = content.pop("files", None)
    try:
        parts = _parts(files, version)
        about = msgspec.convert(content, About)
        _check_names(parts, len(about.layers))
    except (msgspec.ValidationError, RecursionError, SavedError) as error:
        raise SavedError(f"{name} is damaged: {shortened(error, 400)}.") from error
    if version == 1:
        about.provenance["digests"] = UNCHECKED
    return Manifest(about, parts)


def _parts(files: Any, version: int) -> dict[str, Part]:
    if version == FORMAT:
        parts = msgspec.convert(files, dict[str, Part])
        if not all(part.digest for part in parts.values()):
            raise SavedError("a file has no digest")
        return parts
    return {name: Part(size=size) for name, size in msgspec.convert(files, dict[str, Count]).items()}


def _check_names(parts: dict[str, Part], layers: int) -> None:
    """Raise a SavedError unless the parts are those that such a dissection has, by the names that we give."""
    for name, part in parts.items():
        stem = stem_of(name)
        if not _PART.fullmatch(name) or name != part_name(stem, part.digest):
            raise SavedError(f"it names the file {shown(name)}, which is not of a dissection")
    stems = {stem_of(name) for name in parts}
    arrays = {"common", *(f"layer-{number}" for number in range(layers))}
    named = {stem for stem in stems if not stem.startswith("pictures/")}
    if len(stems) != len(parts) or named != arrays:
        raise SavedError(f"it says {layers} layers, and names the files {shown(sorted(parts))}")
