"""Outlines as lists of (u, v): what is drawn on a plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from dissect_widgets.world.scenery.drawing.planes import Point
from dissect_widgets.world.scenery.drawing.rng import Rng

_CIRCLE = [(math.cos(math.tau * i / 48), math.sin(math.tau * i / 48)) for i in range(48)]


def box(left: float, bottom: float, right: float, top: float) -> list[Point]:
    """Rectangle."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


def ellipse(u: float, v: float, across: float, up: float | None = None) -> list[Point]:
    """Ellipse around a point with two radii; a circle with one."""
    up = across if up is None else up
    return [(u + across * x, v + up * y) for x, y in _CIRCLE[::2]]


def half_ellipse(u: float, v: float, across: float, up: float) -> list[Point]:
    """Upper half of an ellipse; the lower one if `up` is negative."""
    return [(u + across * x, v + up * y) for x, y in _CIRCLE[:25:2]]


def arched(left: float, bottom: float, right: float, top: float, *, pointed: float = 0.0) -> list[Point]:
    """Rectangle whose top is an arch: round, or pointed as Gothic windows are."""
    middle, radius = (left + right) / 2, (right - left) / 2
    rise = min(radius * (1 + pointed), top - bottom)
    bend = [(x, math.pow(max(y, 0.0), 1 + pointed)) for x, y in _CIRCLE[:25:2]]
    return [
        (left, bottom),
        (right, bottom),
        *((middle + radius * x, top - rise + rise * y) for x, y in bend),
    ]


def rounded(left: float, bottom: float, right: float, top: float, radius: float) -> list[Point]:
    """Rectangle with round corners."""
    radius = min(radius, (right - left) / 2, (top - bottom) / 2)
    middles = (
        (right - radius, top - radius),
        (left + radius, top - radius),
        (left + radius, bottom + radius),
        (right - radius, bottom + radius),
    )
    return [
        (u + radius * x, v + radius * y)
        for corner, (u, v) in enumerate(middles)
        for x, y in (_CIRCLE[(12 * corner + step) % 48] for step in (0, 4, 8, 12))
    ]


def smooth(points: Sequence[Point], steps: int = 4, *, closed: bool = True) -> list[Point]:
    """Smooth curve through points (Catmull-Rom)."""
    n, curve = len(points), []
    for i in range(n if closed else n - 1):
        if closed:
            p, q, r, s = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
        else:
            p, q, r, s = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, n - 1)]
        for a, b, c, d in _weights(steps):
            curve.append(
                (a * p[0] + b * q[0] + c * r[0] + d * s[0], a * p[1] + b * q[1] + c * r[1] + d * s[1])
            )
    return curve if closed else [*curve, points[-1]]


@cache
def _weights(steps: int) -> list[tuple[float, float, float, float]]:
    """Weights of four neighboring points at each of some steps from the second to the third."""
    return [
        (
            -0.5 * t + t * t - 0.5 * t * t * t,
            1 - 2.5 * t * t + 1.5 * t * t * t,
            0.5 * t + 2 * t * t - 1.5 * t * t * t,
            0.5 * t * t * t - 0.5 * t * t,
        )
        for t in (step / steps for step in range(steps))
    ]


def blob(rng: Rng, u: float, v: float, across: float, up: float, *, rough: float = 0.15) -> list[Point]:
    """Closed smooth outline, irregular by a share `rough` of its radii: clouds, bushes, rocks."""
    knots = 9
    turn = rng.between(0, math.tau / knots)
    points = []
    for i in range(knots):
        angle, reach = turn + math.tau * i / knots, 1 + rough * rng.between(-1, 1)
        points.append((u + across * reach * math.cos(angle), v + up * reach * math.sin(angle)))
    return smooth(points, 3)


def skyline(
    rng: Rng, left: float, right: float, base: float, low: float, high: float, *, rough: float = 0.5
) -> list[Point]:
    """Ragged line of hills from left to right, as a polygon that stands on `base`.

    Parameters
    ----------
    low, high
        Between which it stays, roughly.
    rough
        0 for smooth hills, 1 for jagged peaks.
    """
    heights, swing = [rng.between(low, high) for _ in range(3)], (high - low) / 2
    for _ in range(4):
        finer = []
        for first, second in pairwise(heights):
            finer += [first, (first + second) / 2 + swing * rng.between(-0.6, 0.6)]
        heights, swing = [*finer, heights[-1]], swing * (0.3 + 0.35 * rough)
    step = (right - left) / (len(heights) - 1)
    return [(left, base), *((left + i * step, h) for i, h in enumerate(heights)), (right, base)]


def tube(points: Sequence[Point], width: float, end_width: float | None = None) -> list[Point]:
    """Outline of a line with a width, which may change towards its end: limbs, branches, cables."""
    end_width = width if end_width is None else end_width
    right, left, last = [], [], len(points) - 1
    for i, (u, v) in enumerate(points):
        (u0, v0), (u1, v1) = points[max(i - 1, 0)], points[min(i + 1, last)]
        length = math.hypot(u1 - u0, v1 - v0) or 1.0
        half = (width + (end_width - width) * i / max(last, 1)) / 2
        across = (half * (v1 - v0) / length, half * (u1 - u0) / length)
        right.append((u + across[0], v - across[1]))
        left.append((u - across[0], v + across[1]))
    return [*right, *reversed(left)]


def hull(points: Sequence[Point]) -> list[Point]:
    """Convex outline around points, counterclockwise (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    corners: list[Point] = []
    for line in (ordered, ordered[::-1]):
        start = len(corners)
        for u, v in line:
            while len(corners) > start + 1:
                (a, b), (c, d) = corners[-2:]
                if (c - a) * (v - b) - (d - b) * (u - a) > 0:
                    break
                corners.pop()
            corners.append((u, v))
        corners.pop()
    return corners


def clipped(points: Sequence[Point], window: Sequence[Point]) -> list[Point]:
    """The share of an outline that lies within a convex one, which runs counterclockwise."""
    kept = list(points)
    for (a, b), (c, d) in zip(window, [*window[1:], window[0]], strict=True):
        sides = [(c - a) * (v - b) - (d - b) * (u - a) for u, v in kept]
        cut: list[Point] = []
        for i, (u, v) in enumerate(kept):
            before, (x, y) = sides[i - 1], kept[i - 1]
            if (before >= 0) != (sides[i] >= 0):
                t = before / (before - sides[i])
                cut.append((x + t * (u - x), y + t * (v - y)))
            if sides[i] >= 0:
                cut.append((u, v))
        kept = cut
    return kept
