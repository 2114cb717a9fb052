"""What every page has: the frame around it, and one way to answer with the page or only its live part."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from edgeops.access.audit import Actor


class HtmxRequest(HttpRequest):
    """A request as views see it, with what django-htmx adds."""

    htmx: HtmxDetails


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame: whether data is simulated, and who looks at it."""
    user = getattr(request, "user", None)
    return {
        "is_simulated": not settings.IS_PRODUCTION,
        "is_demo": settings.IS_DEMO,
        "role": user.role if user is not None and user.is_authenticated else "",
    }


def render_page(request: HtmxRequest, template: str, context: Mapping[str, Any], *, fragment: str) -> HttpResponse:
    """The whole page, or only its `{% partialdef fragment %}` when htmx asks to refresh it in place."""
    name = f"{template}#{fragment}" if request.htmx else template
    response = render(request, name, dict(context))
    # One address, two answers: going back must not show the part without its page.
    patch_vary_headers(response, ["HX-Request"])
    return response


def actor(request: HttpRequest) -> Actor:
    """The signed-in person as the audit log names them."""
    return Actor(kind="user", name=request.user.get_username(), address=client_address(request))


def client_address(request: HttpRequest) -> str | None:
    """Where a request came from, seen past the trusted proxies, each of which adds one address; None if unreadable."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    seen = [*forwarded.split(","), request.META.get("REMOTE_ADDR") or ""]
    proxies = min(settings.ALLAUTH_TRUSTED_PROXY_COUNT, len(seen) - 1) if forwarded else 0
    try:
        return str(ip_address(seen[-1 - proxies].strip()))
    except ValueError:
        return None
