"""The path behind a distribution, as a worker found it."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from dashboards import discoveries, found_paths, pages
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate import plain
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi


@require_GET
@operator
def found(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """How far a worker is with looking at a path, then the path."""
    asked = get_object_or_404(_paths(), pk=identity)
    context = {"asked": asked, "account": asked.account, "is_waiting": asked.state in discoveries.WAITING}
    if asked.state == FetchState.DONE:
        result = discoveries.result_of(asked)
        doc = plain.api_from_plain(result["api"])
        context |= {
            "doc": doc,
            "columns": found_paths.columns(doc.hops),
            "rows": [found_paths.show(hop) for hop in doc.hops],
            "notes": result["notes"],
            "others": EdgeApi.objects.filter(
                distribution__account=asked.account, distribution__aws_id=doc.distribution.aws_id
            ),
        }
    return pages.render_page(request, "add_api/path.html", context, fragment="live")


@require_POST
@operator
def look_again(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Have the path behind the same distribution looked at once more."""
    before = get_object_or_404(_paths(), pk=identity)
    asked = discoveries.ask(request, before.account, DiscoveryKind.PATH, before.subject)
    return redirect("add_api_path", identity=asked.pk)


def _paths() -> QuerySet[Discovery]:
    return Discovery.objects.select_related("account", "api").filter(kind=DiscoveryKind.PATH, slot_at=None)
