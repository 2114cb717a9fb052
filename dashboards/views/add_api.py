"""Adding an API: choose an account, let a worker list its distributions, find one, and have its path looked at."""

import re
from collections.abc import Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from dashboards import discoveries, distributions, pages, refreshing
from dashboards.discoveries import Asked
from dashboards.distributions import Listed
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator
from edgeops.discovery import listing as choosing
from edgeops.discovery.listing import Entry
from edgeops.discovery.models import DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account, EdgeApi

ROWS_A_PAGE, TAGS_OFFERED = 50, 200
DISTRIBUTION_ID = re.compile(r"[A-Z0-9]{6,40}")
LISTED = Q(discoveries__kind=DiscoveryKind.DISTRIBUTIONS, discoveries__state=FetchState.DONE)


@require_GET
@operator
def start(request: HtmxRequest) -> HttpResponse:
    """Where an API can come from: the distributions of an account, or what Terraform made."""
    accounts = Account.objects.annotate(listed_at=Max("discoveries__finished_at", filter=LISTED)).order_by("name")
    return pages.render_page(request, "add_api/start.html", {"accounts": accounts}, fragment="live")


@require_GET
@operator
def listing(request: HtmxRequest, name: str) -> HttpResponse:
    """The distributions of an account as a worker listed them last, those a search means, a page at a time."""
    account = get_object_or_404(Account, name=name)
    asked = discoveries.newest(account, DiscoveryKind.DISTRIBUTIONS)
    etag = refreshing.tag(request, timezone.now(), *asked.marks)
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    text, tag = request.GET.get("q", "").strip(), request.GET.get("tag", "").strip()
    entries = _entries(asked)
    found = distributions.search(distributions.read(choosing.with_tag(entries, tag)), text)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "asked": asked,
        "text": text,
        "tag": tag,
        "tags": choosing.tags_of(entries)[:TAGS_OFFERED],
        "total": len(entries),
        "page": page,
        "rows": _with_apis(account, page.object_list),
        "filters": urlencode({"q": text, "tag": tag}),
    }
    return refreshing.tagged(
        request, pages.render_page(request, "add_api/listing.html", context, fragment="live"), etag
    )


@require_POST
@operator
def list_again(request: HttpRequest, name: str) -> HttpResponse:
    """Have the distributions of an account listed anew."""
    account = get_object_or_404(Account, name=name)
    discoveries.ask(request, account, DiscoveryKind.DISTRIBUTIONS)
    return redirect("add_api_listing", name=name)


@require_POST
@operator
def pick(request: HttpRequest, name: str) -> HttpResponse:
    """Have the path behind a distribution looked at."""
    account = get_object_or_404(Account, name=name)
    distribution = request.POST.get("distribution", "").strip()
    if not DISTRIBUTION_ID.fullmatch(distribution):
        messages.error(request, "That is no id of a distribution: those look like E1PRODUCTSDEMO. Choose one below.")
        return redirect("add_api_listing", name=name)
    asked = discoveries.ask(request, account, DiscoveryKind.PATH, distribution)
    return redirect("add_api_path", identity=asked.pk)


def _entries(asked: Asked) -> list[Entry]:
    return [] if asked.answered is None else list(discoveries.result_of(asked.answered)["distributions"])


def _with_apis(account: Account, listed: Iterable[Listed]) -> list[tuple[Listed, list[EdgeApi]]]:
    """Each distribution with the APIs that are operated behind it already."""
    rows = list(listed)
    behind: dict[str, list[EdgeApi]] = {}
    for api in EdgeApi.objects.filter(
        distribution__account=account, distribution__aws_id__in=[one.id for one in rows]
    ).select_related("distribution"):
        behind.setdefault(api.distribution.aws_id, []).append(api)
    return [(one, behind.get(one.id, [])) for one in rows]
