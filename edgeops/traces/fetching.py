"""Fetching from X-Ray: windows of summaries each minute, documents when somebody opens a trace."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import models, transaction

from edgeops import retention
from edgeops.aws.errors import AwsError
from edgeops.aws.xray import Summary, XRay
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, EdgeApi, Hop
from edgeops.traces import filters
from edgeops.traces.models import TraceDocument, TraceSummary, TraceWindow

# X-Ray completes traces late, so each minute reads the tail again.
WINDOW = timedelta(minutes=15)
# After an outage a window reaches back to where the last good one ended, but one call asks for no more than this.
MAX_REACH = timedelta(hours=6)
SERVICE = "xray"
# X-Ray's own retention. https://docs.aws.amazon.com/general/latest/gr/xray.html
KEEP_SUMMARIES = timedelta(days=30)
KEEP_WINDOWS = timedelta(days=1)
ABSENT = (
    "X-Ray does not hold this trace: it keeps traces for 30 days, may still be receiving a new one, and with "
    "Transaction Search on it holds only the indexed share. Try again in a minute, or look in the aws/spans log group."
)
UPDATED = [
    "started_at", "duration_seconds", "response_seconds", "has_fault", "has_error", "has_throttle", "is_partial",
    "url", "method", "status", "services",
]  # fmt: skip

type Connect = Callable[[Account, str, datetime], XRay]


def connect(account: Account, region: str, now: datetime) -> XRay:
    """X-Ray of an account in a region, every call counted on the hour of `now`."""
    return XRay(region, AwsUsage.meter(account, region, now), account.access)


def plan_windows(now: datetime) -> list[int]:
    """Put this minute's window of every traced API in the queue; the ids of the new ones. Safe to call twice."""
    end = now.replace(second=0, microsecond=0)
    on_path = models.Prefetch("hops", Hop.objects.on_path())
    apis = [api for api in EdgeApi.objects.prefetch_related(on_path) if filters.expression(api.hops.all())]
    windows = (_planned(api, end, now) for api in apis)
    return [window.pk for window in windows if window is not None]


def _planned(api: EdgeApi, end: datetime, now: datetime) -> TraceWindow | None:
    start = _start(api, end)
    window, is_new = TraceWindow.objects.get_or_create(api=api, end=end, defaults={"start": start, "next_at": now})
    if not is_new:
        return None
    TraceWindow.objects.filter(api=api, end__lt=end).supersede(now)
    return window


def _start(api: EdgeApi, end: datetime) -> datetime:
    done = TraceWindow.objects.filter(api=api, state=FetchState.DONE, end__lt=end)
    read_until = done.aggregate(until=models.Max("end"))["until"] or end
    return max(end - MAX_REACH, min(end - WINDOW, read_until))


def read_window(pk: int, *, now: datetime, connect: Connect = connect) -> bool:
    """Fetch one window and store its summaries; False when it was not ours to fetch, or X-Ray refused."""
    window = TraceWindow.begin(pk, now=now)
    if window is None:
        return False
    api = EdgeApi.objects.select_related("account").get(pk=window.api_id)
    expression = filters.expression(api.hops.on_path())
    if expression is None:
        window.finish(next_at=None, state=FetchState.FAILED, last_error="No hop of this API reports to X-Ray any more.")
        return False
    try:
        page = connect(api.account, api.region, now).summaries(window.start, window.end, expression)
    except AwsError as error:
        window.record_failure(error, account=api.account, region=api.region, service=SERVICE, now=now)
        return False
    with transaction.atomic():
        _store(api, page.summaries)
        AccountHealth.note(api.account, api.region, SERVICE, AccessState.FRESH, now=now)
        return window.finish(
            next_at=None,
            state=FetchState.DONE,
            traces_processed=page.traces_processed,
            is_capped=page.is_capped,
            last_error="",
        )


def _store(api: EdgeApi, summaries: Iterable[Summary]) -> None:
    """Insert what is new and overwrite what has completed since; a trace stays with the API that saw it first."""
    rows = {summary.trace_id: _row(api, summary) for summary in summaries}
    TraceSummary.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["trace_id"], update_fields=UPDATED
    )


def _row(api: EdgeApi, summary: Summary) -> TraceSummary:
    return TraceSummary(
        api=api,
        account=api.account,
        region=api.region,
        trace_id=summary.trace_id,
        started_at=summary.started_at,
        duration_seconds=summary.duration_seconds,
        response_seconds=summary.response_seconds,
        has_fault=summary.has_fault,
        has_error=summary.has_error,
        has_throttle=summary.has_throttle,
        is_partial=summary.is_partial,
        url=summary.url[:2000],
        method=summary.method[:10],
        status=summary.status,
        services=list(summary.services),
    )


def ask_document(summary: TraceSummary, *, now: datetime, again: bool = False) -> TraceDocument:
    """The document of a trace, asked for if nobody has yet.

    `again` asks once more for one that was fetched, is absent or failed; one that is still waited for is left alone,
    and what was fetched before stays readable until the new answer is there.
    """
    document, _ = TraceDocument.objects.get_or_create(summary=summary, defaults={"asked_at": now, "next_at": now})
    if again:
        settled = TraceDocument.objects.filter(pk=document.pk, next_at=None)
        settled.update(state=FetchState.PENDING, attempts=0, asked_at=now, next_at=now, last_error="")
        document.refresh_from_db()
    return document


def read_document(pk: int, *, now: datetime, connect: Connect = connect) -> bool:
    """Fetch the segments of one trace; False when they were not ours to fetch, X-Ray refused or has none."""
    document = TraceDocument.begin(pk, now=now)
    if document is None:
        return False
    summary = TraceSummary.objects.select_related("account").get(pk=document.summary_id)
    try:
        traces = connect(summary.account, summary.region, now).traces([summary.trace_id])
    except AwsError as error:
        document.record_failure(error, account=summary.account, region=summary.region, service=SERVICE, now=now)
        return False
    if not traces or not traces[0].segments:
        document.finish(next_at=None, state=FetchState.ABSENT, last_error=ABSENT)
        return False
    return document.finish(
        next_at=None,
        state=FetchState.DONE,
        segments=list(traces[0].segments),
        limit_exceeded=traces[0].limit_exceeded,
        fetched_at=now,
        last_error="",
    )


def tidy(now: datetime) -> int:
    """Delete summaries (with their documents) X-Ray no longer has, and windows that are history; how many rows."""
    old = TraceSummary.objects.filter(started_at__lt=now - KEEP_SUMMARIES)
    done = TraceWindow.objects.filter(next_at=None, end__lt=now - KEEP_WINDOWS)
    return retention.delete(old) + retention.delete(done)
