"""Provenance of a report: digests, settings, versions, and skipped images."""

from __future__ import annotations

import json

from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.attacks.unit_changes import UnitChanges
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.plots.names import inert
from dissect_widgets.reports.figures import Section, count, named

_LONGEST = 20_000  # characters of a value


def provenance_section(
    dissection: Dissection,
    importance: UnitImportance | None,
    sets: SetEffects | None,
    changes: UnitChanges | None,
) -> Section:
    """Where the results come from."""
    facts = {
        key: json.dumps(v) if isinstance(v, dict) else str(v) for key, v in dissection.provenance.items()
    }
    if importance is not None:
        facts["ranking"] = (
            f"{count(importance.images, 'image')}, {importance.seconds:.0f} s, {importance.strategy}"
        )
    if sets is not None:
        facts["sets"] = (
            f"{count(sets.images, 'image')}, {count(sets.repeats, 'random set')} of each size, "
            f"{sets.strategy}"
        )
    if changes is not None:
        attacked = changes.attacked
        facts["attack"] = f"{attacked.method}, {attacked.passes:,} passes, {attacked.seconds:.0f} s"
    rows = "".join(
        f"<tr><th>{named(key)}</th><td>{inert(value[:_LONGEST])}</td></tr>" for key, value in facts.items()
    )
    skipped = "".join(
        f"<li>{named(name)}: {inert(reason[:_LONGEST])}</li>" for name, reason in dissection.skipped
    )
    parts = [("Digests, settings, versions", f'<table class="provenance">{rows}</table>')]
    parts += [("Skipped images", f"<ul>{skipped}</ul>")] if skipped else []
    content = "".join(f"<details><summary>{title}</summary>{text}</details>" for title, text in parts)
    return Section("provenance", "Provenance", content)
