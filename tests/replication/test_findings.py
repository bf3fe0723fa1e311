"""Findings: each verdict from figures that are made up, the page, and a small run of all of them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dissect_widgets.cli import main as cli
from dissect_widgets.core.attacks.unit_changes import Estimate
from dissect_widgets.errors import DataError
from dissect_widgets.replication import studies
from dissect_widgets.replication.claims import pnas as claims
from dissect_widgets.replication.claims.pnas import CLAIMS
from dissect_widgets.replication.findings import (
    Claim,
    Verdict,
    as_page,
    as_text,
    check_claims,
    write_findings,
)


def layers(counts: dict[str, int]) -> Any:
    """A dissection whose layers detect so many objects."""
    count = {name: {"object": SimpleNamespace(unique=n)} for name, n in counts.items()}
    result = [SimpleNamespace(name=name, count_detectors=lambda name=name: count[name]) for name in counts]
    return SimpleNamespace(layers=result)


@pytest.mark.parametrize(
    ("counts", "holds"),
    [([1, 4, 9, 7, 8], True), ([2, 4, 9, 7, 8], False), ([1, 9, 4, 7, 8], False), ([1, 4, 7, 8, 9], True)],
)
def test_emergence(counts: list[int], holds: bool) -> None:
    named = {f"conv{k}": n for k, n in enumerate(counts)}
    result = claims.emergence(SimpleNamespace(dissection=layers(named)))  # type: ignore[arg-type]
    assert result.holds is holds and result.numbers["objects by layer"] == named
    assert "9 kinds of objects" in result.ours


@pytest.mark.parametrize(
    ("counts", "holds"),
    [([1, 2, 9, 3, 2], True), ([1, 9, 2, 3, 2], False), ([1, 2, 3, 4, 9], False), ([9, 2, 9, 3, 2], False)],
)
def test_middle(counts: list[int], holds: bool) -> None:
    named = {f"layer{k}": n for k, n in enumerate(counts, 1)}
    assert claims.middle(SimpleNamespace(generator_dissection=layers(named))).holds is holds  # type: ignore[arg-type]


def sets(few: float, overall: float, kept: float) -> Any:
    """Effects of sets of 3 and 7 of 28 units, on two classes."""
    own = {
        "remove most": np.array([[few - 0.05, 0.5], [few + 0.05, 0.5]]),
        "keep most": np.array([[kept, 0.9], [kept, 0.9]]),
        "remove random": np.full((5, 2, 2), 0.94),
    }
    everything = {"remove most": np.full((2, 2), overall)}
    made = SimpleNamespace(
        before=np.array([0.9, 1.0]),
        overall_before=0.96,
        sizes=(3, 7),
        units=28,
        class_accuracy=own,
        overall=everything,
    )
    return SimpleNamespace(sets=made)


@pytest.mark.parametrize(
    ("few", "overall", "holds"), [(0.72, 0.92, True), (0.73, 0.92, False), (0.72, 0.90, False)]
)
def test_few_units(few: float, overall: float, holds: bool) -> None:
    result = claims.few_units(sets(few, overall, 0.9))
    assert result.holds is holds
    assert result.numbers["without 3"] == pytest.approx(few) and result.numbers["without 7"] == 0.5
    assert "95.0%" in result.ours and f"without 3 of 28 {few:.1%} (random 94.0%" in result.ours


@pytest.mark.parametrize(("kept", "holds"), [(0.91, True), (0.89, False)])
def test_keep_only(kept: float, holds: bool) -> None:
    result = claims.keep_only(sets(0.7, 0.9, kept))
    assert result.holds is holds and f"{100 * (0.95 - kept):.1f} points with 3" in result.ours


def test_interpretable() -> None:
    iou = np.linspace(0, 0.3, 50)

    def evidence(counts: Any) -> Any:
        best = SimpleNamespace(best=lambda: SimpleNamespace(iou=iou))
        importance = SimpleNamespace(important_to=lambda: counts, layer="conv")
        return SimpleNamespace(importance=importance, dissection={"conv": best})

    rising = np.arange(50) // 10
    assert claims.interpretable(evidence(rising)).holds
    assert not claims.interpretable(evidence(rising[::-1])).holds
    shuffled = np.random.default_rng(1).permutation(rising)
    assert not claims.interpretable(evidence(shuffled)).holds


@pytest.mark.parametrize(
    ("tree", "church", "holds"), [(-0.5, 0.14, True), (-0.49, 0.0, False), (-0.6, -0.16, False)]
)
def test_trees(tree: float, church: float, holds: bool) -> None:
    changes = {"tree": tree, "church": church}

    def change(name: str, category: str) -> tuple[Any, Any]:
        mean = np.array([-0.1, changes[name], -0.9])
        return claims_change(mean, np.full(3, 0.01))

    result = claims.trees(SimpleNamespace(without_trees=SimpleNamespace(change=change)))  # type: ignore[arg-type]
    assert result.holds is holds and result.numbers["tree"][1] == tree


def claims_change(mean: Any, interval: Any) -> Any:
    from dissect_widgets.core.editing.pixel_counts import Change

    return Change(mean, interval)


@pytest.mark.parametrize(
    ("wall", "half", "tree", "holds"),
    [(0.5, 0.1, 0.2, True), (0.5, 0.1, 0.26, False), (0.5, 0.6, 0.0, False), (0.1, 0.05, -0.3, True)],
)
def test_doors(wall: float, half: float, tree: float, holds: bool) -> None:
    gain = {"window": (0.1, 0.1), "church": (wall, half), "tree": (tree, 0.1), "sky": (-0.1, 0.1)}

    def by_context(concepts: Any) -> Any:
        return [SimpleNamespace(concept=c, mean=gain[c.name][0], interval=gain[c.name][1]) for c in concepts]

    made = SimpleNamespace(doors=SimpleNamespace(by_context=by_context))
    assert claims.doors(made).holds is holds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "target", "holds"),
    [((1.5, 0.4), (2.0, 0.9), True), ((1.3, 0.4), (2.0, 0.9), False), ((1.5, 0.4), (2.0, 1.1), False)],
)
def test_attacks(source: Any, target: Any, holds: bool) -> None:
    result = SimpleNamespace(source_times=Estimate(*source), target_times=Estimate(*target), top=4, images=9)
    evidence = SimpleNamespace(
        importance=None, changes=SimpleNamespace(by_importance=lambda importance: result)
    )
    assert claims.attacks(evidence).holds is holds  # type: ignore[arg-type]


def failing(evidence: Any) -> Verdict:
    raise DataError("There is <no> tree.")


MADE = (
    Claim(
        "Fig. 1",
        "Units are <b>many</b>.",
        "512",
        "there are some",
        lambda n: Verdict(f"{n}", n > 1, {"n": n}),
    ),
    Claim("Fig. 2", "Units are few.", "1", "there is one", lambda n: Verdict(f"{n}", n == 1, {"n": n})),
    Claim("Fig. 3", "Trees.", "3", "any", failing),
)


def test_what_fails_is_reported(tmp_path: Path) -> None:
    result = check_claims(MADE, 5)
    assert [one.holds for one in result] == [True, False, False]
    text = as_text(result)
    assert "1 of 3 claims hold" in text and text.count("DOES NOT HOLD") == 2
    assert "could not be tested: There is <no> tree." in text
    page = as_page(result)
    assert "<b>many</b>" not in page and "&lt;b&gt;many&lt;/b&gt;" in page and "&lt;no&gt;" in page
    assert page.count('class="fails"') == 2 and page.count('class="holds"') == 1
    data, written = write_findings(result, tmp_path / "new" / "folder")
    assert written.read_text("utf-8") == page
    findings = json.loads(data.read_text("utf-8"))["findings"]
    assert [(one["panel"], one["holds"]) for one in findings] == [
        ("Fig. 1", True),
        ("Fig. 2", False),
        ("Fig. 3", False),
    ]


def test_findings_are_kept_without_the_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __init__(self, *studies: Any) -> None:
            pass

        def write_reports(self, folder: Path) -> dict[str, str]:
            raise DataError("No picture has a tree.")

    monkeypatch.setattr("dissect_widgets.replication.evidence.Evidence", Broken)
    monkeypatch.setattr("dissect_widgets.replication.claims.pnas.CLAIMS", (MADE[2],))
    assert cli.main(["findings", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "0 of 1 claims hold" in printed.out and "No picture has a tree" in printed.err
    assert (tmp_path / "findings.json").exists() and "<a href" not in (tmp_path / "findings.html").read_text()


@pytest.mark.slow
def test_all_claims_on_a_little_of_the_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = studies.world_classifier(labeled=48, train=48, held_out=48, attacked=6)
    generator = studies.world_generator(samples=32)
    division = studies.world_division(train=1, held_out=1, repeats=2)
    monkeypatch.setattr("dissect_widgets.replication.studies.world_classifier", lambda attacked: classifier)
    monkeypatch.setattr("dissect_widgets.replication.studies.world_generator", lambda: generator)
    monkeypatch.setattr("dissect_widgets.replication.studies.world_division", lambda: division)
    assert cli.main(["findings", "--out", str(tmp_path), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["claim"] for one in findings] == [claim.claim for claim in CLAIMS]
    assert not any("could not be tested" in one["ours"] for one in findings)
    page = (tmp_path / "findings.html").read_text("utf-8")
    for name, section in (("classifier", "What an attack changes"), ("generator", "What edits do")):
        assert f'<a href="{name}.html">' in page
        assert section in (tmp_path / f"{name}.html").read_text("utf-8")
