"""The cache page: invalidations and what led to them, the form that asks for one, and one of them as a chain."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import chains, pages
from dashboards.forms.cache import InvalidationForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator, viewer
from edgeops.estate.models import AccountHealth
from edgeops.invalidations import asking, freezing
from edgeops.invalidations.asking import AskingError, CannotCancelError
from edgeops.invalidations.models import Request, RequestState, Source
from edgeops.webhooks.models import WebhookDelivery

MAX_SHOWN, DELIVERIES_SHOWN, ITEMS_SHOWN = 100, 10, 200


@require_GET
@viewer
def history(request: HtmxRequest) -> HttpResponse:
    """Invalidations newest first, of one state or all, and the newest webhook deliveries."""
    state = request.GET.get("state", "")
    found = Request.objects.newest()
    if state in RequestState:
        found = found.filter(state=state)
    context = {
        "requests": found[:MAX_SHOWN],
        "shown_max": MAX_SHOWN,
        "states": RequestState.choices,
        "state": state if state in RequestState else "",
        "deliveries": WebhookDelivery.objects.newest()[:DELIVERIES_SHOWN],
        "troubles": AccountHealth.objects.filter(service="cloudfront").troubled(),
    }
    return pages.render_page(request, "cache/history.html", context, fragment="live")


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def new(request: HtmxRequest) -> HttpResponse:
    """The form; `check` only shows what would be sent, otherwise the request is stored, and waits for its window."""
    is_admin = request.user.has_perm("access.admin")
    if request.method != "POST":
        initial = {"distribution": request.GET.get("distribution", ""), "paths": request.GET.get("paths", "")}
        return _form_page(request, InvalidationForm(is_admin=is_admin, initial=initial))
    form = InvalidationForm(request.POST, is_admin=is_admin)
    if not form.is_valid() or "check" in request.POST:
        return _form_page(request, form)
    try:
        asked = _ask(request, form)
    except AskingError as error:
        form.add_error(None, str(error))
        return _form_page(request, form)
    return redirect("invalidation", identity=asked.uuid)


def _ask(request: HtmxRequest, form: InvalidationForm) -> Request:
    wish: dict[str, Any] = form.cleaned_data
    assert form.parsed is not None  # noqa: S101 (a valid form has read its paths)
    return asking.ask(
        distribution=wish["distribution"],
        items=[item.raw for item in form.parsed.items],
        actor=pages.actor(request),
        source=Source.UI,
        reason=wish["reason"],
        # The paths belong to the key: the form sent twice is one request, the form changed and sent again is another.
        idempotency_key=f"{wish['token']}:{freezing.digest(form.parsed.sent_forms)}",
        now=timezone.now(),
        may_invalidate_everything=form.is_admin,
    )


def _form_page(request: HtmxRequest, form: InvalidationForm) -> HttpResponse:
    context = {"form": form, "parsed": form.parsed if form.is_bound else None, "shown_max": ITEMS_SHOWN}
    return pages.render_page(request, "cache/new.html", context, fragment="live")


@require_GET
@viewer
def detail(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """One invalidation as a chain: who asked and why, what CloudFront said, what the edge proves."""
    asked = get_object_or_404(Request.objects.newest(), uuid=identity)
    batch = asked.batch
    context = {
        "asked": asked,
        "batch": batch,
        "steps": chains.steps(asked, batch),
        "items": asked.items.order_by("sent_form")[:ITEMS_SHOWN],
        "items_total": asked.items.count(),
        "tries": batch.tries.order_by("pk") if batch else [],
        "probes": batch.probes.order_by("pk") if batch else [],
        "can_cancel": asking.can_cancel(asked),
        "delivery": _delivery(asked),
        "retry": Request.objects.filter(source=Source.VERIFY_RETRY, cause_id=str(asked.uuid)).first(),
    }
    return pages.render_page(request, "cache/detail.html", context, fragment="live")


def _delivery(asked: Request) -> WebhookDelivery | None:
    if asked.cause_kind != "webhook_delivery":
        return None
    return WebhookDelivery.objects.select_related("endpoint").filter(pk=asked.cause_id).first()


@require_POST
@operator
def cancel(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """Take an invalidation back while nothing of it is on its way."""
    asked = get_object_or_404(Request.objects.select_related("distribution"), uuid=identity)
    try:
        asking.cancel(asked, actor=pages.actor(request), now=timezone.now())
    except CannotCancelError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Cancelled: nothing was sent to CloudFront.")
    return redirect("invalidation", identity=identity)
