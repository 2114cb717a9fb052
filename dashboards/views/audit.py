"""The audit log: who did what, to what, why and from where."""

from django.db.models import Q
from django.http import HttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from dashboards import pages, paging
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from edgeops.access.models import Audit

ROWS_A_PAGE = 100


@require_GET
@viewer
def audit(request: HtmxRequest) -> HttpResponse:
    """Newest first; `actor` narrows to one name, `q` to rows whose action, summary, reason or subject holds a text."""
    actor, text = request.GET.get("actor", "").strip(), request.GET.get("q", "").strip()
    page = paging.read(Audit.objects.all(), request.GET, by="at", size=ROWS_A_PAGE, texts=_texts(actor, text))
    filters = urlencode({"actor": actor, "q": text}) if actor or text else ""
    context = {"page": page, "actor": actor, "text": text, "filters": filters}
    return pages.render_page(request, "audit/audit.html", context, fragment="live")


def _texts(actor: str, text: str) -> list[Q]:
    named = Q(action__icontains=text) | Q(summary__icontains=text)
    meant = Q(reason__icontains=text) | Q(subject_id__icontains=text)
    return [*([Q(actor__icontains=actor)] if actor else []), *([named | meant] if text else [])]
