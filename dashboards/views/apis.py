"""One API: its request path, a chart of every metric per hop, and what happened beside them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import (
    charts,
    figures,
    findings,
    lane,
    looking,
    pages,
    panels,
    path_charts,
    path_looks,
    ranges,
    readings,
    refreshing,
    request_path,
)
from dashboards.charts import Chart, Stroke
from dashboards.figures import Figure, Mark, Threshold
from dashboards.pages import HtmxRequest
from dashboards.path_looks import PathLook
from dashboards.permissions import viewer
from dashboards.ranges import TimeRange
from dashboards.readings import HopReadings
from edgeops.alarms.models import AlarmSeries, AlarmState, Transition
from edgeops.estate.models import AccountHealth, EdgeApi, Hop
from edgeops.metrics import budget, catalogue, leases, ledger, periods, reading
from edgeops.metrics.derived import Key
from edgeops.metrics.reading import Line
from edgeops.timeline.models import Event
from edgeops.traces.models import TraceSummary

TRACES_SHOWN = 12
MINUTES_SHOWN = 15
NEWEST = timedelta(hours=1)


@require_GET
@viewer
def detail(request: HtmxRequest, slug: str) -> HttpResponse:
    """The API over a time range. The refresh renews the page's lease before it is told that nothing changed."""
    now = timezone.now()
    api = get_object_or_404(EdgeApi.objects.select_related("distribution", "account"), slug=slug)
    leases.renew(f"api:{api.slug}", api, now)
    look = path_looks.of(api)
    etag = _tag(request, api, look, now)
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    time_range = ranges.parse(request.GET, now)
    hops = readings.load([api], time_range.start, time_range.end).get(api.pk, [])
    measured = [one.measured for one in hops]
    book = ledger.of(measured)
    whole = path_charts.lines(measured, book)
    happened = lane.of(api, time_range)
    marks = happened.marks
    context = {
        "api": api,
        "look": look,
        "time_range": time_range,
        "path": request_path.of(_newest(api, hops, time_range), time_range),
        "finding": findings.of(hops, book),
        "path_panels": panels.of_path(api, whole, newest=MINUTES_SHOWN),
        "sections": [panels.of_hop(one, newest=MINUTES_SHOWN) for one in hops],
        "figures": {**_path_figures(whole, time_range, marks), **_figures(hops, time_range, marks)},
        "lane": happened,
        "unread": reading.unread(api, time_range.start, time_range.end, time_range.resolution.period),
        "firing": AlarmSeries.objects.filter(rule__api=api, rule__is_enabled=True, state=AlarmState.ALARM)
        .select_related("rule", "series__hop")
        .order_by("state_since"),
        "traces": TraceSummary.objects.filter(api=api).within(time_range.start, time_range.end)[:TRACES_SHOWN],
        "troubles": AccountHealth.objects.filter(account=api.account).troubled(),
        "pace": budget.pace(api.account, now),
        "looking": looking.of(api, now),
    }
    return refreshing.tagged(request, pages.render_page(request, "apis/detail.html", context, fragment="live"), etag)


@require_GET
@viewer
def values(request: HtmxRequest, slug: str, hop_id: int, key: str) -> HttpResponse:
    """Every value one chart draws over a time range, as a table: what a chart shows without a chart."""
    chart, of_hop, time_range = _one_chart(request, slug, hop_id, key)
    context = {
        "api": of_hop.hop.api,
        "hop": of_hop.hop,
        "time_range": time_range,
        "panel": panels.of_chart(chart, of_hop, newest=None),
        "meanings": _meanings(chart, of_hop.hop),
    }
    return pages.render_page(request, "apis/values.html", context, fragment="live")


@require_GET
@viewer
def path_values(request: HtmxRequest, slug: str, key: str) -> HttpResponse:
    """Every value one chart of the path as a whole draws over a time range, as a table."""
    api = get_object_or_404(EdgeApi, slug=slug)
    chart = path_charts.find(key)
    if chart is None:
        raise Http404
    time_range = ranges.parse(request.GET, timezone.now())
    measured = [one.measured for one in readings.load([api], time_range.start, time_range.end).get(api.pk, [])]
    context = {
        "api": api,
        "time_range": time_range,
        "panel": panels.of_path_chart(chart, api, path_charts.lines(measured, ledger.of(measured)), newest=None),
        "meanings": [(chart.title, path_charts.MEANINGS[chart.key])],
    }
    return pages.render_page(request, "apis/values.html", context, fragment="live")


