"""Every scene and object is drawn as it always was: a seed stands for the same image in every version."""

from __future__ import annotations

import pytest

from dissect_widgets.world import OBJECT_KINDS, SCENES, render
from tests.world.image_digests import digest_of, draw, drawn, known


def test_every_scene_and_object_has_digests() -> None:
    missing = sorted(drawn().keys() - known().keys())
    assert not missing, "run `python tests/world/image_digests.py`"
    assert not known().keys() - drawn().keys(), "scenes and objects that are no longer drawn"


@pytest.mark.parametrize("name", dict.fromkeys((*SCENES, *OBJECT_KINDS)))
def test_images_and_labels_are_the_same_bytes(name: str) -> None:
    digests = known()
    keys = [key for key, (own, _, _) in drawn().items() if own == name]
    assert {key: digest_of(draw(key)) for key in keys} == {key: digests[key] for key in keys}


def test_digests_see_pixels_and_names() -> None:
    picture = render("church", 0, 64)
    image, labels = picture.image.copy(), picture.labels.copy()
    image[5, 6, 1] ^= 1
    labels[0, 5, 6] += 1
    changed = [picture._replace(image=image), picture._replace(labels=labels)]
    assert len({digest_of(p) for p in (picture, *changed)}) == 3
