"""What claims are tested on: networks that are dissected, edited and attacked, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dissect_widgets.api.ablation import ablate_unit_sets, rank_units
from dissect_widgets.api.attacks import attack, unit_changes
from dissect_widgets.api.dissection import dissect
from dissect_widgets.api.editing import count_pixels, edit, insert_at_places
from dissect_widgets.core.ablation.importance import UnitImportance
from dissect_widgets.core.ablation.unit_sets import SetEffects
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.unit_changes import UnitChanges
from dissect_widgets.core.data.in_memory import InMemory
from dissect_widgets.core.dissection.layer_result import LayerDissection
from dissect_widgets.core.dissection.result import Dissection
from dissect_widgets.core.dissection.settings import Resources
from dissect_widgets.core.editing.edit import Edit, insertion
from dissect_widgets.core.editing.pixel_counts import PixelCounts
from dissect_widgets.core.editing.placement import PlaceEffects
from dissect_widgets.core.files.target import output_folder
from dissect_widgets.errors import SettingError
from dissect_widgets.replication.studies.division import DivisionStudy
from dissect_widgets.replication.studies.few_units import measure_few_units
from dissect_widgets.replication.studies.study import ClassifierStudy, GeneratorStudy

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Evidence:
    """Everything that the claims are tested on, computed when first asked for.

    Parameters
    ----------
    classifier, generator
        The networks to study.
    division
        Networks that divide the same images into more and into fewer classes, if there are any.
    progress
        Whether to show bars.
    """

    def __init__(
        self,
        classifier: ClassifierStudy,
        generator: GeneratorStudy,
        division: DivisionStudy | None = None,
        *,
        progress: bool = True,
    ) -> None:
        self.classifier, self.generator, self.division = classifier, generator, division
        self.progress = progress

    def write_reports(self, folder: Path) -> dict[str, str]:
        """Write a page for each network, with all results of it; returns title -> file name."""
        from dissect_widgets.reports.page import Drawn, Insertion, Removal, write_report

        study, counts = self.generator, self.without_trees
        zero = replace(counts, after=counts.after[: len(self.removed)])
        removal = Removal(zero, self.removed, study.removed, study.others, f"Units of {study.layer}.")
        insertion = Insertion(self.doors, study.contexts, f"Units of {study.insert_layer}.")
        folder = output_folder(folder, what="folder")
        write_report(
            self.dissection,
            folder / "classifier.html",
            importance=self.importance,
            sets=self.sets,
            changes=self.changes,
        )
        write_report(
            self.generator_dissection,
            folder / "generator.html",
            edits=[removal, Drawn(self._images()), insertion],
        )
        return {"units of the classifier": "classifier.html", "units of the generator": "generator.html"}

    def _images(self) -> go.Figure:
        """Images with most of the removed concept, with more and more of its units at their median."""
        from dissect_widgets.plots.images import image_rows

        study, layer = self.generator, self.edited_layer
        units = layer.ranked(*study.removed)
        most = np.argsort(-self.without_trees.before[:, 0], kind="stable")[:4]
        samples = study.latents(study.samples, seed=2)[most]
        edits = [Edit(layer.name, units[:n], layer.median[units[:n]]) for n in self.removed]
        drawn = [edit(study.generator, samples), *(edit(study.generator, samples, one) for one in edits)]
        titles = ["unchanged", *(f"{n} units at their median" for n in self.removed)]
        return image_rows(drawn, titles, title=f"Without units for {study.removed.name}")

    @cached_property
    def dissection(self) -> Dissection:
        """All layers of the classifier that are compared."""
        study = self.classifier
        return dissect(
            study.model,
            study.layers,
            study.labeled,
            preprocess=study.preprocess,
            segmenter=study.segmenter,
            progress=self.progress,
        )

    @cached_property
    def held_out(self) -> InMemory:
        """Images on which nothing was chosen."""
        return InMemory(self.classifier.held_out, labels=False)

    @cached_property
    def importance(self) -> UnitImportance:
        """Units by importance."""
        study = self.classifier
        importance = rank_units(study.on(study.train), study.layer, progress=self.progress)
        return importance.ranked_by(study.measure)

    @cached_property
    def sets(self) -> SetEffects:
        """Sets of units, removed and kept: 4 % of the layer, as 20 of 512 are, and a quarter."""
        study, units = self.classifier, self.importance.units
        sizes = [max(1, round(units * 20 / 512)), units // 4]
        return ablate_unit_sets(study.on(self.held_out), self.importance, sizes, progress=self.progress)

    @cached_property
    def divided(self) -> dict[str, SetEffects]:
        """Sets of units of networks of more and of fewer classes, removed; by name, "finer" and "coarser"."""
        if self.division is None:
            raise SettingError("There are no two networks that divide the same images into classes.")
        return measure_few_units(self.division, progress=self.progress)

    @cached_property
    def attacked(self) -> AttackResult:
        """Images that were attacked, each towards another class at random."""
        study = self.classifier
        return attack(
            study.on(self.held_out),
            "random",
            among=self.importance.present_classes,
            method=study.method,
            images=range(min(study.attacked, len(self.held_out))),
            progress=self.progress,
        )

    @cached_property
    def changes(self) -> UnitChanges:
        """What the attacks changed inside."""
        study = self.classifier
        return unit_changes(study.on(self.held_out), study.layer, self.attacked, progress=self.progress)

    @cached_property
    def generator_dissection(self) -> Dissection:
        """All layers of the generator that are compared."""
        study = self.generator
        return dissect(
            study.generator,
            study.layers,
            study.latents(study.samples),
            segmenter=study.segmenter,
            resources=Resources(batch_size=16),
            progress=self.progress,
        )

    @property
    def edited_layer(self) -> LayerDissection:
        """The layer of the generator whose units are removed."""
        return self.generator_dissection[self.generator.layer]

    @property
    def removed(self) -> list[int]:
        """How many units are removed: 2, as large a share of the layer as 20 of 512 are, and 20."""
        return sorted({2, max(1, round(self.edited_layer.units * 20 / 512)), 20})

    @cached_property
    def without_trees(self) -> PixelCounts:
        """Pixels without as many units of the removed concept as `removed`, then with 20 at their median."""
        study, layer = self.generator, self.edited_layer
        units = layer.ranked(*study.removed)
        sets: Sequence[Edit] = [Edit(layer.name, units[:number]) for number in self.removed]
        median = Edit(layer.name, units[:20], layer.median[units[:20]])
        return count_pixels(
            study.generator,
            study.latents(study.samples, seed=2),
            [*sets, median],
            study.segmenter,
            concepts=[study.removed, *study.others],
            progress=self.progress,
        )

    @cached_property
    def doors(self) -> PlaceEffects:
        """Effects of units of the inserted concept, place by place, in a quarter of the samples."""
        study, layer = self.generator, self.generator_dissection[self.generator.insert_layer]
        units = layer.ranked(*study.inserted)[:20]
        return insert_at_places(
            study.generator,
            study.latents(max(2, study.samples // 4), seed=2),
            insertion(layer, units, strength=study.insert_strength),
            study.segmenter,
            study.inserted,
            cells=study.cells,
            block=study.block,
            progress=self.progress,
        )