@require_GET
@viewer
def export(request: HtmxRequest, slug: str, hop_id: int, key: str) -> HttpResponse:
    """One chart over a time range as a file that opens without EdgeOps."""
    chart, of_hop, time_range = _one_chart(request, slug, hop_id, key)
    marks = lane.of(of_hop.hop.api, time_range).marks
    drawn = figures.figure(chart, of_hop.drawn, time_range=time_range, marks=marks)
    page = figures.standalone(drawn, f"{chart.title}: {of_hop.hop}, times in UTC")
    return HttpResponse(page, headers={"Content-Disposition": f'attachment; filename="{slug}-{key}.html"'})


def _meanings(chart: Chart, hop: Hop) -> list[tuple[str, str]]:
    """Each line of a chart with what its metric counts, and the trap in it."""
    known = {(one.name, one.statistic): one for one in catalogue.offered(hop.kind)}
    entries = [(stroke, known.get((stroke.metric, stroke.statistic))) for stroke in chart.strokes]
    return [
        (stroke.name, charts.MEANINGS[stroke.metric, stroke.statistic] if one is None else f"{one.meaning} {one.trap}")
        for stroke, one in entries
    ]


def _one_chart(request: HtmxRequest, slug: str, hop_id: int, key: str) -> tuple[Chart, HopReadings, TimeRange]:
    hop = get_object_or_404(Hop.objects.on_path().select_related("api"), pk=hop_id, api__slug=slug)
    chart = charts.find(hop.kind, key)
    if chart is None:
        raise Http404
    time_range = ranges.parse(request.GET, timezone.now())
    found = readings.load([hop.api], time_range.start, time_range.end).get(hop.api_id, [])
    return chart, next(one for one in found if one.hop.pk == hop.pk), time_range


def _newest(api: EdgeApi, hops: Sequence[HopReadings], time_range: TimeRange) -> Sequence[HopReadings]:
    """What the cards of the path tell of: the newest minutes, which the charts of a long range do not hold as such."""
    if not time_range.is_relative or time_range.resolution.period == periods.MINUTE:
        return hops
    return readings.load([api], time_range.end - NEWEST, time_range.end).get(api.pk, [])


def _tag(request: HtmxRequest, api: EdgeApi, look: PathLook, now: datetime) -> str:
    return refreshing.tag(
        request,
        now,
        look.marks,
        reading.newest_change(api),
        Transition.objects.filter(alarm_series__rule__api=api).aggregate(newest=Max("pk"))["newest"],
        Event.objects.filter(api_slug=api.slug).aggregate(newest=Max("pk"))["newest"],
        TraceSummary.objects.filter(api=api).order_by("-started_at").values_list("pk", flat=True).first(),
        AccountHealth.objects.filter(account=api.account).marks(),
    )


def _figures(hops: Iterable[HopReadings], time_range: TimeRange, marks: Sequence[Mark]) -> dict[str, Figure]:
    thresholds = _thresholds(hops)
    return {
        panels.key(one.hop, chart): figures.figure(
            chart,
            one.drawn,
            time_range=time_range,
            marks=marks,
            thresholds=[threshold for stroke in chart.strokes for threshold in _of_stroke(stroke, one, thresholds)],
        )
        for one in hops
        for chart in charts.of_hop(one.hop.kind, one.lines)
    }


def _path_figures(lines: Mapping[Key, Line], time_range: TimeRange, marks: Sequence[Mark]) -> dict[str, Figure]:
    return {
        f"path-{chart.key}": figures.figure(chart, lines, time_range=time_range, marks=marks)
        for chart in path_charts.CHARTS
    }


def _thresholds(hops: Iterable[HopReadings]) -> dict[int, list[Threshold]]:
    """What alarms watch for, by series."""
    series = [row.pk for one in hops for row in one.series.values()]
    alarms = AlarmSeries.objects.filter(series__in=series, rule__is_enabled=True).select_related("rule")
    found: dict[int, list[Threshold]] = {}
    for alarm in alarms.prefetch_related("rule__versions"):
        version = max(alarm.rule.versions.all(), key=lambda one: one.number)
        found.setdefault(alarm.series_id, []).append(Threshold(version.threshold, f"{alarm.rule.name}: {version}"))
    return found


def _of_stroke(stroke: Stroke, one: HopReadings, thresholds: Mapping[int, list[Threshold]]) -> list[Threshold]:
    series = one.series.get((stroke.metric, stroke.statistic))
    return thresholds.get(series.pk, []) if series is not None else []
