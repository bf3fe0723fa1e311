"""Hostile names on all pages, without a Jupyter around them; `tests/fuzz/names.py` has many more."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.fuzz.names import NAMES, PAGES, Results

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", ["html", "surrogate", "long"])
def test_names_are_text_of_bounded_width(chromium: Browser, name: str) -> None:
    results = Results(NAMES[name])
    found = {page: check(results, chromium) for page, check in PAGES.items()}
    assert not any(found.values()), found
