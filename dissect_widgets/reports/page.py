"""A dissection as one page to send: it works offline, with the unit browser and all images in it.

>>> write_report(dissection, "report.html")
>>> write_report(dissection, "report.html", importance=importance, sets=sets, changes=changes)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.attacks.unit_changes import UnitChanges
from dissect_widgets.core.dissection.layer_result import Denominator
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.target import output_file
from dissect_widgets.errors import SettingError, nearest, shown
from dissect_widgets.plots.names import inert, short
from dissect_widgets.reports.attack import attack_section
from dissect_widgets.reports.browser import browser_blocks
from dissect_widgets.reports.class_needs import needs_section
from dissect_widgets.reports.edits import Drawn, GeneratorEdit, Insertion, Removal, edits_section
from dissect_widgets.reports.figures import Section, count, named, plotly_block
from dissect_widgets.reports.layers import layers_section
from dissect_widgets.reports.provenance import provenance_section
from dissect_widgets.widgets.shared.front_end import join_modules, scoped_styles
from dissect_widgets.widgets.unit_browser.data import UnitData
from dissect_widgets.widgets.unit_browser.styles import STYLES as BROWSER_STYLES

__all__ = ["Drawn", "Insertion", "Removal", "write_report"]

_UNITS = """<p class="on-paper soft">These units were in sight; the page in a browser has all of them.</p>
<noscript><p>Units and figures need JavaScript, which this browser does not run.</p></noscript>
<div id="browser"></div>
"""


_SCRIPT = join_modules(Path(__file__).with_suffix(".js"))
_STYLES = scoped_styles(BROWSER_STYLES) + Path(__file__).with_suffix(".css").read_text("utf-8")


def write_report(
    dissection: Dissection,
    path: str | Path,
    *,
    exemplars: int = 6,
    level: float | None = None,
    denominator: Denominator = "all",
    importance: UnitImportance | None = None,
    sets: SetEffects | None = None,
    edits: Sequence[GeneratorEdit] = (),
    changes: UnitChanges | None = None,
) -> Path:
    """Write a page that shows a dissection in any browser, without a network or a server.

    Other results follow in sections below it.

    Parameters
    ----------
    dissection
        The dissection.
    path
        HTML file; missing folders are made. An existing file stays until the new one is complete.
    exemplars
        Number of exemplars of each unit.
    level, denominator
        See `LayerDissection.iou`.
    importance
        Units of a dissected layer by importance to each class; see `rank_units`.
    sets
        Sets of units removed, and kept; see `ablate_unit_sets`.
    edits
        Edits of a generator, in the order in which they are shown: `Removal`, `Insertion`, and `Drawn` for
        figures of images.
    changes
        Changes of units of a dissected layer by an attack; see `unit_changes`. With `importance` of this
        layer, also by importance.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SettingError
        If the ranking, the sets or the changes are of a layer that was not dissected, or that has another
        number of units; and if a figure cannot be drawn.
    SavedError, StorageError
        If no file can be written there; if the disk is full.
    """
    path = output_file(path)
    if exemplars < 0:
        raise SettingError(f"exemplars is {exemplars}; it must be 0 or more.")
    for what, given in (("ranking is", importance), ("sets are", sets), ("changes are", changes)):
        if given is not None:
            _check_units(dissection, what, given.layer, given.units)
    data = UnitData(dissection, level=level, denominator=denominator)
    sections = [Section("units", "Units", _UNITS), layers_section(data)]
    if importance is not None or sets is not None:
        sections.append(needs_section(data, importance, sets))
    if edits:
        sections.append(edits_section(edits))
    if changes is not None:
        sections.append(attack_section(changes, importance))
    sections.append(provenance_section(dissection, importance, sets, changes))
    page = _page(dissection, sections, browser_blocks(data, exemplars))
    with replacing(path) as new:
        new.write_bytes(page.encode("utf-8", "replace"))  # what is no text shows as "?"
    return path


def _check_units(dissection: Dissection, what: str, layer: str, units: int) -> None:
    """Raise SettingError if a result is not of a layer of the dissection with as many units."""
    units_of = {dissected.name: dissected.units for dissected in dissection.layers}
    if layer not in units_of:
        raise SettingError(
            f"The {what} of the layer {shown(layer)}, which is not in the "
            f"dissection.{nearest(layer, units_of)}"
        )
    if units != units_of[layer]:
        raise SettingError(
            f"The {what} of {units} units of {shown(layer)}, which has {units_of[layer]} in the dissection."
        )


def _page(dissection: Dissection, sections: Sequence[Section], blocks: str) -> str:
    title = inert(f"Units of {short(dissection.model)}")
    links = "".join(f'<li><a href="#{section.name}">{section.title}</a></li>' for section in sections)
    body = "".join(
        f'<section id="{section.name}">\n<h2>{section.title}</h2>\n{section.content}</section>\n'
        for section in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{_STYLES}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="soft">{_facts(dissection)}</p>
<nav aria-label="Contents"><ul>{links}</ul></nav>
</header>
<main>
{body}</main>
{blocks}{plotly_block()}<script type="module">
{_SCRIPT}
</script>
</body>
</html>
"""


def _facts(dissection: Dissection) -> str:
    height, width = dissection.image_size
    categories = ", ".join(
        f"{int((dissection.vocabulary.category_of == i).sum())} {named(category)}"
        for i, category in enumerate(dissection.vocabulary.categories)
    )
    skipped = f"; {len(dissection.skipped)} skipped" if dissection.skipped else ""
    return (
        f"{count(dissection.images, 'image')} of {height} x {width} pixels{skipped}; concepts: {categories}."
    )
