"""Plotly figures as plain dictionaries, ready for JSON; a missing value is null, so that Plotly leaves the gap open.

Plain because building graph objects takes eighty times as long; the tests validate these against Plotly's own schema.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

import plotly.graph_objects as go
import plotly.io

from dashboards import drawing, wording
from dashboards.charts import Chart, Stroke
from dashboards.ranges import TimeRange
from edgeops.metrics.derived import Key
from edgeops.metrics.reading import Line

type Figure = dict[str, Any]

# Wong's palette on white; the page replaces it by the theme's own, told by `meta.tone`.
TONES = {
    "blue": "#0072b2",
    "vermillion": "#c84e00",
    "green": "#00805f",
    "purple": "#b0578b",
    "orange": "#a56a00",
    "sky": "#2a83b8",
}
INK = "#5b6472"
WIDTH = 1.6
# Labels of two numbers closer than this share of the chart's width would be printed over each other; rules, a smear.
LABELS_APART, RULES_APART = 8, 100
TITLES_TOLD = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """An event as the charts number it."""

    number: int
    at: datetime
    title: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line an alarm watches."""

    value: float
    name: str


def figure(
    chart: Chart,
    lines: Mapping[Key, Line],
    *,
    time_range: TimeRange,
    marks: Sequence[Mark] = (),
    thresholds: Iterable[Threshold] = (),
) -> Figure:
    """One chart over `time_range`: settled values solid, the tail that may still change dotted, events numbered."""
    drawn = [
        (stroke, drawing.drawn(chart, stroke, lines[stroke.metric, stroke.statistic]))
        for stroke in chart.strokes
        if _has(stroke, lines)
    ]
    unit = drawing.unit(chart, drawn[0][1]) if drawn else chart.unit
    if chart.is_stacked:
        traces = [_bars(stroke, line) for stroke, line in drawn]
    else:
        traces = [trace for stroke, line in drawn for trace in _traces(stroke, line)]
    shown = [mark for mark in marks if time_range.start <= mark.at < time_range.end]
    if shown:
        traces.append(_mark_trace(_clusters(shown, (time_range.end - time_range.start) / LABELS_APART)))
    layout = _layout(unit, time_range, len(drawn), shown, thresholds)
    return {"data": traces, "layout": {**layout, "barmode": "stack", "bargap": 0} if chart.is_stacked else layout}


def standalone(drawn: Figure, title: str) -> str:
    """A chart as one HTML file that opens anywhere, Plotly included: to attach to an incident report."""
    exported = go.Figure(drawn).update_layout(title={"text": escape(title)}, template="plotly_white")
    return str(plotly.io.to_html(exported, include_plotlyjs=True, full_html=True))


def sentence(chart: Chart, lines: Mapping[Key, Line]) -> str:
    """What the first line of a chart that has data does, in words."""
    read = [(stroke, lines.get((stroke.metric, stroke.statistic))) for stroke in chart.strokes]
    with_data = (pair for pair in read if pair[1] is not None and any(value is not None for value in pair[1].values))
    stroke, stored = next(with_data, read[0])
    line = drawing.listed(chart, stored) if stored is not None else None
    present = [(value, index) for index, value in enumerate(line.values) if value is not None] if line else []
    if line is None or not present:
        return f"{stroke.name}: no data in this range."
    peak, index = max(present)
    at, last = drawing.moment(line, index), present[-1][0]
    return f"{stroke.name}: highest {wording.compact(peak)} at {at}, last {wording.compact(last)}."


def _has(stroke: Stroke, lines: Mapping[Key, Line]) -> bool:
    return (stroke.metric, stroke.statistic) in lines


def _traces(stroke: Stroke, line: Line) -> Iterable[Figure]:
    cut = line.settled_count
    yield _trace(stroke, line, 0, cut, dash=stroke.dash, showlegend=True)
    if cut < len(line.values):
        # The tail begins at the last settled point, so that the two join.
        yield _trace(stroke, line, max(0, cut - 1), len(line.values), dash="dot", showlegend=False)
    alone = _alone(line.values)
    if alone:
        yield _dots(stroke, line, alone)


