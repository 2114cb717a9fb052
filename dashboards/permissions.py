"""Roles on views: every view is closed unless it names the role that may use it.

`LoginRequiredMiddleware` keeps strangers out of every view without `login_not_required`; `RoleMiddleware` then asks for
the role the view declares. A view that declares none answers 403 to everybody, so forgetting is loud and safe.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

type View = Callable[..., HttpResponseBase]
# Sign-in pages are allauth's and carry their own rules.
OPEN_TO_EVERY_USER = ("allauth.",)


def viewer[V: View](view: V) -> V:
    """Open to everyone who may see pages."""
    return _needs("viewer", view)


def operator[V: View](view: V) -> V:
    """Open to operators and admins."""
    return _needs("operator", view)


def admin[V: View](view: V) -> V:
    """Open to admins only."""
    return _needs("admin", view)


def _needs[V: View](role: str, view: V) -> V:
    view.required_role = role  # type: ignore[attr-defined]  # functions carry attributes; the middleware reads it
    return view


class RoleMiddleware:
    """Refuse a request whose user lacks the role its view declares."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the decision falls when the view is known. No answer is for a shared cache unless it says so."""
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-cache")
        return response

    def process_view(self, request: HttpRequest, view: View, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Raise PermissionDenied (403) unless the view is open or the user holds its role."""
        if not getattr(view, "login_required", True) or view.__module__.startswith(OPEN_TO_EVERY_USER):
            return
        role = getattr(view, "required_role", None)
        if role is None:
            raise PermissionDenied("This page declares no role, so nobody may open it.")
        if not request.user.has_perm(f"access.{role}"):
            raise PermissionDenied(f"This needs the {role} role. Ask an admin of EdgeOps to give it to you.")
