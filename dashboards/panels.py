"""A chart as a page holds it: its figure's key, what it says in a sentence, and its values as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from dashboards import charts, drawing, figures, path_charts, silence
from dashboards.charts import Chart
from dashboards.readings import HopReadings
from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics.derived import Key
from edgeops.metrics.reading import Line

type Rows = Sequence[tuple[datetime, Sequence[float | None]]]


@dataclass(frozen=True)
class Panel:
    """One chart on the page: its figure is found by `key`, its newest rows stand in a table below it."""

    key: str
    chart: Chart
    sentence: str
    names: Sequence[str]
    rows: Rows
    href: str
    silent: Sequence[str] = ()


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
    never = [
        f"{stroke.name}: {words}"
        for stroke in chart.strokes
        if (series := one.series.get((stroke.metric, stroke.statistic))) and (words := silence.of(series, one.hop.kind))
    ]
    return _panel(chart, one.lines, key=key(one.hop, chart), href=href, newest=newest, silent=never)


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
    silent: Sequence[str] = (),
) -> Panel:
    strokes = [stroke for stroke in chart.strokes if (stroke.metric, stroke.statistic) in lines]
    listed = [drawing.listed(chart, lines[stroke.metric, stroke.statistic]) for stroke in strokes]
    return Panel(
        key=key,
        chart=chart,
        sentence=figures.sentence(chart, lines),
        names=[stroke.name for stroke in strokes],
        rows=_rows(listed, newest),
        href=href,
        silent=silent,
    )


def _rows(lines: Sequence[Line], newest: int | None) -> Rows:
    """Buckets with their values, the newest first; all, or so many."""
    if not lines:
        return []
    last = len(lines[0].values)
    first = 0 if newest is None else max(0, last - newest)
    return [(lines[0].at(index), [line.values[index] for line in lines]) for index in range(last - 1, first - 1, -1)]
