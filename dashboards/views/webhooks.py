"""The webhooks page: every endpoint and the newest of what arrived; and making an endpoint, from a recipe or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from dashboards import pages, samples
from dashboards.forms import schemes
from dashboards.forms.schemes import SchemeForm
from dashboards.forms.webhooks import EndpointForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, viewer
from edgeops.invalidations.models import Request, Source, Suspension
from edgeops.invalidations.refusals import TenantRefusedError
from edgeops.webhooks import again, endpoints, pausing, recipes
from edgeops.webhooks.models import Endpoint, Rule, WebhookDelivery
from edgeops.webhooks.schemes import known

DELIVERIES_SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """An endpoint as the list shows it."""

    endpoint: Endpoint
    url: str
    scheme: str
    paused: Suspension | None


@dataclass(frozen=True)
class Arrived:
    """A delivery and the invalidations it led to."""

    delivery: WebhookDelivery
    requests: Sequence[Request]

    @property
    def is_repeatable(self) -> bool:
        """Whether today's rules can be run on it."""
        return again.can_repeat(self.delivery)


@require_GET
@viewer
def listing(request: HtmxRequest) -> HttpResponse:
    """Every endpoint with its address and rules, and the newest deliveries of all of them."""
    rows = list(
        Endpoint.objects.existing()
        .select_related("distribution", "tenant")
        .prefetch_related(Prefetch("rules", Rule.objects.existing()))
    )
    paused = pausing.paused(rows, timezone.now())
    context = {
        "endpoints": [Shown(one, address_of(one), known.get(one.scheme).TITLE, paused.get(one.pk)) for one in rows],
        "deliveries": with_requests(list(WebhookDelivery.objects.newest()[:DELIVERIES_SHOWN])),
    }
    return pages.render_page(request, "cache/webhooks.html", context, fragment="live")


def with_requests(deliveries: Sequence[WebhookDelivery]) -> list[Arrived]:
    """Each delivery with what it led to, in one query for all."""
    caused = Request.objects.filter(
        source=Source.WEBHOOK, cause_kind="webhook_delivery", cause_id__in=[str(one.pk) for one in deliveries]
    )
    by_cause: dict[str, list[Request]] = {}
    for request in caused.order_by("requested_at"):
        by_cause.setdefault(request.cause_id, []).append(request)
    return [Arrived(one, by_cause.get(str(one.pk), [])) for one in deliveries]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@admin
def new(request: HtmxRequest) -> HttpResponse:
    """Choose a recipe or a scheme, then make the endpoint; the answer shows its secret, this one time.

    Of a distribution that is chosen in the form, htmx asks for its field for a tenant.
    """
    recipe = recipes.get(request.GET.get("recipe", ""))
    scheme = recipe.scheme if recipe is not None else request.GET.get("scheme", "")
    if scheme not in known.SCHEMES:
        if request.method != "POST":
            choices: dict[str, Any] = {"recipes": recipes.every(), "schemes": known.choices()}
            return render(request, "cache/choose_scheme.html", choices)
        scheme = "standard"
    data = request.POST if request.method == "POST" else None
    initial: dict[str, Any] = {name: request.GET.get(name, "") for name in ("distribution", "tenant")}
    if recipe is not None:
        initial |= {"name": recipe.title.split(",")[0], "pins": list(recipe.pins)}
    form = EndpointForm(data, scheme=scheme, recipe=recipe, initial=initial)
    config = schemes.form_of(scheme, data, recipe.config if recipe is not None else {})
    # Both are asked, so that a person sees everything at once.
    if data is not None and all([form.is_valid(), config.is_valid()]):
        made = _made(request, form, config)
        if made is not None:
            return secret_page(request, *made)
    context: dict[str, Any] = {
        "form": form,
        "config": config,
        "recipe": recipe,
        "scheme": scheme,
        "scheme_title": known.get(scheme).TITLE,
        "scheme_template": f"cache/schemes/{scheme}.html",
    }
    return pages.render_page(request, "cache/new_endpoint.html", context, fragment="tenant")


def _made(request: HtmxRequest, form: EndpointForm, config: SchemeForm) -> tuple[Endpoint, str] | None:
    wish = form.cleaned_data
    try:
        return endpoints.create(
            name=wish["name"],
            distribution=wish["distribution"],
            tenant=wish.get("tenant"),
            rules=form.rules,
            actor=pages.actor(request),
            now=timezone.now(),
            scheme=form.scheme,
            config=config.config,
            pins=wish["pins"],
            secret=wish.get("secret", ""),
        )
    except IntegrityError:  # the same form, sent twice at once
        form.add_error("name", "There is an endpoint of this name already; take another name.")
    except TenantRefusedError as error:  # what is known of the distribution changed meanwhile
        form.add_error("distribution", str(error))
    return None


def secret_page(request: HtmxRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    """The secret of an endpoint, this one time; a scheme without one leads to the endpoint's page."""
    if not secret:
        return redirect("webhook", pk=endpoint.pk)
    url, first = address_of(endpoint), endpoint.rules.existing().first()
    context = {
        "endpoint": endpoint,
        "url": url,
        "secret": secret,
        "curl": samples.commands(endpoint, first, url, now=timezone.now(), secret=secret),
        "scheme": known.get(endpoint.scheme).TITLE,
    }
    return render(request, "cache/secret.html", context)


def address_of(endpoint: Endpoint) -> str:
    """Where its sender posts to."""
    return f"{settings.BASE_URL}{reverse('hook', kwargs={'key': endpoint.key})}"