def _bars(stroke: Stroke, line: Line) -> Figure:
    """A bar for each bucket, told apart by pattern; stacked areas would draw a gap as zero."""
    return {
        "type": "bar",
        "name": stroke.name,
        "x0": _write(line.start),
        "dx": line.period * 1000,
        "offset": 0,
        "width": line.period * 1000,
        "y": line.values,
        "marker": {"color": TONES[stroke.tone], "line": {"width": 0}, "pattern": {"shape": stroke.pattern, "size": 5}},
        "meta": {"tone": stroke.tone},
    }


def _trace(stroke: Stroke, line: Line, first: int, last: int, *, dash: str, showlegend: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": stroke.name,
        "legendgroup": stroke.name,
        "showlegend": showlegend,
        "connectgaps": False,
        "x0": _write(line.at(first)),
        "dx": line.period * 1000,
        "y": line.values[first:last],
        "line": {"color": TONES[stroke.tone], "width": WIDTH, "dash": dash},
        "meta": {"tone": stroke.tone},
    }


def _dots(stroke: Stroke, line: Line, indexes: Sequence[int]) -> Figure:
    """Values with a gap on either side: no line reaches them."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": stroke.name,
        "legendgroup": stroke.name,
        "showlegend": False,
        "hoverinfo": "skip",
        "x": [_write(line.at(index)) for index in indexes],
        "y": [line.values[index] for index in indexes],
        "marker": {"color": TONES[stroke.tone], "size": 4},
        "meta": {"tone": stroke.tone},
    }


def _mark_trace(clusters: Sequence[Sequence[Mark]]) -> Figure:
    """Events by number; those too close to tell apart share a label, as 3–6."""
    return {
        "type": "scatter",
        "mode": "text",
        "name": "Events",
        "showlegend": False,
        "yaxis": "y2",
        "x": [_write(cluster[0].at) for cluster in clusters],
        "y": [1] * len(clusters),
        "text": [_numbers(cluster) for cluster in clusters],
        "hovertext": [_told(cluster) for cluster in clusters],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "textposition": "top center",
        "cliponaxis": False,
        "meta": {"tone": "ink"},
    }


def _clusters(marks: Sequence[Mark], apart: timedelta) -> list[list[Mark]]:
    clusters: list[list[Mark]] = []
    for mark in marks:
        if clusters and mark.at - clusters[-1][0].at < apart:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
    return clusters


def _numbers(cluster: Sequence[Mark]) -> str:
    first, last = cluster[0].number, cluster[-1].number
    return str(first) if first == last else f"{first}–{last}"


def _told(cluster: Sequence[Mark]) -> str:
    """What happened, a line each; of many the newest."""
    titles = [_text(mark.title) for mark in cluster[-TITLES_TOLD:]]
    more = len(cluster) - len(titles)
    return "<br>".join([*([f"{more} more, and"] if more else []), *titles])


def _layout(
    unit: str, time_range: TimeRange, count: int, marks: Sequence[Mark], thresholds: Iterable[Threshold]
) -> Figure:
    axis: Figure = {"type": "date", "range": [_write(time_range.start), _write(time_range.end)]}
    if time_range.is_within_a_day:
        axis["tickformat"] = "%H:%M"
    layout: Figure = {
        "xaxis": axis,
        "yaxis": {"rangemode": "tozero", "title": {"text": unit}},
        "showlegend": count > 1,
        "hovermode": "x unified",
        "uirevision": time_range.query,
        "shapes": [
            *(_rule(close[0]) for close in _clusters(marks, (time_range.end - time_range.start) / RULES_APART)),
            *(_threshold(one) for one in thresholds),
        ],
    }
    if marks:
        layout["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    return layout


def _rule(mark: Mark) -> Figure:
    at = _write(mark.at)
    return {
        "type": "line",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": INK, "width": 1, "dash": "dash"},
    }


def _threshold(threshold: Threshold) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": threshold.value,
        "y1": threshold.value,
        "line": {"color": TONES["vermillion"], "width": 1, "dash": "longdash"},
        "label": {"text": _text(threshold.name), "textposition": "start", "font": {"size": 10}},
    }


def _alone(values: Sequence[float | None]) -> list[int]:
    """Indexes of values between two gaps; a series of gaps around each is common for sparse counters."""
    padded = [None, *values, None]
    return [
        index
        for index, value in enumerate(values)
        if value is not None and padded[index] is None and padded[index + 2] is None
    ]


def _text(written: str) -> str:
    """What people and senders wrote, as text: Plotly reads a little HTML, links among it, and no entity for quotes."""
    return escape(written, quote=False)


def _write(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
