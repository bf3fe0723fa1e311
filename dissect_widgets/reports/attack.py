"""What an attack changes: how often it reached its goal, which units moved, and some of its pictures."""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.unit_changes import ChangeByImportance, Estimate, UnitChanges
from dissect_widgets.errors import DataError
from dissect_widgets.plots.changed_units import change_bars
from dissect_widgets.plots.images import image_rows
from dissect_widgets.reports.figures import Section, chart, count

_PICTURES = 4
_RANKS = 8
_STRONG = 0.995  # a change as large as all but few is drawn black or white


def attack_section(changes: UnitChanges, importance: UnitImportance | None) -> Section:
    """How an attack went, what it changed by importance, and pictures before and after."""
    attacked = changes.attacked
    pieces = [_numbers(attacked)]
    if importance is not None:
        pieces.append(_by_importance(changes, importance))
    if attacked.success.any():
        pieces.append(chart(_pictures(attacked)))
    return Section("attack", "What an attack changes", "".join(pieces))


def _numbers(attacked: AttackResult) -> str:
    norm = f"{attacked.median_l2:.3g}" if attacked.success.any() else "–"
    told = (
        (
            f"{100 * attacked.success_rate:.1f}&nbsp;%",
            f"of {count(len(attacked), 'image')} told as the attack wanted",
        ),
        (norm, "median L2 norm of what was added, of pixels in [0, 1]"),
    )
    tiles = "".join(f"<div><dt>{what}</dt><dd>{value}</dd></div>" for value, what in told)
    return f'<dl class="tiles">{tiles}</dl><p class="soft">{escape(attacked.method)}</p>\n'


def _by_importance(changes: UnitChanges, importance: UnitImportance) -> str:
    top = min(TOP, max(1, (changes.units - 1) // 2))
    try:
        found = changes.by_importance(importance, top=top)
    except DataError as error:  # it is a finding, too
        return f"<p>{escape(str(error))}</p>\n"
    return _times(found) + chart(change_bars(found, ranks=min(_RANKS, changes.units)))


def _times(found: ChangeByImportance) -> str:
    return (
        f"<p>The {count(found.top, 'unit')} of {escape(found.layer)} most important to the class before "
        f"change {_estimate(found.source_times)} times as much as all that are important to neither class, "
        f"those of the class after {_estimate(found.target_times)} times (99&nbsp;% intervals, over "
        f"{count(found.images, 'image')}).</p>\n"
    )


def _estimate(found: Estimate) -> str:
    return f"{found.mean:.2f}" + (f" ± {found.interval:.2f}" if np.isfinite(found.interval) else "")


def _pictures(attacked: AttackResult) -> go.Figure:
    """Some images, what they became, and the difference."""
    shown = attacked.select(np.flatnonzero(attacked.success)[:_PICTURES])
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
    return image_rows(columns, titles, rows, title="What the network tells a picture as, before and after")
