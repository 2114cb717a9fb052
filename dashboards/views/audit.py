"""The audit log: who did what, to what, why and from where."""

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from dashboards import pages
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from edgeops.access.models import Audit

ROWS_A_PAGE = 100


@require_GET
@viewer
def audit(request: HtmxRequest) -> HttpResponse:
    """Newest first; `actor` narrows to one name, `q` to rows whose action, summary, reason or subject holds a text."""
    actor, text = request.GET.get("actor", "").strip(), request.GET.get("q", "").strip()
    page = Paginator(_matching(actor, text), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "actor": actor, "text": text, "filters": urlencode({"actor": actor, "q": text})}
    return pages.render_page(request, "audit/audit.html", context, fragment="live")


def _matching(actor: str, text: str) -> QuerySet[Audit]:
    rows = Audit.objects.order_by("-at", "-id")
    if actor:
        rows = rows.filter(actor__icontains=actor)
    if text:
        rows = rows.filter(
            Q(action__icontains=text)
            | Q(summary__icontains=text)
            | Q(reason__icontains=text)
            | Q(subject_id__icontains=text)
        )
    return rows
