"""Hostile names of layers, concepts, categories, classes, images and networks on every page.

>>> python -m tests.fuzz names            # or: python -m tests.fuzz.names --only report

Each name is shown in each widget, in the still of each, and in the report, in a real browser: no code of it
may run, no element may come of it, nothing may be asked of another place, and no page may be wider than it is
to be.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

import dissect_widgets as dw
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.predictions import AblationPredictions
from dissect_widgets.errors import DissectError
from dissect_widgets.reports.edits import Drawn
from tests.core.ablation.networks import Images, telling
from tests.fuzz.pages import browser, faults, show, watch
from tests.small_images import ArrayImages
from tests.small_networks import TinyNet, seeded
from tests.widgets.painted import small_dissection, small_generator

IMAGE = '<img src=x onerror="window.stolen=1">'
NAMES: dict[str, str] = {
    "html": IMAGE,
    "svg": "<svg onload=window.stolen=1>",
    "script": "</script><script>window.stolen=1</script>",
    "style": "</style><style>body { display: none !important }</style>",
    "attribute": '" onmouseover="window.stolen=1" x="',
    "attribute of one quote": "' onfocus='window.stolen=1' autofocus x='",
    "comment": "--><!-- ]]> <![CDATA[",
    "url": "javascript:window.stolen=1//",
    "css url": "red;background:url(http://evil.example/x.png)",
    "link of plotly": '<a href="javascript:window.stolen=1">x</a><br><sup>y</sup>',
    "template of plotly": "%{x} %{customdata} %{fullData.name}<extra>",
    "template of js": "${window.stolen=1} {{window.stolen=1}} `",
    "markdown": "[a](javascript:window.stolen=1) ![x](http://evil.example/x.png) **b** `c`",
    "formula": r"$\href{javascript:window.stolen=1}{x}$ \(\alpha\) $$\frac{1}{2}$$",
    "entities": "&lt;img src=x onerror=window.stolen=1&gt; &#60;b&#62; &amp;amp;",
    "quotes": "'\"`\\",
    "breaks": "a\nb\r\nc\td\u2028e\u2029f",
    "bidi": "ab\u202ecd\u2066ef\u200fgh",
    "zero width": "ca\u200bt\u200d\ufeff",
    "controls": "a\0b\x07c\x1b[31md\x7f",
    "surrogate": "caf\udce9 \ud800",
    "private": "\ue000\U0010fc80",
    "piled marks": "Z" + "\u0351\u0338" * 300,
    "long": "x" * 5000,
    "long of words": "word " * 1000,
    "long and wide": "\u4e2d" * 5000,
    "format": "%s {0} %(x)s {x!r}",
    "path": "../../../etc/passwd",
    "prototype": "__proto__",
    "constructor": "constructor",
    "space": " ",
    "number": "0",
    "null": "null",
    "emoji": "\U0001f469\u200d\U0001f4bb" * 40,
}


class Results:
    """A dissection, an ablation, an attack and a painting whose names are hostile."""

    def __init__(self, name: str) -> None:
        self.name = name
        images = ArrayImages()
        names = [f"{name}{number}" for number in range(len(images.vocabulary))]
        categories = sorted({concept.category for concept in images.vocabulary})
        of = {category: f"{name}{place}" for place, category in enumerate(categories)}
        concepts = zip(names, images.vocabulary, strict=True)
        images.vocabulary = dw.Vocabulary([dw.Concept(n, of[c.category]) for n, c in concepts][1:])
        images.names = [f"{name}{number}.jpg" for number in range(len(images))]
        with torch.random.fork_rng():
            found = dw.dissect(seeded(TinyNet()), ["pool", "mix"], images, level=0.2, progress=False)
        layers = tuple(replace(layer, name=f"{name}{layer.name}") for layer in found.layers)
        self.dissection = replace(found, layers=layers, model=name)
        data = Images()
        data.classes = tuple(f"{name}{number}" for number in range(7))
        data.names = [f"{name}{number}.jpg" for number in range(len(data))]
        self.classifier = dw.ClassifierData(telling(), data)
        self.importance = dw.rank_units(self.classifier, "conv", progress=False)


def unit_browser(results: Results, chromium: Any) -> list[str]:
    widget = dw.UnitBrowser(results.dissection, unit=1)
    page = show(chromium, widget)
    page.locator(".dw-card").nth(2).click(modifiers=["Shift"])
    page.locator(".dw-search").fill(results.name[:100].replace("\ud800", "").replace("\udce9", ""))
    page.locator(".dw-search").fill("")
    page.wait_for_timeout(200)
    found = faults(page, 760)
    page.locator(".dw-tab").first.click()
    page.locator(".dw-tab").first.click()
    if widget.layer != widget.dissection.layer_names[0]:
        found.append("a click on a tab does not choose its layer")
    if page.locator(".dw-error:visible").count():
        found.append("error: " + page.locator(".dw-error").inner_text()[:200])
    page.close()
    return found + still(widget, chromium)


def explorer(results: Results, chromium: Any) -> list[str]:
    widget = dw.AblationExplorer(results.classifier, results.importance, units=[1, 4], progress=False)
    page = show(chromium, widget)
    page.locator(".dw-row[data-unit]").first.click()
    page.wait_for_timeout(300)
    found = faults(page, 760)
    other = widget.data.classes[-1]
    page.locator(".dw-class").select_option(index=len(widget.data.classes) - 1)
    page.wait_for_timeout(200)
    if widget.class_name != other:
        found.append("a choice of a class does not choose it")
    page.close()
    return found + still(widget, chromium)


def attack(results: Results, chromium: Any) -> list[str]:
    method = dw.CarliniWagner(steps=20, searches=1, learning_rate=0.1, initial_constant=10, abort_early=False)
    widget = dw.AttackDiff(results.classifier, importance=results.importance, method=method)
    widget.run()
    page = show(chromium, widget)
    page.wait_for_timeout(300)
    found = faults(page, 760)
    value = page.locator(".dw-target option:enabled").last.get_attribute("value")
    page.locator(".dw-target").select_option(value=value, timeout=3000)
    page.wait_for_timeout(200)
    if widget.target not in widget.data.classes:
        found.append("a choice of a target does not choose it")
    page.close()
    return found + still(widget, chromium)


def painter(results: Results, chromium: Any) -> list[str]:
    from dissect_widgets.core.data.vocabulary import Vocabulary

    generator = small_generator()
    found_in = small_dissection(generator)
    concepts = [dw.Concept(f"{results.name}{n}", c.category) for n, c in enumerate(found_in.vocabulary)][1:]
    vocabulary = Vocabulary(concepts)
    layers = tuple(replace(layer, vocabulary=vocabulary) for layer in found_in.layers)
    renamed = replace(found_in, layers=layers, vocabulary=vocabulary)
    widget = dw.NeuronPainter(generator, renamed, layer="layer4", n=3, concepts=concepts)
    page = show(chromium, widget, width=1000)
    page.locator(".dw-chip").last.click()
    page.locator(".dw-over").click()
    page.wait_for_timeout(300)
    found = faults(page, 1000)
    if [edit["concept"] for edit in widget.edits] != [concepts[-1].name]:
        found.append("a click on a concept does not paint with it")
    edits = widget.edits
    widget.load_text(widget.edits_as_text(), "x.json")
    if widget.edits != edits:
        found.append("edits are not read as they were written")
    page.close()
    return found + still(widget, chromium)


def comparison(results: Results, chromium: Any) -> list[str]:
    """Its figure as the report draws it; its page is that of plotly, and a browser's."""
    widget = dw.LayerComparison(results.dissection, min_iou=0.01)
    widget.open_units(results.dissection.layer_names[0])
    return still(widget, chromium)


