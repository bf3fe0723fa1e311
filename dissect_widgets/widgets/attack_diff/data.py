"""What the attack diff shows, as plain data."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from dissect_widgets.core.ablation.importance import TOP, UnitImportance
from dissect_widgets.core.attacks.base import Advance, AttackMethod
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.run import CleanImages, choose_targets, read_images, run_attack
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.thumbnails import to_png
from dissect_widgets.core.dissection.max_activation import open_layer
from dissect_widgets.core.network.evaluation import evaluation
from dissect_widgets.core.network.forward import scores_of
from dissect_widgets.core.network.hooks import trace
from dissect_widgets.core.network.layers import as_maps
from dissect_widgets.core.network.original import layer_name
from dissect_widgets.core.network.run import run
from dissect_widgets.errors import SettingError

POSITIONS: Final = 21
"""Places between the original and the attacked image at which the network is read."""
MOST_CLASSES: Final = 7
"""Classes whose probabilities are shown."""


class AttackData:
    """A classifier, images, and what an attack on one of them changes.

    Parameters
    ----------
    classifier
        The network and its images.
    layer
        Whose units are shown.
    importance
        Units by importance to the classes; with None, the units that change most are shown.
    """

    def __init__(self, classifier: ClassifierData, layer: str, importance: UnitImportance | None) -> None:
        layer = layer_name(classifier.model, layer)  # before any image is read
        classifier = classifier.without_labels()
        self.classifier, self.layer, self.importance = classifier, layer, importance
        self._read: dict[int, CleanImages] = {}
        self.classes = classifier.check_classes(self.read(0).scores.shape[1])
        _, shape = open_layer(
            classifier.model, layer, classifier.data, preprocess=classifier.preprocess, located=True
        )
        assert shape.frame is not None
        self.frame = shape.frame
        self.plan = shape.plans[self.layer]
        if importance is not None:
            self.check_units(importance.units, "importance")
            if importance.classes != self.classes:
                raise SettingError("The importance is of other classes than those of the network.")

    def check_units(self, units: int, of: str) -> None:
        """Raise SettingError if a ranking or dissection is not of the layer as it is."""
        if units != self.plan.info.units:
            raise SettingError(f"The {of} is of {units} units; {self.layer} has {self.plan.info.units}.")

    def facts(self) -> dict[str, Any]:
        """Facts that never change."""
        data = self.classifier.data
        names = [self.classifier.name_of(image) for image in range(len(data))]
        return {
            "layer": self.layer,
            "classes": list(self.classes),
            "names": names,
            "grid": list(self.frame.grid(self.plan.grid)[:6]),
            "positions": POSITIONS,
        }

    def read(self, image: int) -> CleanImages:
        """An image and its scores; the last one is cached."""
        read = self._read.get(image)
        if read is None:  # the background's thread may read another one meanwhile
            read = read_images(self.classifier, [image])
            self._read = {image: read}
        return read

    def original(self, image: int) -> tuple[dict[str, Any], bytes]:
        """An image before the attack: its predictions, and the image as PNG."""
        read = self.read(image)
        scores = read.scores[0]
        order = np.argsort(-scores, kind="stable")
        probabilities = torch.from_numpy(scores).double().softmax(0).numpy()
        facts = {
            "image": image,
            "size": list(self.frame.part_size),
            "class": self.classes[order[0]],
            "nearest": self.classes[order[1]],
            "names": [self.classes[k] for k in order[:MOST_CLASSES]],
            "probabilities": [[round(float(probabilities[k]), 6)] for k in order[:MOST_CLASSES]],
        }
        return facts, to_png(self.frame.images(read.images[0]))

    def attack(
        self, image: int, target: str, method: AttackMethod, seed: int, advance: Advance
    ) -> AttackResult:
        """Attack an image; the target "" is the second most probable class."""
        read, targets = choose_targets(
            self.classifier, self.read(image), [target] if target else "nearest", seed, lambda sentence: None
        )
        return run_attack(self.classifier, read, targets, method, seed=seed, advance=advance)

    def shown(self, attacked: AttackResult) -> tuple[dict[str, Any], bytes, bytes]:
        """What the page shows of an attack: facts, the perturbation, and maps of units.

        The perturbation is float16 (3, H, W), maps are float16 (positions, units, h, w), little-endian.
        """
        target = self.classes[attacked.targets[0]]
        facts = {
            "image": int(attacked.images[0]),
            "success": bool(attacked.success[0]),
            "finished": bool(attacked.finished[0] or attacked.broken[0]),
            "broken": bool(attacked.broken[0]),
            "source": self.classes[attacked.predicted_clean[0]],
            "target": target,
            "passes": attacked.passes,
            "seconds": round(attacked.seconds, 2),
        }
        if not attacked.success[0]:
            return facts, b"", b""
        share = torch.linspace(0, 1, POSITIONS)[:, None, None, None]
        images = attacked.clean + share * attacked.perturbation
        scores, maps = self._along(images)
        max_activations = maps.flatten(2).amax(2)
        groups = self._groups(attacked, (max_activations[-1] - max_activations[0]).numpy())
        units = list(dict.fromkeys(unit for group in groups for unit in group["units"]))
        ends = scores[[0, -1]].topk(min(MOST_CLASSES, len(self.classes))).indices
        classes = [int(attacked.predicted_clean[0]), int(attacked.targets[0])]
        listed = list(dict.fromkeys([*classes, *ends.T.flatten().tolist()]))[:MOST_CLASSES]
        probabilities = scores.double().softmax(1)
        facts |= {
            "l2": float(attacked.l2[0]),
            "linf": float(attacked.linf[0]),
            "names": [self.classes[k] for k in listed],
            "probabilities": [[round(float(p), 6) for p in probabilities[:, k]] for k in listed],
            "groups": groups,
            "units": units,
            "max_activations": [[round(float(p), 5) for p in max_activations[:, unit]] for unit in units],
        }
        perturbation = self.frame.images(attacked.perturbation[0]).numpy().astype("<f2").tobytes()
        return facts, perturbation, maps[:, units].numpy().astype("<f2").tobytes()

    def _along(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and maps of images from the original to the attacked one, in one pass."""
        classifier, plan, scores, maps = self.classifier, self.plan, [], []
        clone, parts = [self.layer] if plan.overwritten else [], {self.layer: plan.info.part}
        for part in images.split(max(classifier.batch_size, 2)):
            given = classifier.preprocessing(part)
            tracing = trace(classifier.model, [self.layer], clone=clone, parts=parts)
            with evaluation(classifier.model), tracing as seen:
                scores.append(scores_of(run(classifier.model, given), len(part)).float().cpu())
            maps.append(as_maps(seen[self.layer], plan.info).cpu())
        return torch.cat(scores), torch.cat(maps)

    def _groups(self, attacked: AttackResult, change: Any) -> list[dict[str, Any]]:
        """Units that are shown: the most important to both classes, or those that fall and rise most."""
        classes = [self.classes[int(attacked.predicted_clean[0])], self.classes[int(attacked.targets[0])]]
        if self.importance is not None and set(classes) <= set(self.importance.present_classes):
            return [
                {
                    "title": f"most important to {name}",
                    "units": self.importance.top_units(name)[:TOP].tolist(),
                }
                for name in classes
            ]
        order = np.argsort(change, kind="stable")
        return [
            {"title": "max activation falls most", "units": order[:TOP].tolist()},
            {"title": "max activation rises most", "units": order[::-1][:TOP].tolist()},
        ]
