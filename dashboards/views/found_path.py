"""The path behind a distribution, as a worker found it: shown, corrected, and taken into the estate by an admin."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboards import discoveries, found_paths, pages
from dashboards.forms.add_api import PathForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, operator
from edgeops.discovery import confirming
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate import plain
from edgeops.estate.accounts import EstateError
from edgeops.estate.document import ApiDoc
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi
from edgeops.estate.plain import DocumentError

TYPED = ("api-", "hop-", "added-")
SHOWN_OF_GONE = 60
"""How many values of a lost form are shown again."""


@require_GET
@operator
def found(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """How far a worker is with looking at a path, then the path, and for an admin the form that confirms it."""
    asked = _asked(identity)
    if asked is None:
        return _gone(request, {})
    return _page(request, asked, PathForm(_document(asked)) if asked.state == FetchState.DONE else None)


@require_POST
@admin
def adopt(request: HtmxRequest, identity: UUID) -> HttpResponse:
    """Take the confirmed path into the estate, once; or show the form with one more hop to fill in."""
    asked = _asked(identity)
    if asked is None:
        return _gone(request, request.POST.dict())
    if asked.state != FetchState.DONE:
        return redirect("add_api_path", identity=identity)
    if asked.api is not None:  # sent twice
        return redirect("api", slug=asked.api.slug)
    form = PathForm(_document(asked), request.POST)
    if "grow" in request.POST:
        form.grow(request.POST.get("kind", ""))
    elif form.is_valid():
        return _adopted(request, asked, form)
    return _page(request, asked, form)


def _adopted(request: HtmxRequest, asked: Discovery, form: PathForm) -> HttpResponse:
    try:
        api = confirming.confirm(asked.pk, form.document(), actor=pages.actor(request), now=timezone.now())
    except (EstateError, DocumentError) as error:
        form.errors.append(str(error))
        return _page(request, asked, form)
    messages.success(request, f"{api.name} is operated from now on; its first values come within two minutes.")
    return redirect("api", slug=api.slug)


@require_POST
@operator
def look_again(request: HttpRequest, identity: UUID) -> HttpResponse:
    """Have the path behind the same distribution looked at once more."""
    before = get_object_or_404(_paths(), pk=identity)
    asked = discoveries.ask(request, before.account, DiscoveryKind.PATH, before.subject)
    return redirect("add_api_path", identity=asked.pk)


def _paths() -> QuerySet[Discovery]:
    return Discovery.objects.select_related("account", "api").filter(kind=DiscoveryKind.PATH, slot_at=None)


def _asked(identity: UUID) -> Discovery | None:
    return _paths().filter(pk=identity).first()


def _document(asked: Discovery) -> ApiDoc:
    return plain.api_from_plain(discoveries.result_of(asked)["api"])


def _page(request: HtmxRequest, asked: Discovery, form: PathForm | None) -> HttpResponse:
    context = {"asked": asked, "account": asked.account, "is_waiting": asked.state in discoveries.WAITING, "form": form}
    if form is not None:
        context |= {
            "doc": form.found,
            "columns": found_paths.columns(form.found.hops),
            "rows": [(found_paths.show(one.found), one) for one in form.hops],
            "notes": discoveries.result_of(asked)["notes"],
            "others": EdgeApi.objects.filter(
                distribution__account=asked.account, distribution__aws_id=form.found.distribution.aws_id
            ),
        }
    return pages.render_page(request, "add_api/path.html", context, fragment="live")


def _gone(request: HttpRequest, typed: Mapping[str, str]) -> HttpResponse:
    """The look at AWS is not there any more; what was typed is shown, so that it can be typed again."""
    shown = [(name, value) for name, value in typed.items() if value and name.startswith(TYPED)]
    return render(request, "add_api/gone.html", {"typed": shown[:SHOWN_OF_GONE]}, status=404)