def report(results: Results, chromium: Any) -> list[str]:
    layer = results.dissection.layer_names[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        drawn = Drawn(figure_of(results.name), note=results.name)
        dw.write_report(results.dissection, path, importance=ranking(results.name, layer), edits=[drawn])
        page = chromium.new_page(viewport={"width": 1000, "height": 900})
        page.problems = watch(page)
        page.goto(path.as_uri())
        page.locator(".dw-card").nth(1).click()
        for box in page.locator(".plot").all():
            box.scroll_into_view_if_needed()
        page.wait_for_timeout(800)
        found = faults(page)
        if undrawn := page.locator(".plot:not([data-drawn])").count():
            found.append(f"{undrawn} figures are not drawn")
        if page.locator("#classes a[data-unit]").count():
            page.locator("#classes a[data-unit]").first.click()
            page.wait_for_timeout(100)
        page.close()
    return found


def ranking(name: str, layer: str) -> UnitImportance:
    """Importance of five units to classes of hostile names."""
    random, truth = np.random.default_rng(1), np.arange(9) % 4
    classes = tuple(f"{name}{number}" for number in range(4))
    predicted = np.where(random.random((6, 9)) < 0.35, random.integers(0, 4, (6, 9)), truth).astype(np.int32)
    odds = random.normal(size=(5, 4))
    edited = (truth, predicted[0], predicted[1:], odds, {})
    return UnitImportance(AblationPredictions(name, layer, classes, "by hand", *edited, done=9, seconds=2.0))


def figure_of(name: str) -> Any:
    from dissect_widgets.plots.theme import figure, text

    drawn = figure(name, x=text(name), y=text(name))
    return drawn.add_bar(x=[text(f"{name}{n}") for n in range(5)], y=[1, 2, 3, 4, 5], name=text(name))


def still(widget: Any, chromium: Any) -> list[str]:
    """The still of a widget as HTML, and as text."""
    drawn = widget._drawn_still()
    if "no still" in drawn.title:
        return [f"no still: {drawn.title[:300]}"]
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    page.problems = watch(page)
    page.set_content(f"<title>still</title>{drawn.as_html('k').encode('utf-8').decode()}")
    page.wait_for_timeout(50)
    found = [f"still: {fault}" for fault in faults(page) if "wide" not in fault]
    page.close()
    json.dumps(drawn.as_picture()[1], ensure_ascii=False).encode()
    drawn.as_text().encode()
    repr(widget).encode("utf-8", "surrogatepass")
    return found


PAGES: dict[str, Callable[[Results, Any], list[str]]] = {
    "browser": unit_browser,
    "explorer": explorer,
    "attack": attack,
    "painter": painter,
    "comparison": comparison,
    "report": report,
}


def check(names: list[str], pages: list[str]) -> dict[str, list[str]]:
    """Faults of pages by name and page."""
    found: dict[str, list[str]] = {}
    with browser() as chromium:
        for name in names:
            try:
                results = Results(NAMES[name])
            except Exception as error:  # refused before any page
                kind = "refused" if isinstance(error, DissectError) else "raw"
                print(f"{name}: {kind}: {type(error).__name__}: {str(error)[:200]!r}", flush=True)
                continue
            for page in pages:
                start = time.monotonic()
                try:
                    faults_here = PAGES[page](results, chromium)
                except Exception as error:
                    faults_here = [f"raw {type(error).__name__}: {str(error)[:300]}"]
                if faults_here:
                    found[f"{name}, {page}"] = faults_here
                seconds = time.monotonic() - start
                print(f"{name}, {page}: {faults_here or 'right'} ({seconds:.1f} s)", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", choices=PAGES, default=list(PAGES))
    parser.add_argument("--names", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seed", type=int, default=1, help="order of the names")
    parser.add_argument("--count", type=int, help="how many names and pages together")
    options = parser.parse_args()
    names = options.names
    if options.count is not None:
        Random(options.seed).shuffle(names)
        names = names[: max(1, options.count // len(options.only))]
    found = check(names, options.only)
    print(f"\nseed {options.seed}: {len(names)} names on {len(options.only)} pages, {len(found)} with faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
