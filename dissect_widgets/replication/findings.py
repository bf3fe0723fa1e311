"""The claims of a paper, tested: what the paper reports, what is found here.

>>> findings = check_claims(CLAIMS, Evidence(world_classifier(), world_generator()))
>>> print(as_text(findings))

Each claim has a criterion that is fixed beforehand. Claims that fail are reported like those that hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dissect_widgets import __version__
from dissect_widgets.core.files.atomic_write import replacing
from dissect_widgets.core.files.target import output_folder
from dissect_widgets.errors import DissectError


class Verdict(NamedTuple):
    """The outcome of testing a claim."""

    ours: str
    """A sentence with figures."""
    holds: bool
    numbers: dict[str, Any]
    """The figures, as JSON can hold them."""


class Claim(NamedTuple):
    """What a paper claims, and how it is tested."""

    panel: str
    """Where in the paper."""
    claim: str
    paper: str
    """The paper's figures."""
    criterion: str
    """When the claim holds here."""
    test: Callable[[Any], Verdict]
    """Function of the evidence that returns a verdict."""


class Finding(NamedTuple):
    """A claim with its verdict."""

    panel: str
    claim: str
    paper: str
    criterion: str
    ours: str
    holds: bool
    numbers: dict[str, Any]
    seconds: float


def check_claims(claims: Sequence[Claim], evidence: Any) -> list[Finding]:
    """Test claims in order; one that cannot be tested does not hold, and its verdict says why."""
    findings = []
    for claim in claims:
        started = time.monotonic()
        try:
            verdict = claim.test(evidence)
        except DissectError as error:
            verdict = Verdict(f"could not be tested: {error}", False, {})
        seconds = round(time.monotonic() - started, 1)
        findings.append(Finding(*claim[:4], verdict.ours, bool(verdict.holds), verdict.numbers, seconds))
    return findings


def as_text(findings: Sequence[Finding]) -> str:
    """All findings in a few lines each, and how many claims hold."""
    held = sum(finding.holds for finding in findings)
    return "\n\n".join([*map(_describe, findings), f"{held} of {len(findings)} claims hold on this world."])


def write_findings(
    findings: Sequence[Finding], folder: Path, links: Mapping[str, str] = MappingProxyType({})
) -> tuple[Path, Path]:
    """Write `findings.json` and `findings.html` into a folder, with links (text to file); returns paths."""
    folder = output_folder(folder, what="folder")
    data, page = folder / "findings.json", folder / "findings.html"
    content = {"version": __version__, "findings": [finding._asdict() for finding in findings]}
    for path, text in ((data, json.dumps(content, indent=1)), (page, as_page(findings, links))):
        with replacing(path) as new:
            new.write_text(text, "utf-8")
    return data, page


def as_page(findings: Sequence[Finding], links: Mapping[str, str] = MappingProxyType({})) -> str:
    """All findings as a page that works offline, light and dark, on paper and on a phone."""
    more = " · ".join(f'<a href="{escape(to)}">{escape(text)}</a>' for text, to in links.items())
    held = sum(finding.holds for finding in findings)
    cards = "".join(
        f'<article class="{"holds" if finding.holds else "fails"}"><header><b>{escape(finding.panel)}</b>'
        f"<span>{'holds' if finding.holds else 'does not hold'}</span></header>"
        f"<h2>{escape(finding.claim)}</h2>"
        f"<dl><dt>paper</dt><dd>{escape(finding.paper)}</dd><dt>here</dt><dd>{escape(finding.ours)}</dd>"
        f"<dt>holds if</dt><dd>{escape(finding.criterion)}</dd></dl></article>"
        for finding in findings
    )
    return _PAGE.format(
        style=_STYLE, held=held, count=len(findings), cards=cards, version=__version__, more=more
    )


def _describe(finding: Finding) -> str:
    verdict = "holds" if finding.holds else "DOES NOT HOLD"
    return (
        f"{finding.panel}: {finding.claim}\n  paper: {finding.paper}\n  here:  {finding.ours}\n"
        f"  {verdict} (if {finding.criterion}; {finding.seconds:.0f} s)"
    )


_STYLE = """
:root { color-scheme: light dark; }
:root { --line: light-dark(#d8dee4, #3d444d); --soft: light-dark(#59636e, #9aa4ae); }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
article { margin: 1rem 0; padding: .8rem 1.2rem; border: 1px solid var(--line); border-radius: 8px; }
article { border-left: 6px solid #d55e00; break-inside: avoid; }
article.holds { border-left-color: #009e73; }
header { display: flex; justify-content: space-between; color: var(--soft); }
.fails header span { color: #d55e00; font-weight: 600; }
h2 { margin: .2rem 0 .5rem; font-size: 1.1rem; }
dl { display: grid; grid-template-columns: 5rem 1fr; gap: .2rem .8rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
footer { color: var(--soft); font-size: .85rem; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Findings of PNAS 2020 on the embedded world</title>
<style>{style}</style>
</head>
<body>
<h1>{held} of {count} claims hold</h1>
<p>Claims of <i>Understanding the role of individual units in a deep neural network</i> (Bau et al., PNAS
2020), tested on a small world of drawn scenes and networks trained on them. A claim that fails here may still
hold of larger networks and photographs.</p>
<p>{more}</p>
{cards}
<footer>dissect_widgets {version}</footer>
</body>
</html>
"""
