"""The waterfall of a trace: its segment documents as rows in reading order, each with its place on the time line.

Segments arrive in any order, twice, without their parent, unfinished, or pointing at each other; every one of them
becomes a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeops.traces import segments
from edgeops.traces.segments import Document, Span, text

# A segment that took no visible time is still drawn, this wide.
NARROWEST_PERCENT = 0.4
SEVERITY = {"fault": 3, "throttle": 2, "error": 1, "ok": 0}


@dataclass(frozen=True, slots=True)
class Row:
    """One segment: how deep it lies, when it ran (seconds since the trace began), and where its bar is drawn."""

    span: Span
    depth: int
    offset_seconds: float | None
    duration_seconds: float | None
    left_percent: float
    width_percent: float
    is_guilty: bool = False


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The rows of a trace, its length in seconds, and the deepest segment that failed, if any did."""

    rows: tuple[Row, ...]
    total_seconds: float
    guilty: Row | None

    @property
    def ticks(self) -> tuple[tuple[int, float], ...]:
        """Marks of the time axis: percent of the width, and seconds."""
        return tuple((percent, self.total_seconds * percent / 100) for percent in (0, 25, 50, 75, 100))


@dataclass(slots=True)
class _Node:
    document: Document
    span: Span
    parent: int | None
    children: list[int]


def build(documents: Sequence[Document]) -> Waterfall:
    """Order the segments of one trace, nested and separate ones alike, into rows."""
    nodes = _nodes(documents)
    starts = [node.span.start for node in nodes if node.span.start is not None]
    began = min(starts, default=0.0)
    ended = max([began, *starts, *(node.span.end for node in nodes if node.span.end is not None)])
    placed = [(nodes[index].span, depth) for index, depth in _in_order(nodes)]
    guilty = _guilty(placed)
    rows = tuple(
        _row(span, depth, began=began, total=ended - began, is_guilty=place == guilty)
        for place, (span, depth) in enumerate(placed)
    )
    return Waterfall(rows, ended - began, None if guilty is None else rows[guilty])


def _nodes(documents: Sequence[Document]) -> list[_Node]:
    """Every segment once, parents found by nesting or by id; the first of two with one id is the parent."""
    flat = list(_flat(documents))
    causes = segments.causes(document for document, _ in flat)
    by_id: dict[str, int] = {}
    for index, (document, _) in enumerate(flat):
        by_id.setdefault(text(document.get("id")), index)
    by_id.pop("", None)
    nodes = [
        _Node(document, segments.read(document, causes), _parent(document, enclosing, by_id), [])
        for document, enclosing in flat
    ]
    for index, node in enumerate(nodes):
        if node.parent is not None and node.parent != index:
            nodes[node.parent].children.append(index)
    return nodes


def _flat(documents: Sequence[Document]) -> Iterator[tuple[Document, int | None]]:
    """Documents and their nested subsegments with the position of the one around them."""
    waiting: list[tuple[Document, int | None]] = [(document, None) for document in documents]
    for position, (document, enclosing) in enumerate(waiting):
        yield document, enclosing
        waiting.extend((nested, position) for nested in segments.subsegments(document))  # the loop goes on to these


def _parent(document: Document, enclosing: int | None, by_id: dict[str, int]) -> int | None:
    return enclosing if enclosing is not None else by_id.get(text(document.get("parent_id")))


def _in_order(nodes: Sequence[_Node]) -> Iterator[tuple[int, int]]:
    """Positions and depths, parents before children, earliest first; a circle is entered at its earliest segment."""

    def by_start(index: int) -> tuple[float, int]:
        start = nodes[index].span.start
        return (float("inf") if start is None else start, index)

    seen: set[int] = set()
    roots = sorted((i for i, node in enumerate(nodes) if node.parent in {None, i}), key=by_start)
    for entry in [*roots, *sorted(range(len(nodes)), key=by_start)]:
        stack = [(entry, 0)]
        while stack:
            index, depth = stack.pop()
            if index in seen:
                continue
            seen.add(index)
            yield index, depth
            stack.extend((child, depth + 1) for child in sorted(nodes[index].children, key=by_start, reverse=True))


def _guilty(placed: Sequence[tuple[Span, int]]) -> int | None:
    """The worst state, where it lies deepest, and of those the first: what the others only passed on.

    An inferred segment only repeats its caller's call, which knows the exception, so the caller goes before it.
    """

    def blame(place: int) -> tuple[int, int]:
        span, depth = placed[place]
        return (SEVERITY[span.state], depth - span.is_inferred)

    failed = [place for place, (span, _) in enumerate(placed) if span.state != "ok"]
    return max(failed, key=blame, default=None)


def _row(span: Span, depth: int, *, began: float, total: float, is_guilty: bool) -> Row:
    offset = None if span.start is None else span.start - began
    duration = None if span.start is None or span.end is None else span.end - span.start
    left, width = _place(offset, duration, total)
    return Row(span, depth, offset, duration, left, width, is_guilty)


def _place(offset: float | None, duration: float | None, total: float) -> tuple[float, float]:
    """Left edge and width in percent; one without an end reaches to the end of the trace."""
    if offset is None:
        return 0.0, 0.0
    if not total:
        return 0.0, 100.0
    left = 100 * offset / total
    width = 100 - left if duration is None else 100 * duration / total
    width = min(max(width, NARROWEST_PERCENT), 100)
    return round(min(left, 100 - width), 3), round(width, 3)
