"""A line the height of a word, as SVG path data. Pure: values in, text out; a gap stays a gap in the line."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgeops.metrics.reading import Line

WIDTH, HEIGHT = 120, 32


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Path data of the settled part and of the tail that may still change, and what the line says in words."""

    settled: str
    tail: str
    label: str
    tone: str = ""
    width: int = WIDTH
    height: int = HEIGHT


def draw(line: Line | None, label: str, *, at_least: float = 1, tone: str = "") -> Sparkline:
    """A sparkline from zero up to its highest value, or to `at_least`, so that noise near zero stays near zero."""
    values = line.values if line is not None else []
    cut = line.settled_count if line is not None else 0
    top = max([at_least, *(value for value in values if value is not None)])
    points = _points(values, top)
    # The tail begins at the last settled point, so that the two join.
    return Sparkline(_path(points[:cut]), _path(points[max(0, cut - 1) :]), _sentence(values, label), tone)


def _points(values: Sequence[float | None], top: float) -> list[tuple[float, float] | None]:
    step = WIDTH / max(1, len(values) - 1)
    return [
        None if value is None else (index * step, HEIGHT - 1 - (HEIGHT - 2) * value / top)
        for index, value in enumerate(values)
    ]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Move after a gap, line otherwise; a point between two gaps is a dot of no length with round ends."""
    parts: list[str] = []
    before = None
    for index, point in enumerate(points):
        if point is not None:
            command = "L" if before is not None else "M"
            parts.append(f"{command}{point[0]:.1f} {point[1]:.1f}")
            is_alone = before is None and (index + 1 == len(points) or points[index + 1] is None)
            parts.extend(["h0"] if is_alone else [])
        before = point
    return "".join(parts)


def _sentence(values: Sequence[float | None], label: str) -> str:
    present = [value for value in values if value is not None]
    if not present:
        return f"{label}: no data in this window"
    return f"{label}: from {min(present):.3g} to {max(present):.3g}, last {present[-1]:.3g}"
