"""What is proved before a run, of a network, its preprocessing and its layers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

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
        outcome = f"{bad} of {len(self.proofs)} refused" if bad else f"all {len(self.proofs)} proved"
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
        """Show it as a table."""
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in _COLUMNS)
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in map(_cells, self.proofs)
        )
        return (
            f"<p>{escape(self.summary)}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


_COLUMNS = ("verdict", "of", "relied on", "seen", "advice")


def _cells(proof: Proof) -> tuple[str, ...]:
    return proof.verdict, proof.subject, proof.claim, proof.seen, proof.advice
