"""A chart as a page holds it: its figure's key, what it says in a sentence, and its values as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from dashboards import answers, charts, drawing, figures, path_charts, silence, wording
from dashboards.charts import Chart
from dashboards.readings import HopReadings
from edgeops.estate.models import AccessState, EdgeApi, Hop
from edgeops.metrics.derived import Key
from edgeops.metrics.reading import Line

type Rows = Sequence[tuple[datetime, Sequence[float | None]]]


@dataclass(frozen=True)
class Marks:
    """How far lines are known: all that have the same two marks, by name; `names` is empty when those are all lines."""

    names: str
    data_until: datetime | None
    settled_until: datetime | None


@dataclass(frozen=True)
class Panel:
    """One chart on the page: its figure is found by `key`, its newest rows stand in a table below it.

    `notes` say what is missing of it and why, `access` how CloudWatch answers for its lines.
    """

    key: str
    chart: Chart
    sentence: str
    names: Sequence[str]
    rows: Rows
    marks: Sequence[Marks]
    href: str
    notes: Sequence[str] = ()
    access: AccessState = AccessState.FRESH


@dataclass(frozen=True)
class Section:
    """A hop and its charts."""

    hop: Hop
    panels: Sequence[Panel]


def of_hop(one: HopReadings, *, newest: int) -> Section:
    """A hop with the charts of what is read of it."""
    panels = [of_chart(chart, one, newest=newest) for chart in charts.of_hop(one.hop.kind, one.lines)]
    return Section(one.hop, [panel for panel in panels if panel.names])


def of_chart(chart: Chart, one: HopReadings, *, newest: int | None) -> Panel:
    """One chart of a hop; `newest` rows, or all."""
    href = reverse("api_values", args=[one.hop.api.slug, one.hop.pk, chart.key])
    read = [(stroke, one.series.get((stroke.metric, stroke.statistic))) for stroke in chart.strokes]
    series = [(stroke.name, found) for stroke, found in read if found is not None]
    silent = [(name, silence.of(found, one.hop.kind)) for name, found in series]
    troubled = [(name, answers.trouble(found)) for name, found in series]
    panel = _panel(chart, one.drawn, key=key(one.hop, chart), href=href, newest=newest)
    notes = [f"{name}: {words}" for name, words in (*troubled, *silent) if words]
    return replace(panel, notes=[*notes, *panel.notes], access=answers.state(found for _, found in series))


def of_path(api: EdgeApi, lines: Mapping[Key, Line], *, newest: int) -> list[Panel]:
    """The charts of the path as a whole that have something to draw."""
    panels = [of_path_chart(chart, api, lines, newest=newest) for chart in path_charts.CHARTS]
    return [panel for panel in panels if panel.names]


def of_path_chart(chart: Chart, api: EdgeApi, lines: Mapping[Key, Line], *, newest: int | None) -> Panel:
    """One chart of the path; `newest` rows, or all."""
    href = reverse("api_path_values", args=[api.slug, chart.key])
    return _panel(chart, lines, key=f"path-{chart.key}", href=href, newest=newest)


def key(hop: Hop, chart: Chart) -> str:
    """What a hop's chart is called on a page."""
    return f"hop-{hop.pk}-{chart.key}"


def _panel(
    chart: Chart,
    lines: Mapping[Key, Line],
    *,
    key: str,
    href: str,
    newest: int | None,
) -> Panel:
    strokes = [stroke for stroke in chart.strokes if (stroke.metric, stroke.statistic) in lines]
    listed = [drawing.listed(chart, lines[stroke.metric, stroke.statistic]) for stroke in strokes]
    return Panel(
        key=key,
        chart=chart,
        sentence=figures.sentence(chart, lines),
        names=[stroke.name for stroke in strokes],
        rows=_rows(listed, newest),
        marks=_marks([(stroke.name, line) for stroke, line in zip(strokes, listed, strict=True)]),
        href=href,
        notes=[words for stroke, line in zip(strokes, listed, strict=True) if (words := _gaps(stroke.name, line))],
    )


def _marks(lines: Sequence[tuple[str, Line]]) -> list[Marks]:
    """Lines with the same marks as one."""
    alike: dict[tuple[datetime | None, datetime | None], list[str]] = {}
    for name, line in lines:
        alike.setdefault((line.data_until, line.settled_until), []).append(name)
    return [Marks(", ".join(names) if len(alike) > 1 else "", *marks) for marks, names in alike.items()]


def _gaps(name: str, line: Line) -> str:
    """How much is missing between the first value and the settled mark; what came before may never have been."""
    settled = line.values[: line.settled_count]
    first = next((index for index, value in enumerate(settled) if value is not None), len(settled))
    known = settled[first:]
    missing = sum(value is None for value in known)
    if not missing:
        return ""
    of_each = wording.period(line.period)
    return f"{name}: {missing} of {len(known)} values ({of_each} each) are missing; a gap is nothing known, never zero."


def _rows(lines: Sequence[Line], newest: int | None) -> Rows:
    """Buckets with their values, the newest first; all, or so many."""
    if not lines:
        return []
    last = len(lines[0].values)
    first = 0 if newest is None else max(0, last - newest)
    return [(lines[0].at(index), [line.values[index] for line in lines]) for index in range(last - 1, first - 1, -1)]
