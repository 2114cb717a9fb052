"""A path that AWS shows otherwise than it is operated: the differences in words, applied or left by an admin."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboards import discoveries, found_paths, pages
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, operator, viewer
from edgeops.discovery import rediscovery
from edgeops.discovery.models import Discovery, DiscoveryKind, Resolution
from edgeops.discovery.rediscovery import RediscoveryError
from edgeops.estate import plain
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import EdgeApi
from edgeops.estate.plain import DocumentError


@require_GET
@viewer
def detail(request: HtmxRequest, slug: str, identity: UUID) -> HttpResponse:
    """How the path that AWS shows differs from the one operated, and what was decided about it."""
    look = _look(slug, identity)
    doc = plain.api_from_plain(discoveries.result_of(look)["api"])
    context = {
        "api": look.api,
        "look": look,
        "doc": doc,
        "columns": found_paths.columns(doc.hops),
        "is_undecided": look.resolution == Resolution.OPEN and bool(look.differences),
    }
    return pages.render_page(request, "path_changes/detail.html", context, fragment="live")


@require_POST
@admin
def apply(request: HttpRequest, slug: str, identity: UUID) -> HttpResponse:
    """Operate the path as AWS shows it."""
    words = "The path is operated as AWS shows it; new series have their first values within two minutes."
    return _decided(request, _look(slug, identity), rediscovery.apply, words)


@require_POST
@admin
def dismiss(request: HttpRequest, slug: str, identity: UUID) -> HttpResponse:
    """Leave the path as it is operated."""
    words = "The path stays as it is operated. The same difference is not raised again."
    return _decided(request, _look(slug, identity), rediscovery.dismiss, words)


@require_POST
@operator
def look_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a worker look at the path of an API now."""
    api = get_object_or_404(EdgeApi.objects.select_related("account", "distribution"), slug=slug)
    discoveries.ask(request, api.account, DiscoveryKind.PATH, api.distribution.aws_id, api=api)
    messages.success(request, "A worker compares the path with AWS. What is different is said on this page.")
    return redirect("api", slug=slug)


def _look(slug: str, identity: UUID) -> Discovery:
    return get_object_or_404(Discovery.objects.looks().select_related("api__distribution"), pk=identity, api__slug=slug)


def _decided(request: HttpRequest, look: Discovery, decide: Callable[..., Any], words: str) -> HttpResponse:
    """Back to the API when it is decided; to the differences, with the reason, when it could not be."""
    assert look.api is not None  # noqa: S101 (looks are of an API)
    try:
        decide(look, actor=pages.actor(request), now=timezone.now())
    except (RediscoveryError, EstateError, DocumentError) as error:
        messages.error(request, str(error))
        return redirect("path_change", slug=look.api.slug, identity=look.pk)
    messages.success(request, words)
    return redirect("api", slug=look.api.slug)
