"""Refreshing in place: a cheap tag of what a page shows, and an empty 304 while it stays the same.

Only htmx's refreshes carry a tag. A whole page also holds who is signed in and a token of the session, so the browser
must not take one for another.
"""

import hashlib
from datetime import datetime

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers

from dashboards.pages import HtmxRequest


def tag(request: HtmxRequest, now: datetime, *marks: object) -> str:
    """An ETag of `marks`, of who asks, and of the minute: states also change because time passes and nothing comes."""
    minute = now.replace(second=0, microsecond=0)
    parts = [request.get_full_path(), request.user.pk, minute, *marks]
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


def not_modified(request: HtmxRequest, etag: str) -> HttpResponse | None:
    """The 304 for a refresh that shows this already; None when the fragment has to be made."""
    if request.htmx and request.headers.get("If-None-Match") == etag:
        return _mark(HttpResponseNotModified(), etag)
    return None


def tagged(request: HtmxRequest, response: HttpResponse, etag: str) -> HttpResponse:
    """The response, with the tag its next refresh may send."""
    return _mark(response, etag) if request.htmx else response


def _mark(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
