"""Requests refused before any view sees them."""

from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


class NulMiddleware:
    """Refuse an address or a cookie that holds a NUL: PostgreSQL takes none in a text, and nobody types one.

    Forms refuse it field by field, and a webhook's body is stored encrypted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; raises BadRequest (400)."""
        if any("\0" in text for text in _sent(request)):
            raise BadRequest("The address or a cookie holds a NUL character.")
        return self.get_response(request)


def _sent(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield name
        yield from values
