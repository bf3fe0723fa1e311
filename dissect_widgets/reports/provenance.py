"""How a report was made: digests, settings, versions, and what was left out."""

from __future__ import annotations

import json
from html import escape

from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.attacks.unit_changes import UnitChanges
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.reports.figures import Section, count


def made_section(
    dissection: Dissection,
    importance: UnitImportance | None,
    sets: SetEffects | None,
    changes: UnitChanges | None,
) -> Section:
    """All that is known of where the results come from."""
    told = {key: json.dumps(v) if isinstance(v, dict) else str(v) for key, v in dissection.provenance.items()}
    if importance is not None:
        told["ranking"] = f"{count(importance.images, 'image')}, {importance.seconds:.0f} s, {importance.how}"
    if sets is not None:
        told["sets"] = (
            f"{count(sets.images, 'image')}, {count(sets.repeats, 'random set')} of each size, {sets.how}"
        )
    if changes is not None:
        attacked = changes.attacked
        told["attack"] = f"{attacked.method}, {attacked.passes:,} passes, {attacked.seconds:.0f} s"
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in told.items())
    skipped = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in dissection.skipped)
    parts = [("Digests, settings, versions", f'<table class="made">{rows}</table>')]
    parts += [("Skipped images", f"<ul>{skipped}</ul>")] if skipped else []
    content = "".join(f"<details><summary>{title}</summary>{text}</details>" for title, text in parts)
    return Section("made", "How it was made", content)
