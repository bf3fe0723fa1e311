"""The figures of PNAS 2020 on the networks that come with the package."""

from __future__ import annotations

from functools import partial

from dissect_widgets.core.data.vocabulary import Concept
from dissect_widgets.replication.studies.division import Divided, DivisionStudy
from dissect_widgets.replication.studies.study import ClassifierStudy, GeneratorStudy
from dissect_widgets.world import zoo
from dissect_widgets.world.datasets import Objects, Scenes
from dissect_widgets.world.finer_pictures import FinerPictures
from dissect_widgets.world.pretrained import load_classifier, load_generator, load_segmenter
from dissect_widgets.world.scenery.vocabulary import OBJECT_KINDS


def world_classifier(
    *, labeled: int = 480, train: int = 960, held_out: int = 720, things: int = 280, attacked: int = 100
) -> ClassifierStudy:
    """The classifier and the scenes that come with the package; how many images of each kind to draw."""
    model = load_classifier()
    others = [kind for kind in OBJECT_KINDS if kind != "airplane"]
    return ClassifierStudy(
        name="the world's classifier",
        model=model,
        layers=tuple(model.convolutions),
        layer="conv5_3",
        labeled=Scenes("probe", labeled, label_size=64, classes=model.classes),
        train=Scenes("train", train, classes=model.classes),
        held_out=Scenes("val", held_out, classes=model.classes),
        concept=Concept("airplane", "object"),
        things=(Objects("val", things, classes=["airplane"]), Objects("val", things, classes=others)),
        class_name="airfield",
        target_name="bedroom",
        measure="log-odds",
        attacked=attacked,
    )


def world_generator(*, samples: int = 480) -> GeneratorStudy:
    """The generator of churches that comes with the package, and a segmenter of its images."""
    generator = load_generator()
    thing = partial(Concept, category="object")
    return GeneratorStudy(
        name="the world's churches",
        generator=generator,
        segmenter=load_segmenter(),
        layers=tuple(name for name, _ in generator.named_children())[:-1],
        layer="layer6",
        latent_dim=generator.latent_dim,
        predicted=thing("tree"),
        removed=thing("tree"),
        others=tuple(map(thing, ("church", "grass", "sky"))),
        inserted=thing("door"),
        contexts=tuple(map(thing, ("window", "church", "grass", "tree", "sky"))),
        insert_layer="layer3",
        insert_strength=2.0,
        block=(3, 2),
        cells=tuple((row, column) for row in range(1, 7) for column in (1, 3, 4, 6)),
        painted=Concept("dome", "part"),
        paint_layer="layer4",
        paint_strength=2.0,
        paint_seeds=(5, 0, 17, 19),
        samples=samples,
    )


def world_division(*, train: int = 20, held_out: int = 20, repeats: int = 20) -> DivisionStudy:
    """Two VGGs of the zoo, of the finer classes and of their scenes; pictures of each finer class to draw."""
    learned, others = FinerPictures("train", train), FinerPictures("val", held_out)
    return DivisionStudy(
        name="the world's finer classes",
        networks={
            "finer": Divided(zoo.load("vgg-finer"), learned, others),
            "coarser": Divided(zoo.load("vgg-coarser"), learned.with_scenes(), others.with_scenes()),
        },
        layer="relu5_3",
        repeats=repeats,
    )
