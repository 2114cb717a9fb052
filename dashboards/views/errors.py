"""Pages for what went wrong, in the same frame and without a stack trace."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request could not be understood; 413: it is larger than a form may be."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        most = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024:,} KiB"
        advice = f"Nothing of it was taken. A form may hold {most}: go back and send it in parts."
        return _page(request, 413, "This is too much for one form", advice)
    return _page(request, 400, "This request could not be understood", "Go back, reload the page and try again.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: signed in, but without the role; the exception's text says which."""
    return _page(
        request, 403, "You may not do this", str(exception) or "Ask an admin of EdgeOps for the role it needs."
    )


def forgery_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without this session's token; `reason` is for the log, which has it."""
    advice = "Nothing was changed. Go back, reload the page and send it again; the browser must accept cookies."
    return _page(request, 403, "This form did not come from a page you have open", advice)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such page or row."""
    return _page(request, 404, "There is nothing here", "The address may be mistyped, or what it named was removed.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the request id finds the log line."""
    return _page(request, 500, "EdgeOps failed on this page", "Nothing was lost. Tell your admin the request id below.")


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    context = {
        "status": status,
        "title": title,
        "advice": advice,
        "request_id": request.META.get("EDGEOPS_REQUEST_ID", ""),
    }
    return render(request, "error.html", context, status=status)
