"""Claims of PNAS 2020 that are tested on the world, each with its criterion."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import spearmanr

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.replication.evidence import Evidence
from dissect_widgets.replication.findings import Claim, Verdict
from dissect_widgets.replication.studies.few_units import difference, share_lost


def emergence(evidence: Evidence) -> Verdict:
    """Whether objects emerge with depth."""
    unique = _objects(evidence.dissection)
    best = max(unique, key=lambda name: unique[name])
    first, last = next(iter(unique.values())), list(unique)[-3:]
    ours = f"{unique[best]} kinds of objects in {best}, the most; {first} in the first layer"
    return Verdict(ours, best in last and first < unique[best] / 5, {"objects by layer": unique})


def few_units(evidence: Evidence) -> Verdict:
    """Whether a class is lost without a few units, and nothing else is."""
    sets = evidence.sets
    before = float(sets.before.mean())
    words, numbers = [], {"before": before, "all before": sets.overall_before}
    for at, size in enumerate(sets.sizes):
        class_accuracy = float(sets.class_accuracy["remove most"][:, at].mean())
        overall = float(sets.overall["remove most"][:, at].mean())
        chance = float(sets.class_accuracy["remove random"][..., at].mean())
        numbers |= {
            f"without {size}": class_accuracy,
            f"all without {size}": overall,
            f"without {size} random": chance,
        }
        words.append(
            f"without {size} of {sets.units} {class_accuracy:.1%} "
            f"(random {chance:.1%}, all classes {overall:.1%})"
        )
    class_accuracy, overall = numbers[f"without {sets.sizes[0]}"], numbers[f"all without {sets.sizes[0]}"]
    holds = class_accuracy - 0.5 < (before - 0.5) / 2 and sets.overall_before - overall < 0.05
    return Verdict(f"balanced accuracy of a class {before:.1%}; " + "; ".join(words), holds, numbers)


def more_classes(evidence: Evidence) -> Verdict:
    """Whether a class is lost with a smaller share of the units where there are more classes."""
    effects = evidence.divided
    finer, coarser = (share_lost(effects[name]) for name in ("finer", "coarser"))
    more, half = difference(finer, coarser)
    numbers: dict[str, object] = {"sizes": list(effects["finer"].sizes), "units": effects["finer"].units}
    for name, lost in (("finer", finer), ("coarser", coarser)):
        numbers[name] = {field: np.asarray(value).tolist() for field, value in lost._asdict().items()}
        numbers[f"{name}, balanced accuracy"] = {
            "classes": len(effects[name].classes),
            "intact": float(effects[name].before.mean()),
            "without": effects[name].class_accuracy["remove most"].mean(0).tolist(),
            "without random": effects[name].class_accuracy["remove random"].mean((0, 1)).tolist(),
        }
    means = {"finer": finer.mean, "coarser": coarser.mean}
    means |= {"finer random": finer.random, "coarser random": coarser.random}
    percent = {name: [f"{100 * x:.0f}" for x in mean] for name, mean in means.items()}
    words = "; ".join(
        f"without {size / effects['finer'].units:.0%} {percent['finer'][at]} ± "
        f"{100 * finer.interval[at]:.0f} % instead of {percent['coarser'][at]} ± "
        f"{100 * coarser.interval[at]:.0f} % (random sets "
        f"{percent['finer random'][at]} and {percent['coarser random'][at]} %)"
        for at, size in enumerate(effects["finer"].sizes)
    )
    many, few = (len(effects[name].classes) for name in ("finer", "coarser"))
    ours = f"of what a class has above 50 % is lost, with {many} classes instead of {few}: {words}"
    return Verdict(ours, bool(more[0] > half[0]), numbers)


def keep_only(evidence: Evidence) -> Verdict:
    """Whether a few units are enough for a class."""
    sets = evidence.sets
    before = float(sets.before.mean())
    lost = [before - float(sets.class_accuracy["keep most"][:, at].mean()) for at in range(len(sets.sizes))]
    words = " and ".join(
        f"{100 * x:.1f} points with {size}" for x, size in zip(lost, sets.sizes, strict=True)
    )
    numbers = {f"lost with {size}": x for x, size in zip(lost, sets.sizes, strict=True)}
    return Verdict(f"a class loses {words} of {sets.units} units", lost[0] <= 0.05, numbers)


def interpretable(evidence: Evidence) -> Verdict:
    """Whether units that are important to more classes match concepts better."""
    counts = evidence.importance.important_to()
    iou = evidence.dissection[evidence.importance.layer].best().iou
    test = spearmanr(counts, iou)
    rank, chance = float(test.statistic), float(test.pvalue)
    ours = f"rank correlation {rank:+.2f} over {len(iou)} units (p = {chance:.2g})"
    return Verdict(ours, rank > 0 and chance < 0.01, {"rank correlation": rank, "p": chance})


def middle(evidence: Evidence) -> Verdict:
    """Whether a generator has its objects in the middle."""
    unique = _objects(evidence.generator_dissection)
    names, ends = list(unique), (next(iter(unique.values())), list(unique.values())[-1])
    best = max(unique, key=lambda name: unique[name])
    ours = (
        f"{unique[best]} kinds of objects in {best} of {names[0]} to {names[-1]}; {ends[0]} in the first, "
        f"{ends[1]} in the last"
    )
    holds = 1 / 4 <= names.index(best) / len(names) < 3 / 4 and unique[best] > max(ends)
    return Verdict(ours, holds, {"objects by layer": unique})


def trees(evidence: Evidence) -> Verdict:
    """Whether trees go with their units, and churches stay."""
    counts = evidence.without_trees
    tree, church = (counts.change(name, "object") for name in ("tree", "church"))
    tree_changes = [f"{100 * a:+.0f} ± {100 * b:.0f} %" for a, b in zip(*tree, strict=True)][-3:]
    church_changes = [f"{100 * a:+.0f} %" for a in church.mean][-3:]
    ours = (
        f"trees {tree_changes[0]} without the share of the layer that 20 of 512 are, {tree_changes[1]} "
        f"without 20 units, "
        f"{tree_changes[2]} with these at their median instead of zero; churches {', '.join(church_changes)}"
    )
    holds = bool(tree.mean[-2] <= -0.5 and abs(church.mean[-2]) < 0.15)
    return Verdict(ours, holds, {"tree": tree.mean.tolist(), "church": church.mean.tolist()})


def doors(evidence: Evidence) -> Verdict:
    """Whether doors can be added to churches, and not to trees or the sky."""
    names = ("window", "church", "tree", "sky")
    effects = evidence.doors.by_context([Concept(name, "object") for name in names])
    gain = {effect.concept.name: (effect.mean, effect.interval) for effect in effects}
    gains = ", ".join(f"{name} {100 * m:+.1f} ± {100 * h:.1f}" for name, (m, h) in gain.items())
    wall, half = gain["church"]
    elsewhere = max(gain["tree"][0], gain["sky"][0], 0.0)
    ours = f"door pixels gained at a place, in % of an image's: {gains}"
    return Verdict(ours, wall - half > 0 and wall > 2 * elsewhere, {k: v[0] for k, v in gain.items()})


def attacks(evidence: Evidence) -> Verdict:
    """Whether attacks change the units that are important to the two classes."""
    changes = evidence.changes.by_importance(evidence.importance)
    (source, a), (target, b) = changes.source_times, changes.target_times
    ours = (
        f"the {changes.top} most important units of the clean class change {source:.2f} ± {a:.2f} times, "
        f"those of the adversarial class {target:.2f} ± {b:.2f} times as much as the others, "
        f"over {changes.images} images"
    )
    numbers = {"source": source, "source interval": a, "target": target, "target interval": b}
    return Verdict(ours, source - a > 1 and target - b > 1, numbers)


def _objects(dissection: Dissection) -> dict[str, int]:
    """Distinct objects that units of each layer detect."""
    return {layer.name: layer.count_detectors()["object"].unique for layer in dissection.layers}


CLAIMS: Final = (
    Claim(
        "Fig. 1c",
        "Detectors of objects emerge in a scene classifier, most of them in its last layers.",
        "51 kinds of objects in conv5_3, the most of all layers",
        "one of the last three layers has the most, and the first less than a fifth of it",
        emergence,
    ),
    Claim(
        "Fig. 2b, 2d",
        "A class depends on a few units: without them it is lost, and the others are not.",
        "without 20 of 512 units 53.0 % on average (chance 50 %); a ski resort 81.4 to 53.5 %, all classes "
        "53.3 to 52.6 %",
        "without as large a share of units more than half of what is above chance is lost, and over all "
        "classes less than 5 points",
        few_units,
    ),
    Claim(
        "Fig. 2b, 2d",
        "The more classes a network tells apart, the smaller the share of the units that a class depends on.",
        "with 365 classes, without 20 of 512 units (4 %) 53.0 % of balanced accuracy are left (chance 50 %)",
        "without 4 % of the units, those that matter most to it, a class loses a larger share of what it has "
        "above 50 % where the same network has learned more classes of the same pictures, and the 99 % "
        "interval of the difference does not reach 0",
        more_classes,
    ),
    Claim(
        "Fig. 2b, 2d",
        "A few units are enough for a class.",
        "with nothing but 20 of 512 units a class loses 3.6 points on average",
        "with as large a share of units a class loses 5 points at most",
        keep_only,
    ),
    Claim(
        "Fig. 2e",
        "Units that are important to more classes are more interpretable.",
        "IoU rises with the number of classes for which a unit is among the four most important",
        "the rank correlation is positive, with p < 0.01",
        interpretable,
    ),
    Claim(
        "Fig. 3c",
        "In a generator objects emerge in the middle layers.",
        "layer5 of 15 has the most",
        "a layer of the middle half has the most",
        middle,
    ),
    Claim(
        "Fig. 4a",
        "Removing tree units removes trees, and little else.",
        "20 of 512 units of layer4 take 53.3 % of the tree pixels",
        "20 units take half of the tree pixels, and change those of churches by less than 15 %",
        trees,
    ),
    Claim(
        "Fig. 4d",
        "Doors can be added to buildings, but not to trees or the sky.",
        "doors are gained at windows and walls, hardly any on trees and in the sky",
        "doors are gained on churches, and more than twice as many as on trees and in the sky",
        doors,
    ),
    Claim(
        "Fig. 5c",
        "An attack changes the units that are important to the two classes more than the others.",
        "units that are most important to the class before and after change most",
        "the four most important of either class change more than the others, beyond the 99 % interval",
        attacks,
    ),
)
"""The claims, in the order of the paper."""
