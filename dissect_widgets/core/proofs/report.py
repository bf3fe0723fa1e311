"""What is proved before a run, of a network, its preprocessing and its layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from dissect_widgets.errors import ProofError

Verdict = Literal["proved", "chosen", "refused"]


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that a run relies on, and what a look at a few images says of it."""

    subject: str
    """What it is about: the name of a layer, "network", "preprocess"."""
    claim: str
    """What the run relies on, for people: "an image gives the same maps alone as among others"."""
    verdict: Verdict
    """"chosen" where several readings were possible, and this is the one that proved right."""
    seen: str
    """What was seen."""
    advice: str = ""
    """What to do, if it is refused."""

    def require(self) -> None:
        """Raise ProofError if it is refused."""
        if self.verdict == "refused":
            advice = f" {self.advice}" if self.advice else ""
            raise ProofError(f"{self.subject}: expected that {self.claim}, but {self.seen}.{advice}")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was proved of a network, layers, data and preprocessing; shown as a table."""

    proofs: tuple[Proof, ...]
    images: int
    """How many images went through the network."""
    seconds: float

    @property
    def refused(self) -> tuple[Proof, ...]:
        """What a run would refuse."""
        return tuple(proof for proof in self.proofs if proof.verdict == "refused")

    def require(self) -> None:
        """Raise ProofError if anything is refused."""
        for proof in self.refused:
            proof.require()

    @property
    def summary(self) -> str:
        """The outcome in a sentence."""
        bad, through = len(self.refused), f"{self.images} images went through the network"
        chosen = sum(proof.verdict == "chosen" for proof in self.proofs)
        good = f"all {len(self.proofs)} hold" + (f", {chosen} of them chosen" if chosen else "")
        outcome = f"{bad} of {len(self.proofs)} refused" if bad else good
        return f"{outcome}; {through}, in {self.seconds:.1f} s."

    def __str__(self) -> str:
        lines = [self.summary]
        for proof in self.proofs:
            lines += [
                "",
                f"{proof.verdict.upper():8}  {proof.subject}: {proof.claim}",
                f"          {proof.seen}",
            ]
            if proof.advice:
                lines.append(f"          {proof.advice}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Show it as a table, in which what is refused stands out."""
        head = "".join(f"<th style='{_CELL}'>{name}</th>" for name in ("", "of", "relied on", "seen"))
        rows = "".join(map(_row, self.proofs))
        return (
            f"<p><strong>{escape(self.summary)}</strong></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


_CELL: Final = "text-align:left; vertical-align:top; overflow-wrap:anywhere; min-width:7em"
_MARKS: Final[Mapping[Verdict, str]] = {"proved": "✓", "chosen": "✓", "refused": "✗"}
_REFUSED: Final = "background:rgba(214, 69, 65, 0.18)"  # of any theme: what lies behind shines through


def _row(proof: Proof) -> str:
    """A row of the table; advice stands below what was seen."""
    bad = proof.verdict == "refused"
    verdict = f"{_MARKS[proof.verdict]} {proof.verdict}"
    advice = f"<br><strong>{_marked(proof.advice)}</strong>" if proof.advice else ""
    cells = [
        f"<strong>{verdict}</strong>" if bad else verdict,
        _marked(proof.subject),
        _marked(proof.claim),
        _marked(proof.seen) + advice,
    ]
    style = f" style='{_REFUSED}'" if bad else ""
    first, *rest = (f"<td style='{_CELL}'>{cell}</td>" for cell in cells)
    return f"<tr{style}>{first.replace(_CELL, _CELL + '; white-space:nowrap')}{''.join(rest)}</tr>"


def _marked(text: str) -> str:
    """Text as HTML, in which `names` between backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
