"""Text of any characters travels to a page and back."""

from __future__ import annotations

import math

from dissect_widgets.widgets.shared.wire import from_page, to_page


def test_any_text_comes_back_as_it_was() -> None:
    odd = [chr(code) for code in (*range(0xD800, 0xE000), *range(0x10F700, 0x110000), 0, 0x202E, 0xFFFF)]
    texts = [
        "",
        "plain",
        "".join(odd),
        *odd,
        *(a + b for a in odd[:3] + odd[-900:-890] for b in odd[-900:-890]),
    ]
    for text in texts:
        sent = to_page(text)
        sent.encode("utf-8")
        assert from_page(sent) == text
    assert from_page(to_page({"a\udc80": ["\ud800", 1, None]})) == {"a\udc80": ["\ud800", 1, None]}


def test_numbers_are_those_of_json() -> None:
    assert to_page([math.nan, math.inf, 1.5, (2, True), b"x"]) == [None, None, 1.5, [2, True], b"x"]
