"""JSON that begins with the digest of all that follows it, so that a change anywhere in it is noticed."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from dissect_widgets.core.files.digest import digest_of
from dissect_widgets.core.files.json_files import parse_json
from dissect_widgets.errors import SavedError, shortened

_HEAD, _TAIL = b'{\n "digest": "', b'",\n'
_HALF = re.compile("[\ud800-\udfff]")


class Sealed(NamedTuple):
    """What JSON says, but for its digest."""

    content: dict[str, Any]
    intact: bool
    """Whether it is as it was written."""


def seal(content: dict[str, Any], name: str) -> bytes:
    """Bytes of a JSON file; SavedError if JSON cannot hold the content of what is called `name`.

    Half characters, as of names of files that are not Unicode, become the six characters of their number.
    """
    try:
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SavedError(f"{name} cannot be written: {shortened(error)}.") from error
    text = _HALF.sub(lambda half: f"\\\\u{ord(half[0]):x}", text)
    rest = _TAIL + text[2:].encode()
    return _HEAD + digest_of(rest).encode() + rest


def unseal(raw: bytes, name: str) -> Sealed:
    """Read JSON, sealed or not; SavedError, naming it, if it is no JSON or not a dict."""
    content = parse_json(raw, name=name)
    if not isinstance(content, dict):
        raise SavedError(f"{name} is damaged: it holds no dict.")
    content.pop("digest", None)
    start = len(_HEAD) + 64
    digest = digest_of(raw[start:]).encode()
    return Sealed(content, raw.startswith(_HEAD) and raw[len(_HEAD) : start] == digest)
