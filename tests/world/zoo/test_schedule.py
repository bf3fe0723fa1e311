"""Which members can be trained at a moment."""

from __future__ import annotations

from dissect_widgets.world.zoo import registry
from dissect_widgets.world.zoo.schedule import trainable

FIRST, THEN = (registry.member(name) for name in ("alexnet-objects", "alexnet-objects-to-scenes"))
DRAWN = {"scenes", "objects"}


def test_what_begins_with_another_waits_until_that_is_trained() -> None:
    assert trainable([THEN, FIRST], {FIRST.name, THEN.name}, DRAWN, "") == [FIRST]
    assert trainable([THEN], {FIRST.name, THEN.name}, DRAWN, "") == [], "while the first is being trained"
    assert trainable([THEN], {THEN.name}, DRAWN, "") == [THEN]


def test_what_is_not_drawn_waits() -> None:
    members = [registry.member(name) for name in ("vgg-objects", "alexnet-gap", "alexnet-scenes")]
    names = {member.name for member in members}
    assert trainable(members, names, {"objects"}, "") == members[:1]
    assert trainable(members, names, {"scenes"}, "") == [members[2], members[1]], "by priority"


def test_ties_go_to_the_data_at_hand() -> None:
    members = [registry.member(name) for name in ("resnet-captions", "alexnet-audio", "alexnet-context")]
    drawn = {member.task.data for member in members}
    order = [member.name for member in trainable(members, set(), drawn, "sounds")]
    assert order == ["alexnet-audio", "resnet-captions", "alexnet-context"]
