"""Channels: where notifications go, how each is doing, and what they tell of EdgeOps itself."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages
from dashboards.forms.channels import ChannelForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, viewer
from edgeops.notifications import channels
from edgeops.notifications.channels import AlreadyRenewedError, InvalidChannelError
from edgeops.notifications.models import Channel, Delivery, DeliveryState, Transport
from edgeops.timeline.models import Failure

SHOWN_FAILURES, SHOWN_DELIVERIES = 20, 10


@require_GET
@viewer
def listing(request: HtmxRequest) -> HttpResponse:
    """Every channel with its last success, last failure and what waits; and what EdgeOps itself failed at."""
    rows = [(channel, _where(channel)) for channel in _with_counts()]
    context = {
        "rows": rows,
        "is_heard": any(channel.is_enabled and channel.hears_failures for channel, _ in rows),
        "failures": _failures()[:SHOWN_FAILURES],
    }
    return pages.render_page(request, "channels/list.html", context, fragment="live")


@never_cache
@require_http_methods(["GET", "POST"])
@admin
def create(request: HtmxRequest) -> HttpResponse:
    """Add a channel; a webhook's secret is in the answer to this request and nowhere else."""
    form = ChannelForm(request.POST or None, initial={"transport": Transport.EMAIL})
    if request.method == "POST" and form.is_valid():
        try:
            channel, secret = channels.create(**form.cleaned_data, actor=pages.actor(request), now=timezone.now())
        except InvalidChannelError as error:
            form.add_error(None, str(error))
        else:
            if secret:
                return _secret_page(request, channel, secret)
            messages.success(request, f"{channel.name} was created. Choose it in an alarm to be told of it there.")
            return redirect("channels")
    return render(request, "channels/form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@admin
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Change a channel's name, address or what it is told of, or switch it off."""
    channel = get_object_or_404(Channel, pk=pk)
    held = {name: getattr(channel, name) for name in ("name", "address", "is_enabled", "hears_failures")}
    form = ChannelForm(request.POST or None, channel=channel, initial=held)
    if request.method == "POST" and form.is_valid():
        try:
            channels.edit(channel, **form.cleaned_data, actor=pages.actor(request), now=timezone.now())
        except InvalidChannelError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{channel.name} was saved.")
            return redirect("channels")
    context = {
        "form": form,
        "channel": channel,
        "is_webhook": channel.transport == Transport.WEBHOOK,
        "secret_name": channels.secret_name(channel),
    }
    return render(request, "channels/form.html", context)


@never_cache
@require_POST
@admin
def renew_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a webhook's secret and show the new one, once."""
    channel = get_object_or_404(Channel, pk=pk, transport=Transport.WEBHOOK)
    instead_of = request.POST.get("instead_of", "")
    try:
        secret = channels.renew_secret(channel, instead_of=instead_of, actor=pages.actor(request), now=timezone.now())
    except AlreadyRenewedError as error:
        messages.error(request, str(error))
        return redirect("channel_edit", pk=pk)
    return _secret_page(request, channel, secret)


def _with_counts() -> QuerySet[Channel]:
    return Channel.objects.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__next_at__isnull=False)),
        dead=Count("deliveries", filter=Q(deliveries__state=DeliveryState.DEAD)),
    )


def _failures() -> QuerySet[Failure]:
    """Newest first, with who was told of each lately."""
    newest = Delivery.objects.with_attempts().order_by("-pk")[:SHOWN_DELIVERIES]
    told = Prefetch("deliveries", newest, to_attr="newest_deliveries")
    return Failure.objects.prefetch_related(told).order_by("-began_at", "-pk")


def _where(channel: Channel) -> str:
    """The address as every viewer may see it: a webhook's path may hold a token of the receiver."""
    if channel.transport != Transport.WEBHOOK:
        return channel.address
    parts = urlsplit(channel.address)
    return f"{parts.scheme}://{parts.netloc}/…"


def _secret_page(request: HttpRequest, channel: Channel, secret: str) -> HttpResponse:
    return render(request, "channels/secret.html", {"channel": channel, "secret": secret})
