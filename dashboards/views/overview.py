"""The overview: is it broken, where, since when."""

from datetime import datetime

from django.db.models import Max
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import looking, pages, refreshing, standing
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from edgeops.alarms.models import Transition
from edgeops.estate.models import AccountHealth
from edgeops.metrics import budget, leases, reading
from edgeops.pulse.models import Stamp
from edgeops.timeline.models import Event


@require_GET
@viewer
def overview(request: HtmxRequest) -> HttpResponse:
    """Every API by trouble. The refresh renews the page's lease before it is told that nothing changed."""
    now = timezone.now()
    leases.renew("overview", None, now)
    etag = _tag(request, now)
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    rows = standing.of_all(now)
    context = {
        "standings": rows,
        "counts": [(state, sum(row.state == state for row in rows)) for state in standing.ORDER],
        "troubles": AccountHealth.objects.troubled(),
        "paces": budget.paces(now).values(),
        "looking": looking.of(None, now),
        "poller_seen_at": Stamp.objects.filter(stage="read").values_list("last_ok_at", flat=True).first(),
    }
    return refreshing.tagged(
        request, pages.render_page(request, "overview/overview.html", context, fragment="live"), etag
    )


def _tag(request: HtmxRequest, now: datetime) -> str:
    return refreshing.tag(
        request,
        now,
        reading.newest_change(),
        Transition.objects.aggregate(newest=Max("pk"))["newest"],
        Event.objects.aggregate(newest=Max("pk"))["newest"],
        AccountHealth.objects.all().marks(),
    )
