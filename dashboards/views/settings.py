"""Settings, read-only: whether AWS can be read, what reading costs, and what is operated."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import pages, spending
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from edgeops.estate.models import Account, EdgeApi


@require_GET
@viewer
def settings(request: HtmxRequest) -> HttpResponse:
    """Every account with its health and its bill, and every API with its request path."""
    now = timezone.now()
    accounts = [
        (account, spent, spending.total(spent))
        for account in Account.objects.order_by("name").prefetch_related("health")
        for spent in [spending.this_month(account, now)]
    ]
    context = {
        "accounts": accounts,
        "apis": EdgeApi.objects.select_related("distribution", "account").prefetch_related("hops"),
        "now": now,
    }
    return pages.render_page(request, "settings/settings.html", context, fragment="live")
