"""The rooms of the package, and which may import which."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "dissect_widgets"
FLOORS = {
    "errors": 0,
    "core.files": 1,
    "core.network": 1,
    "core.data": 2,
    "core.statistics": 3,
    "core.proofs": 3,
    "core.dissection": 4,
    "core.ablation": 4,
    "core.editing": 5,
    "core.attacks": 5,
    "concepts": 6,
    "datasets": 6,
    "models": 6,
    "world": 7,
    "api": 8,
    "plots": 8,
    "widgets": 9,
    "reports": 10,
    "replication": 11,
    "bench": 12,
    "cli": 13,
}
"""Rooms; imports point to a lower floor, or stay in their room. The package's root is above all of them."""
