"""What an attack changes: its success rate, the units that change, and some images."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.unit_changes import ChangeByImportance, Estimate, UnitChanges
from dissect_widgets.errors import DataError
from dissect_widgets.plots.changed_units import change_bars
from dissect_widgets.plots.images import image_rows
from dissect_widgets.plots.names import inert
from dissect_widgets.reports.figures import Section, chart, count, named

_IMAGES = 4
_RANKS = 8
_STRONG = 0.995  # quantile of changes that is drawn black or white


def attack_section(changes: UnitChanges, importance: UnitImportance | None) -> Section:
    """Success of an attack, changes by importance, and images before and after."""
    attacked = changes.attacked
    pieces = [_numbers(attacked)]
    if importance is not None:
        pieces.append(_by_importance(changes, importance))
    if attacked.success.any():
        pieces.append(chart(_images(attacked)))
    return Section("attack", "What an attack changes", "".join(pieces))


def _numbers(attacked: AttackResult) -> str:
    norm = f"{attacked.median_l2:.3g}" if attacked.success.any() else "–"
    numbers = (
        (
            f"{100 * attacked.success_rate:.1f}&nbsp;%",
            f"of {count(len(attacked), 'image')} misclassified as the target",
        ),
        (norm, "median L2 norm of the perturbation, of pixels in [0, 1]"),
    )
    tiles = "".join(f"<div><dt>{what}</dt><dd>{value}</dd></div>" for value, what in numbers)
    return f'<dl class="tiles">{tiles}</dl><p class="soft">{inert(attacked.method)}</p>\n'


def _by_importance(changes: UnitChanges, importance: UnitImportance) -> str:
    top = min(TOP, max(1, (changes.units - 1) // 2))
    try:
        by_importance = changes.by_importance(importance, top=top)
    except DataError as error:  # shown in place of the figure
        return f"<p>{inert(str(error))}</p>\n"
    return _times(by_importance) + chart(change_bars(by_importance, ranks=min(_RANKS, changes.units)))


def _times(change: ChangeByImportance) -> str:
    return (
        f"<p>The {count(change.top, 'unit')} of {named(change.layer)} most important to the original class "
        f"change {_estimate(change.source_times)} times as much as all that are important to neither class, "
        f"those of the target class {_estimate(change.target_times)} times (99&nbsp;% intervals, over "
        f"{count(change.images, 'image')}).</p>\n"
    )


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.mean:.2f}" + (f" ± {estimate.interval:.2f}" if np.isfinite(estimate.interval) else "")


def _images(attacked: AttackResult) -> go.Figure:
    """Some images, the attacked images, and the differences."""
    shown = attacked.select(np.flatnonzero(attacked.success)[:_IMAGES])
    added = shown.perturbation
    strong = float(np.quantile(added.abs().numpy(), _STRONG))
    factor = max(1, round(0.5 / max(strong, 1e-3)))
    names = shown.classes
    rows = [
        f"{names[before]} → {names[after]}, L2 {norm:.2g}"
        for before, after, norm in zip(
            shown.predicted_clean, shown.predicted_adversarial, shown.l2, strict=True
        )
    ]
    columns = [shown.clean, shown.adversarial, (0.5 + factor * added).clamp(0, 1)]
    titles = ["original", "attacked", f"difference × {factor}"]
    return image_rows(columns, titles, rows, title="Images and their predictions before and after")
