"""The cache page: invalidations and what led to them, narrowed and as a file; what is under way, and what it costs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import pages, paging, purses, sheets
from dashboards.history import STATES, HistoryNarrowing
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from dashboards.sheets import Cell
from edgeops.estate.models import AccountHealth, Distribution
from edgeops.invalidations.models import Batch, Request, RequestState, Source, Suspension, Tenant
from edgeops.webhooks.models import WebhookDelivery

ROWS_A_PAGE, DELIVERIES_SHOWN, ROWS_AT_ONCE = 50, 10, 200
ITEMS_IN_A_ROW, ITEMS_IN_A_CELL = 3, 20
HEADER = ("id", "requested_at", "distribution", "tenant", "state", "requested_by", "source", "rule", "reason", "ticket",
          "priority", "approved_by", "items", "paths", "billed", "cloudfront_id", "submitted_at", "completed_at",
          "verified_at", "outcome")  # fmt: skip


@require_GET
@viewer
def history(request: HtmxRequest) -> HttpResponse:
    """Invalidations newest first, all or narrowed, what is under way, and the newest webhook deliveries."""
    narrowing, now = HistoryNarrowing.of(request.GET), timezone.now()
    found = Request.objects.newest().with_first_items(ITEMS_IN_A_ROW).filter(*narrowing.choices)
    context = {
        "page": paging.read(found, request.GET, by="requested_at", size=ROWS_A_PAGE, texts=narrowing.texts),
        "narrowing": narrowing,
        "states": [*((name, title) for name, (title, _) in STATES.items()), *RequestState.choices],
        "sources": Source.choices,
        "distributions": Distribution.objects.order_by("name"),
        "has_tenants": Tenant.objects.exists(),
        "counts": _counts(),
        "held": Suspension.objects.active(now).select_related("distribution").order_by("-since"),
        "purses": purses.of_accounts(now),
        "deliveries": WebhookDelivery.objects.newest()[:DELIVERIES_SHOWN],
        "troubles": AccountHealth.objects.filter(service="cloudfront").troubled(),
    }
    return pages.render_page(request, "cache/history.html", context, fragment="live")


def _counts() -> dict[str, int]:
    """How many requests wait, how many of them for a second person, and how many are under way."""
    open_states = {state for _, states in STATES.values() for state in states}
    rows = Request.objects.filter(state__in=open_states).values_list("state").annotate(Count("pk")).order_by()
    found = dict(rows)
    sums = {name: sum(found.get(state, 0) for state in states) for name, (_, states) in STATES.items()}
    return sums | {"awaiting_approval": found.get(RequestState.AWAITING_APPROVAL, 0)}


@require_GET
@viewer
def export(request: HtmxRequest) -> HttpResponseBase:
    """The history, narrowed as the page is, as CSV."""
    found = HistoryNarrowing.of(request.GET).apply(Request.objects.newest().with_first_items(ITEMS_IN_A_CELL))
    return sheets.response("edgeops-invalidations", HEADER, _rows(found))


def _rows(requests: QuerySet[Request]) -> Iterator[list[Cell]]:
    for one in requests.iterator(ROWS_AT_ONCE):
        batches = _batches(one)
        paths = [item.sent_form for item in one.first_items]
        more = one.items_count - len(paths)
        yield [
            str(one.uuid), one.requested_at, one.distribution.name, one.tenant.name if one.tenant else None, one.state,
            one.requested_by, one.source, one.rule, one.reason, one.ticket, one.priority, one.approved_by,
            one.items_count,
            " ".join(paths) + (f" and {more} more" if more > 0 else ""),
            sum(batch.billed_items for batch in batches) if batches else None,
            " ".join(batch.aws_id for batch in batches if batch.aws_id),
            min((batch.submitted_at for batch in batches if batch.submitted_at), default=None),
            _last([batch.completed_at for batch in batches]), _last([batch.verified_at for batch in batches]),
            one.outcome or " ".join(dict.fromkeys(batch.outcome for batch in batches if batch.outcome)),
        ]  # fmt: skip


def _batches(request: Request) -> Sequence[Batch]:
    """All that carry it; only a request that is in several of them is looked up."""
    if request.is_split:
        return list(Batch.objects.filter(pk__in=request.items.values("batch")).order_by("created_at", "uuid"))
    return [request.batch] if request.batch is not None else []


def _last(times: Sequence[datetime | None]) -> datetime | None:
    """When the last of them was over; None while one is not."""
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None
