"""The rail: which pages there are, and on which one we stand."""

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from edgeops.estate.models import EdgeApi

PAGES = (
    ("Overview", "/"),
    ("Alarms", "/alarms/"),
    ("Cache", "/cache/"),
    ("Channels", "/channels/"),
    ("Audit", "/audit/"),
    ("Settings", "/settings/"),
)
DEMO_PAGES = (("Demo inbox", "/demo/inbox/"),)

ADDRESSES = {
    "api": "/apis/{}/",
    "account": "/settings/accounts/{}/",
    "alarm": "/alarms/{}/",
    "distribution": "/cache/distributions/{}/",
    "request": "/cache/invalidations/{}/",
    "invalidate": "/cache/invalidations/new/?distribution={}",
    "trace": "/traces/{}/",
    "channel": "/channels/",
    "webhook_endpoint": "/cache/webhooks/{}/",
    "webhook_rule": "/cache/webhooks/rules/{}/",
    "webhook_delivery": "/cache/webhooks/deliveries/{}/",
}


@dataclass(frozen=True)
class Link:
    """One entry; `current` is the value of aria-current, empty when we are elsewhere."""

    title: str
    href: str
    current: str


@dataclass(frozen=True)
class Rail:
    """Pages of the product, then the APIs it operates."""

    pages: list[Link]
    apis: list[Link]


def rail(request: HttpRequest) -> Rail:
    """The links for this request; none for somebody who may not see pages."""
    user = getattr(request, "user", None)
    if user is None or not user.has_perm("access.viewer"):
        return Rail(pages=[], apis=[])
    pages = PAGES + (DEMO_PAGES if settings.IS_DEMO else ())
    apis = EdgeApi.objects.values_list("name", "slug")
    return Rail(
        pages=[_link(title, href, request.path) for title, href in pages],
        apis=[_link(name, f"/apis/{slug}/", request.path) for name, slug in apis],
    )


def _link(title: str, href: str, path: str) -> Link:
    if path == href:
        return Link(title, href, "page")
    is_inside = href != "/" and path.startswith(href)
    return Link(title, href, "true" if is_inside else "")


def address(kind: str, identity: object) -> str:
    """Where the page of a row is, for kinds that rows name as text; empty when that kind has no page."""
    pattern = ADDRESSES.get(kind)
    return pattern.format(quote(str(identity), safe="")) if pattern else ""
