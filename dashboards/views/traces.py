"""Traces of an API, and one trace as a waterfall. Reads what workers fetched; opening a trace asks for its segments."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboards import pages, ranges, refreshing
from dashboards.navigation import Link
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from dashboards.ranges import TimeRange
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth, EdgeApi
from edgeops.traces import fetching, filters, waterfall
from edgeops.traces.models import StatusClass, TraceDocument, TraceSummary, TraceWindow
from tasks.publishing import publish
from tasks.tracing import fetch_document

MAX_SHOWN = 200
SLOWEST = "slowest"
AROUND = timedelta(minutes=15)


@require_GET
@viewer
def listing(request: HtmxRequest, slug: str) -> HttpResponse:
    """The traces of an API in a time range, newest or slowest first, of one status class or all."""
    now = timezone.now()
    api = get_object_or_404(EdgeApi, slug=slug)
    health = AccountHealth.objects.filter(account=api.account_id, region=api.region, service="xray")
    read = TraceWindow.objects.filter(api=api, state=FetchState.DONE).order_by("-end").first()
    etag = refreshing.tag(request, now, read and read.pk, health.marks())
    if unchanged := refreshing.not_modified(request, etag):
        return unchanged
    time_range = ranges.parse(request.GET, now)
    context = {
        "api": api,
        "time_range": time_range,
        "is_traced": filters.expression(api.hops.on_path()) is not None,
        "troubles": health.troubled(),
        "read": read,
        **_traces(api, time_range, request.GET.get("show", "")),
    }
    response = pages.render_page(request, "traces/list.html", context, fragment="live")
    return refreshing.tagged(request, response, etag)


def _traces(api: EdgeApi, time_range: TimeRange, show: str) -> dict[str, Any]:
    """The rows to show, how many there are, and the links to the other choices."""
    within = TraceSummary.objects.filter(api=api).within(time_range.start, time_range.end)
    counts = within.counted()
    status_class = StatusClass(show) if show in StatusClass else StatusClass.ALL
    found = within.slowest_first() if show == SLOWEST else within.of_class(status_class)
    current = SLOWEST if show == SLOWEST else status_class
    choices = [(kind.value, f"{kind.label} {counts[kind]}") for kind in StatusClass] + [(SLOWEST, "Slowest first")]
    return {
        "traces": found[:MAX_SHOWN],
        "total": counts[status_class],
        "shown_max": MAX_SHOWN,
        "choices": [
            Link(title, f"?{time_range.query}&show={value}", "true" if value == current else "")
            for value, title in choices
        ],
    }


@require_GET
@viewer
def detail(request: HtmxRequest, trace_id: str) -> HttpResponse:
    """One trace: its summary at once, its waterfall as soon as a worker has fetched the segments."""
    summary = get_object_or_404(TraceSummary.objects.select_related("api", "document"), trace_id=trace_id)
    document = _document(summary, timezone.now())
    flow = None if document.segments is None else waterfall.build(document.segments)
    context = {
        "trace": summary,
        "document": document,
        "is_waiting": document.state in {FetchState.PENDING, FetchState.RETRY},
        "waterfall": flow,
        "around": _around(summary.started_at),
    }
    return pages.render_page(request, "traces/detail.html", context, fragment="live")


def _document(summary: TraceSummary, now: datetime) -> TraceDocument:
    """The stored document, or a new wish for it. A hint like a prefetch: repeating it changes nothing."""
    try:
        return summary.document
    except TraceDocument.DoesNotExist:
        document = fetching.ask_document(summary, now=now)
        publish(fetch_document, document.pk)
        return document


def _around(moment: datetime) -> str:
    """The query of a page that shows the minutes around a moment."""
    return urlencode({"from": f"{moment - AROUND:%Y-%m-%dT%H:%MZ}", "to": f"{moment + AROUND:%Y-%m-%dT%H:%MZ}"})


@require_POST
@viewer
def fetch_again(request: HtmxRequest, trace_id: str) -> HttpResponse:
    """Ask X-Ray once more: the trace was still growing, was not there, or the fetch failed."""
    summary = get_object_or_404(TraceSummary, trace_id=trace_id)
    document = fetching.ask_document(summary, now=timezone.now(), again=True)
    publish(fetch_document, document.pk)
    return redirect("trace", trace_id=trace_id)


@require_GET
@viewer
def raw(request: HtmxRequest, trace_id: str) -> HttpResponse:
    """The segment documents as X-Ray gave them, as a download."""
    document = get_object_or_404(TraceDocument, summary__trace_id=trace_id)
    if document.segments is None:
        raise Http404("The segments of this trace are not fetched yet.")
    response = JsonResponse({"Id": trace_id, "Segments": document.segments}, json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{trace_id}.json"'
    return response
