"""One webhook endpoint: how it is proven and bounded, its secrets and rules, what to copy; admins change it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages, samples
from dashboards.forms import schemes
from dashboards.forms.webhooks import BoundsForm, DeleteForm, SecretForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, operator, viewer
from dashboards.views.webhooks import address_of, secret_page, with_requests
from edgeops.invalidations.refusals import AskingError
from edgeops.webhooks import endpoints, pausing, snippets
from edgeops.webhooks.endpoints import AlreadyRotatedError, TooManySecretsError
from edgeops.webhooks.models import Endpoint, RefusalCount, WebhookDelivery
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import ConfigError, SecretError

DELIVERIES_SHOWN, REFUSALS_SHOWN = 10, 10


@require_GET
@viewer
def detail(request: HtmxRequest, pk: int) -> HttpResponse:
    """Everything about one endpoint."""
    endpoint, now = _existing(pk), timezone.now()
    rules = list(endpoint.rules.existing())
    url = address_of(endpoint)
    lines = samples.commands(endpoint, rules[0] if rules else None, url, now=now)
    scheme = known.get(endpoint.scheme)
    context = {
        "endpoint": endpoint,
        "url": url,
        "scheme": scheme,
        "config": [(name.replace("_", " "), _written(value)) for name, value in endpoint.config.items() if value],
        "tolerance": endpoint.tolerance_seconds or scheme.TOLERANCE_SECONDS,
        "secrets": endpoint.secrets.live(now),
        "rules": rules,
        "paused": pausing.paused([endpoint], now).get(endpoint.pk),
        "curl": lines,
        "ci": snippets.ci_step(f"Tell EdgeOps: {endpoint.name}", lines) if endpoint.scheme != "sns" else "",
        "secret_form": SecretForm(scheme=endpoint.scheme),
        "refusals": RefusalCount.objects.filter(endpoint=endpoint).order_by("-hour", "reason")[:REFUSALS_SHOWN],
        "deliveries": with_requests(
            list(WebhookDelivery.objects.newest().filter(endpoint=endpoint)[:DELIVERIES_SHOWN])
        ),
    }
    return pages.render_page(request, "cache/endpoint.html", context, fragment="live")


def _written(value: object) -> str:
    """A setting as it is read."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Change how it is proven, its pins and its bounds; the scheme stays."""
    endpoint = _existing(pk)
    data = request.POST if request.method == "POST" else None
    form, config = BoundsForm(data, endpoint=endpoint), schemes.form_of(endpoint.scheme, data, endpoint.config)
    if data is not None and all([form.is_valid(), config.is_valid()]):
        try:
            endpoints.change(
                endpoint,
                actor=pages.actor(request),
                now=timezone.now(),
                config=config.config,
                pins=form.cleaned_data["pins"],
                bounds=form.bounds,
            )
        except ConfigError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved. The next post is held to it.")
            return redirect("webhook", pk=pk)
    context = {
        "endpoint": endpoint,
        "form": form,
        "config": config,
        "scheme_title": known.get(endpoint.scheme).TITLE,
        "scheme_template": f"cache/schemes/{endpoint.scheme}.html",
    }
    return render(request, "cache/edit_endpoint.html", context)


@require_POST
@never_cache
@admin
def rotate(request: HtmxRequest, pk: int) -> HttpResponse:
    """A new secret, shown this one time; the old one verifies for a day more, unless it leaked."""
    endpoint = _existing(pk)
    form = SecretForm(request.POST, scheme=endpoint.scheme)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["secret"])))
        return redirect("webhook", pk=pk)
    try:
        secret = endpoints.rotate(
            endpoint,
            actor=pages.actor(request),
            now=timezone.now(),
            instead_of=request.POST.get("instead_of", ""),
            **form.cleaned_data,
        )
    except (AlreadyRotatedError, TooManySecretsError, SecretError) as error:
        messages.error(request, str(error))
        return redirect("webhook", pk=pk)
    return secret_page(request, endpoint, secret)


@require_POST
@admin
def switch(request: HtmxRequest, pk: int) -> HttpResponse:
    """Open or close an endpoint, as the form's `enabled` says."""
    is_enabled = request.POST.get("enabled") == "yes"
    endpoints.set_enabled(_existing(pk), is_enabled=is_enabled, actor=pages.actor(request), now=timezone.now())
    return redirect("webhook", pk=pk)


@require_POST
@operator
def pause(request: HtmxRequest, pk: int) -> HttpResponse:
    """Hold what its events ask for, or let go of it, as the form's `paused` says."""
    endpoint, actor, now = _existing(pk), pages.actor(request), timezone.now()
    if request.POST.get("paused") != "yes":
        pausing.resume(endpoint, actor=actor, now=now)
        messages.success(request, "Resumed: what was held goes on.")
        return redirect("webhook", pk=pk)
    try:
        pausing.pause(endpoint, reason=request.POST.get("reason", "").replace("\0", "")[:500], actor=actor, now=now)
    except AskingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Paused: posts are taken, and what they ask for is held.")
    return redirect("webhook", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def delete(request: HtmxRequest, pk: int) -> HttpResponse:
    """Take an endpoint off every list for good, its name typed to confirm."""
    endpoint = _existing(pk)
    form = DeleteForm(request.POST if request.method == "POST" else None, endpoint=endpoint)
    if request.method == "POST" and form.is_valid():
        endpoints.delete(endpoint, actor=pages.actor(request), now=timezone.now())
        messages.success(request, f"Deleted: posts to {endpoint.name} are answered 410 from now on.")
        return redirect("webhooks")
    return render(request, "cache/delete_endpoint.html", {"endpoint": endpoint, "form": form})


def _existing(pk: int) -> Endpoint:
    return get_object_or_404(Endpoint.objects.existing().select_related("distribution__account", "tenant"), pk=pk)
