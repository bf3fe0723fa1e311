"""Styles of each widget count inside of its root alone, so that no order of loading matters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

import dissect_widgets as dw
from dissect_widgets.widgets.shared.widget import Widget

THEME = 'body[data-jp-theme-light="false"] '
OTHER_ROOTS = {dw.AttackDiff: {".dw-unit-browser"}}
"""Roots of other widgets that a widget shows."""


def root_of(widget: type[Widget]) -> str:
    """`.dw-unit-browser` of `UnitBrowser`."""
    return ".dw" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", widget.__name__)


PUBLIC = [getattr(dw, name) for name in dw.__all__]
ROOTS: dict[type[Widget], set[str]] = {
    widget: {root_of(widget)} | OTHER_ROOTS.get(widget, set())
    for widget in PUBLIC
    if isinstance(widget, type) and issubclass(widget, Widget)
}


class Rule(NamedTuple):
    """A rule of a style sheet, with the selectors of the rules that it is nested in put together."""

    selector: str
    declarations: str


def rules(css: str, parent: str = "") -> Iterator[Rule]:
    """All rules of a sheet, as CSS nesting reads them; a media or container query is looked into."""
    own, at = "", 0
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL) if not parent else css
    while at < len(css):
        end = min((i for i in (css.find(";", at), css.find("{", at)) if i >= 0), default=-1)
        if end < 0 or css[end] == ";":
            own += css[at : end + 1 if end >= 0 else len(css)]
            at = end + 1 if end >= 0 else len(css)
            continue
        close = matching_brace(css, end)
        head, body = css[at:end].strip(), css[end + 1 : close]
        if head.startswith("@"):
            yield from rules(body, parent or " ")
        else:
            for part in re.split(r",(?![^()\[\]]*[)\]])", head):
                yield from rules(body, nested(part.strip(), parent.strip()))
        at = close + 1
    if own.strip():
        yield Rule(parent.strip(), " ".join(own.split()))


def matching_brace(css: str, start: int) -> int:
    depth = 0
    for i in range(start, len(css)):
        depth += {"{": 1, "}": -1}.get(css[i], 0)
        if not depth:
            return i
    raise ValueError("a brace is not closed")


def nested(selector: str, parent: str) -> str:
    if not parent:
        return selector
    return selector.replace("&", parent) if "&" in selector else f"{parent} {selector}"


def test_all_widgets_are_looked_at() -> None:
    assert {".dw-unit-browser", ".dw-attack-diff"} < {root_of(widget) for widget in ROOTS}


def test_the_parser_reads_nested_rules() -> None:
    css = """.a { color: red; & { top: 0; } &.on .b, .c { left: 0; }
             @container (max-width: 9px) { .d { right: 0 } } body[x] & { width: 0; } }"""
    assert [tuple(rule) for rule in rules(css)] == [
        (".a", "top: 0;"),
        (".a.on .b", "left: 0;"),
        (".a .c", "left: 0;"),
        (".a .d", "right: 0"),
        ("body[x] .a", "width: 0;"),
        (".a", "color: red;"),
    ]


@pytest.mark.parametrize("widget", ROOTS, ids=lambda widget: widget.__name__)
def test_every_selector_begins_with_the_root(widget: type[Widget]) -> None:
    found = list(rules(widget._css))
    assert len(found) > 40
    for rule in found:
        assert re.match(r"\.[\w-]+(?=[ .:\[]|$)", rule.selector.removeprefix(THEME)), rule
        (root,) = re.findall(r"^\.[\w-]+", rule.selector.removeprefix(THEME))
        assert root in ROOTS[widget], rule
    assert {re.findall(r"^\.[\w-]+", r.selector)[0] for r in found if r.selector[0] == "."} == ROOTS[widget]


@pytest.mark.parametrize("widget", ROOTS, ids=lambda widget: widget.__name__)
def test_every_class_that_is_styled_is_made_by_a_script(widget: type[Widget]) -> None:
    styled = {name for rule in rules(widget._css) for name in re.findall(r"\.(dw-[\w-]+)", rule.selector)}
    made = set(re.findall(r"dw-[\w-]+", "".join(kind._esm for kind in ROOTS)))
    assert {name for name in styled if name not in made} <= {"dw-sign-erase", "dw-position", "dw-times"}
