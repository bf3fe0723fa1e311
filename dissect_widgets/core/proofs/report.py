"""What is proved before a run, of a network, its preprocessing and its layers."""

from __future__ import annotations

from dataclasses import dataclass
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
