"""Asking for an invalidation, with a preview before the button; and one of them as a chain, with what can be done."""

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
from edgeops.invalidations import approvals, asking, configs, flushing, freezing, previewing, proving
from edgeops.invalidations.asking import AskingError
from edgeops.invalidations.items import Item
from edgeops.invalidations.models import Batch, Priority, Request, Source, Tenant
from edgeops.invalidations.previewing import Preview

ITEMS_SHOWN, ITEMS_COPIED = 200, 3_000
ASKED_AGAIN = "The edge is asked again; its answers appear under “What the edge answered” within seconds."
ASKED_ALREADY = "The edge was asked again already since this page was shown; see “What the edge answered”."


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def new(request: HtmxRequest) -> HttpResponse:
    """The form, or of a chosen distribution its field for a tenant.

    Posted, it shows the preview; posted with the digest of what was previewed, the request is stored.
    """
    is_admin = request.user.has_perm("access.admin")
    if request.method != "POST":
        return _form_page(request, InvalidationForm(is_admin=is_admin, initial=_initial(request)))
    form = InvalidationForm(request.POST, is_admin=is_admin)
    if not form.is_valid() or not form.is_seen:
        return _form_page(request, form)
    try:
        asked = _ask(request, form)
    except AskingError as error:
        form.add_error(None, str(error))
        return _form_page(request, form)
    return redirect("invalidation", identity=asked.uuid)


def _initial(request: HtmxRequest) -> dict[str, Any]:
    """What a link says, and where it says nothing what an earlier request asked for."""
    initial = {name: request.GET[name] for name in ("distribution", "tenant", "paths") if name in request.GET}
    try:
        earlier = Request.objects.select_related("tenant").filter(uuid=UUID(request.GET.get("copy", ""))).first()
    except ValueError:
        return initial
    if earlier is None:
        return initial
    lines = earlier.items.order_by("pk").values_list("raw", flat=True)[:ITEMS_COPIED]
    return {
        "distribution": earlier.distribution_id,
        "tenant": earlier.tenant.name if earlier.tenant is not None else "",
        "paths": "\n".join(lines),
        "reason": earlier.reason,
        "ticket": earlier.ticket,
        "priority": earlier.priority,
    } | initial


def _ask(request: HtmxRequest, form: InvalidationForm) -> Request:
    wish: dict[str, Any] = form.cleaned_data
    assert form.parsed is not None  # noqa: S101 (a valid form has read its paths)
    tenant: Tenant | None = wish.get("tenant")
    of = "" if tenant is None else f"{tenant.pk}:"
    return asking.ask(
        distribution=wish["distribution"],
        tenant=tenant,
        items=[item.raw for item in form.parsed.items],
        actor=pages.actor(request),
        source=Source.UI,
        reason=wish["reason"],
        ticket=wish["ticket"],
        priority=wish["priority"],
        not_before=wish["not_before"],
        # Tenant and paths belong to the key: sent twice the form is one request, changed and sent again it is another.
        idempotency_key=f"{wish['token']}:{of}{freezing.digest(form.parsed.sent_forms)}",
        now=timezone.now(),
        may_invalidate_everything=form.is_admin,
    )


def _form_page(request: HtmxRequest, form: InvalidationForm) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "shown_max": ITEMS_SHOWN}
    if form.is_bound:
        preview = _preview(form)
        context |= {"parsed": form.parsed, "preview": preview, "lines": _lines(form, preview)}
        context["moved_on"] = "seen" in request.POST
    return pages.render_page(request, "cache/new.html", context, fragment="tenant")


def _lines(form: InvalidationForm, preview: Preview | None) -> list[tuple[Item, str]]:
    """The first items, each with the wildcard that is sent instead of it, if any."""
    covered_by = {} if preview is None else preview.covered_by
    items = [] if form.parsed is None else form.parsed.items[:ITEMS_SHOWN]
    return [(item, covered_by.get(item.sent_form, "")) for item in items]


def _preview(form: InvalidationForm) -> Preview | None:
    """What would come of it; None while there is nothing that could be sent."""
    distribution, place = form.cleaned_data.get("distribution"), form.place
    if distribution is None or place is None or form.parsed is None:
        return None
    now = timezone.now()
    if any(wrong.raw.startswith("#") for wrong in form.parsed.errors):
        configs.ask_anew(distribution, now)
    if "tenant" in form.errors or not form.parsed.is_good or form.scope_in(distribution).is_refused:
        return None
    priority = form.cleaned_data.get("priority", Priority.NORMAL)
    return previewing.preview(
        place,
        form.parsed,
        is_admin=form.is_admin,
        priority=priority,
        not_before=form.cleaned_data.get("not_before"),
        now=now,
    )


@require_GET
@viewer
def detail(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """One invalidation as a chain: who asked and why, what CloudFront said, what the edge proves."""
    asked = get_object_or_404(Request.objects.select_related("distribution", "tenant", "batch"), uuid=identity)
    context = {
        "asked": asked,
        "chain": chains.of(asked, list(asked.items.order_by("-failure", "sent_form")[:ITEMS_SHOWN])),
        "items_shown": ITEMS_SHOWN,
        "others": asked.items_count - 1,  # beside the one in the heading
        # A stage's cache holds the answers to every tenant.
        "stages": flushing.cached_stages(asked.distribution) if asked.tenant is None else [],
        "can_cancel": asking.can_cancel(asked),
        "may_decide": approvals.may_decide(asked, pages.actor(request)),
    }
    return pages.render_page(request, "cache/detail.html", context, fragment="live")


@require_POST
@operator
def cancel(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """Take an invalidation back while nothing of it is on its way."""
    asked = _found(identity)
    try:
        asking.cancel(asked, actor=pages.actor(request), now=timezone.now())
    except AskingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Cancelled: nothing was sent to CloudFront.")
    return redirect("invalidation", identity=identity)


@require_POST
@operator
def approve(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """A second person lets it go on."""
    try:
        approvals.approve(_found(identity), actor=pages.actor(request), now=timezone.now())
    except AskingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Approved: it goes on as if it had been asked for now.")
    return redirect("invalidation", identity=identity)


@require_POST
@operator
def reject(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """A second person ends it, and says why."""
    reason = request.POST.get("reason", "").replace("\0", "")[:400]
    try:
        approvals.reject(_found(identity), actor=pages.actor(request), reason=reason, now=timezone.now())
    except AskingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Rejected: nothing of it is sent.")
    return redirect("invalidation", identity=identity)


@require_POST
@operator
def probe_again(request: HtmxRequest, identity: UUID, batch_id: UUID) -> HttpResponse:
    """Have the edge asked once more; the form says which round its page has shown, so that a double click is one."""
    carrying = _found(identity).items.values("batch")
    batch = get_object_or_404(Batch.objects.select_related("distribution"), pk=batch_id, pk__in=carrying)
    try:
        started = request.POST.get("round") == str(batch.round) and proving.probe_again(
            batch, actor=pages.actor(request), now=timezone.now()
        )
    except AskingError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, ASKED_AGAIN if started else ASKED_ALREADY)
    return redirect("invalidation", identity=identity)


def _found(identity: UUID) -> Request:
    return get_object_or_404(Request.objects.select_related("distribution", "tenant"), uuid=identity)
