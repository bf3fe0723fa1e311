"""JSON of others is bounded, and only JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dissect_widgets.core.files.digest import digest_of, digest_of_file
from dissect_widgets.core.files.json_files import read_dict, read_json
from dissect_widgets.errors import DataError, SavedError


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b"NaN", "NaN is not a number"),
        (b"[1, -Infinity]", "is not a number"),
        (b"[1e999]", "too large"),
        (b"9" * 5000, "damaged"),
        (b"[" * 100_000, "deep"),
        (b"[" * 65 + b"]" * 65, "deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deep"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        (b"\xff\xfe1", "damaged"),
        (b'["\\ud800"]', "damaged"),
        (b'{"\\udfff": 1}', "damaged"),
        (b'["a\nb"]', "damaged"),
        (b"[1,]", "damaged"),
        (b"1 2", "damaged"),
    ],
    ids=range(16),
)
def test_what_is_not_plain_json_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(SavedError, match=r"x\.json") as raised:
        read_json(path)
    assert says in str(raised.value) and len(str(raised.value)) < 500
    with pytest.raises(DataError):
        read_json(path, error=DataError)


@pytest.mark.parametrize(
    "value", [None, 0, 1e308, -0.0, "é\u2028</script>", {"a": [1, {"b": []}]}, "\U0001f600", {"": ""}, 2**64]
)
def test_what_was_written_is_read(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    assert read_json(path) == value
    assert digest_of_file(path) == digest_of(path.read_bytes()) == digest_of(memoryview(path.read_bytes()))


def test_the_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps("x" * 98))
    assert read_json(path, most_bytes=100) == "x" * 98
    with pytest.raises(SavedError, match="more than 99 bytes"):
        read_json(path, most_bytes=99)


@pytest.mark.parametrize("path", ["missing", ".", "x" * 300])
def test_files_that_cannot_be_read(tmp_path: Path, path: str) -> None:
    with pytest.raises(SavedError, match="cannot be read"):
        read_json(tmp_path / path)


@pytest.mark.parametrize("content", ["[]", "1", "null", '"x"'])
def test_a_dict_is_asked_for(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(SavedError, match="not a dict"):
        read_dict(path)
    path.write_text('{"a": 1}')
    assert read_dict(path) == {"a": 1}
