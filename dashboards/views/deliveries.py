"""The event log of webhooks: what arrived and what became of it; running rules again, rehearsed first."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboards import pages, paging
from dashboards.deliveries import LogNarrowing
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator, viewer
from dashboards.views.webhooks import with_requests
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import again, bodies
from edgeops.webhooks.again import AT_ONCE, CannotRedeliverError
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery

ROWS_A_PAGE, BODY_SHOWN = 50, 100_000


@require_GET
@viewer
def log(request: HtmxRequest) -> HttpResponse:
    """Every delivery, newest first, all or narrowed."""
    narrowing = LogNarrowing.of(request.GET)
    found = WebhookDelivery.objects.newest().filter(*narrowing.choices)
    page = paging.read(found, request.GET, by="received_at", size=ROWS_A_PAGE, texts=narrowing.texts)
    context = {
        "page": page,
        "deliveries": with_requests(page.rows),
        "is_moving": any(one.next_at is not None for one in page.rows),
        "narrowing": narrowing,
        "verdicts": DeliveryVerdict.choices,
        "endpoints": Endpoint.objects.order_by("name", "pk"),
        "can_choose": request.user.has_perm("access.operator"),
        "has_dead": again.dead_letters().exclude(encrypted_body="").exists(),
        "at_once": AT_ONCE,
    }
    return pages.render_page(request, "cache/log.html", context, fragment="live")


@require_GET
@viewer
def detail(request: HtmxRequest, pk: int) -> HttpResponse:
    """One delivery: what was posted, what the rules made of it and when; the body for those who may act on it."""
    delivery = get_object_or_404(WebhookDelivery.objects.select_related("endpoint", "same_as"), pk=pk)
    (arrived,) = with_requests([delivery])
    context: dict[str, Any] = {
        "delivery": delivery,
        "requests": arrived.requests,
        "headers": sorted(delivery.headers.items()),
        "is_repeatable": arrived.is_repeatable,
    }
    if request.user.has_perm("access.operator"):
        context |= _body(delivery)
    return pages.render_page(request, "cache/delivery.html", context, fragment="live")


def _body(delivery: WebhookDelivery) -> dict[str, Any]:
    if not delivery.encrypted_body:
        return {"body_problem": "It was deleted after 7 days."}
    try:
        body = bodies.unseal(delivery.encrypted_body)
    except UnreadableSecretError as error:
        return {"body_problem": str(error)}
    shown = body[:BODY_SHOWN].decode(errors="replace")
    return {"body": "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in shown),
            "is_body_cut": len(body) < delivery.body_bytes or len(body) > BODY_SHOWN}  # fmt: skip


@require_POST
@operator
def rehearse(request: HtmxRequest) -> HttpResponse:
    """What today's rules would make of the chosen deliveries, or of the oldest dead letters; nothing is run."""
    try:
        chosen = _chosen(request)
        rehearsals = again.rehearse(chosen)
    except CannotRedeliverError as error:
        messages.error(request, str(error))
        return redirect("deliveries")
    context = {
        "rehearsals": rehearsals,
        "items_total": sum(len(trial.items) for one in rehearsals for _, trial in one.trials),
        "reason": "",
    }
    return render(request, "cache/rehearsal.html", context)


@require_POST
@operator
def redeliver(request: HtmxRequest) -> HttpResponse:
    """Have today's rules run on what was rehearsed."""
    reason = request.POST.get("reason", "").replace("\0", "")[:500]
    try:
        count = again.redeliver(_chosen(request), reason=reason, actor=pages.actor(request), now=timezone.now())
    except CannotRedeliverError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{count} run again, ten a second. What comes of it are new invalidations.")
    return redirect("deliveries")


def _chosen(request: HtmxRequest) -> list[WebhookDelivery]:
    if "dead" in request.POST:
        return list(again.dead_letters().exclude(encrypted_body="")[:AT_ONCE])
    given = dict.fromkeys(request.POST.getlist("delivery"))
    if len(given) > AT_ONCE:
        raise CannotRedeliverError(f"Choose up to {AT_ONCE} deliveries, not {len(given)}.")
    pks = [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 15]
    return list(WebhookDelivery.objects.select_related("endpoint").filter(pk__in=pks).order_by("pk"))
