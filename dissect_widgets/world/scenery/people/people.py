"""People who stand, walk, sit, ski and rest."""

from __future__ import annotations

from collections.abc import Sequence

from dissect_widgets.world.scenery.drawing.canvas import BALL, SOFT, Canvas
from dissect_widgets.world.scenery.drawing.planes import Plane, Point
from dissect_widgets.world.scenery.drawing.rng import Rng
from dissect_widgets.world.scenery.drawing.shapes import ellipse, half_ellipse, smooth, tube
from dissect_widgets.world.scenery.drawing.surfaces import Surface, painted
from dissect_widgets.world.scenery.people.poses_and_outfits import POSES, Figure, Outfit, outfit


def person(
    canvas: Canvas,
    rng: Rng,
    x: float,
    z: float,
    *,
    pose: str | None = None,
    height: float | None = None,
    y: float = 0.0,
    wear: str | None = None,
    facing: int | None = None,
    lean: float = 0.0,
) -> None:
    """Draw a person.

    Parameters
    ----------
    pose
        "standing", "walking", "sitting" on something 0.45 m high, "skiing", or "resting" on the ground.
    y
        Height of the ground.
    wear
        "trousers", "shorts", "skirt", "swimsuit" or "ski"; by default what the season suggests.
    facing
        0 towards the camera, 1 to the side, 2 away from it.
    lean
        Slope of the ground in degrees, for skiers.
    """
    pose = rng.pick(("standing", "standing", "walking")) if pose is None else pose
    height = rng.between(1.5, 1.9) if height is None else height
    clothes = outfit(rng, season=canvas.light.season, kind="ski" if pose == "skiing" else wear)
    if pose != "sitting":
        canvas.shadow(x, z, 0.42 if pose != "resting" else 0.8, 0.22, y=y)
    plane = canvas.camera.upright(x, z, y=y).scaled(rng.side() * height / 1.75, height / 1.75).leaning(lean)
    figure = POSES[pose](rng, rng.pick((0, 0, 1, 2)) if facing is None else facing)
    if pose == "skiing":
        _skis(canvas, rng, plane)
    _draw_figure(canvas, plane, figure, clothes)
    if pose == "skiing":
        _poles(canvas, plane, figure)


def _draw_figure(canvas: Canvas, plane: Plane, figure: Figure, clothes: Outfit) -> None:
    """From the far arm to the near one."""
    side = figure.facing == 1
    _arm(canvas, plane, figure.arms[0], clothes, 0.85 if side else 0.95)
    if not side and clothes.headwear == "long":
        _hair_behind(canvas, plane, figure, clothes)
    for number, leg in enumerate(figure.legs):
        _leg(canvas, plane, leg, clothes, 0.85 if side and number == 0 else 1.0, side)
    _torso(canvas, plane, figure, clothes)
    if side:
        _head(canvas, plane, figure, clothes)
        _arm(canvas, plane, figure.arms[1], clothes, 1.0)
    else:
        _arm(canvas, plane, figure.arms[1], clothes, 0.95)
        _head(canvas, plane, figure, clothes)


def _limb(
    canvas: Canvas,
    plane: Plane,
    points: Sequence[Point],
    widths: tuple[float, float],
    surface: Surface,
    part: str,
    light: float,
) -> None:
    """A bent limb, round at its ends."""
    bend = smooth(points, 4, closed=False) if len(points) > 2 else list(points)
    canvas.draw(plane, tube(bend, *widths), surface, "person", part, light=light)


def _arm(
    canvas: Canvas, plane: Plane, joints: tuple[Point, Point, Point], clothes: Outfit, light: float
) -> None:
    """An arm with its hand, and the sleeve."""
    shoulder, elbow, hand = joints
    if clothes.sleeves < 1:
        _limb(canvas, plane, joints, (0.1, 0.07), clothes.skin, "arm", light)
    canvas.draw(plane, ellipse(*hand, 0.055), clothes.skin, "person", "arm", light=light)
    if clothes.sleeves == 1:
        _limb(canvas, plane, joints, (0.14, 0.1), clothes.top, "arm", light)
    elif clothes.sleeves > 0:
        share = 0.75
        cuff = (
            shoulder[0] + (elbow[0] - shoulder[0]) * share,
            shoulder[1] + (elbow[1] - shoulder[1]) * share,
        )
        _limb(canvas, plane, (shoulder, cuff), (0.15, 0.14), clothes.top, "arm", light)


def _leg(
    canvas: Canvas,
    plane: Plane,
    joints: tuple[Point, Point, Point],
    clothes: Outfit,
    light: float,
    side: bool,
) -> None:
    """A leg with its shoe, bare or in trousers."""
    hip, knee, foot = joints
    u, v = foot
    if clothes.kind == "trousers":
        _limb(canvas, plane, joints, (0.2, 0.12), clothes.bottom, "leg", light)
    else:
        _limb(canvas, plane, joints, (0.16, 0.09), clothes.skin, "leg", light)
    if clothes.kind == "shorts":
        _limb(canvas, plane, (hip, knee), (0.2, 0.19), clothes.bottom, "leg", light)
    elif clothes.trunks:
        half = ((hip[0] + knee[0]) / 2, (hip[1] + knee[1]) / 2)
        _limb(canvas, plane, (hip, half), (0.2, 0.2), clothes.bottom, "leg", light)
    toe = 0.15 if side else 0.06
    if clothes.kind != "swimsuit":
        shoe, surface = half_ellipse(u + toe / 3, v - 0.05, 0.06 + toe / 2, 0.12), clothes.shoes
    else:
        shoe, surface = half_ellipse(u + toe / 3, v - 0.05, 0.05 + toe / 2, 0.09), clothes.skin
    canvas.draw(plane, shoe, surface, "person", "leg", light=light)


