"""Settings: whether AWS can be read, what reading costs, what is operated, and the ways to add to it."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import months, pages, spending
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from edgeops.estate.models import Account, EdgeApi, Hop
from edgeops.keyring import reading


@require_GET
@viewer
def settings(request: HtmxRequest) -> HttpResponse:
    """Every account with its health and its bill, every API with its request path, and secrets that cannot be read."""
    now = timezone.now()
    accounts = Account.objects.order_by("name").prefetch_related("health", "apis")
    on_path = Prefetch("hops", Hop.objects.on_path())
    context = {
        "bills": spending.of_accounts(months.current(now), now, accounts),
        "unreadable": reading.unreadable(),
        "apis": EdgeApi.objects.select_related("distribution", "account").prefetch_related(on_path),
    }
    return pages.render_page(request, "settings/settings.html", context, fragment="live")
