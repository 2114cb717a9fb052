"""The webhooks page: endpoints with their rules, what arrived and what became of it. Admins make and turn over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages
from dashboards.forms.webhooks import EndpointForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, viewer
from edgeops.invalidations.models import Request, Source
from edgeops.webhooks import endpoints, examples
from edgeops.webhooks.endpoints import TooManySecretsError
from edgeops.webhooks.models import Endpoint, EndpointSecret, Rule, WebhookDelivery
from edgeops.webhooks.rules import NewRule

DELIVERIES_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """An endpoint as the page shows it."""

    endpoint: Endpoint
    url: str
    example: str
    secrets: Sequence[EndpointSecret]


@dataclass(frozen=True)
class Arrived:
    """A delivery and the invalidations it led to."""

    delivery: WebhookDelivery
    requests: Sequence[Request]


@require_GET
@viewer
def listing(request: HtmxRequest) -> HttpResponse:
    """Every endpoint with its address, rules and an example, and the newest deliveries of all of them."""
    now = timezone.now()
    shown = Prefetch("rules", Rule.objects.existing())
    rows = Endpoint.objects.existing().select_related("distribution").prefetch_related(shown, "secrets")
    deliveries = list(WebhookDelivery.objects.newest()[:DELIVERIES_SHOWN])
    context = {
        "endpoints": [_shown(endpoint, now) for endpoint in rows],
        "deliveries": _with_requests(deliveries),
    }
    return pages.render_page(request, "cache/webhooks.html", context, fragment="live")


def _shown(endpoint: Endpoint, now: datetime) -> Shown:
    rules = list(endpoint.rules.all())
    live = [secret for secret in endpoint.secrets.all() if secret.not_after is None or secret.not_after > now]
    url = _url(endpoint)
    return Shown(endpoint, url, examples.curl(endpoint, url, rules[0] if rules else None, now=now), live)


def _with_requests(deliveries: Sequence[WebhookDelivery]) -> list[Arrived]:
    """Each delivery with what it led to, in one query for all."""
    caused = Request.objects.filter(
        source=Source.WEBHOOK, cause_kind="webhook_delivery", cause_id__in=[str(one.pk) for one in deliveries]
    )
    by_cause: dict[str, list[Request]] = {}
    for request in caused:
        by_cause.setdefault(request.cause_id, []).append(request)
    return [Arrived(one, by_cause.get(str(one.pk), [])) for one in deliveries]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@admin
def new(request: HtmxRequest) -> HttpResponse:
    """Make an endpoint; the answer shows its secret, this one time."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        rule = NewRule(wish["event_type"], wish["definition"])
        try:
            endpoint, secret = endpoints.create(
                name=wish["name"],
                distribution=wish["distribution"],
                rules=[rule],
                actor=pages.actor(request),
                now=timezone.now(),
            )
        except IntegrityError:  # the same form, sent twice at once
            form.add_error("name", "There is an endpoint of this name already; take another name.")
        else:
            return _secret_page(request, endpoint, secret)
    return render(request, "cache/new_endpoint.html", {"form": form})


@require_POST
@never_cache
@admin
def rotate(request: HtmxRequest, pk: int) -> HttpResponse:
    """A new secret, shown this one time; the old one verifies for a day more."""
    endpoint = get_object_or_404(Endpoint.objects.existing(), pk=pk)
    try:
        secret = endpoints.rotate(endpoint, actor=pages.actor(request), now=timezone.now())
    except TooManySecretsError as error:
        messages.error(request, str(error))
        return redirect("webhooks")
    return _secret_page(request, endpoint, secret)


@require_POST
@admin
def switch(request: HtmxRequest, pk: int) -> HttpResponse:
    """Open or close an endpoint, as the form's `enabled` says."""
    endpoint = get_object_or_404(Endpoint.objects.existing(), pk=pk)
    is_enabled = request.POST.get("enabled") == "yes"
    endpoints.set_enabled(endpoint, is_enabled=is_enabled, actor=pages.actor(request), now=timezone.now())
    return redirect("webhooks")


def _secret_page(request: HtmxRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    context = {"endpoint": endpoint, "url": _url(endpoint), "secret": secret}
    return render(request, "cache/secret.html", context)


def _url(endpoint: Endpoint) -> str:
    return f"{settings.BASE_URL}{reverse('hook', kwargs={'key': endpoint.key})}"