def _torso(canvas: Canvas, plane: Plane, figure: Figure, clothes: Outfit) -> None:
    """Shirt, jacket, swimsuit or bare skin; skirts and trunks."""
    (nu, nv), (hu, hv), wide = figure.neck, figure.hip, figure.wide
    hips = wide * 0.85
    canvas.draw(plane, tube([(nu, nv - 0.05), figure.head], 0.1), clothes.skin, "person", "head", light=0.9)
    shape = smooth(
        [
            (hu - hips, hv - 0.04),
            (hu + hips, hv - 0.04),
            ((hu + nu) / 2 + wide * 0.86, (hv + nv) / 2),
            (nu + wide, nv - 0.12),
            (nu + wide * 0.5, nv),
            (nu - wide * 0.5, nv),
            (nu - wide, nv - 0.12),
            ((hu + nu) / 2 - wide * 0.86, (hv + nv) / 2),
        ],
        3,
    )
    cloth = clothes.skin if clothes.trunks else clothes.top
    canvas.draw(plane, shape, cloth, "person", "torso", shade=SOFT)
    if clothes.trunks:
        canvas.draw(plane, ellipse(hu, hv, hips * 1.08, 0.1), clothes.bottom, "person", "torso")
    if clothes.kind == "skirt":
        knee = figure.legs[1][1]
        low, middle = knee[1] - 0.02, (figure.legs[0][1][0] + knee[0]) / 2
        flare = max(abs(figure.legs[0][1][0] - knee[0]) / 2 + 0.13, hips * 1.2)
        skirt = [(middle - flare, low), (middle + flare, low), (hu + hips, hv + 0.1), (hu - hips, hv + 0.1)]
        canvas.draw(plane, skirt, clothes.bottom, "person", "torso", shade=SOFT)


def _head(canvas: Canvas, plane: Plane, figure: Figure, clothes: Outfit) -> None:
    """Head with face, hair or hat."""
    u, v = figure.head
    away, side = figure.facing == 2, figure.facing == 1
    canvas.draw(
        plane,
        ellipse(u, v, 0.105, 0.135),
        clothes.hair if away else clothes.skin,
        "person",
        "hair" if away else "head",
        shade=BALL,
    )
    if not away:
        back = -0.035 if side else 0.0
        cap = half_ellipse(u + back, v + 0.02, 0.115, 0.14)
        canvas.draw(plane, cap, clothes.hair, "person", "hair", shade=BALL)
        if side:
            nape = 0.26 if clothes.headwear == "long" else 0.1
            canvas.draw(
                plane,
                smooth(
                    [
                        (u - 0.13, v + 0.08),
                        (u - 0.02, v + 0.1),
                        (u - 0.03, v - nape + 0.04),
                        (u - 0.13, v - nape),
                    ],
                    3,
                ),
                clothes.hair,
                "person",
                "hair",
            )
        if plane.depth < 5:
            _face(canvas, plane, u, v, side)
    if clothes.headwear == "hat":
        canvas.draw(plane, half_ellipse(u, v + 0.06, 0.118, 0.13), clothes.hat, "person", "head", shade=BALL)
        brim = [(u - 0.12, v + 0.05), (u + 0.2, v + 0.05), (u + 0.18, v + 0.085), (u - 0.12, v + 0.085)]
        canvas.draw(plane, brim, clothes.hat, "person", "head", light=0.8)


def _face(canvas: Canvas, plane: Plane, u: float, v: float, side: bool) -> None:
    """Eyes and mouth, which are seen on those who are near."""
    dark, lips = Surface((0.14, 0.1, 0.09), "skin"), Surface((0.62, 0.3, 0.27), "skin")
    for eye in (0.06,) if side else (-0.042, 0.042):
        canvas.draw(plane, ellipse(u + eye, v - 0.005, 0.014, 0.02), dark, "person", "head")
    mouth = 0.07 if side else 0.0
    canvas.draw(
        plane, ellipse(u + mouth, v - 0.075, 0.03 if not side else 0.022, 0.012), lips, "person", "head"
    )


def _hair_behind(canvas: Canvas, plane: Plane, figure: Figure, clothes: Outfit) -> None:
    u, v = figure.head
    fall = smooth([(u - 0.1, v + 0.1), (u + 0.1, v + 0.1), (u + 0.14, v - 0.25), (u - 0.14, v - 0.25)], 3)
    canvas.draw(plane, fall, clothes.hair, "person", "hair")


def _skis(canvas: Canvas, rng: Rng, plane: Plane) -> None:
    """Two skis with bent tips."""
    board = painted(rng)
    for shift, lift, light in ((0.12, 0.06, 0.8), (0.0, 0.0, 1.0)):
        line = [
            (-0.75 + shift, 0.02 + lift),
            (0.7 + shift, 0.02 + lift),
            (0.88 + shift, 0.07 + lift),
            (0.96 + shift, 0.16 + lift),
        ]
        canvas.draw(plane, tube(line, 0.07, 0.05), board, "person", "ski", light=light)


def _poles(canvas: Canvas, plane: Plane, figure: Figure) -> None:
    """Two ski poles."""
    stick = Surface((0.2, 0.2, 0.22), "metal")
    for _, _, (u, v) in figure.arms:
        canvas.draw(
            plane,
            tube([(u + 0.03, v + 0.1), (u - 0.45, max(v - 0.72, 0.05))], 0.035),
            stick,
            "person",
            "pole",
        )
