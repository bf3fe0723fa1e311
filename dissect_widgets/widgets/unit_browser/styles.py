"""Style sheets of the unit browser, for all pages that show one."""

from __future__ import annotations

from pathlib import Path

from dissect_widgets.widgets.shared.front_end import SHARED_STYLES

STYLES = {".dw-unit-browser": [SHARED_STYLES, Path(__file__).with_name("unit_browser.css")]}
"""Root class to sheets; see `scoped_styles`."""
