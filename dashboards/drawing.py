"""A line as a chart shows it: counts per minute whatever the period, and no more points than a screen has. Pure.

Lines are read whole and joined only here, so that what is computed of them is exact and what is drawn keeps its peaks.
"""

from dataclasses import replace
from datetime import timedelta

from dashboards import wording
from dashboards.charts import Chart, Stroke
from edgeops.metrics import periods, reading
from edgeops.metrics.reading import Line

PER_MINUTE = "per minute"


def drawn(chart: Chart, stroke: Stroke, line: Line) -> Line:
    """What the chart draws: at most 1,500 points, each the peak of the datapoints it stands for."""
    fitting = periods.fitting(line.start, line.end, line.period)
    shown = listed(chart, line)
    if fitting.joined == 1:
        return shown
    return reading.join(shown, fitting.joined, keep_lowest=reading.is_worse_when_low(stroke.metric, stroke.statistic))


def listed(chart: Chart, line: Line) -> Line:
    """Every value of the line; counts as counts per minute, so that one chart reads the same at every period."""
    minutes = line.datapoint_minutes
    if minutes == 1 or not chart.unit.endswith(PER_MINUTE):
        return line
    return replace(line, values=[None if value is None else value / minutes for value in line.values])


def unit(chart: Chart, line: Line) -> str:
    """The unit of what is drawn, as: per minute, in the busiest hour of each 6 hours."""
    if line.joined == 1:
        return chart.unit
    whole = wording.period(line.period)
    if not chart.unit.endswith(PER_MINUTE):
        return f"{chart.unit}, peak of each {whole}"
    one = wording.period(line.period // line.joined).removeprefix("1 ")
    return f"{chart.unit}, in the busiest {one} of each {whole}"


def moment(line: Line, index: int) -> str:
    """When a point of the line begins: the time of day, with the date where the line is longer than one."""
    shape = "%H:%M" if line.end - line.start <= timedelta(days=1) else "%Y-%m-%d %H:%M"
    return f"{line.at(index):{shape}} UTC"
