"""The metrics of a hop: what there is, what is read, and reading more or less of it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboards import hop_metrics, pages
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator, viewer
from edgeops.estate.models import Hop
from edgeops.metrics import catalogue, registry
from edgeops.metrics.catalogue import prices
from edgeops.metrics.models import Series
from edgeops.metrics.registry import RegistryError


@require_GET
@viewer
def listing(request: HtmxRequest, slug: str, hop_id: int) -> HttpResponse:
    """Every metric AWS publishes of the hop, or those a search means; a name from an article finds the real one."""
    hop = _hop(slug, hop_id)
    text = request.GET.get("q", "").strip()
    context = {
        "hop": hop,
        "api": hop.api,
        "text": text,
        "real": catalogue.real_name(text, hop.kind) if text else None,
        "rows": hop_metrics.rows(hop, text),
        "bill": hop_metrics.bill(hop),
        "one": hop_metrics.Bill(1),
        "additional": hop_metrics.additional_metrics(hop),
        "left_out": prices.LEFT_OUT.get(hop.kind, ""),
    }
    return pages.render_page(request, "apis/metrics.html", context, fragment="live")


@require_POST
@operator
def read(request: HttpRequest, slug: str, hop_id: int) -> HttpResponse:
    """Read a metric from now on, or say why it cannot be."""
    hop = _hop(slug, hop_id)
    name, statistic = request.POST.get("metric", ""), request.POST.get("statistic", "")
    try:
        registry.add(hop, name, statistic, actor=pages.actor(request), now=timezone.now())
    except RegistryError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{name} {statistic} is read from now on; its first values come within two minutes.")
    return _back(request, hop)


@require_POST
@operator
def stop(request: HttpRequest, slug: str, hop_id: int) -> HttpResponse:
    """Read a metric no more, or say what still needs it."""
    hop = _hop(slug, hop_id)
    name, statistic = request.POST.get("metric", ""), request.POST.get("statistic", "")
    series = get_object_or_404(Series, hop=hop, metric=name, statistic=statistic)
    try:
        registry.drop(series, actor=pages.actor(request), now=timezone.now())
    except RegistryError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{name} {statistic} is not read any more. What was read stays until it is too old.")
    return _back(request, hop)


def _hop(slug: str, hop_id: int) -> Hop:
    return get_object_or_404(Hop.objects.on_path().select_related("api__distribution"), pk=hop_id, api__slug=slug)


def _back(request: HttpRequest, hop: Hop) -> HttpResponse:
    """To the list as it was searched."""
    text = request.POST.get("q", "")
    address = reverse("hop_metrics", args=[hop.api.slug, hop.pk])
    return redirect(f"{address}?{urlencode({'q': text})}" if text else address)
